"""Words of rules 21, 24 and 27: who makes what, and where it goes; who signs for whom.

Acme registers tablet for DE, XX            Acme registers carton holding 4 tablet
Acme registers tablet by lot                Acme registers Barn as pharmacy for XX
Acme offers pack to Rival                   Acme withdraws the offer of pack
Rival takes pack                            Acme delegates pack to Helper
Acme withdraws the right of Helper to pack
Acme lets Fleet sign observe, ship in Depot until height 100
Acme sets the lane of pack lot L2 to Bulk for dispenser in DE and blocks
Acme unsets the lane of pack lot L2
Acme lets Fleet sign nothing                Fleet acts for Acme; Fleet ships pack-1 to Bulk
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
from contracts.records.lanes import LaneStep, SetTradeLane
from contracts.records.mandates import ActFor, Mandate
from contracts.records.record import RECORD_TAGS, Record
from contracts.state.layout import DELEGATIONS, PRODUCT_OFFERS, PRODUCTS, delegation_key
from contracts.state.rows import Role, Serialisation
from contracts.state.view import Overlay
from node.storage.views import RECORD_NAMES
from tests.scenarios.law.world import GTINS, ROLES, gln, gtin

NAMES = dict(enumerate(ROLES, start=1))
LETS = re.compile(r"(\w+) sign (.+?)(?: in (.+?))?")
TAGS = {RECORD_NAMES[kind]: tag for tag, kind in RECORD_TAGS.items()}
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
    return _of_mandates(verb, head, what, options)


def _of_mandates(verb: str, head: Head, what: str, options: dict[str, str]) -> Record | None:
    match verb:
        case "lets":
            return _mandate(head, what, options.get("until", ""))
        case "acts":
            return ActFor(head, gln(options["for"]))
        case "sets" | "unsets" if what == "the lane":
            return _lane(verb, head, options)
    return None


def _lane(verb: str, head: Head, options: dict[str, str]) -> SetTradeLane:
    kind, _lot, lot = options["of"].partition(" lot ")
    to, others = (options.get(word, "").removesuffix(" and blocks") for word in ("to", "for"))
    role, _in, markets = others.partition(" in ")
    receivers = tuple(gln(name) for name in to.split(", ")) if to else ()
    step = LaneStep.BLOCK if any(said.endswith("and blocks") for said in options.values()) else LaneStep.FLAG
    return SetTradeLane(
        head,
        gtin(kind),
        lot.encode(),
        receivers,
        int(Role[role.upper()]) if role else 0,
        tuple(markets.split(", ")) if markets else (),
        LaneStep.CLEARED if verb == "unsets" else step,
    )


def _mandate(head: Head, what: str, until: str) -> Mandate:
    found = LETS.fullmatch(what)
    assert found, what
    agent, kinds, places = found.groups()
    if kinds == "nothing":
        return Mandate(head, gln(agent), (), (), 0)
    tags = sorted(TAGS[kind] for kind in kinds.split(", "))
    premises = tuple(gln(place) for place in places.split(", ")) if places else ()
    return Mandate(head, gln(agent), tuple(tags), premises, int(until.removeprefix("height ")))


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
