"""What block sync knows of one peer: what it claims, what it owes, and how well it keeps its word."""

import msgspec

from network.wire.messages import MAX_BLOCKS_ASKED

MAX_DOUBLINGS = 6
"""A pause is doubled at most this often."""
BLOCKS_PER_STRIKE = MAX_BLOCKS_ASKED
"""So many proven blocks in a row make up for one stall: one block now and then does not."""


class SyncPeer(msgspec.Struct):
    """One peer."""

    height: int
    """What it claims."""
    owed: list[int]
    """Heights it was asked for and has not answered, ascending."""
    given: int = 0
    """Blocks it has given in answer to the present request."""
    batch: int = 1
    """How many heights to ask it for: doubled by every full answer."""
    asked_ms: int = 0
    """When it was last asked for something."""
    heard_ms: int = 0
    """When it was asked, or a part of its answer came."""
    progress_ms: int = 0
    """When it was asked, or completed a block."""
    strikes: int = 0
    """Stalls that are not made up for."""
    proven: int = 0
    """Proven blocks since the last stall, or since they made up for one."""
    resting_until_ms: int = 0
    """Until when it is not asked."""
    first: int = 1
    """First height that it says it can give."""
    first_until_ms: int = 0
    """Until when it is taken at that word; then it is asked for less once more."""
    declined: int = 0
    """How often it said so."""

    def may_give(self, height: int, now_ms: int) -> bool:
        """Tell whether it may be asked for a height that it claims to have passed."""
        return self.resting_until_ms <= now_ms and (self.first <= height or self.first_until_ms <= now_ms)

    def decline(self, first: int, now_ms: int, rest_ms: int) -> None:
        """It has no blocks below `first` any more: believed for `rest_ms`, doubled every further time.

        That is no stall: it gives what it has. Who only pretends is not asked, and holds up nobody.
        """
        self.first = first
        self.first_until_ms = now_ms + (rest_ms << min(self.declined, MAX_DOUBLINGS))
        self.declined += 1

    def rest(self, now_ms: int, rest_ms: int) -> None:
        """It stalls: do not ask it for `rest_ms`, doubled for each stall that is not made up for."""
        self.resting_until_ms = now_ms + (rest_ms << min(self.strikes, MAX_DOUBLINGS))
        self.strikes += 1
        self.proven = 0
        self.batch = 1

    def gave_proven_block(self) -> None:
        """It gave a block that is proven."""
        self.proven += 1
        if self.proven >= BLOCKS_PER_STRIKE:
            self.proven = 0
            self.strikes = max(0, self.strikes - 1)
