"""A short line of requests that wait for their turn, shared fairly by who makes them."""

import asyncio
from collections import deque
from collections.abc import Callable

Turn = asyncio.Future[bool]
"""True: go in. False: there is no room in the line."""


class Line:
    """Requests that wait, by whom they are from; each in turn is served, and who has most gives way.

    Attributes:
        cost: How many places each of them needs.
    """

    def __init__(self, most: int, cost: int) -> None:
        """Begin empty; at most `most` wait."""
        self._most = most
        self.cost = cost
        self._waiting: dict[str, deque[Turn]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return self._count

    def join(self, who: str, turn: Turn) -> None:
        """Stand at the end of one's own; when the line is full, the newest of whoever has most leaves it."""
        self._waiting.setdefault(who, deque()).append(turn)
        self._count += 1
        if self._count > self._most:
            # Of equals, the one that has just come: it has waited least.
            most = max(self._waiting, key=lambda name: (len(self._waiting[name]), name == who))
            newest = self._waiting[most][-1]
            self.drop(most, newest)
            if not newest.done():
                # Else it has just been given up, and whoever waited for it has not come to leave the line.
                newest.set_result(False)

    def drop(self, who: str, turn: Turn) -> None:
        """Leave the line; harmless when that has happened."""
        own = self._waiting.get(who)
        if own is None or turn not in own:
            return
        own.remove(turn)
        self._count -= 1
        if not own:
            del self._waiting[who]

    def admit(self) -> bool:
        """Let the next one go in; return False when nobody waits."""
        while self._waiting:
            who = next(iter(self._waiting))
            own = self._waiting.pop(who)
            turn = own.popleft()
            self._count -= 1
            if own:
                # Behind all others now.
                self._waiting[who] = own
            if not turn.done():
                turn.set_result(True)
                return True
        return False


async def stand(line: Line, who: str, give_back: Callable[[], None]) -> bool:
    """Wait in a line; return whether a place was given, which then is held.

    Args:
        line: Where.
        who: Whose request it is.
        give_back: Gives a place back that was given in the very moment in which nobody wanted it any more.
    """
    turn: Turn = asyncio.get_running_loop().create_future()
    try:
        line.join(who, turn)
        return await turn
    except asyncio.CancelledError:
        if turn.done() and not turn.cancelled() and turn.result():
            give_back()
        raise
    finally:
        line.drop(who, turn)
