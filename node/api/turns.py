"""Turns at what only a few requests may do at once: tokens take them one after the other."""

from typing import Final

from node.api.line import Line, stand

MAX_WAITING: Final = 1 << 16
"""More than there are connections: each request waits for one turn at a time."""


class Turns:
    """So many inside at once; the others wait, as long as it takes. Used on the event loop.

    Attributes:
        inside: Who have their turn now.
    """

    def __init__(self, places: int) -> None:
        """Begin with nobody there; at most `places` will be inside at once."""
        self._places = places
        self._line = Line(MAX_WAITING, 1)
        self.inside = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._line)

    async def enter(self, token: str) -> None:
        """Wait for a turn of a request of this token, and have it until `leave`."""
        if self.inside < self._places and not self._line:
            self.inside += 1
        else:
            await stand(self._line, token, self.leave)

    def leave(self) -> None:
        """End a turn: the next one is let in."""
        self.inside -= 1
        if self.inside < self._places and self._line.admit():
            self.inside += 1


class Passage:
    """One request's turn, to be entered once.

    Attributes:
        is_through: Whether what had to be done in it was done.
    """

    def __init__(self, turns: Turns, token: str) -> None:
        """Wait for nothing yet."""
        self._turns = turns
        self._token = token
        self.is_through = False

    async def __aenter__(self) -> None:
        """Wait for the turn."""
        await self._turns.enter(self._token)

    async def __aexit__(self, kind: object, error: object, trace: object) -> None:
        """End the turn, and let errors pass."""
        self.is_through = kind is None
        self._turns.leave()
