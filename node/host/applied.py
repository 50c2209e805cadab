"""A decided block on its way into the chain, and what the rest of the node is told once it is part of it."""

from collections.abc import Sequence

import msgspec

from contracts.chain.commit import Commit
from contracts.chain.genesis import Node
from contracts.chain.header import Block
from contracts.ledger.block import ChainTip
from contracts.ledger.bundle import OpenBundle
from contracts.ledger.receipt import Event, Receipt
from contracts.state.rows import KeyRow


class Applied(msgspec.Struct, frozen=True):
    """What the rest of the node is told about a new block."""

    tip: ChainTip
    """The chain's tip after it."""
    block: Block
    """The block."""
    bundles: tuple[OpenBundle, ...]
    """Its bundles, in order."""
    receipts: tuple[Receipt, ...]
    """One per document, in order."""
    lanes: dict[bytes, int]
    """Last sequence of every lane that this block moved, and of every key that governance changed."""
    round_zero_signers: tuple[bytes, ...]
    """Keys that signed the commit which this block carries: they take turns in round 0 of the next height."""
    nodes: tuple[Node, ...] | None
    """All nodes that may connect from now on, when that changed; else None."""
    owners: dict[bytes, int]
    """Partners' numbers by lane, for every key that governance changed."""
    keys: dict[bytes, KeyRow]
    """Partner keys that governance changed, with the heights at which they act."""
    events: tuple[Event, ...] = ()
    """What came of its evidence."""


class Decided(msgspec.Struct, frozen=True):
    """A block that was decided, with all that it takes to apply it."""

    block: Block
    """The block."""
    commit: Commit
    """Decides it; verified."""
    bundles: Sequence[tuple[OpenBundle, bytes]]
    """Its bundles with their bytes, in its order, verified."""

    @property
    def size(self) -> int:
        """Bytes of its bundles."""
        return sum(len(data) for _bundle, data in self.bundles)


class Followed(msgspec.Struct, frozen=True):
    """What became of a run of decided blocks."""

    applied: tuple[Applied, ...]
    """Those that are part of the chain now, durably."""
    fault: str | None
    """Why the one after them may not follow, if this node finds so."""
