"""What is said of products, places, lanes and mandates (rules 21, 24 and 27), in the law's records."""

from typing import TYPE_CHECKING

from contracts.gs1 import keys
from contracts.records.catalogue import (
    Delegate,
    DelegationStep,
    DescribePremises,
    DescribeProduct,
    OfferProduct,
    ProductFacts,
    TakeProduct,
)
from contracts.records.head import Head
from contracts.records.lanes import LaneStep, SetTradeLane
from contracts.records.mandates import ActFor, Mandate
from contracts.records.record import Record
from contracts.state.rows import Role, Serialisation
from tests.properties.facts import FAMILIES, GTIN, LOTLESS, gln

if TYPE_CHECKING:
    from tests.properties.said import Said

TAGS = {"pack": 3, "unpack": 4, "observe": 6, "ship": 10, "receive": 11, "refuse": 12, "dispense": 20}
"""Tags of records that mandates name here, by the verb that says them."""


def _lane(said: "Said", head: Head, gtin: bytes) -> SetTradeLane:
    receivers = tuple(map(gln, said.named_parties))
    role = int(Role[said.role.upper()]) if said.role else 0
    step = LaneStep[said.step.upper()]
    return SetTradeLane(head, gtin, said.lot.encode(), receivers, role, said.markets, step)


def registry_record(said: "Said", head: Head) -> Record | None:  # noqa: C901 - a case for each verb
    """Translate what is said of products and places; None for all else."""
    if said.verb == "place":
        return DescribePremises(head, gln(said.place), said.place, "", said.markets[0], "warehouse")
    if said.verb == "mandate":
        tags = tuple(sorted(TAGS[verb] for verb in said.verbs))
        return Mandate(head, gln(said.receiver), tags, tuple(map(gln, said.named_places)), said.until)
    if said.verb == "act_for":
        return ActFor(head, gln(said.receiver))
    if said.verb not in {"describe", "offer", "take", "delegate", "lane"}:
        return None
    gtin = keys.pack_gtin(GTIN[said.kind])
    match said.verb:
        case "describe":
            counted = Serialisation.NONE if said.kind in LOTLESS else Serialisation.LOT
            kind = counted if said.by_lot else Serialisation.SERIAL
            inside = (keys.pack_gtin(GTIN["pack"]), 4) if said.kind in FAMILIES else (b"", 0)
            stated = (said.kind, "", "", said.markets, int(kind), said.units)
            facts = (*stated, *inside, (), "", int(said.logged), "")
            return DescribeProduct(head, gtin, ProductFacts(*facts))
        case "offer":
            return OfferProduct(head, gtin, gln(said.receiver))
        case "take":
            return TakeProduct(head, gtin)
        case "lane":
            return _lane(said, head, gtin)
    return Delegate(head, gtin, gln(said.receiver), DelegationStep[said.step.upper()])
