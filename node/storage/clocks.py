"""Duties with clocks: what a partner must do by when, at the height of one snapshot.

Every open recall asks every partner that trades, also one that has sold everything on: who held goods once
stands in no row. Of findings and holds no clock runs; they are alerts (`Journeys.alerts_of`).
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import format_item
from contracts.rules.events import EventKind
from contracts.state import directory
from contracts.state.concerned import makers_of
from contracts.state.layout import RECALLS, RESPONSES, response_key
from contracts.state.parties import TRADING, has_role, is_among
from contracts.state.places import effective_holds, locate
from contracts.state.recall_rows import RecallStanding
from contracts.state.rows import HoldKind, ShipmentStanding
from node.storage.base import require_history
from node.storage.custody import Custody
from node.storage.happenings import Happenings
from node.storage.journeys import Journeys
from node.storage.store import STATE, Reader, Space

MAX_LOOKED_AT: Final = 2_000
"""Most shipments, and most alerts, that are looked at for running clocks: the newest."""
MAKERS_ANSWER_MS: Final = 24 * 3_600_000
"""A maker answers a suspicion within 24 hours (DSCSA 360eee-1(b)(4), (c)(4))."""


class ClockView(msgspec.Struct, frozen=True):
    """One duty that is not done yet."""

    duty: str
    """receive, answer_recall, answer_suspicion, or collect: a shipment of one's own that nobody received."""
    due: str
    """Block time by which it is to be done."""
    is_overdue: bool
    """Whether that time is over."""
    about: str
    """Shipment or recall id, or the item."""
    what_to_do: str
    """In a sentence."""


class Clocks:
    """Reads running clocks from a pinned snapshot; raises as `Custody` does."""

    def __init__(self, reader: Reader, custody: Custody) -> None:
        """Read from `reader`; `custody` is over the same."""
        self._reader = reader
        self._custody = custody
        self._now_ms = custody.head.time_ms

    def of(self, partner: int) -> list[ClockView]:
        """Return what a partner must do, by number, what is due first in front.

        Raises:
            HistoryNotHere: What it must do may have begun before this node's history.
        """
        require_history(self._reader)
        found = [*self._recalls(partner), *self._shipments(partner), *self._suspicions(partner)]
        return sorted(found, key=lambda clock: (clock.due, clock.about))

    def _clock(self, duty: str, due_ms: int, about: str, what_to_do: str) -> ClockView:
        return ClockView(duty, format_timestamp(due_ms), self._now_ms > due_ms, about, what_to_do)

    def _recalls(self, partner: int) -> Iterator[ClockView]:
        """Yield the open recalls of others that a partner has not answered."""
        state = self._custody.state
        if not has_role(directory.partner(state, partner), TRADING):
            return
        start: bytes | None = None
        while True:
            page = Space(self._reader, STATE).scan(RECALLS.prefix, start=start, limit=MAX_LOOKED_AT)
            for key, value in page.rows:
                row = RECALLS.decode(value)
                if row.standing != RecallStanding.OPEN or row.opener == partner:
                    continue
                number = int.from_bytes(key[len(RECALLS.prefix) :], "big")
                answer = state.read(RESPONSES, response_key(number, partner))
                if answer is None or not answer.responded_ms:
                    what = "Set the goods aside, and say what you found: packtrail recall respond."
                    yield self._clock("answer_recall", row.respond_by_ms, row.identifier.hex(), what)
            if page.resume is None:
                return
            start = page.resume

    def _shipments(self, partner: int) -> Iterator[ClockView]:
        """Yield what is on its way to a partner, and what it sent that is overdue."""
        happenings = Happenings(self._reader)
        for touch in Journeys(self._reader).shipments_of(partner, None, MAX_LOOKED_AT):
            identifier = happenings.told_at(touch).shipment
            row = self._custody.shipment_row(identifier)
            if row is None or row.standing != ShipmentStanding.OUTSTANDING:
                continue
            if row.receiver == partner:
                what = "Receive or refuse it when it arrives."
                yield self._clock("receive", row.deadline_ms, identifier.hex(), what)
            elif row.sender == partner and self._now_ms > row.deadline_ms:
                what = "Find out where it is; declare it overdue, or take it back (void)."
                yield self._clock("collect", row.deadline_ms, identifier.hex(), what)

    def _suspicions(self, partner: int) -> Iterator[ClockView]:
        """Yield the suspicions of goods that a partner made, which nobody has confirmed or cleared."""
        happenings, state = Happenings(self._reader), self._custody.state
        seen: set[bytes] = set()
        for touch in Journeys(self._reader).alerts_of(partner, None, MAX_LOOKED_AT):
            told = happenings.told_at(touch)
            event = told.event
            if event is None or event.kind != EventKind.SUSPICION_RAISED:
                continue
            for key in event.items:
                position = None if key in seen else locate(state, key)
                seen.add(key)
                if position is None or not is_among(partner, makers_of(state, position)):
                    continue
                if HoldKind.SUSPECT in {kind for kind, _setter in effective_holds(position)}:
                    due_ms = told.time_ms + MAKERS_ANSWER_MS
                    what = "Investigate; confirm that it is illegitimate, or clear it."
                    yield self._clock("answer_suspicion", due_ms, format_item(key), what)
