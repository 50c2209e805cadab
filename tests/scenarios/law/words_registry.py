"""Words of rule 24: who makes what, and where.

Acme registers tablet for DE, XX            Acme registers carton holding 4 tablet
Acme registers tablet by lot                Acme registers Barn as pharmacy for XX
Acme offers pack to Rival                   Acme withdraws the offer of pack
Rival takes pack                            Acme delegates pack to Helper
Acme withdraws the right of Helper to pack
"""

import re

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
from contracts.records.record import Record
from contracts.state.layout import DELEGATIONS, PRODUCT_OFFERS, PRODUCTS, delegation_key
from contracts.state.rows import Serialisation
from contracts.state.view import Overlay
from tests.scenarios.law.world import GTINS, ROLES, gln, gtin

NAMES = dict(enumerate(ROLES, start=1))
CASE = re.compile(r"(\w+)(?: holding (\d+) (\w+))?")


def registry_record(verb: str, head: Head, what: str, options: dict[str, str]) -> Record | None:
    """Build the record of a sentence about what is registered; None when it is about something else."""
    match verb:
        case "registers" if what[:1].isupper():
            market, kind = options.get("for", "DE"), options.get("as", "warehouse")
            return DescribePremises(head, gln(what), what, "", market, kind)
        case "registers":
            return _product(head, what, options)
        case "offers":
            return OfferProduct(head, gtin(what), gln(options["to"]))
        case "takes":
            return TakeProduct(head, gtin(what))
        case "delegates":
            return Delegate(head, gtin(what), gln(options["to"]), DelegationStep.GIVEN)
        case "withdraws" if what == "the offer":
            return OfferProduct(head, gtin(options["of"]), b"")
        case "withdraws" if what == "the right":
            return Delegate(head, gtin(options["to"]), gln(options["of"]), DelegationStep.WITHDRAWN)
    return None


def _product(head: Head, what: str, options: dict[str, str]) -> DescribeProduct:
    found = CASE.fullmatch(what)
    assert found, what
    kind, count, inside = found.groups()
    serialisation = Serialisation[options.get("by", "serial").upper()]
    markets = tuple(code.strip() for code in options.get("for", "DE").split(","))
    contents = (gtin(inside), int(count)) if inside else (b"", 0)
    facts = ProductFacts(kind, "", "", markets, int(serialisation), 1, *contents, (), "", 0, "")
    return DescribeProduct(head, gtin(kind), facts)


def see_registered(state: Overlay, name: str) -> str:
    """Describe how a product stands; empty when the name is no product's."""
    if name not in GTINS:
        return ""
    row = state.read(PRODUCTS, gtin(name))
    if row is None:
        return f"{name} is not registered"
    parts = [f"{name} is of {NAMES[row.holder]}", f"for {' and '.join(row.markets)}"]
    parts.append(f"told apart by {Serialisation(row.serialisation).name.lower()}")
    offered = state.read(PRODUCT_OFFERS, gtin(name))
    parts += [f"offered to {NAMES[offered]}"] if offered else []
    makers = [
        who for number, who in NAMES.items() if state.read(DELEGATIONS, delegation_key(gtin(name), number))
    ]
    parts += [f"also made by {' and '.join(makers)}"] if makers else []
    return ", ".join(parts)
