"""Rule 0, guards that every rule shares: the signer, the claim, the list, and its items (rule 18 among them).

Each returns a `Verdict` when it refuses, else None (or what it found). Their order inside a rule is that of
contracts/LAW.md.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from contracts.gs1.dates import MAX_OFFSET_MINUTES
from contracts.primitives.hashing import HASH_BYTES
from contracts.records.head import Head
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state.containers import find_contents, is_emptied, sources_of
from contracts.state.directory import find_premises, profile
from contracts.state.excursions import excursions
from contracts.state.exposures import joined, session_of, until_of
from contracts.state.overages import claim_by
from contracts.state.parties import has_role, is_holder, is_licensed, is_party
from contracts.state.places import Holds, Position, effective_holds, effective_life, locate
from contracts.state.recalls import exposures_of_item, hold_of, recall_row, recalls_of_item, released_from
from contracts.state.rows import NOBODY, ContainerRow, HoldKind, Life, PremisesRow, ProfileRow
from contracts.state.sessions import Standing, gtins_of, is_running, session_row, standing_of
from contracts.state.sources import lot_of, lot_row, marks_of

MAX_HASHES: Final = 32
"""Most attachments or references on one record."""

_LIFE_CODES: Final = {
    Life.SUPPLIED: Code.ALREADY_SUPPLIED,
    Life.DESTROYED: Code.ALREADY_DESTROYED,
    Life.STOLEN: Code.ALREADY_STOLEN,
    Life.EXPORTED: Code.ALREADY_EXPORTED,
    Life.SAMPLE: Code.ALREADY_SAMPLE,
    Life.FREE_SAMPLE: Code.ALREADY_FREE_SAMPLE,
    Life.CHECKED_OUT: Code.ALREADY_CHECKED_OUT,
    Life.LOST: Code.ALREADY_LOST,
    Life.OUTSIDE: Code.ALREADY_OUTSIDE,
    Life.PARTLY_DISPENSED: Code.PARTLY_DISPENSED,
    Life.CONSUMED: Code.ALREADY_CONSUMED,
    Life.BURNED: Code.ALREADY_BURNED,
}

_HOLD_CODES: Final = {HoldKind.RECALLED: Code.RECALLED, HoldKind.WITHDRAWN: Code.WITHDRAWN}
"""What is said of holds, the gravest first; of all others only that they are there."""
_SOURCE_CODES: Final = (*_HOLD_CODES.values(), Code.ON_HOLD, Code.EXPIRED)
"""What may speak against a source, the gravest first."""
_NO_FAULT: Final = frozenset({None})
"""What is found against an item of one clean source."""
_STANDING_CODES: Final = {
    Standing.UNREAD: Code.READINGS_MISSING,
    Standing.BREACHED: Code.COLD_CHAIN_HOLD,
}

Positions = list[Position]


def signer_fault(act: Act, head: Head, roles: int, *, licensed: bool = True) -> Verdict | None:
    """Ask whether this partner may sign this kind of record, and whether its claim is well formed.

    Args:
        act: The record.
        head: Its circumstances.
        roles: Role bits of which the signer needs one.
        licensed: Whether an active licence is needed; a suspended partner may still receive and return.
    """
    if licensed and not is_licensed(act.partner):
        fault = act.excuse((Verdict(Code.LICENCE_NOT_ACTIVE, act.partner.gln),))
        if fault:
            return fault
    if not has_role(act.partner, roles):
        return Verdict(Code.ROLE_NOT_ALLOWED, act.partner.gln)
    return _claim_fault(act, head)


def _claim_fault(act: Act, head: Head) -> Verdict | None:
    """Ask about time, attachments and place of a claim."""
    in_time = 0 <= head.claimed_at_ms <= act.time_ms + act.limits.claimed_time_ms
    if not in_time or abs(head.offset_minutes) > MAX_OFFSET_MINUTES:
        return Verdict(Code.CLAIMED_TIME_INVALID, b"")
    if not are_hashes(head.attachments):
        return Verdict(Code.ATTACHMENT_INVALID, b"")
    if not head.premises:
        return None
    found = find_premises(act.state, head.premises)
    if found is None:
        return Verdict(Code.PREMISES_UNKNOWN, head.premises)
    if not is_party(found[1].partner, act.signer):
        return Verdict(Code.PREMISES_NOT_OWN, head.premises)
    return None


def are_hashes(hashes: Sequence[bytes]) -> bool:
    """Tell whether a list is short enough and holds hashes only."""
    if not hashes:
        return True
    return len(hashes) <= MAX_HASHES and all(len(entry) == HASH_BYTES for entry in hashes)


def stated_premises(act: Act, head: Head) -> tuple[int, PremisesRow] | None:
    """Return number and row of the premises a record states; None when it states none."""
    return find_premises(act.state, head.premises) if head.premises else None


def stated_number(act: Act, head: Head) -> int:
    """Return the number of the premises a record states; 0 when it states none."""
    found = stated_premises(act, head)
    return NOBODY if found is None else found[0]


def actor_profile(act: Act, head: Head) -> ProfileRow:
    """Return the limits that bind the signer: those of the stated premises' market, else of its seat's."""
    found = stated_premises(act, head)
    return profile(act.state, act.partner.market if found is None else found[1].market)


def list_fault(keys: Sequence[bytes]) -> Verdict | None:
    """Ask whether a list names something, and nothing twice."""
    if not keys:
        return Verdict(Code.NOTHING_LISTED, b"")
    if len(set(keys)) == len(keys):
        return None
    twice = next(key for key, count in Counter(keys).items() if count > 1)
    return Verdict(Code.LISTED_TWICE, twice)


def locate_all(act: Act, keys: Sequence[bytes]) -> Positions | Verdict:
    """Find the listed items, none of them inside another listed one."""
    listed = set(keys)
    found: Positions = []
    for key in keys:
        position = locate(act.state, key)
        if position is None:
            return Verdict(Code.ITEM_UNKNOWN, key)
        for container, _row in position.above:
            if container in listed:
                return Verdict(Code.LISTED_WITH_CONTAINER, key)
        found.append(position)
    return found


def life_fault(position: Position, also: Collection[Life] = ()) -> Verdict | None:
    """Ask whether an item is still active, and everything it is inside.

    Args:
        position: The item.
        also: Other lives that will do.
    """
    life = effective_life(position)
    if life == Life.ACTIVE or life in also:
        return None
    return Verdict(_LIFE_CODES[life], position.key)


def packing_fault(position: Position) -> Verdict | None:
    """Ask whether everything an item is inside is still active."""
    if position.above and any(row.life != Life.ACTIVE for _key, row in position.above):
        return Verdict(Code.PARENT_NOT_ACTIVE, position.key)
    return None


def hand_fault(act: Act, position: Position) -> Verdict | None:
    """Ask whether the signer holds an item that stands still."""
    if not is_holder(act.signer, position):
        return Verdict(Code.NOT_HOLDER, position.key)
    if position.shipment is not None:
        return Verdict(Code.IN_TRANSIT, position.key)
    return None


def empty_fault(act: Act, position: Position) -> Verdict | None:
    """Ask whether an item is a container that was emptied."""
    if is_emptied(act.state, position.key, position.row):
        return Verdict(Code.CONTAINER_EMPTY, position.key)
    return None


def hold_code(holds: Holds) -> Code:
    """Return the code that says best why something with these holds or marks is not clean."""
    kinds = {kind for kind, _by in holds}
    return next((code for kind, code in _HOLD_CODES.items() if kind in kinds), Code.ON_HOLD)


def recall_fault(act: Act, position: Position) -> Verdict | None:
    """Ask whether an item is called back: by itself, its lot, its make or an excursion, and not released."""
    found = recalls_of_item(act.state, position)
    if found:
        found -= released_from(act.state, position.key)
    holds = tuple((int(hold_of(recall_row(act.state, number))), number) for number in sorted(found))
    return Verdict(hold_code(holds), position.key) if holds else None


class CleanGuard:
    """Asks whether items are clean (LAW, facets), judging each source once for a whole record."""

    __slots__ = ("_act", "_awaited", "_faults", "_is_leaving")

    def __init__(self, act: Act, *, is_leaving: bool = False, receiver: int = NOBODY) -> None:
        """Begin with no source asked.

        Args:
            act: The record.
            is_leaving: Whether the items go on with the signer's own loggers, to be read out later.
            receiver: Who gets them: what that partner claimed to have is no reason to keep it back (rule 6).
        """
        self._act = act
        self._awaited = claim_by(receiver)
        self._is_leaving = is_leaving
        self._faults: dict[int, Code | None] = {}

    def fault(self, position: Position) -> Verdict | None:
        """Ask whether an item and everything inside is free of holds, active, and not expired."""
        return next(self.faults(position), None)

    def faults(self, position: Position) -> Iterator[Verdict]:
        """Yield everything that speaks against an item being clean, the first reason first."""
        row = position.row
        holds = effective_holds(position)
        if self._awaited in holds:
            holds = tuple(hold for hold in holds if hold != self._awaited)
        if holds:
            yield Verdict(hold_code(holds), position.key)
        contents = find_contents(self._act.state, position.key, row)
        if contents is not None and contents.dirty:
            yield Verdict(Code.CONTENTS_NOT_CLEAN, position.key)
        found = {self._own_fault(position)} if row.source else set()
        if contents is not None:
            found.update(self._source_fault(source) for source, _count in contents.sources)
        found.update(self._excursions(position, contents))
        if found != _NO_FAULT:
            yield from (Verdict(code, position.key) for code in _SOURCE_CODES if code in found)
        cold = self._cold_fault(position, contents)
        if cold is not None:
            yield cold

    def _excursions(self, position: Position, contents: ContainerRow | None) -> Iterator[Code]:
        """Yield why recalls call back an item, or what is inside, for what its loggers saw."""
        state, row = self._act.state, position.row
        own = exposures_of_item(position)
        if own and row.source:
            found = excursions(state, own, (row.source,))
            released = released_from(state, position.key) if found else frozenset()
            yield from (_HOLD_CODES[hold_of(one)] for number, one in found.items() if number not in released)
        if contents is not None and (own or contents.exposures):
            inside = joined(own, tuple(exposed for exposed, _count in contents.exposures))
            several = (source for source, _count in contents.sources)
            yield from (_HOLD_CODES[hold_of(one)] for one in excursions(state, inside, several).values())

    def _cold_fault(self, position: Position, contents: ContainerRow | None) -> Verdict | None:
        """Ask about the loggers' sessions that an item and everything around and inside it went through."""
        several = [position.row.exposures, *(row.exposures for _key, row in position.above)]
        if contents is not None:
            several.append(tuple(one for one, _count in contents.exposures))
        exposures = joined(*several) if any(several) else ()
        if not exposures:
            return None
        state = self._act.state
        gtins = frozenset(gtins_of(state, sources_of(state, position.key, position.row)))
        return cold_fault(self._act, position.key, exposures, gtins, is_leaving=self._is_leaving)

    def _own_fault(self, position: Position) -> Code | None:
        """Ask about the lot and make that an item is of itself; it may have been released from a recall."""
        code = self._source_fault(position.row.source)
        if code is None or code == Code.EXPIRED:
            return code
        released = released_from(self._act.state, position.key)
        return self._judged(position.row.source, released) if released else code

    def _source_fault(self, number: int) -> Code | None:
        if number not in self._faults:
            self._faults[number] = self._judged(number, frozenset())
        return self._faults[number]

    def _judged(self, number: int, released: frozenset[int]) -> Code | None:
        """Ask a source for recalls that nobody was released from, and its lot's expiry."""
        lot = lot_row(self._act.state, lot_of(number))
        marks = tuple((kind, recall) for kind, recall in marks_of(lot, number) if recall not in released)
        if marks:
            return hold_code(marks)
        return Code.EXPIRED if lot.expires_at_ms <= self._act.time_ms else None


def cold_fault(
    act: Act, key: bytes, exposures: Iterable[int], gtins: frozenset[bytes] | None, *, is_leaving: bool
) -> Verdict | None:
    """Ask whether the loggers' sessions that products went through speak against them (LAW 18).

    Args:
        act: The record.
        key: The item that is refused.
        exposures: Its own, and those of what it is inside and what is inside it.
        gtins: Its products; None for all that went through these sessions.
        is_leaving: Whether a logger that the signer put on, and that is on still, may be read out later.
    """
    worst = Standing.FINE
    for exposed in exposures:
        row = session_row(act.state, session_of(exposed))
        reads_later = is_leaving and is_running(row) and is_party(row.installed_by, act.signer)
        now_ms = 0 if reads_later else act.time_ms
        worst = max(worst, standing_of(row, until_of(exposed), now_ms, gtins))
    return None if worst == Standing.FINE else Verdict(_STANDING_CODES[worst], key)


def first_fault(faults: Iterable[Verdict | None]) -> Verdict | None:
    """Return the first refusal of a lazy sequence of guards, or None."""
    return next((fault for fault in faults if fault is not None), None)
