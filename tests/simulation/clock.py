"""Virtual time: one heap of things to happen, and the clocks that nodes see of it.

Time moves only when nothing is left to do at the present moment. It is kept in microseconds, so that two
messages seldom arrive at the very same time; what does, happens in the order in which it was scheduled.
Whatever is scheduled belongs to a life: when a node's machine stops, all it had planned is forgotten.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Callable

US_PER_MS = 1_000

Callback = Callable[[], None]


class Life:
    """One run of one machine, from power on to power off.

    Attributes:
        is_alive: Whether it still runs.
    """

    __slots__ = ("is_alive",)

    def __init__(self) -> None:
        """Begin to live."""
        self.is_alive = True


class Entry:
    """Something that will happen unless it is cancelled or its life ends first."""

    __slots__ = ("callback", "life")

    def __init__(self, callback: Callback, life: Life) -> None:
        """Belong to `life`."""
        self.callback: Callback | None = callback
        self.life = life

    def cancel(self) -> None:
        """Make it not happen."""
        self.callback = None


class Scheduler:
    """The only source of time in a simulated world.

    Attributes:
        now_us: Microseconds since the world began.
        events: Things that have happened so far: bytes that arrived, timers that fired, jobs of threads and
            their answers, acts of users, faults. What goes on in the same moment is not counted again.
        world: The life of what no machine owns: the wire, the faults, the users.
    """

    def __init__(self) -> None:
        """Begin at 0 with nothing to do."""
        self.now_us = 0
        self.events = 0
        self.world = Life()
        self._heap: list[tuple[int, int, Entry]] = []
        self._numbers = itertools.count()
        self._soon: deque[Entry] = deque()

    @property
    def now_ms(self) -> int:
        """Milliseconds since the world began."""
        return self.now_us // US_PER_MS

    def after(self, delay_us: int, callback: Callback, life: Life | None = None) -> Entry:
        """Let `callback` happen in `delay_us`, if `life` (by default the world's) lasts that long."""
        entry = Entry(callback, life or self.world)
        if delay_us > 0:
            heapq.heappush(self._heap, (self.now_us + delay_us, next(self._numbers), entry))
        else:
            # Whatever the heap holds for the present moment was scheduled before it.
            self._soon.append(entry)
        return entry

    def run(self, until: Callable[[], bool], deadline_us: int) -> bool:
        """Let things happen until a condition holds; false when the deadline came first.

        Args:
            until: Asked after everything that happens.
            deadline_us: Moment of virtual time at which to give up.
        """
        heap, soon = self._heap, self._soon
        while not until():
            if soon and not (heap and heap[0][0] <= self.now_us):
                entry = soon.popleft()
                if entry.callback is not None and entry.life.is_alive:
                    entry.callback()
                continue
            if not heap or heap[0][0] > deadline_us:
                self.now_us = max(self.now_us, deadline_us)
                return False
            at, _number, entry = heapq.heappop(heap)
            if entry.callback is not None and entry.life.is_alive:
                self.now_us = at
                self.events += 1
                entry.callback()
        return True


class NodeClock:
    """The clock of one life of one node, as `network.transport.base.Clock` says."""

    def __init__(self, scheduler: Scheduler, life: Life) -> None:
        """Show the scheduler's time."""
        self._scheduler = scheduler
        self._life = life

    def now_ms(self) -> int:
        """Return milliseconds since the world began."""
        return self._scheduler.now_us // US_PER_MS

    def call_soon(self, callback: Callback) -> None:
        """Call `callback` after the present callback returns."""
        self._scheduler.after(0, callback, self._life)

    def call_later(self, delay_ms: int, callback: Callback) -> Entry:
        """Call `callback` in `delay_ms` milliseconds."""
        return self._scheduler.after(delay_ms * US_PER_MS, callback, self._life)


class Wall:
    """A node's idea of the time of day, which may be wrong.

    Attributes:
        skew_ms: How far it is ahead of the truth.
    """

    def __init__(self, scheduler: Scheduler, start_ms: int, skew_ms: int = 0) -> None:
        """Begin at `start_ms` (since 1970) when the world begins."""
        self._scheduler = scheduler
        self._start_ms = start_ms
        self.skew_ms = skew_ms

    def now_ms(self) -> int:
        """Return ms since 1970-01-01 UTC, as this node believes."""
        return self._start_ms + self._scheduler.now_us // US_PER_MS + self.skew_ms
