"""Rule 30: products whose packs carry no serials are counted, and never more leave than came."""

from typing import Final

import msgspec

from contracts.gs1.keys import is_valid_gtin, is_valid_lot
from contracts.records.custody import Ship, ShipPurpose, shipment_id
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityEnd,
    Settlement,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.supply import Commission
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import actor_profile, hold_code, signer_fault
from contracts.rules.shipping import LICENSED_PURPOSES, deadline_fault, find_route, form_fault
from contracts.rules.supply import authority_fault, enter_make, lot_fault, make_fault
from contracts.rules.trade_lanes import LaneGuard
from contracts.rules.verdict import Verdict
from contracts.state import quantities
from contracts.state.directory import find_partner
from contracts.state.layout import LOADS, PRODUCTS
from contracts.state.parties import (
    HANDLING,
    MAKING,
    TRADING,
    has_role,
    is_party,
    may_ship_quantity_for_owner,
)
from contracts.state.quantities import Lines
from contracts.state.quantity_rows import LoadRow
from contracts.state.recalls import without_released
from contracts.state.rows import Serialisation
from contracts.state.sources import find_lot

MAX_LINES: Final = 256
"""Most lines in one record, and of one shipment."""

COUNTED: Final = frozenset({int(Serialisation.LOT), int(Serialisation.NONE)})
"""How the products of this rule are serialised."""


def make_quantity(act: Act, record: MakeQuantity) -> Verdict | None:
    """Rules 1 and 30: packs come to be with the partner that makes them."""
    fault = signer_fault(act, record.head, MAKING) or authority_fault(act, record.gtin, COUNTED)
    if fault:
        return fault
    if not 0 < record.quantity <= quantities.MAX_MADE:
        return Verdict(Code.LINES_INVALID, record.gtin)
    has_lots = act.state.require(PRODUCTS, record.gtin).serialisation == Serialisation.LOT
    made = Commission(record.head, record.gtin, record.lot, record.expiry, record.line, record.made_at_ms, ())
    if has_lots:
        fault = make_fault(act, made)
    elif record.lot or record.expiry or record.line or record.made_at_ms:
        fault = Verdict(Code.LOT_INVALID, record.lot)
    fault = fault or lot_fault(act, made)
    if fault:
        return fault
    if quantities.book(act.state, record.gtin, record.lot).made + record.quantity > quantities.MAX_MADE:
        return Verdict(Code.QUANTITY_TOO_LARGE, record.gtin)
    # After this point it must succeed.
    enter_make(act, made)
    quantities.make(act.state, (record.gtin, record.lot, record.quantity), act.signer)
    return None


def ship_quantity(act: Act, record: ShipQuantity) -> Verdict | None:
    """Rules 3 and 30: packs go on their way; they stay their owner's until they are received."""
    terms = Ship(
        *(record.head, (), record.receiver, record.destination, record.purpose, record.ownership_passes),
        *(record.deadline_ms, record.carrier, record.references),
    )
    fault = (
        signer_fault(act, record.head, TRADING, licensed=record.purpose in LICENSED_PURPOSES)
        or _lines_fault(record.lines)
        or _purpose_fault(record)
        or form_fault(terms)
    )
    if fault:
        return fault
    route = find_route(act, terms)
    if isinstance(route, Verdict):
        return route
    owner = _find_owner(act, record.owner)
    if isinstance(owner, Verdict):
        return owner
    identifier = shipment_id(act.document_id, act.record_index)
    fault = deadline_fault(act, terms)
    if fault:
        return fault
    if act.state.read(LOADS, identifier) is not None:
        return Verdict(Code.ALREADY_ANNOUNCED, identifier)
    lines = _sorted(record.lines)
    lanes = LaneGuard(act, record.head, route.receiver, route.destination)
    fault = _goods_fault(act, record, lines, (route.receiver, owner)) or _lane_fault(record, lanes, lines)
    if fault:
        return fault
    # After this point it must succeed.
    deadline_ms = record.deadline_ms or act.time_ms + actor_profile(act, record.head).ship_deadline_default_ms
    load = LoadRow(
        *(act.signer, route.receiver, owner, record.purpose, deadline_ms, record.ownership_passes),
        *(route.destination, lines, route.carrier),
    )
    quantities.take(act.state, lines, act.signer, owner)
    act.state.write(LOADS, identifier, load)
    act.tell(EventKind.QUANTITY_ANNOUNCED, (), identifier, (route.receiver, owner, route.carrier))
    lanes.tell()
    return None


