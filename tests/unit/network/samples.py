"""One well-formed message of every kind, and strategies that make many."""

from hypothesis import strategies as st

from contracts.chain.commit import Commit, CommitSignature
from contracts.chain.evidence import of_votes
from contracts.chain.header import BundleEntry
from contracts.chain.snapshot import Voucher
from contracts.chain.votes import Proposal, Vote, VoteType
from network.wire import messages

ID = b"\x11" * 32
SIGNATURE = b"\x22" * 64
VOTE = Vote(VoteType.PREVOTE, 5, 1, ID, 3, SIGNATURE)
PROPOSAL = Proposal(5, 1, ID, 0, 2, SIGNATURE)
COMMIT = Commit(5, 1, ID, (CommitSignature(0, SIGNATURE), CommitSignature(2, SIGNATURE)))

VOUCHER = Voucher(5, ID, ID, SIGNATURE)

SAMPLES = (
    messages.Hello(1, "test-net", ID, "alder", "validator", 5, ID),
    messages.Tip(5, ID, -1, 0),
    messages.Ping(7),
    messages.Pong(7),
    messages.Goodbye("closing", "alder stops"),
    messages.BundlePush(ID, b"bundle"),
    messages.BundleAnnounce((BundleEntry(ID, 100, 7),)),
    messages.BundleRequest((ID, bytes(32))),
    messages.BundleAnswer(ID, b"bundle"),
    messages.BundleMissing((ID,)),
    messages.ProposalMessage(PROPOSAL, b"block"),
    messages.VoteMessage(VOTE),
    messages.RoundRequest(5, 1, (0, 1), (messages.VoteSet(1, VoteType.PRECOMMIT, b"", b"\x0b"),)),
    messages.RoundVotes(5, (VOTE,)),
    messages.CommitMessage(COMMIT),
    messages.BlockRequest(1, 16),
    messages.BlockAnswer(5, b"block", b"commit"),
    messages.BlockBundles(5, 0, (b"one", b"two")),
    messages.NoBlock(6, 5, 1),
    messages.VoucherMessage(VOUCHER),
    messages.SnapshotRequest(0),
    messages.SnapshotOffer(b"manifest", (VOUCHER,), b"anchor"),
    messages.NoSnapshot(5),
    messages.ChunkRequest(ID, 0),
    messages.ChunkAnswer(ID, 0, b"packed"),
    messages.NoChunk(ID, 3),
    messages.EvidenceMessage(of_votes(VOTE, Vote(VoteType.PREVOTE, 5, 1, b"", 3, SIGNATURE))),
    messages.DecisionRequest(5),
    messages.DecisionAnswer(5, b"commit"),
    messages.ForkMessage(b"proof"),
)

_ids = st.binary(min_size=32, max_size=32)
_heights = st.integers(1, 1 << 48)
_rounds = st.integers(0, 1 << 24)
_data = st.binary(max_size=3_000)
_signatures = st.binary(min_size=64, max_size=64)
_votes = st.builds(
    Vote,
    st.sampled_from(VoteType),
    st.just(9),
    _rounds,
    st.just(b"") | _ids,
    st.integers(0, 127),
    _signatures,
)

MESSAGES = st.one_of(
    st.builds(messages.Tip, _heights, _ids, _rounds, st.integers(0, 4)),
    st.builds(messages.Ping, st.integers(0, 1 << 62)),
    st.builds(messages.BundlePush, _ids, _data),
    st.builds(messages.BundleRequest, st.lists(_ids, min_size=1, max_size=5).map(tuple)),
    st.builds(messages.VoteMessage, _votes),
    st.builds(messages.RoundVotes, st.just(9), st.lists(_votes, max_size=5).map(tuple)),
    st.builds(messages.BlockBundles, _heights, _rounds, st.lists(_data, min_size=1, max_size=4).map(tuple)),
    st.builds(messages.BlockAnswer, _heights, _data, _data),
)
