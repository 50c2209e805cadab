"""Every message that one node may send another, as typed, bounded structs.

Messages are arrays whose first element is the message's tag. Bounds on lengths and numbers stand in the
types, so the decoder refuses what is out of bounds before any code of ours sees it. Bundles and blocks
travel as the bytes they are stored and hashed as; whoever needs them decodes them once.

Nothing here is trusted for being well formed: signatures, ids and links are the receiver's to check.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.chain.commit import Commit
from contracts.chain.evidence import Evidence
from contracts.chain.fork import MAX_FORK_BYTES
from contracts.chain.header import MAX_BLOCK_BYTES, BundleEntry
from contracts.chain.snapshot import MAX_CHUNK_BYTES, MAX_CHUNKS, MAX_MANIFEST_BYTES, Voucher
from contracts.chain.validators import MAX_VALIDATORS
from contracts.chain.votes import MAX_HEIGHT, MAX_ROUND, NO_ROUND, Proposal, Vote, VoteType
from contracts.ledger.anchor import MAX_ANCHOR_BYTES
from contracts.primitives.hashing import HASH_BYTES

PROTOCOL_VERSION = 6
"""Nodes of different versions do not talk."""

MAX_NAME_CHARACTERS = 128
"""Longest node name."""
MAX_ANNOUNCED = 256
"""Most bundles in one announcement."""
MAX_BUNDLES_ASKED = 256
"""Most bundles in one request, and in one answer that they are missing."""
MAX_BLOCKS_ASKED = 16
"""Most heights in one block request."""
MAX_VOTE_SETS = 64
"""Most sets of votes that a catch-up request describes."""
MAX_VOTES_SENT = 4 * MAX_VALIDATORS
"""Most votes in one answer to a catch-up request."""
MAX_COMMIT_BYTES = 16 * 1024
"""Longest encoded commit: 128 signatures of about 70 bytes fit well."""
MAX_PART_BUNDLES = 1_000
"""Most bundles in one part of a block's answer."""
MAX_PACKED_BYTES = MAX_CHUNK_BYTES + (MAX_CHUNK_BYTES >> 8) + 64
"""Longest compressed chunk: what cannot be compressed grows a little."""
MAX_REASON_CHARACTERS = 200
"""Longest farewell."""

