"""Rule 11b: what was done while nobody could reach the ledger is recorded afterwards, breaches and all.

What happened, happened: the books must not say otherwise. So what would have refused it is told instead, to
everyone who must know. Two things stay refused: what the signer did not hold (nor was on its way to it), and
what had ended for good; nor does a late record give the signer rights that it never had.
"""

from contracts.records.custody import Receive, Ship
from contracts.records.dispensing import Dispense
from contracts.records.head import Head
from contracts.records.late import Late
from contracts.rules.act import Act
from contracts.rules.dispensing import dispense
from contracts.rules.events import EventKind
from contracts.rules.guards import Positions, list_fault, locate_all, signer_fault
from contracts.rules.implied import again
from contracts.rules.receiving import receive, receive_arrived
from contracts.rules.shipping import ship
from contracts.rules.verdict import Verdict
from contracts.state.concerned import alarmed, regulators
from contracts.state.parties import HANDLING, is_receiver, parties_of, sending_roles
from contracts.state.places import Position

Told = dict[tuple[int, ...], list[bytes]]


def late(act: Act, record: Late) -> Verdict | None:
    """Rule 11b: the record acts as if made in time, and each breach is told."""
    act.breaches = []
    fault = _act(act, record)
    breaches, act.breaches = act.breaches, None
    if fault:
        return fault
    # After this point it must succeed.
    act.tell(EventKind.LATE_RECORDED, (), record.reason.name.lower().encode())
    _tell_breaches(act, record, breaches)
    return None


def _act(act: Act, record: Late) -> Verdict | None:
    """Apply the rule of what was done, after what it says has arrived."""
    match record.record:
        case Receive():
            return receive(act, record.record)
        case Dispense() as done:
            return _take_in(act, done.head, done.items, HANDLING) or dispense(act, done)
        case Ship() as done:
            return _take_in(act, done.head, done.items, sending_roles(done.purpose)) or ship(act, done)


def _take_in(act: Act, head: Head, keys: tuple[bytes, ...], roles: int) -> Verdict | None:
    """Receive listed items that are on their way to the signer: it had them, or could not have done this."""
    fault = signer_fault(act, head, roles, licensed=False) or list_fault(keys)
    if fault:
        return fault
    items = locate_all(act, keys)
    if isinstance(items, Verdict):
        return items
    coming: dict[bytes, Positions] = {}
    for item in items:
        if item.shipment is not None and is_receiver(act.signer, item.shipment):
            coming.setdefault(item.top.shipment, []).append(item)
    for shipment, arrived in coming.items():
        # All that a receipt is asked was: they are on their way to the signer, and listed once.
        receive_arrived(act, head, shipment, arrived)
        listed = tuple(item.key for item in arrived)
        act.tell(EventKind.LATE_RECEIPT, listed, shipment, _parties(arrived[0]))
    return None


def _parties(item: Position) -> tuple[int, ...]:
    """Return who sent, carried and received an item that was on its way."""
    return () if item.shipment is None else parties_of(item.shipment)


def _tell_breaches(act: Act, record: Late, breaches: list[Verdict]) -> None:
    """Tell each breach, item by item, to everyone concerned; then what was dispensed although not clean."""
    items = set(record.items)
    told: dict[str, Told] = {}
    for breach in breaches:
        is_item = breach.subject in items
        concerned = alarmed(act.state, again(act, breach.subject)) if is_item else regulators(act.state)
        keys = told.setdefault(breach.code.value, {}).setdefault(tuple(sorted(set(concerned))), [])
        keys += (breach.subject,) if is_item and breach.subject not in keys else ()
    for code, groups in told.items():
        for everyone, keys in groups.items():
            act.tell(EventKind.BREACHED, keys, code.encode(), everyone)
    if isinstance(record.record, Dispense):
        _tell_despite(act, {breach.subject: None for breach in breaches if breach.subject in items})


def _tell_despite(act: Act, keys: dict[bytes, None]) -> None:
    """Tell which packs were dispensed although something spoke against them."""
    groups: Told = {}
    for key in keys:
        everyone = tuple(sorted(set(alarmed(act.state, again(act, key)))))
        groups.setdefault(everyone, []).append(key)
    for everyone, found in groups.items():
        act.tell(EventKind.DISPENSED_DESPITE, found, b"", everyone)