def _goods_fault(act: Act, record: ShipQuantity, lines: Lines, parties: tuple[int, int]) -> Verdict | None:
    """Ask whether packs are the signer's to send to this receiver, are there, and are clean when sold."""
    receiver, owner = parties
    may_send = not record.ownership_passes and may_ship_quantity_for_owner(record.purpose, receiver, owner)
    if not is_party(owner, act.signer) and not may_send:
        return Verdict(Code.NOT_OWNER, record.owner)
    fault = _enough_fault(act, lines, owner)
    if fault is None and record.purpose == ShipPurpose.SALE:
        return _clean_fault(act, lines)
    return fault


def _lane_fault(record: ShipQuantity, lanes: LaneGuard, lines: Lines) -> Verdict | None:
    """Ask whether a sale keeps to the trade lanes of its lots (rule 21)."""
    return lanes.fault_of_lots(lines) if record.purpose == ShipPurpose.SALE else None


def settle_quantity(act: Act, record: SettleQuantity) -> Verdict | None:
    """Rules 4, 5 and 30: packs pass to the receiver, or come back; first the carrier may have custody."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    load = act.state.read(LOADS, record.shipment)
    if load is None:
        return Verdict(Code.SHIPMENT_UNKNOWN, record.shipment)
    if record.settlement == Settlement.RECEIVED and is_party(load.carrier, act.signer):
        return _take_custody(act, record, load)
    is_void = record.settlement == Settlement.VOIDED
    if not is_party(load.sender if is_void else load.receiver, act.signer):
        return Verdict(Code.NOT_SENDER if is_void else Code.NOT_RECEIVER, record.shipment)
    if not load.lines:
        return Verdict(Code.SHIPMENT_CLOSED, record.shipment)
    fault = _lines_fault(record.lines) if record.lines else None
    if fault:
        return fault
    lines = _sorted(record.lines) or load.lines
    missing = quantities.exceeding(lines, load.lines)
    if missing is not None:
        return Verdict(Code.NOT_ENOUGH, missing)
    # After this point it must succeed.
    rest = quantities.without(load.lines, lines)
    custody = load.custody if rest else 0
    act.state.write(LOADS, record.shipment, msgspec.structs.replace(load, lines=rest, custody=custody))
    is_received = record.settlement == Settlement.RECEIVED
    owner = load.receiver if is_received and load.ownership_passes else load.owner
    quantities.put(act.state, lines, load.receiver if is_received else load.sender, owner)
    kind = EventKind.QUANTITY_RECEIVED if is_received else EventKind.QUANTITY_BACK
    act.tell(kind, (), record.shipment, _parties_of(load))
    return None


def _take_custody(act: Act, record: SettleQuantity, load: LoadRow) -> Verdict | None:
    """Let the carrier have in hand all that is on its way; it stays outstanding."""
    if not load.lines:
        return Verdict(Code.SHIPMENT_CLOSED, record.shipment)
    if record.lines:
        return Verdict(Code.CARRIER_TAKES_WHOLE, record.shipment)
    if load.custody:
        return Verdict(Code.CUSTODY_ALREADY_TAKEN, record.shipment)
    # After this point it must succeed.
    act.state.write(LOADS, record.shipment, msgspec.structs.replace(load, custody=1))
    act.tell(EventKind.CUSTODY_TAKEN, (), record.shipment, _parties_of(load))
    return None


def _parties_of(load: LoadRow) -> tuple[int, ...]:
    """Return everyone with a stake in packs on their way: sender, receiver, owner, carrier (0 for none)."""
    return load.sender, load.receiver, load.owner, load.carrier


def end_quantity(act: Act, record: EndQuantity) -> Verdict | None:
    """Rules 11a, 12 and 30: packs are dispensed, or leave the supply chain otherwise."""
    is_dispensed = record.end == QuantityEnd.DISPENSED
    # What goes to somebody is asked for; what is called back here is not sold abroad (rule 3).
    is_used = record.end in {QuantityEnd.DISPENSED, QuantityEnd.EXPORTED}
    fault = signer_fault(act, record.head, HANDLING, licensed=is_used) or _lines_fault(record.lines)
    if fault:
        return fault
    if is_dispensed and not has_role(act.partner, actor_profile(act, record.head).dispense_roles):
        return Verdict(Code.DISPENSING_NOT_ALLOWED, act.partner.gln)
    owner = _find_owner(act, record.owner)
    if isinstance(owner, Verdict):
        return owner
    lines = _sorted(record.lines)
    fault = _enough_fault(act, lines, owner)
    if fault is None and is_used:
        fault = _clean_fault(act, lines)
    if fault:
        return fault
    # After this point it must succeed.
    quantities.take(act.state, lines, act.signer, owner)
    quantities.end(act.state, lines, QuantityEnd(record.end).name.lower())
    act.tell(EventKind.QUANTITY_ENDED, (), b"", (owner,))
    return None


def _purpose_fault(record: ShipQuantity) -> Verdict | None:
    """Ask whether packs travel to be sold, between own premises, or back: nothing else could be held."""
    is_counted = record.purpose in {ShipPurpose.SALE, ShipPurpose.OWN_PREMISES, ShipPurpose.RETURN}
    return None if is_counted else Verdict(Code.PURPOSE_NOT_COUNTED, b"")


def _lines_fault(lines: tuple[Line, ...]) -> Verdict | None:
    """Ask whether there are lines, not too many, none twice, each of a lot and of at least one pack."""
    different = {(line.gtin, line.lot) for line in lines}
    is_sized = 0 < len(lines) <= MAX_LINES and len(different) == len(lines)
    return None if is_sized and all(map(_is_line, lines)) else Verdict(Code.LINES_INVALID, b"")


def _is_line(line: Line) -> bool:
    """Tell whether a line can be one: keys of state are made of its GTIN and lot."""
    is_named = is_valid_gtin(line.gtin) and (not line.lot or is_valid_lot(line.lot))
    return is_named and 0 < line.quantity <= quantities.MAX_MADE


def _sorted(lines: tuple[Line, ...]) -> Lines:
    """Return lines as rows keep them."""
    return tuple(sorted((line.gtin, line.lot, line.quantity) for line in lines))


def _find_owner(act: Act, gln: bytes) -> int | Verdict:
    """Find the owner that a record names; the signer when it names none."""
    if not gln:
        return act.signer
    found = find_partner(act.state, gln)
    return Verdict(Code.PARTNER_UNKNOWN, gln) if found is None else found[0]


def _enough_fault(act: Act, lines: Lines, owner: int) -> Verdict | None:
    """Ask whether the signer holds that many for the owner."""
    for gtin, lot, quantity in lines:
        if quantity > quantities.held(act.state, gtin, lot, act.signer, owner):
            return Verdict(Code.NOT_ENOUGH, gtin)
    return None


def _clean_fault(act: Act, lines: Lines) -> Verdict | None:
    """Ask whether lots are clear and not expired; all packs of a product without lots are one."""
    for gtin, lot, _quantity in lines:
        found = find_lot(act.state, gtin, lot)
        if found is None:
            continue
        row = without_released(act.state, *found)
        if row.marks:
            # Packs of a lot are not told apart: a mark on one make of it is a mark on all.
            return Verdict(hold_code(tuple((kind, by) for _make, kind, by in row.marks)), gtin)
        if row.expires_at_ms <= act.time_ms:
            return Verdict(Code.EXPIRED, gtin)
    return None
