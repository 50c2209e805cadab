"""The room that the bodies of all requests share: who gets in, and who gives way.

What has arrived counts, not what is announced. When the room is full, the token that holds most gives way:
its bodies grow no further, and one that is still coming is given up for a token that has less. A body that is
here as a whole is being handled; nothing of it comes back before its request is answered. While such bodies
fill the room, a token that has less than another gets in beyond, to as much as is then left of the same room
once more: so there is always something for one that wants little, and all together never hold twice the room.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from aiohttp import web

from node.api.problems import Problem

LEAST_GIVEN_BYTES: Final = 16 << 10
"""Bodies of which less has come are not given up: it would be many for little."""


class BodyRoom:
    """How much the bodies of all requests may take that are being read or handled. Used on the event loop.

    Attributes:
        bytes: What they take now.
    """

    def __init__(self, most: int, refuse: Callable[[], Problem]) -> None:
        """Begin empty.

        Args:
            most: Most bytes; less than twice as many while what fills it cannot give way.
            refuse: Makes the answer to a request whose body finds no room, or gives way.
        """
        self._most = most
        self.refuse = refuse
        self.bytes = 0
        self._held: dict[str, int] = {}
        self._coming: dict[BodyShare, asyncio.Timeout] = {}

    def take(self, token: str, more: int) -> None:
        """Let a token have so many bytes more, or fewer (below 0).

        Raises:
            Problem: too_busy.
        """
        if more > 0 and self.bytes + more > self._most:
            self._make_way(token, more)
        self.bytes += more
        held = self._held.pop(token, 0) + more
        if held:
            self._held[token] = held

    def _make_way(self, token: str, more: int) -> None:
        wanted = self._held.get(token, 0) + more
        while self.bytes + more > self._most:
            giving = self._who_gives(wanted, more)
            if giving is None:
                break
            giving.give_way(self._coming.pop(giving))
        else:
            return
        left = 2 * self._most - self.bytes - more
        if wanted > left or wanted >= max(self._held.values(), default=0):
            raise self.refuse()

    def _who_gives(self, wanted: int, more: int) -> "BodyShare | None":
        """Return whose body is given up for a token that would have `wanted` bytes, `more` than now.

        It is of the token that has most, if that is more than `wanted`: the newest that is long enough, or
        else the longest.
        """
        return max(
            (
                share
                for share in reversed(self._coming)
                if share.coming_bytes >= LEAST_GIVEN_BYTES and self._held[share.token] > wanted
            ),
            key=lambda share: (self._held[share.token], min(share.coming_bytes, more)),
            default=None,
        )

    @contextmanager
    def waiting(self, share: "BodyShare", limit: asyncio.Timeout) -> Iterator[None]:
        """Let `share` give way while its request waits for more of its body.

        Args:
            share: Whose.
            limit: Ends the wait.
        """
        self._coming[share] = limit
        try:
            yield
        finally:
            self._coming.pop(share, None)


class BodyShare:
    """What one request takes of that room, until it is answered.

    Attributes:
        token: Whose request it is.
        coming_bytes: Of what it has, that which gives way: the part of a body that is not here as a whole.
        has_given_way: Whether it did; then it gets nothing any more.
    """

    __slots__ = ("_bytes", "_room", "coming_bytes", "has_given_way", "token")

    def __init__(self, room: BodyRoom, token: str) -> None:
        """Take nothing yet."""
        self._room = room
        self._bytes = 0
        self.token = token
        self.coming_bytes = 0
        self.has_given_way = False

    def have(self, size: int, coming: int) -> None:
        """Have `size` bytes in all, of which `coming` are of what is not here as a whole.

        Raises:
            Problem: too_busy.
        """
        self.check()
        self._change(size)
        self.coming_bytes = coming

    def shrink(self, size: int) -> None:
        """Have at most `size` bytes."""
        if size < self._bytes:
            self._change(size)

    def _change(self, size: int) -> None:
        self._room.take(self.token, size - self._bytes)
        self._bytes = size

    def waiting(self, limit: asyncio.Timeout) -> AbstractContextManager[None]:
        """Give way if it must while more is awaited inside, by letting `limit` end: see `check`."""
        return self._room.waiting(self, limit)

    def give_way(self, limit: asyncio.Timeout) -> None:
        """Have only what is here as a whole, and wake up who waits for the rest."""
        self.has_given_way = True
        self.shrink(self._bytes - self.coming_bytes)
        self.coming_bytes = 0
        if not limit.expired():
            limit.reschedule(asyncio.get_running_loop().time())

    def check(self) -> None:
        """Stop a request whose body has given way.

        Raises:
            Problem: too_busy.
        """
        if self.has_given_way:
            raise self._room.refuse()

    def release(self) -> None:
        """Have nothing any more."""
        self.shrink(0)


BODY_SHARE: Final = web.RequestKey("body_share", BodyShare)
"""Key of a request's share."""
