"""Gathers the events of one document: counts them, lays problems at the right event, keeps the limits."""

from collections.abc import Callable
from typing import TypeVar

from node.epcis.build import build_event
from node.epcis.events import EpcisEvent
from node.epcis.problems import FILE_CODES, CaptureProblem, Limits
from node.epcis.raw import RawEvent

Source = TypeVar("Source")
"""An event as its syntax holds it: an element, or a JSON value."""


class EventCollector:
    """Fills `events` and `refused` of a document in file order."""

    def __init__(self, limits: Limits) -> None:
        self.events: list[EpcisEvent] = []
        self.refused: list[CaptureProblem] = []
        self._limits = limits
        self._identifiers = 0

    def add(self, read: Callable[[Source], RawEvent], source: Source) -> None:
        """Read and build the next event of the file.

        Args:
            source: The event as the file has it.
            read: Reads the event; may raise `CaptureProblem`, which refuses this event only.

        Raises:
            CaptureProblem: one of `FILE_CODES`, which refuse the file.
        """
        position = len(self.events) + len(self.refused)
        if position >= self._limits.max_events:
            reason = f"the file has more than {self._limits.max_events} events"
            raise CaptureProblem("too_many_events", "eventList", reason)
        try:
            raw = read(source)
            self._count(raw)
            self.events.append(build_event(raw, position))
        except CaptureProblem as problem:
            if problem.code in FILE_CODES:
                raise
            self.refused.append(problem.at(position))

    def require_any(self) -> None:
        """Refuse a document in which there was not a single event, good or bad."""
        if not self.events and not self.refused:
            raise CaptureProblem("no_events", "eventList", "the document has no events")

    def _count(self, raw: RawEvent) -> None:
        """Count identifiers over the whole file."""
        self._identifiers += sum(map(len, raw.epcs.values())) + sum(map(len, raw.quantities.values()))
        if self._identifiers > self._limits.max_identifiers:
            reason = f"the file lists more than {self._limits.max_identifiers} identifiers"
            raise CaptureProblem("too_many_identifiers", "eventList", reason)
