"""What keeps a node from taking documents in: it follows the network no more, or is far behind it."""

from typing import Final, Protocol

from node.host.chain import Chain
from node.host.submitted import CatchingUp, Halted
from node.host.surroundings import WallClock

FAR_BEHIND_MS: Final = 10_000
"""A node that is behind, and whose last block is older than this, takes in and bundles nothing."""


class Following(Protocol):
    """How a node follows the network."""

    @property
    def is_syncing(self) -> bool:
        """Whether blocks are being fetched that are proven to be decided."""
        ...

    @property
    def stopped_because(self) -> str:
        """Why this node follows no more; empty while it does."""
        ...


class Hindrance:
    """Tells whether documents may come in now.

    Attributes:
        following: How the node follows; None where it decides alone.
    """

    def __init__(self, chain: Chain, wall: WallClock) -> None:
        """Look at a node's ledger, and at the time of day."""
        self._chain = chain
        self._wall = wall
        self.following: Following | None = None

    def check(self) -> None:
        """Ask whether a document may come in.

        Raises:
            Halted: This node follows the network no more.
            CatchingUp: Its ledger is far behind the network's.
        """
        if self.following is not None and self.following.stopped_because:
            raise Halted(self.following.stopped_because)
        if self.is_far_behind():
            raise CatchingUp(self._chain.tip.height, self._age_ms() // 1_000)

    def is_far_behind(self) -> bool:
        """Tell whether this node judges by what was, and its bundles would expire before they are sent."""
        is_behind = self.following is not None and self.following.is_syncing
        return is_behind and self._age_ms() > FAR_BEHIND_MS

    def _age_ms(self) -> int:
        return self._wall.now_ms() - self._chain.tip.time_ms
