"""How much client work a node takes on at once, and when those it turns away may come back.

One event loop carries clients and consensus, and it does not know which of what is ready matters more. So
what clients may put there is bounded: so many requests that write are taken in at once, fewer as soon as the
loop calls late what is due, more again while it does not (additive increase, multiplicative decrease). Nobody
has to know how fast a machine is, and votes never stand behind more than a few documents.

Who finds no place waits a little in a line; a file waits there unread. The line is short, and shared: tokens
take turns, and when it is full, the token that has most in it loses its newest request to one that has less.
No place is held for long because a client sends slowly (ADR 31).

Who is turned away costs almost nothing, if it does not come back at once and not together with all others:
each one is given a time of its own (Retry-After), one after the other at the pace at which this node gets rid
of work, and its answer is held back a little, for those who do not look at it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from math import ceil
from typing import Final

from network.peer.allowance import Allowance
from node.api.line import Line, stand
from node.api.metrics import ApiMetrics
from node.api.problems import Problem

FIRST_PLACES: Final = 32
"""Requests taken in at once when the node starts."""
LEAST_PLACES: Final = 8
"""So few take the loop a few ms: what makes it later than that are not they."""
BATCH_PLACES: Final = 4
"""What a batch of lines of a stream takes: it is several documents."""
MOST_PLACES: Final = 512
LATE_S: Final = 0.004
"""A loop later than this on average has too much to do: one time in a hundred it is ten times as late."""
MAX_IN_LINE: Final = 64
"""Requests that wait for a place."""
MAX_STREAMS_IN_LINE: Final = 1 << 16
"""More than there are connections: each stream waits for one place at a time."""
LONGEST_IN_LINE_S: Final = 2.0
"""Then they are turned away."""
LONGEST_READING_S: Final = 1.0
"""So long a body that is being read keeps its place: shorter than others wait in line."""
_FEWER: Final = 0.85
"""Places left after each look at a late loop."""
_NEW_WEIGHT: Final = 0.3
"""Of the newest look, in the lateness that is acted upon: one pause of another cause changes little."""

LEAST_PER_SECOND: Final = 50
"""Those who were turned away come back at least at this pace."""
LONGEST_WAIT_S: Final = 30
"""Longest Retry-After; a longer one would not be believed."""
HELD_BACK_S: Final = 0.2
"""An answer that turns away leaves this late."""
MAX_HELD_BACK: Final = 512
"""Answers held back at a time; further ones leave at once."""
MAX_TOKENS: Final = 4_096
"""Tokens whose rate is remembered; the one not heard of for longest is forgotten."""
_MS: Final = 1_000


class Returns:
    """Gives each of those who are turned away a time of its own."""

    def __init__(self) -> None:
        """Begin with nobody away."""
        self._last_s = 0.0

    def book(self, now_s: float, per_second: float) -> int:
        """Return after how many whole seconds the next one shall come back, at least 1.

        Args:
            now_s: By a clock that only moves forward.
            per_second: How many may come back in a second.
        """
        following_s = max(now_s, self._last_s + 1 / max(per_second, LEAST_PER_SECOND))
        self._last_s = min(following_s, now_s + LONGEST_WAIT_S)
        return max(1, ceil(self._last_s - now_s))


class Place:
    """A request's place among those taken in at once; given back once, early or at the end of the request."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        """Hold it until `leave`, which calls `give_back`."""
        self._give_back = give_back
        self._is_held = True

    def leave(self) -> None:
        """Give it back: what is left of the request is waiting. Harmless when it was given back."""
        if self._is_held:
            self._is_held = False
            self._give_back()


