"""A chain made block by block without a node: for the vectors, and for the tests of blocks and proofs."""

from collections.abc import Collection, Sequence

import msgspec

from contracts.chain.commit import NO_COMMIT, Commit, CommitSignature, commit_hash
from contracts.chain.evidence import Evidence
from contracts.chain.genesis import Genesis
from contracts.chain.header import (
    HEADER_VERSION,
    Block,
    BundleEntry,
    Header,
    block_id,
    bundles_root,
    evidence_root,
)
from contracts.chain.parameters import parameters_hash
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import VoteType, vote_sign_bytes
from contracts.ledger.block import ChainTip, advance, check_block, check_bundles, genesis_tip
from contracts.ledger.bundle import (
    Bundle,
    BundleHeader,
    BundleReader,
    OpenBundle,
    build_header,
    bundle_sign_bytes,
    canonical_order,
)
from contracts.ledger.document import build_document, encode_document
from contracts.ledger.execute import (
    GENESIS_PREVIOUS,
    BlockContext,
    BlockExecution,
    BlockResult,
    next_app_hash,
)
from contracts.ledger.genesis_state import genesis_writes
from contracts.ledger.lanes import lane_fault
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from contracts.records.record import Record
from contracts.state.view import Overlay, Writes
from tests.vectors.network import VALIDATORS, public_key, seed, vector_genesis

BUNDLE_LIFE_MS = 300_000


class MadeBlock(msgspec.Struct, frozen=True):
    """A decided block and all that belongs to it."""

    block: Block
    """The block."""
    bundles: tuple[bytes, ...]
    """Encoded, in block order."""
    commit: Commit
    """For this block."""
    result: BlockResult
    """What followed from it."""


class ChainMaker:
    """Makes, checks and executes blocks on the vectors' network.

    Attributes:
        tip: The chain's tip.
        commit: For the tip; the next block carries it.
        rows: State after the tip.
        blocks: What was made, from height 1.
    """

    def __init__(self, genesis: Genesis | None = None) -> None:
        self.genesis = genesis or vector_genesis()
        self.writes: Writes = genesis_writes(self.genesis)
        self.rows: dict[bytes, bytes] = dict(self.writes)
        self.tip: ChainTip = genesis_tip(self.genesis, next_app_hash(GENESIS_PREVIOUS, self.writes))
        self.commit = NO_COMMIT
        self.blocks: list[MadeBlock] = []
        self.reader = BundleReader(self.genesis.chain_id, self.genesis.parameters.limits)
        self._sequences: dict[bytes, int] = {}
        self._nonces = 0

    def get(self, key: bytes) -> bytes | None:
        """Return a row of state: the chain is a reader of its own state."""
        return self.rows.get(key)

    def document(self, *records: Record) -> bytes:
        """Return the bytes of a document whose nonce counts up from 1."""
        self._nonces += 1
        return encode_document(build_document(self._nonces.to_bytes(16, "big"), records))

    def bundle(self, name: str, *documents: bytes, skip: int = 0) -> bytes:
        """Return the next bundle of a partner's lane, signed; `skip` leaves out sequence numbers."""
        lane = public_key(f"lane of {name}")
        after = self._sequences.get(lane, 0)
        sequence = after + 1 + skip
        self._sequences[lane] = sequence
        expires_at_ms = self.tip.time_ms + BUNDLE_LIFE_MS
        header = build_header(
            *(self.genesis.chain_id, lane, after, sequence, expires_at_ms),
            [(data, weight_of(data)) for data in documents],
        )
        return sign_bundle(name, header, documents)

    def build(
        self, bundles: Sequence[bytes], time_ms: int | None = None, evidence: tuple[Evidence, ...] = ()
    ) -> tuple[Block, list[OpenBundle]]:
        """Build the block that follows the tip from encoded bundles."""
        opened = [self.reader.read(data) for data in bundles]
        lanes = [(bundle.header.lane, bundle.header.sequence, at) for at, bundle in enumerate(opened)]
        ordered = [opened[at] for at in canonical_order(self.tip.block_id, lanes)]
        entries = tuple(BundleEntry(bundle.id, bundle.size, bundle.header.weight) for bundle in ordered)
        tip = self.tip
        header = Header(
            HEADER_VERSION,
            tip.chain_id,
            tip.height + 1,
            time_ms or tip.time_ms + 1_000,
            tip.block_id,
            commit_hash(self.commit),
            bundles_root(entries),
            evidence_root(evidence),
            tip.validators.hash,
            tip.next_validators.hash,
            parameters_hash(tip.parameters),
            tip.app_hash,
            tip.receipts_root,
            b"",
            tip.validators.validators[tip.height % len(tip.validators)].public_key,
        )
        return Block(header, entries, self.commit, evidence), ordered

    def make(
        self,
        bundles: Sequence[bytes],
        absent: Collection[str] = (),
        evidence: tuple[Evidence, ...] = (),
    ) -> MadeBlock:
        """Build, check, execute and decide a block; validators named absent do not sign."""
        block, ordered = self.build(bundles, evidence=evidence)
        check_block(self.tip, block, Overlay(self))
        check_bundles(self.tip, block, ordered, self.lane_fault)
        context = BlockContext(block.header.height, block.header.time_ms)
        result = BlockExecution(self, context, ordered, evidence, self.tip.app_hash).finish()
        commit = sign_commit(self.tip.chain_id, self.tip.validators, block.header, absent)
        by_id = {self.reader.read(data).id: data for data in bundles}
        made = MadeBlock(block, tuple(by_id[entry.bundle_id] for entry in block.bundles), commit, result)
        self.blocks.append(made)
        self.keep(result.writes)
        self.tip = advance(self.tip, block.header, result.app_hash, result.receipts_root)
        self.commit = commit
        return made

    def keep(self, writes: Writes) -> None:
        """Apply writes to the state."""
        for key, value in writes:
            if value:
                self.rows[key] = value
            else:
                del self.rows[key]

    def lane_fault(self, header: BundleHeader, last: int | None) -> str | None:
        """Answer for a lane from the state before the block, as a node does."""
        if last is not None:
            return None if header.after == last else "lane_out_of_order"
        return lane_fault(Overlay(self), header, self.tip.height + 1, self.tip.time_ms + 1_000)


def weight_of(document: bytes) -> int:
    """Return the weight that a document declares."""
    return msgspec.msgpack.decode(document)[2]


def sign_bundle(name: str, header: BundleHeader, documents: Sequence[bytes]) -> bytes:
    """Return the encoded bundle, signed with the lane key of a name."""
    signature = signing.sign(seed(f"lane of {name}"), bundle_sign_bytes(header))
    return encode(Bundle(header, signature, tuple(documents)))


def sign_commit(
    chain_id: str, validators: ValidatorSet, header: Header, absent: Collection[str] = (), round_: int = 0
) -> Commit:
    """Return the commit for a header by all validators of the network but those absent."""
    identifier = block_id(header)
    message = vote_sign_bytes(chain_id, VoteType.PRECOMMIT, header.height, round_, identifier)
    signatures = []
    for name in VALIDATORS:
        index = validators.index_of(public_key(f"vote of {name}"))
        if index is not None and name not in absent:
            signatures.append(CommitSignature(index, signing.sign(seed(f"vote of {name}"), message)))
    signatures.sort(key=lambda entry: entry.validator)
    return Commit(header.height, round_, identifier, tuple(signatures))
