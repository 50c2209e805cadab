"""Rule 3: goods go to another partner, or to other premises of the same one."""

from typing import NamedTuple

from contracts.records.custody import Ship, ShipPurpose, shipment_id
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import (
    CleanGuard,
    Positions,
    actor_profile,
    are_hashes,
    empty_fault,
    hand_fault,
    life_fault,
    list_fault,
    locate_all,
    packing_fault,
    signer_fault,
)
from contracts.rules.implied import move_implied, unpack_implied
from contracts.rules.overages import tell_shipped
from contracts.rules.sending_back import (
    find_seller,
    hold_on_receipt,
    own_goods_fault,
    purpose_fault,
    sold_back_fault,
    taker_fault,
)
from contracts.rules.trade_lanes import LaneGuard
from contracts.rules.unlogged import send_unlogged
from contracts.rules.verdict import Verdict
from contracts.state.directory import find_partner, find_premises, partner
from contracts.state.exposures import with_exposures
from contracts.state.layout import ITEMS, SHIPMENTS
from contracts.state.parties import (
    HANDLING,
    TRADING,
    has_role,
    is_licensed,
    is_owner,
    is_party,
    lives_sent,
    may_ship_for_owner,
    receiving_roles,
    sending_roles,
)
from contracts.state.places import Position, placed
from contracts.state.rows import NOBODY, PartnerRow, Role, ShipmentRow, ShipmentStanding

LICENSED_PURPOSES = frozenset({ShipPurpose.SALE, ShipPurpose.OWN_PREMISES, ShipPurpose.EXPORT})
"""Purposes for which the sender's licence must be active; a suspended one may still return and dispose."""

_NOT_SOLD = frozenset({ShipPurpose.OWN_PREMISES, ShipPurpose.AUTHORITY})
"""Purposes for which ownership never passes: of a sale by such a name nothing would be asked."""

CLEAN_PURPOSES = frozenset({ShipPurpose.SALE, ShipPurpose.EXPORT})
"""Purposes for which everything must be clean: what is called back here is not sold abroad."""


class Route(NamedTuple):
    """Whom goods go to, as numbers; 0 for none."""

    receiver: int
    """Partner."""
    destination: int
    """Premises of the receiver."""
    carrier: int
    """Partner."""


def ship(act: Act, record: Ship) -> Verdict | None:
    """Rule 3: items go on their way; they stay the sender's until they are received."""
    fault = (
        signer_fault(
            act, record.head, sending_roles(record.purpose), licensed=record.purpose in LICENSED_PURPOSES
        )
        or list_fault(record.items)
        or form_fault(record)
    )
    if fault:
        return fault
    route = find_route(act, record)
    if isinstance(route, Verdict):
        return route
    identifier = shipment_id(act.document_id, act.record_index)
    seller = find_seller(act, record)
    if isinstance(seller, Verdict):
        return seller
    fault = (
        taker_fault(record, seller, route.receiver, partner(act.state, route.receiver))
        or deadline_fault(act, record)
        or _once_fault(act, identifier)
    )
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    lanes = LaneGuard(act, record.head, route.receiver, route.destination)
    fault = _items_fault(act, record, route, items) or _lane_fault(record, lanes, items)
    if fault:
        return fault
    # After this point it must succeed.
    loose = move_implied(act, record.head, unpack_implied(act, items))
    unlogged, without = send_unlogged(act, identifier, loose)
    announced = _announced(act, record, route, seller, (len(loose), unlogged))
    act.state.write(SHIPMENTS, identifier, announced)
    for item in loose:
        row = with_exposures(item.row, without.get(item.key, item.row.exposures))
        act.state.write(ITEMS, item.key, placed(row, row.holder, row.owner, row.premises, identifier))
    act.tell(EventKind.SHIPMENT_ANNOUNCED, (), identifier, (route.receiver, route.carrier))
    tell_shipped(act, identifier, route.receiver, loose)
    lanes.tell()
    return None


def _lane_fault(record: Ship, lanes: LaneGuard, items: Positions) -> Verdict | None:
    """Ask whether a sale keeps to the trade lanes of its goods (rule 21)."""
    return lanes.fault(items) if is_sold(record) else None


def form_fault(record: Ship) -> Verdict | None:
    """Ask whether references are hashes, and what is said of ownership makes sense."""
    if not are_hashes(record.references):
        return Verdict(Code.REFERENCE_INVALID, b"")
    at_most = 0 if record.purpose in _NOT_SOLD else 1
    if not 0 <= record.ownership_passes <= at_most:
        return Verdict(Code.OWNERSHIP_INVALID, b"")
    return None


def find_route(act: Act, record: Ship) -> Route | Verdict:
    """Find receiver, destination and carrier, each fit for its part."""
    found = find_partner(act.state, record.receiver)
    if found is None:
        return Verdict(Code.RECEIVER_UNKNOWN, record.receiver)
    number, row = found
    fault = _receiver_fault(act, record, number, row)
    if fault:
        return fault
    destination = _find_destination(act, record, number)
    if isinstance(destination, Verdict):
        return destination
    carrier = _find_carrier(act, record)
    if isinstance(carrier, Verdict):
        return carrier
    return Route(number, destination, carrier)


