"""Which rule judges which record about what is registered, and who signs for whom (rules 21, 24 and 27)."""

from typing import assert_never

from contracts.records.catalogue import Delegate, DescribePremises, DescribeProduct, OfferProduct, TakeProduct
from contracts.records.lanes import SetTradeLane
from contracts.records.mandates import ActFor, Mandate
from contracts.records.registered import RegisterRecord
from contracts.rules.act import Act
from contracts.rules.cataloguing import (
    delegate,
    describe_premises,
    describe_product,
    offer_product,
    take_product,
)
from contracts.rules.mandating import act_for, mandate
from contracts.rules.trade_lanes import set_trade_lane
from contracts.rules.verdict import Verdict


def judge_registration(act: Act, record: RegisterRecord) -> Verdict | None:  # noqa: C901 - one line for each kind
    """Apply the rule of a record."""
    match record:
        case DescribeProduct():
            return describe_product(act, record)
        case OfferProduct():
            return offer_product(act, record)
        case TakeProduct():
            return take_product(act, record)
        case DescribePremises():
            return describe_premises(act, record)
        case Delegate():
            return delegate(act, record)
        case Mandate():
            return mandate(act, record)
        case ActFor():
            return act_for(act, record)
        case SetTradeLane():
            return set_trade_lane(act, record)
        case _:
            assert_never(record)
