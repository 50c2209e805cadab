"""Rule 6: a receiver finds more than was announced, and claims it: a suspicion, and never ownership.

The goods stay on the books of the shipment's sender, held, until it ships them to the claimant after all, the
claimant takes its word back or sends them back, or the claimant had its time and their holder contests it.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from contracts.records.custody import ShipPurpose
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import (
    Positions,
    actor_profile,
    list_fault,
    locate_all,
    signer_fault,
)
from contracts.rules.lifting import lifted_from_each, put_hold, take_off, tell_each
from contracts.rules.relying import note_reliance
from contracts.rules.verdict import Verdict
from contracts.state.concerned import alarmed
from contracts.state.layout import LAW_HOLDS, SHIPMENTS, number_key
from contracts.state.overage_rows import OverageRow
from contracts.state.overages import (
    claim_by,
    claimed_with,
    claims_among,
    count_claimed,
    find_overage,
    is_open_to_contest,
    note_overage,
)
from contracts.state.parties import HANDLING, holder_of, is_holder, is_receiver
from contracts.state.places import QUARANTINE, Holds, Position, effective_holds, effective_life
from contracts.state.rows import Life, ShipmentRow

NEVER_RECEIVED: Final = 0
"""Of a shipment's row: the time of its last receipt before there was any."""


def claim_overage(act: Act, record: ClaimOverage) -> Verdict | None:
    """Rule 6: the receiver of a shipment found more of its sender with it; that is held until it ends."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
    if fault:
        return fault
    shipment = act.state.read(SHIPMENTS, record.shipment)
    if shipment is None:
        return Verdict(Code.SHIPMENT_UNKNOWN, record.shipment)
    fault = _shipment_fault(act, record, shipment)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    for item in items:
        fault = _place_fault(act, shipment, item) or _again_fault(act, record, item)
        if fault:
            return fault
    # After this point it must succeed.
    put_hold(act, items, claim_by(act.signer))
    until_ms = act.time_ms + actor_profile(act, record.head).overage_answer_ms
    for item in items:
        note_overage(act.state, act.signer, item.key, OverageRow(record.shipment, until_ms))
    count_claimed(act.state, record.shipment, len(items))
    note_reliance(act, items)
    told = ((item.key, (*alarmed(act.state, item), *_claimants(item))) for item in items)
    tell_each(act, EventKind.OVERAGE_CLAIMED, told, record.shipment)
    return None


def _shipment_fault(act: Act, record: ClaimOverage, shipment: ShipmentRow) -> Verdict | None:
    """Ask whether the signer received something of a shipment, not long ago, and claims little with it."""
    if not is_receiver(act.signer, shipment):
        return Verdict(Code.NOT_RECEIVER, record.shipment)
    if shipment.receipt_ms == NEVER_RECEIVED or shipment.purpose == ShipPurpose.OWN_PREMISES:
        return Verdict(Code.NOTHING_CAME_WITH, record.shipment)
    limits = actor_profile(act, record.head)
    if act.time_ms > shipment.receipt_ms + limits.overage_claim_ms:
        return Verdict(Code.OVERAGE_TOO_LATE, record.shipment)
    if claimed_with(act.state, record.shipment) + len(record.items) > limits.overage_items:
        return Verdict(Code.TOO_MANY_OVERAGES, record.shipment)
    return None


def _place_fault(act: Act, shipment: ShipmentRow, item: Position) -> Verdict | None:
    """Ask whether the ledger has an item, alive and still, with the sender of what it came with."""
    if effective_life(item) != Life.ACTIVE:
        return Verdict(Code.OVERAGE_ENDED, item.key)
    if item.shipment is not None and is_receiver(act.signer, item.shipment):
        return Verdict(Code.OVERAGE_ANNOUNCED, item.key)
    if is_holder(act.signer, item):
        return Verdict(Code.OVERAGE_IN_HAND, item.key)
    if not is_holder(shipment.sender, item):
        return Verdict(Code.OVERAGE_ELSEWHERE, item.key)
    return None if item.shipment is None else Verdict(Code.IN_TRANSIT, item.key)


def _again_fault(act: Act, record: ClaimOverage, item: Position) -> Verdict | None:
    """Ask whether the signer does not claim an item already, nor did so with that very shipment before."""
    before = find_overage(act.state, act.signer, item.key)
    is_repeated = before is not None and before.shipment == record.shipment
    if is_repeated or claim_by(act.signer) in effective_holds(item):
        return Verdict(Code.OVERAGE_CLAIMED_BEFORE, item.key)
    return None


def _claimants(item: Position) -> tuple[int, ...]:
    """Return who claims an item itself, beside whoever may do so now."""
    return tuple(claimant for _kind, claimant in claims_among(item.row.holds))


def end_overage(act: Act, record: EndOverage) -> Verdict | None:
    """Rule 6: claimant or holder ends the claim of items; what somebody else may have had is quarantined."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    ended = lifted_from_each(items, partial(_ended_claims, act, record.end))
    if isinstance(ended, Verdict):
        return ended
    # After this point it must succeed.
    take_off(act, list(zip(items, ended, strict=True)))
    if record.end != OverageEnd.MISTAKEN:
        _quarantine(act, items)
    told = (
        (item.key, (*alarmed(act.state, item), *(claimant for _kind, claimant in claims)))
        for item, claims in zip(items, ended, strict=True)
    )
    tell_each(act, EventKind.OVERAGE_ENDED, told)
    return None


def _ended_claims(act: Act, end: OverageEnd, item: Position) -> Holds | Verdict:
    """Return which claims of an item the signer may end in this way, or why none."""
    claims = claims_among(item.row.holds)
    if not claims:
        return Verdict(Code.NO_OVERAGE, item.key)
    if end != OverageEnd.CONTESTED:
        own = claim_by(act.signer)
        return (own,) if own in claims else Verdict(Code.NOT_CLAIMANT, item.key)
    if not is_holder(act.signer, item):
        return Verdict(Code.NOT_HOLDER, item.key)
    over = tuple(hold for hold in claims if is_open_to_contest(act.state, hold[1], item.key, act.time_ms))
    return over or Verdict(Code.CLAIM_STILL_STANDS, item.key)


def _quarantine(act: Act, items: Positions) -> None:
    """Let the law hold items until their holder has looked at them, in a later block (`lifting`)."""
    put_hold(act, items, QUARANTINE)
    for holder in sorted({holder_of(item) for item in items}):
        act.state.write(LAW_HOLDS, number_key(holder), act.height)


def tell_shipped(act: Act, shipment: bytes, receiver: int, items: Sequence[Position]) -> None:
    """Report which items of a shipment its receiver had claimed: they are on its books once it receives them.

    Args:
        act: The record that ships.
        shipment: Id of the shipment.
        receiver: Its receiver's number.
        items: What is shipped, as it stood before.
    """
    own = claim_by(receiver)
    claimed = [item for item in items if own in item.row.holds]
    told = ((item.key, (*alarmed(act.state, item), receiver)) for item in claimed)
    tell_each(act, EventKind.OVERAGE_SHIPPED, told, shipment)