def _receiver_fault(act: Act, record: Ship, number: int, row: PartnerRow) -> Verdict | None:
    """Ask whether the receiver is another partner where it must be, licensed and of a fit role."""
    is_own = record.purpose == ShipPurpose.OWN_PREMISES
    if is_own and not is_party(number, act.signer):
        return Verdict(Code.RECEIVER_NOT_SENDER, record.receiver)
    if not is_own and is_party(number, act.signer):
        return Verdict(Code.RECEIVER_IS_SENDER, record.receiver)
    if is_sold(record) and not is_licensed(row) and not act.is_exempt:
        fault = act.excuse((Verdict(Code.RECEIVER_LICENCE, record.receiver),))
        if fault:
            return fault
    # Who is sent what is no transaction need not trade; an agent could not receive it.
    roles = HANDLING if act.is_exempt else receiving_roles(record.purpose)
    # Carriers and regulators own nothing (rule 8): when one holds goods and falls silent, their owner speaks.
    if not has_role(row, TRADING if record.ownership_passes else roles):
        return Verdict(Code.RECEIVER_ROLE, record.receiver)
    return None


def is_sold(record: Ship) -> bool:
    """Tell whether a shipment is a sale: one by name, or for export when the receiver becomes the owner."""
    is_exported = record.purpose == ShipPurpose.EXPORT and record.ownership_passes == 1
    return record.purpose == ShipPurpose.SALE or is_exported


def _find_destination(act: Act, record: Ship, receiver: int) -> int | Verdict:
    """Find the stated destination, the receiver's; between own premises it must be stated."""
    if not record.destination:
        if record.purpose == ShipPurpose.OWN_PREMISES:
            return Verdict(Code.DESTINATION_MISSING, b"")
        return NOBODY
    found = find_premises(act.state, record.destination)
    if found is None:
        return Verdict(Code.DESTINATION_UNKNOWN, record.destination)
    number, premises = found
    if not is_party(premises.partner, receiver):
        return Verdict(Code.DESTINATION_NOT_RECEIVERS, record.destination)
    return number


def _find_carrier(act: Act, record: Ship) -> int | Verdict:
    """Find the named carrier: a licensed carrier, neither sender nor receiver."""
    if not record.carrier:
        return NOBODY
    found = find_partner(act.state, record.carrier)
    if found is None:
        return Verdict(Code.CARRIER_UNKNOWN, record.carrier)
    number, row = found
    is_neutral = not is_party(number, act.signer) and record.carrier != record.receiver
    if not is_neutral or not is_licensed(row) or not has_role(row, Role.CARRIER):
        return Verdict(Code.CARRIER_NOT_FIT, record.carrier)
    return number


def deadline_fault(act: Act, record: Ship) -> Verdict | None:
    """Ask whether a stated deadline lies within what the profile allows."""
    if record.deadline_ms == 0:
        return None
    limits = actor_profile(act, record.head)
    if record.deadline_ms < act.time_ms + limits.ship_deadline_min_ms:
        return Verdict(Code.DEADLINE_TOO_SHORT, b"")
    if record.deadline_ms > act.time_ms + limits.ship_deadline_max_ms:
        return Verdict(Code.DEADLINE_TOO_LONG, b"")
    return None


def _once_fault(act: Act, identifier: bytes) -> Verdict | None:
    """Ask whether this very document announced this shipment before: its id must never stand for two."""
    if act.state.read(SHIPMENTS, identifier) is None:
        return None
    return Verdict(Code.ALREADY_ANNOUNCED, identifier)


def _items_fault(act: Act, record: Ship, route: Route, items: Positions) -> Verdict | None:
    """Ask of each item: held, still, its packing alive, not empty; sold or exported only when clean."""
    clean = CleanGuard(act, is_leaving=True, receiver=route.receiver)
    must_be_clean = record.purpose in CLEAN_PURPOSES
    also = lives_sent(record.purpose)
    for item in items:
        fault = (
            life_fault(item, also) or packing_fault(item) or hand_fault(act, item) or empty_fault(act, item)
        )
        if fault:
            return fault
        fault = (
            _owner_fault(act, record, route, item)
            or purpose_fault(record, item)
            or sold_back_fault(act, record, route.receiver, item)
            or (act.excuse(clean.faults(item)) if must_be_clean else None)
        )
        if fault:
            return fault
    return None


def _owner_fault(act: Act, record: Ship, route: Route, item: Position) -> Verdict | None:
    """Ask whether an item is the signer's to send, and to send back; or may be sent for its owner."""
    if not is_owner(act.signer, item):
        return None if _may_ship(record, route, item) else Verdict(Code.NOT_OWNER, item.key)
    return own_goods_fault(record, item) if record.purpose == ShipPurpose.RETURN else None


def _may_ship(record: Ship, route: Route, item: Position) -> bool:
    """Tell whether a holder that is not the owner may send an item without a mandate: home, or away."""
    return not record.ownership_passes and may_ship_for_owner(record.purpose, route.receiver, item)


def _announced(
    act: Act, record: Ship, route: Route, seller: int | None, counted: tuple[int, int]
) -> ShipmentRow:
    """Return the row of the shipment; counted are its items, and the session of those without a logger."""
    outstanding, unlogged = counted
    deadline_ms = record.deadline_ms
    if deadline_ms == 0:
        deadline_ms = act.time_ms + actor_profile(act, record.head).ship_deadline_default_ms
    return ShipmentRow(
        act.signer,
        route.receiver,
        record.purpose,
        deadline_ms,
        outstanding,
        ShipmentStanding.OUTSTANDING,
        record.ownership_passes,
        route.carrier,
        0,
        route.destination,
        NOBODY,
        hold_on_receipt(record, seller, route.receiver),
        unlogged=unlogged,
    )
