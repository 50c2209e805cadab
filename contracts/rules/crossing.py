"""Rule 26: goods leave for somebody who is no partner of this network, and come back from one.

Who is outside records nothing here. So what went there has ended until a partner takes it back, with evidence
of whom it came from; and then it is held until that partner looked at each pack.
"""

import msgspec

from contracts.gs1.keys import is_valid_gln
from contracts.primitives.hashing import HASH_BYTES
from contracts.records.custody import shipment_id
from contracts.records.outside import OutsideRecord, ReceiveFromOutside, ShipOutside
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.endings import end_lives, tell_stakeholders
from contracts.rules.events import EventKind
from contracts.rules.guards import (
    CleanGuard,
    Positions,
    empty_fault,
    hand_fault,
    life_fault,
    list_fault,
    locate_all,
    signer_fault,
    stated_number,
)
from contracts.rules.implied import unpack_implied
from contracts.rules.lifting import note_law_hold, tell_each
from contracts.rules.verdict import Verdict
from contracts.state.concerned import alarmed
from contracts.state.containers import find_contents
from contracts.state.directory import find_partner
from contracts.state.layout import CONTAINERS, DESTINATIONS, ITEMS
from contracts.state.parties import TRADING, is_owner
from contracts.state.places import (
    Position,
    effective_life,
    merge_holds,
    placed,
    relied_on,
    with_holds,
    with_life,
    with_title,
)
from contracts.state.rows import SEVERAL, THE_LAW, HoldKind, Life

UNCONFIRMED = (int(HoldKind.UNCONFIRMED), THE_LAW)
"""The law's own hold on what came in from outside."""


def ship_outside(act: Act, record: ShipOutside) -> Verdict | None:
    """Rule 26: clean goods of the signer's own leave the network."""
    fault = (
        signer_fault(act, record.head, TRADING)
        or list_fault(record.items)
        or _other_fault(act, record, record.receiver)
    )
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    clean = CleanGuard(act)
    for item in items:
        fault = life_fault(item) or hand_fault(act, item) or _owner_fault(act, item)
        fault = fault or empty_fault(act, item) or clean.fault(item)
        if fault:
            return fault
    # After this point it must succeed.
    end_lives(act, record.head, items, Life.OUTSIDE)
    for item in items:
        act.state.write(DESTINATIONS, item.key, record.receiver)
    act.tell(EventKind.LEFT_NETWORK, record.items, record.receiver)
    return None


def _other_fault(act: Act, record: OutsideRecord, gln: bytes) -> Verdict | None:
    """Ask whether the other side has a GLN that no partner has, and its licence was shown."""
    if not is_valid_gln(gln):
        return Verdict(Code.OUTSIDE_GLN_INVALID, gln)
    if find_partner(act.state, gln) is not None:
        return Verdict(Code.NOT_OUTSIDE_PARTY, gln)
    return _evidence_fault(record)


def _is_own(act: Act, record: ReceiveFromOutside) -> bool:
    """Tell whether the signer names itself: what it was sent before it was a partner, only it can state."""
    return record.sender == act.partner.gln


def _evidence_fault(record: OutsideRecord) -> Verdict | None:
    """Ask whether what shows a licence is named by a hash."""
    return None if len(record.evidence) == HASH_BYTES else Verdict(Code.EVIDENCE_INVALID, b"")


def _owner_fault(act: Act, item: Position) -> Verdict | None:
    """Ask whether the signer owns what it sends away for good."""
    return None if is_owner(act.signer, item) else Verdict(Code.NOT_OWNER, item.key)


def receive_from_outside(act: Act, record: ReceiveFromOutside) -> Verdict | None:
    """Rule 26: what had left comes back, to any trading partner, held until each pack was looked at."""
    fault = (
        signer_fault(act, record.head, TRADING)
        or list_fault(record.items)
        or (_evidence_fault(record) if _is_own(act, record) else _other_fault(act, record, record.sender))
    )
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    for item in items:
        if effective_life(item) != Life.OUTSIDE:
            return Verdict(Code.NOT_OUTSIDE, item.key)
    if _is_own(act, record) and any(_sent_to(act, item) != record.sender for item in items):
        return Verdict(Code.NOT_OUTSIDE_PARTY, record.sender)
    # After this point it must succeed.
    tell_stakeholders(act, EventKind.CAME_BACK, items)
    _tell_strange_ways(act, record, items)
    for item in unpack_implied(act, items):
        _bring_in(act, record, item)
    note_law_hold(act)
    return None


def _tell_strange_ways(act: Act, record: ReceiveFromOutside, items: Positions) -> None:
    """Tell everyone which items come from somebody else than they were sent to: copies may."""
    told: dict[bytes, list[tuple[bytes, tuple[int, ...]]]] = {}
    for item in items:
        sent_to = _sent_to(act, item)
        if sent_to != record.sender:
            told.setdefault(sent_to, []).append((item.key, alarmed(act.state, item)))
    for sent_to, several in told.items():
        tell_each(act, EventKind.CAME_ANOTHER_WAY, several, sent_to)


def _sent_to(act: Act, item: Position) -> bytes:
    """Return whom outside an item was sent to, by itself or inside the nearest container that left."""
    around = ((item.key, item.row), *item.above)
    left = next(key for key, row in around if row.life == Life.OUTSIDE)
    return act.state.require(DESTINATIONS, left)


def _bring_in(act: Act, record: ReceiveFromOutside, item: Position) -> None:
    """Let an item be the signer's, alive and held; whatever its container was, it is sealed no more."""
    # The title is an id of its own: what was bought before this counts no more, inside it neither.
    title = shipment_id(act.document_id, act.record_index)
    back = placed(item.row, act.signer, act.signer, stated_number(act, record.head))
    there = relied_on(back, SEVERAL)
    held = with_holds(there, merge_holds(there.holds, (UNCONFIRMED,)))
    act.state.write(ITEMS, item.key, with_title(with_life(held, Life.ACTIVE), title))
    if act.state.read(DESTINATIONS, item.key) is not None:
        act.state.delete(DESTINATIONS, item.key)
    contents = find_contents(act.state, item.key, item.row)
    if contents is not None:
        act.state.write(CONTAINERS, item.key, msgspec.structs.replace(contents, opened=1))
