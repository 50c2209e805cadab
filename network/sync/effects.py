"""What block sync asks of its host, and how it may be tuned."""

import msgspec

from network.sync.checks import ReceivedBlock
from network.wire.messages import BlockRequest


class SyncConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Times in ms."""

    patience_ms: int = 0
    """Being behind by a little for this long begins a sync. 0 for followers, who learn blocks no other way; a
    validator waits, since it is about to decide the next block itself."""
    far: int = 8
    """Being behind by this many heights begins one at once."""
    answer_ms: int = 5_000
    """A peer of whose answer nothing came for this long stalls."""
    hurry_ms: int = 2_000
    """A peer that keeps everybody waiting for one block for this long is passed over for a quicker one."""
    dawdle_ms: int = 10_000
    """... and after this long for any other that is free."""
    rest_ms: int = 15_000
    """A peer that stalls is not asked for this long; each further time doubles it."""
    ban_ms: int = 60_000
    """A peer that lied is not heard for this long; each further lie doubles it."""
    delivered_ahead: int = 64
    """Most blocks that are proven and not yet applied: so many a liar may cause to be proven twice."""
    delivered_bytes: int = 8 << 20
    """They take no more than this, or are one."""
    budget_bytes: int = 64 << 20
    """Most bytes of blocks that are kept or asked for; the next block needed may be asked for in any case."""


class AskBlocks(msgspec.Struct, frozen=True):
    """Send this request."""

    peer: str
    """To whom."""
    request: BlockRequest
    """What."""


class DeliverBlock(msgspec.Struct, frozen=True):
    """The next block is proven: open its bundles, apply it, then report `on_head`; or `refuse` it."""

    received: ReceivedBlock
    """The block, and who answers for it."""


class BanPeer(msgspec.Struct, frozen=True):
    """This peer lied: end the session, and refuse it for a while."""

    peer: str
    """Who."""
    reason: str
    """A sentence."""


class OtherChain(msgspec.Struct, frozen=True):
    """This peer's next block follows another block than this node's: it lies, or the ledger has forked."""

    peer: str
    """Who."""
    height: int
    """At which the peer has another block, by what it sent."""


class LosingBranch(msgspec.Struct, frozen=True):
    """This peer's next block is decided and is not the one that stands, as operators have settled a fork."""

    peer: str
    """Who; it is passed over."""
    height: int
    """Of the fork."""


class SyncDone(msgspec.Struct, frozen=True):
    """No peer that keeps its word is ahead of this node any more."""

    height: int
    """This node's height."""


SyncEffect = AskBlocks | DeliverBlock | BanPeer | OtherChain | LosingBranch | SyncDone
"""Everything that block sync returns."""