HashBytes = Annotated[bytes, Meta(min_length=HASH_BYTES, max_length=HASH_BYTES)]
"""32 bytes."""
BlockIdOrNil = Annotated[bytes, Meta(max_length=HASH_BYTES)]
"""32 bytes, or empty."""
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
Height = Annotated[int, Meta(ge=0, le=MAX_HEIGHT)]
Round = Annotated[int, Meta(ge=0, le=MAX_ROUND)]
Nonce = Annotated[int, Meta(ge=0, le=(1 << 62))]
BitSet = Annotated[bytes, Meta(max_length=MAX_VALIDATORS // 8)]
"""Bit i of byte i // 8 (lowest first) stands for validator i; trailing zero bytes may be left out."""


class Hello(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The first message in both directions."""

    version: int
    """`PROTOCOL_VERSION`."""
    chain_id: str
    """Network the sender belongs to."""
    genesis_hash: HashBytes
    """Hash of the genesis it started from."""
    node: Name
    """Its name in genesis."""
    role: Annotated[str, Meta(max_length=16)]
    """validator, member or observer, as genesis says."""
    height: Height
    """Its last decided height."""
    tip: BlockIdOrNil
    """Id of the block at that height; empty at 0."""


class Tip(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """Where the sender is: sent at every new height, and from time to time."""

    height: Height
    """Last decided height."""
    block_id: BlockIdOrNil
    """Block at that height; empty at 0."""
    round: Annotated[int, Meta(ge=NO_ROUND, le=MAX_ROUND)]
    """Round it is in at height + 1; -1 when that height has not begun, or for a node that does not vote."""
    step: Annotated[int, Meta(ge=0, le=4)]
    """Step it is in: 0 waits for the height to begin, 1 propose, 2 prevote, 3 precommit, 4 has decided."""


class Ping(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """Are you there?"""

    nonce: Nonce
    """Comes back in the answer."""


class Pong(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """The answer to a ping."""

    nonce: Nonce
    """The ping's."""


class Goodbye(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """The last message before a connection is closed on purpose."""

    code: Annotated[str, Meta(max_length=32)]
    """Stable word: one of the handshake's refusals, `duplicate`, `banned`, `protocol`, `closing`."""
    reason: Annotated[str, Meta(max_length=MAX_REASON_CHARACTERS)]
    """A sentence for the operator."""


class BundlePush(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """A bundle for the pool, sent without being asked for."""

    bundle_id: HashBytes
    """Its id, so that a receiver that has it need not decode it."""
    data: bytes
    """The encoded bundle."""


class BundleAnnounce(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """Bundles that the sender holds and would like to see in a block; goes to the next proposer."""

    entries: Annotated[tuple[BundleEntry, ...], Meta(max_length=MAX_ANNOUNCED)]
    """Id, size and weight of each."""


class BundleRequest(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """Please send these bundles."""

    bundle_ids: Annotated[tuple[HashBytes, ...], Meta(min_length=1, max_length=MAX_BUNDLES_ASKED)]
    """32 bytes each."""


class BundleAnswer(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """One bundle that was asked for."""

    bundle_id: HashBytes
    """Its id."""
    data: bytes
    """The encoded bundle."""


class BundleMissing(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """Bundles that were asked for and that the sender does not hold."""

    bundle_ids: Annotated[tuple[HashBytes, ...], Meta(min_length=1, max_length=MAX_BUNDLES_ASKED)]
    """32 bytes each."""


class ProposalMessage(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """A proposal with the block it proposes."""

    proposal: Proposal
    """Signed by the proposer."""
    block: Annotated[bytes, Meta(max_length=MAX_BLOCK_BYTES)]
    """Encoded `contracts.chain.header.Block`; the proposal's block id is that of its header."""


class VoteMessage(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """One vote."""

    vote: Vote
    """Signed by its author, who need not be the sender."""


class VoteSet(msgspec.Struct, frozen=True, array_like=True):
    """Which validators' votes of one kind, for one value, the sender of a request holds."""

    round: Round
    """Round of the votes."""
    type: VoteType
    """Prevotes or precommits."""
    block_id: BlockIdOrNil
    """Value voted for; empty for nil."""
    validators: BitSet
    """Whose votes."""


class RoundRequest(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """The sender is stuck at this height: send what it lacks.

    Votes are described per value and not per validator: a peer that holds an equivocator's vote for one value
    can so still get the quorum that needs the same validator's vote for another (consensus/SPEC.md,
    "Equivocation").
    """

    height: Height
    """Height it works on."""
    round: Annotated[int, Meta(ge=NO_ROUND, le=MAX_ROUND)]
    """Round it is in; -1 when the height has not begun."""
    proposals: Annotated[tuple[Round, ...], Meta(max_length=MAX_VOTE_SETS)]
    """Rounds whose proposal it holds."""
    votes: Annotated[tuple[VoteSet, ...], Meta(max_length=MAX_VOTE_SETS)]
    """Votes that it holds."""


class RoundVotes(msgspec.Struct, frozen=True, array_like=True, tag=14):
    """Votes of one height that the receiver lacks: single ones, or the certificate of a round."""

    height: Height
    """Height of all of them."""
    votes: Annotated[tuple[Vote, ...], Meta(max_length=MAX_VOTES_SENT)]
    """Of any round and type."""


class CommitMessage(msgspec.Struct, frozen=True, array_like=True, tag=15):
    """The certificate that a height is decided, for a peer that is one behind."""

    commit: Commit
    """More than two thirds of the power."""


class BlockRequest(msgspec.Struct, frozen=True, array_like=True, tag=16):
    """Please send these decided blocks."""

    from_height: Annotated[int, Meta(ge=1, le=MAX_HEIGHT)]
    """First height."""
    count: Annotated[int, Meta(ge=1, le=MAX_BLOCKS_ASKED)]
    """How many heights, ascending."""


class BlockAnswer(msgspec.Struct, frozen=True, array_like=True, tag=17):
    """A decided block; the bundles it names follow in `BlockBundles`."""

    height: Annotated[int, Meta(ge=1, le=MAX_HEIGHT)]
    """Its height."""
    block: Annotated[bytes, Meta(max_length=MAX_BLOCK_BYTES)]
    """Encoded `contracts.chain.header.Block`."""
    commit: Annotated[bytes, Meta(max_length=MAX_COMMIT_BYTES)]
    """Encoded `contracts.chain.commit.Commit` of this block."""


class BlockBundles(msgspec.Struct, frozen=True, array_like=True, tag=18):
    """The next bundles of the block last answered, in the block's order."""

    height: Annotated[int, Meta(ge=1, le=MAX_HEIGHT)]
    """The block's height."""
    first: Annotated[int, Meta(ge=0, le=MAX_HEIGHT)]
    """Position of the first one in the block, from 0."""
    bundles: Annotated[tuple[bytes, ...], Meta(min_length=1, max_length=MAX_PART_BUNDLES)]
    """Encoded bundles."""


class NoBlock(msgspec.Struct, frozen=True, array_like=True, tag=19):
    """The end of an answer to a block request: from `height` on, nothing follows.

    With `head` below `height` the sender has no such block yet, and with `first` above it no longer: it began
    with a snapshot, or an archive has the contents. Else it has sent enough for one request and may be asked
    again.
    """

    height: Annotated[int, Meta(ge=1, le=MAX_HEIGHT + MAX_BLOCKS_ASKED)]
    """First height that is not answered."""
    head: Height
    """The sender's last decided height."""
    first: Annotated[int, Meta(ge=1, le=MAX_HEIGHT + 1)]
    """First height that the sender can give, with its bundles."""


class VoucherMessage(msgspec.Struct, frozen=True, array_like=True, tag=20):
    """A validator vouches for the manifest of a snapshot that it made."""

    voucher: Voucher
    """Signed by its author."""


class SnapshotRequest(msgspec.Struct, frozen=True, array_like=True, tag=21):
    """Which snapshot can you give? Answered by the newest one that the block after it certifies."""

    above: Height
    """Only one of a greater height is of use."""


class SnapshotOffer(msgspec.Struct, frozen=True, array_like=True, tag=22):
    """A snapshot that the sender holds, and what it knows that speaks for it."""

    manifest: Annotated[bytes, Meta(max_length=MAX_MANIFEST_BYTES)]
    """Encoded `contracts.chain.snapshot.Manifest`."""
    vouchers: Annotated[tuple[Voucher, ...], Meta(max_length=MAX_VALIDATORS)]
    """Of validators that made the same manifest."""
    anchor: Annotated[bytes, Meta(max_length=MAX_ANCHOR_BYTES)]
    """Encoded `contracts.ledger.anchor.Anchor` of its block."""


class NoSnapshot(msgspec.Struct, frozen=True, array_like=True, tag=23):
    """The sender has none that was asked for."""

    head: Height
    """The sender's last decided height."""


class ChunkRequest(msgspec.Struct, frozen=True, array_like=True, tag=24):
    """Please send one chunk of a snapshot."""

    manifest_hash: HashBytes
    """Which snapshot."""
    index: Annotated[int, Meta(ge=0, lt=MAX_CHUNKS)]
    """Which of its chunks, from 0."""


class ChunkAnswer(msgspec.Struct, frozen=True, array_like=True, tag=25):
    """A chunk that was asked for."""

    manifest_hash: HashBytes
    """Of which snapshot."""
    index: Annotated[int, Meta(ge=0, lt=MAX_CHUNKS)]
    """Which one."""
    data: Annotated[bytes, Meta(max_length=MAX_PACKED_BYTES)]
    """The chunk, compressed with zstandard."""


class NoChunk(msgspec.Struct, frozen=True, array_like=True, tag=26):
    """A chunk that was asked for is not here, or not any more."""

    manifest_hash: HashBytes
    """Of which snapshot."""
    index: Annotated[int, Meta(ge=0, lt=MAX_CHUNKS)]
    """Which one."""


class EvidenceMessage(msgspec.Struct, frozen=True, array_like=True, tag=32):
    """Two statements that a validator signed and no honest one makes both; no block carries them yet."""

    evidence: Evidence
    """A pair of votes, or of proposals; whether it convicts is the receiver's to check."""


class DecisionRequest(msgspec.Struct, frozen=True, array_like=True, tag=33):
    """Which block was decided at this height, as the receiver has it?"""

    height: Annotated[int, Meta(ge=1, le=MAX_HEIGHT)]
    """The height."""


class DecisionAnswer(msgspec.Struct, frozen=True, array_like=True, tag=34):
    """What was decided at a height that was asked about."""

    height: Annotated[int, Meta(ge=1, le=MAX_HEIGHT)]
    """The height."""
    commit: Annotated[bytes, Meta(max_length=MAX_COMMIT_BYTES)]
    """Encoded `contracts.chain.commit.Commit`; empty when the sender has none of this height."""


class ForkMessage(msgspec.Struct, frozen=True, array_like=True, tag=35):
    """The ledger forked: told to everybody, and to who connects."""

    proof: Annotated[bytes, Meta(max_length=MAX_FORK_BYTES)]
    """Encoded `contracts.chain.fork.ForkProof`; whether it proves a fork is the receiver's to check."""


Message = (
    Hello
    | Tip
    | Ping
    | Pong
    | Goodbye
    | BundlePush
    | BundleAnnounce
    | BundleRequest
    | BundleAnswer
    | BundleMissing
    | ProposalMessage
    | VoteMessage
    | RoundRequest
    | RoundVotes
    | CommitMessage
    | BlockRequest
    | BlockAnswer
    | BlockBundles
    | NoBlock
    | VoucherMessage
    | SnapshotRequest
    | SnapshotOffer
    | NoSnapshot
    | ChunkRequest
    | ChunkAnswer
    | NoChunk
    | EvidenceMessage
    | DecisionRequest
    | DecisionAnswer
    | ForkMessage
)
"""Everything that may stand in a frame."""