class Gate:
    """Decides who gets in. Used on the event loop.

    Attributes:
        inside: Requests that hold a place.
        places: Most of them now.
    """

    def __init__(
        self,
        now_s: Callable[[], float],
        drained_per_second: Callable[[], float],
        token_per_second: int,
        metrics: ApiMetrics,
    ) -> None:
        """Open it.

        Args:
            now_s: A clock that only moves forward.
            drained_per_second: How many documents a second this node gets rid of.
            token_per_second: Most requests of one token in a second; for short, twice as many.
            metrics: Counts those who were turned away.
        """
        self._now_s = now_s
        self._drained_per_second = drained_per_second
        self._token_per_second = token_per_second
        self._metrics = metrics
        self._tokens: OrderedDict[str, Allowance] = OrderedDict()
        self._returns = Returns()
        self._line = Line(MAX_IN_LINE, 1)
        self._streams = Line(MAX_STREAMS_IN_LINE, BATCH_PLACES)
        self._lines = self._line, self._streams
        self._late_s = 0.0
        self._was_full = False
        self._held_back = 0
        self.inside = 0
        self.places: float = FIRST_PLACES
        metrics.watch("gate_places", "Requests that write which are taken in at once.", lambda: self.places)
        metrics.watch("gate_inside", "Requests, and batches of lines, taken in now.", lambda: self.inside)
        metrics.watch("gate_in_line", "Requests and streams that wait for a place.", lambda: self.in_line)
        metrics.watch("gate_held_back", "Answers that turn away, held back.", lambda: self._held_back)

    @property
    def in_line(self) -> int:
        """Requests that wait for a place."""
        return len(self._line) + len(self._streams)

    def felt(self, late_s: float) -> None:
        """Take note of how late the event loop has just called what was due."""
        self._late_s += _NEW_WEIGHT * (late_s - self._late_s)
        if self._late_s > LATE_S:
            self.places = max(LEAST_PLACES, self.places * _FEWER)
        elif self._was_full:
            self.places = min(MOST_PLACES, self.places + 1)
        self._was_full = self.in_line > 0
        self._admit()

    @asynccontextmanager
    async def enter(self, token: str) -> AsyncIterator[Place]:
        """Hold a place for what is done inside; wait for it a little.

        Args:
            token: Whose request it is.

        Raises:
            Problem: too_busy.
        """
        if not self._is_free(1):
            try:
                async with asyncio.timeout(LONGEST_IN_LINE_S):
                    got_in = await self._stand(self._line, token)
            except TimeoutError:
                got_in = False
            if not got_in:
                detail = f"{int(self.places)} requests are being taken in, and others wait for their turn."
                raise self.too_busy("requests", detail)
        async with self._place(1) as place:
            yield place

    @asynccontextmanager
    async def enter_to_read(self, token: str) -> AsyncIterator[None]:
        """Hold a place while a body is read inside; one that comes slowly is read on without a place.

        Args:
            token: Whose request it is.

        Raises:
            Problem: too_busy.
        """
        async with self.enter(token) as place:
            late = asyncio.get_running_loop().call_later(LONGEST_READING_S, place.leave)
            try:
                yield
            finally:
                late.cancel()

    @asynccontextmanager
    async def enter_stream(self, token: str) -> AsyncIterator[Place]:
        """Hold a place for some lines of a stream; wait for it as long as it takes: the sender waits, too."""
        if not self._is_free(BATCH_PLACES):
            await self._stand(self._streams, token)
        async with self._place(BATCH_PLACES) as place:
            yield place

    def _is_free(self, cost: int) -> bool:
        """Take so many places if there are and nobody waits for them."""
        if not self._fits(cost) or self._line or self._streams:
            self._was_full = True
            return False
        self.inside += cost
        return True

    def _fits(self, cost: int) -> bool:
        return self.inside + cost <= int(self.places)

    @asynccontextmanager
    async def _place(self, cost: int) -> AsyncIterator[Place]:
        place = Place(partial(self._give_back, cost))
        try:
            yield place
        finally:
            place.leave()

    async def _stand(self, line: Line, token: str) -> bool:
        """Wait in a line; return whether a place was given, which then is held."""
        return await stand(line, token, partial(self._give_back, line.cost))

    def _give_back(self, cost: int) -> None:
        self.inside -= cost
        self._admit()

    def _admit(self) -> None:
        while True:
            first, second = self._lines
            line = first or second
            if not line or not self._fits(line.cost):
                return
            # Requests and streams in turn.
            self._lines = (second, first) if line is first else (first, second)
            if line.admit():
                self.inside += line.cost

    def check_token(self, token: str) -> None:
        """Turn a request away whose token came too often.

        Raises:
            Problem: token_too_fast.
        """
        now_ms = int(self._now_s() * _MS)
        allowance = self._tokens.get(token)
        if allowance is None:
            rate = self._token_per_second
            allowance = self._tokens[token] = Allowance(rate, 2 * rate, now_ms)
            if len(self._tokens) > MAX_TOKENS:
                self._tokens.popitem(last=False)
        self._tokens.move_to_end(token)
        if not allowance.afford(1, now_ms):
            self._metrics.turned_away("token_rate")
            detail = f"One token may make {self._token_per_second} requests a second at this node."
            raise Problem("token_too_fast", detail, members={"full": "token_rate", "retry_after_s": 1})

    def too_busy(self, full: str, detail: str) -> Problem:
        """Return the answer to a request for which there is no room, and count it.

        Args:
            full: What is full, one of `TURNED_AWAY`.
            detail: A sentence.
        """
        self._metrics.turned_away(full)
        seconds = self._returns.book(self._now_s(), self._drained_per_second())
        members: dict[str, object] = {"full": full, "retry_after_s": seconds}
        return Problem("too_busy", detail, members=members, headers={"Retry-After": str(seconds)})

    async def hold_back(self) -> None:
        """Let an answer that turns somebody away wait a little."""
        if self._held_back >= MAX_HELD_BACK:
            return
        self._held_back += 1
        try:
            await asyncio.sleep(HELD_BACK_S)
        finally:
            self._held_back -= 1
