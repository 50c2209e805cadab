"""Whether the law's directory says what the model's does."""

from contracts.gs1.keys import pack_gtin
from contracts.state.directory import find_premises, premises
from contracts.state.governing import sets
from contracts.state.layout import (
    DELEGATIONS,
    MARKETS,
    PARTNERS,
    PRODUCT_OFFERS,
    PRODUCTS,
    delegation_key,
    number_key,
    text_key,
)
from contracts.state.rows import Licence, MandateRow, ProductRow, Role, Serialisation
from contracts.state.view import Overlay
from tests.properties.facts import GTIN, NEW_PLACES, OFFSETS, PARTNER_NAMES, PLACES, gln
from tests.properties.registered import Registered, Terms
from tests.properties.said_registry import TAGS

PLACE_OF = {gln(name): name for name in (*PLACES, *NEW_PLACES, *PARTNER_NAMES.values())}
NUMBERS = {name: number for number, name in PARTNER_NAMES.items()}


def read_registered(state: Overlay, mandates: dict[bytes, MandateRow]) -> Registered:
    """Return what the law's directory says, in the model's words; mandates are given as they are stored."""
    found = Registered({}, {}, {}, frozenset(), frozenset(), {}, {}, roles={}, follows={}, nodes={})
    for kind, digits in GTIN.items():
        gtin = pack_gtin(digits)
        row = state.read(PRODUCTS, gtin)
        if row is None:
            continue
        found.holders[kind] = PARTNER_NAMES[row.holder]
        found.markets[kind] = row.markets
        found.units[kind] = row.units_per_pack
        if row.serialisation != Serialisation.SERIAL:
            found.by_lot |= {kind}
        if row.logger_required:
            found.logged |= {kind}
        makers = (name for name, at in NUMBERS.items() if state.read(DELEGATIONS, delegation_key(gtin, at)))
        found.delegates |= {(kind, name) for name in makers}
        found.lanes.update(_lanes_of(kind, row))
        offered = state.read(PRODUCT_OFFERS, gtin)
        if offered is not None:
            found.offers[kind] = PARTNER_NAMES[offered]
    for name in (*PLACES, *NEW_PLACES, *NUMBERS):
        place = find_premises(state, gln(name))
        if place is not None:
            found.places[name] = (PARTNER_NAMES[place[1].partner], place[1].market)
    _read_mandates(state, found, mandates)
    _read_governed(state, found)
    return found


def _read_governed(state: Overlay, found: Registered) -> None:
    """Read what only governance changes."""
    known = ((name, state.read(PARTNERS, number_key(at))) for name, at in NUMBERS.items())
    rows = {name: row for name, row in known if row is not None}
    found.roles = {name: _roles(row.roles) for name, row in rows.items()}
    found.unlicensed = frozenset(name for name, row in rows.items() if row.licence != Licence.ACTIVE)
    found.follows = {code: state.require(MARKETS, text_key(code)).profile for code in OFFSETS}
    found.nodes = {one.node: (PLACE_OF[one.partner], one.power) for one in sets(state).current}


def _roles(bits: int) -> frozenset[str]:
    return frozenset((role.name or "").lower() for role in Role if role & bits)


def _read_mandates(state: Overlay, found: Registered, mandates: dict[bytes, MandateRow]) -> None:
    for key, given in mandates.items():
        pair = (PARTNER_NAMES[int.from_bytes(key[:4], "big")], PARTNER_NAMES[int.from_bytes(key[4:], "big")])
        verbs = frozenset(verb for verb, tag in TAGS.items() if tag in given.kinds)
        at = frozenset(PLACE_OF[premises(state, number).gln] for number in given.premises)
        found.mandates[pair] = (verbs, at, given.until_height)


def _lanes_of(kind: str, row: ProductRow) -> dict[tuple[str, str], Terms]:
    lanes = {}
    for lane in row.lanes:
        role = (Role(lane.roles).name or "").lower() if lane.roles else ""
        named = frozenset(PARTNER_NAMES[number] for number in lane.receivers)
        lanes[(kind, lane.lot.decode())] = (named, role, frozenset(lane.markets), bool(lane.blocks))
    return lanes
