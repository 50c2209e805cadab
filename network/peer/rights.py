"""Which messages a node of each role may send.

Everybody follows: asks for decided blocks and snapshots and hands them on, since whoever receives one checks
it. Members also bring bundles into the network, and evidence: who voted once may hold the only proof of a
lie, and a proof speaks for itself. Only validators take part in deciding; what they relay for each other is
signed. An observer can send nothing that changes the ledger.
"""

from typing import Any

from network.peer.face import MEMBER, OBSERVER, VALIDATOR
from network.wire import messages

HANDSHAKE: tuple[type[Any], ...] = (messages.Hello, messages.Goodbye)
"""What may be said before a session is open."""

_FOLLOWING: tuple[type[Any], ...] = (
    messages.Tip,
    messages.Ping,
    messages.Pong,
    messages.Goodbye,
    messages.BlockRequest,
    messages.BlockAnswer,
    messages.BlockBundles,
    messages.NoBlock,
    messages.SnapshotRequest,
    messages.SnapshotOffer,
    messages.NoSnapshot,
    messages.ChunkRequest,
    messages.ChunkAnswer,
    messages.NoChunk,
    messages.DecisionRequest,
    messages.DecisionAnswer,
    messages.ForkMessage,
)
_BRINGING: tuple[type[Any], ...] = (
    messages.BundlePush,
    messages.BundleAnnounce,
    messages.BundleAnswer,
    messages.BundleMissing,
    messages.EvidenceMessage,
)
_DECIDING: tuple[type[Any], ...] = (
    messages.BundleRequest,
    messages.ProposalMessage,
    messages.VoteMessage,
    messages.RoundRequest,
    messages.RoundVotes,
    messages.CommitMessage,
    messages.VoucherMessage,
)

MAY_SEND: dict[str, tuple[type[Any], ...]] = {
    OBSERVER: _FOLLOWING,
    MEMBER: (*_FOLLOWING, *_BRINGING),
    VALIDATOR: (*_FOLLOWING, *_BRINGING, *_DECIDING),
}
"""By role, what may be said in an open session."""
