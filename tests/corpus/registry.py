"""The ledger of one file: a genesis that knows the prefixes, places and products which the file uses."""

import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from contracts.chain.genesis import Genesis, Market, Partner, Premises, Product
from contracts.gs1.keys import SGTIN_KIND, ItemKey, unpack_gln, unpack_gtin
from network.description import Description
from node.epcis.events import AggregationEvent, EpcisDocument, EpcisEvent, ObjectEvent, Place, Quantity
from node.epcis.steps import PIECES
from tests.support.gateway import one_node_genesis
from tests.support.parties import Party

HOUR_MS: Final = 3_600_000

_MARKET: Final = Market(code="XX", profile="us-dscsa", utc_offset_minutes=0)
_TABLE: Final = tomllib.loads((Path(__file__).parent / "networks.toml").read_text(encoding="utf-8"))


PARTNERS: Final = {entry["gln"]: entry for entry in _TABLE["partners"]}


def places_of(event: EpcisEvent) -> Iterator[Place]:
    """Yield every place and party that an event names."""
    named = (event.read_point, event.biz_location, *(entry.place for entry in event.sources))
    yield from (place for place in named if place is not None)
    yield from (entry.place for entry in event.destinations)


def items_of(event: EpcisEvent) -> Iterator[ItemKey]:
    """Yield every pack, case and logistic unit that an event of packs and cases names."""
    match event:
        case ObjectEvent():
            yield from event.epcs.items
        case AggregationEvent():
            yield from event.children.items
            if event.parent is not None:
                yield event.parent
        case _:
            return


def quantities_of(event: EpcisEvent) -> Iterator[Quantity]:
    """Yield what an event counts in pieces of a product."""
    match event:
        case ObjectEvent():
            listed = event.quantities
        case AggregationEvent():
            listed = event.child_quantities
        case _:
            listed = ()
    yield from (entry for entry in listed if entry.gtin is not None and entry.unit in PIECES)


def network_of(document: EpcisDocument) -> tuple[Genesis, tuple[Party, ...]]:
    """Return the genesis for a file, and its partners in the order of the table.

    Block time is an hour after the file's last event: nothing is late, early or expired then.
    """
    glns = {unpack_gln(place.gln) for place in _named(document) if place.gln is not None}
    gtins = {
        unpack_gtin(item[1:7])
        for event in document.events
        for item in items_of(event)
        if item[:1] == SGTIN_KIND
    }
    counted = _counted(document, gtins)
    named = sorted({*gtins, *counted})
    holders = {gtin: holder for gtin in named if (holder := _holder(gtin, glns)) is not None}
    chosen = [gln for gln in PARTNERS if gln in holders.values() or glns & {gln, *_premises(gln)}]
    chosen = chosen or list(PARTNERS)[:1]
    parties = tuple(
        Party(PARTNERS[gln]["name"], gln, (*_premises(gln), gln)[0], tuple(PARTNERS[gln]["roles"]))
        for gln in chosen
    )
    last_ms = max((event.time_ms for event in document.events), default=0)
    return one_node_genesis(_description(chosen, holders, counted), parties, last_ms + HOUR_MS), parties


def _counted(document: EpcisDocument, serialised: set[str]) -> dict[str, str]:
    """Return how products are told apart of which a file counts packs and lists no serial."""
    found: dict[str, str] = {}
    for entry in (entry for event in document.events for entry in quantities_of(event)):
        gtin = unpack_gtin(entry.gtin or b"")
        if gtin not in serialised:
            found[gtin] = "lot" if entry.lot else found.get(gtin, "none")
    return found


def _named(document: EpcisDocument) -> Iterator[Place]:
    header = (document.sender, *document.receivers)
    yield from (place for place in header if place is not None)
    for event in document.events:
        yield from places_of(event)


def _premises(gln: str) -> tuple[str, ...]:
    return tuple(PARTNERS[gln].get("premises", ()))


def _prefixes(gln: str) -> tuple[str, ...]:
    return tuple(PARTNERS[gln].get("company_prefixes", ()))


def _holder(gtin: str, glns: set[str]) -> str | None:
    """Return who owns a GTIN's company prefix; of several, the one that the file names."""
    owners = [gln for gln in PARTNERS if gtin[1:].startswith(_prefixes(gln))]
    named = [gln for gln in owners if glns & {gln, *_premises(gln)}]
    return next(iter(named or owners), None)


def _description(chosen: Iterable[str], holders: dict[str, str], counted: dict[str, str]) -> Description:
    partners = tuple(
        Partner(gln, PARTNERS[gln]["name"], tuple(PARTNERS[gln]["roles"]), "XX", "active", _prefixes(gln))
        for gln in chosen
    )
    places = tuple(
        Premises(place, partner.gln, f"premises {place}", "XX")
        for partner in partners
        for place in _premises(partner.gln)
    )
    products = tuple(
        Product(gtin, holder, f"product {gtin}", ("XX",), serialisation=counted.get(gtin, "serial"))
        for gtin, holder in holders.items()
    )
    return Description(markets=(_MARKET,), partners=partners, premises=places, products=products)
