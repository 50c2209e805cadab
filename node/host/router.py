"""Where each message of a peer goes."""

from network.peer.face import PeerIdentity
from network.wire.errors import LocalProtocolError
from network.wire.messages import (
    BlockAnswer,
    BlockBundles,
    BlockRequest,
    BundleAnnounce,
    BundleAnswer,
    BundleMissing,
    BundlePush,
    BundleRequest,
    ChunkRequest,
    CommitMessage,
    DecisionAnswer,
    DecisionRequest,
    EvidenceMessage,
    ForkMessage,
    Hello,
    Message,
    NoBlock,
    ProposalMessage,
    RoundRequest,
    RoundVotes,
    SnapshotRequest,
    Tip,
    VoteMessage,
    VoucherMessage,
)
from node.host.core import NodeCore

Ballot = VoteMessage | ProposalMessage | RoundVotes | RoundRequest | CommitMessage
"""What only validators say to each other."""


class Router:
    """The listener of one node's peers; it is made before the core, because the core needs the peers."""

    def __init__(self) -> None:
        """Create it; `bind` comes before the network starts."""
        self._core: NodeCore | None = None

    def bind(self, core: NodeCore) -> None:
        """Send everything to `core`."""
        self._core = core

    @property
    def core(self) -> NodeCore:
        """The node.

        Raises:
            LocalProtocolError: The network was started before the node was.
        """
        if self._core is None:
            raise LocalProtocolError("a message came before the node was joined")
        return self._core

    def on_up(self, peer: PeerIdentity, hello: Hello) -> None:
        """A session is open."""
        self.core.peer_up(peer, hello)

    def on_down(self, peer: PeerIdentity, reason: str) -> None:  # noqa: ARG002 - the network logs the reason
        """A session is over."""
        self.core.peer_down(peer)

    def on_message(self, peer: PeerIdentity, message: Message) -> None:
        """A message came; roles were checked before.

        Raises:
            RemoteProtocolError: No correct node sends this.
        """
        core, name = self.core, peer.name
        match message:
            # Most of all messages are votes.
            case VoteMessage() | ProposalMessage() | RoundVotes() | RoundRequest() | CommitMessage():
                self._ballot(name, message)
            case Tip():
                core.take_tip(peer, message)
            case BlockRequest():
                core.serving.serve_blocks(name, message)
            case BlockAnswer() | BlockBundles() | NoBlock():
                core.follower.take_answer(name, message)
            case _:
                self._gossip(name, message)

    def _gossip(self, name: str, message: Message) -> None:
        core = self.core
        match message:
            case BundlePush(bundle_id=bundle_id, data=data) | BundleAnswer(bundle_id=bundle_id, data=data):
                core.intake.offer(name, bundle_id, data)
            case BundleAnnounce():
                core.take_announcement(name, message)
            case BundleRequest():
                core.serving.serve_bundles(name, message)
            case BundleMissing():
                core.fetching.missing(name, message)
            case EvidenceMessage(evidence=evidence) if core.consensus is not None:
                core.evidence.take(name, evidence)
            case DecisionRequest() | DecisionAnswer() | ForkMessage():
                self._fork(name, message)
            case _:
                self._snapshot(name, message)

    def _fork(self, name: str, message: DecisionRequest | DecisionAnswer | ForkMessage) -> None:
        core = self.core
        match message:
            case DecisionRequest():
                core.serving.serve_decision(name, message)
            case DecisionAnswer():
                core.forks.partings.take_answer(name, message)
            case ForkMessage():
                core.forks.take_proof(name, message)

    def _snapshot(self, name: str, message: Message) -> None:
        """Answer about snapshots; what others offer is of no use to a node that has joined."""
        snapshots = self.core.snapshots
        match message:
            case VoucherMessage(voucher=voucher):
                if snapshots is not None:
                    snapshots.desk.take_voucher(name, voucher)
            case SnapshotRequest():
                if snapshots is None:
                    self.core.serving.serve_no_snapshot(name)
                else:
                    snapshots.desk.serve_offer(name, message)
            case ChunkRequest():
                if snapshots is not None:
                    snapshots.desk.serve_chunk(name, message)
            case _:
                pass

    def _ballot(self, name: str, message: Ballot) -> None:
        ballots = self.core.ballots
        if ballots is None:
            return
        match message:
            case VoteMessage(vote=vote):
                ballots.take_vote(name, vote)
            case ProposalMessage():
                ballots.take_proposal(name, message)
            case RoundVotes():
                ballots.take_votes(name, message)
            case RoundRequest():
                ballots.help(name, message)
            case CommitMessage(commit=commit):
                ballots.take_commit(name, commit)
