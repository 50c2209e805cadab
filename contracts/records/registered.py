"""All records about who and what is registered, and who may sign for whom: rules 21, 24 and 27."""

from contracts.records.catalogue import Delegate, DescribePremises, DescribeProduct, OfferProduct, TakeProduct
from contracts.records.lanes import SetTradeLane
from contracts.records.mandates import ActFor, Mandate

RegisterRecord = (
    DescribeProduct
    | OfferProduct
    | TakeProduct
    | DescribePremises
    | Delegate
    | Mandate
    | ActFor
    | SetTradeLane
)
"""Any of them."""


def listed_in_register(record: RegisterRecord) -> tuple[bytes, ...]:
    """Return the identifiers that a record lists: a mandate's premises, a lane's receivers, else none."""
    if isinstance(record, Mandate):
        return record.premises
    return record.receivers if isinstance(record, SetTradeLane) else ()
