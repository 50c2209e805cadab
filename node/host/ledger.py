"""The decided chain on this node's disk: opened, checked against, and moved on block by block.

One thread owns it (the writer). A block becomes part of the chain by one atomic, synced batch: block, commit,
bundles, receipts, state, indices and head together (consensus/SPEC.md, the host, 5), so there is no
moment at which a crash leaves half of it. Blocks that others decided long ago may share a batch. Nothing here
votes, and nothing here talks to peers.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

import msgspec

from consensus.proposer import signers_of
from contracts.chain.commit import NO_COMMIT, Commit, commit_hash
from contracts.chain.evidence import Evidence
from contracts.chain.genesis import Genesis, Node, genesis_hash
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
from contracts.ledger.block import (
    ChainTip,
    InvalidBlock,
    advance,
    bound_by,
    check_block,
    check_bundles,
    genesis_tip,
)
from contracts.ledger.bundle import BundleHeader, OpenBundle, canonical_order
from contracts.ledger.execute import (
    GENESIS_PREVIOUS,
    BlockContext,
    BlockExecution,
    BlockResult,
    next_app_hash,
)
from contracts.ledger.genesis_state import genesis_writes
from contracts.ledger.lanes import advance_lane, lane_fault, last_sequence
from contracts.ledger.receipt import Receipt
from contracts.primitives.encoding import MalformedBytes
from contracts.primitives.hashing import Hash
from contracts.rules.changing_nodes import validator_set
from contracts.rules.convicting import choose_evidence, is_over, judge_claim
from contracts.rules.enacting import LEAD
from contracts.state.evidence import Moment
from contracts.state.governing import sets
from contracts.state.layout import KEYS, LANES, NODES, VALIDATORS
from contracts.state.rows import KeyRow
from contracts.state.view import DirectoryCache, Overlay
from node.host.applied import Applied, Decided, Followed
from node.pool.settled import Settled
from node.storage.authors import authors_of
from node.storage.blocks import BlockStore, BundleRows, FinishedBlock, block_entries
from node.storage.convictions import event_entries
from node.storage.errors import StorageDamaged
from node.storage.gathering import GatheringStore
from node.storage.governance import Governance
from node.storage.head import Head, check_identity, head_entry, identity_entry, load_head
from node.storage.journeys import IndexedDocument, journey_entries
from node.storage.lot_sessions import lot_session_entries
from node.storage.statements import statement_entries
from node.storage.store import STATE, KeyValueStore, Snapshot, Space, Write, put_all
from node.storage.validators import ValidatorHistory, set_entry

MAX_RUN = 32
"""Most blocks that are applied in one batch: a turn of the disk costs more than an empty block."""


class Ledger:
    """The chain of one node. Blocking; for one thread.

    Attributes:
        tip: The decided end of the chain.
        round_zero_signers: See `Applied`.
    """

    def __init__(
        self,
        store: KeyValueStore,
        genesis: Genesis,
        keep_writes: int = 1_000,
        own_lanes: Collection[bytes] = (),
    ) -> None:
        """Prepare; `open` reads or creates the chain.

        Args:
            store: Open.
            genesis: The network.
            keep_writes: Of how many heights the writes stay stored, so that peers can find where states part.
            own_lanes: Keys this node signs with: what they state is indexed, so that it is not stated twice.
        """
        self._own_lanes = frozenset(own_lanes)
        self._keep_writes = keep_writes
        self._disk = store
        # What this thread reads and writes; others read what is on the disk.
        self._store = GatheringStore(store)
        self._genesis = genesis
        self._state = Space(self._store, STATE)
        self.blocks = BlockStore(store)
        self.directory = DirectoryCache()
        self.tip: ChainTip = genesis_tip(genesis, GENESIS_PREVIOUS)
        self.round_zero_signers: tuple[bytes, ...] = ()
        self._commit = NO_COMMIT  # for the tip, as it was applied; none after a start
        self._watchers: list[Callable[[Settled], None]] = []

    @property
    def store(self) -> KeyValueStore:
        """The database, for those who keep rows of their own in LOCAL."""
        return self._disk

    @property
    def state(self) -> Space:
        """Reads the state after the tip."""
        return self._state

    def pin(self) -> Snapshot:
        """Pin what is stored after the tip. For the thread that owns the ledger."""
        return self._store.snapshot()

    def watch(self, watcher: Callable[[Settled], None]) -> None:
        """Tell `watcher` of every block from now on, on this thread, before anything else reads the state."""
        self._watchers.append(watcher)

    def open(self) -> None:
        """Read the head, or write genesis into an empty store.

        Raises:
            StorageDamaged: What the head names is missing or damaged.
            WrongStore: The store is of another network or format.
            InvalidGenesis: Genesis contradicts itself.
        """
        head = load_head(self._store)
        if head is None:
            self._write_genesis()
            return
        check_identity(self._store, genesis_hash(self._genesis))
        tip = genesis_tip(self._genesis, Hash(head.app_hash))
        self.tip = msgspec.structs.replace(
            tip,
            height=head.height,
            block_id=head.block_id,
            time_ms=head.time_ms,
            receipts_root=head.receipts_root,
        )
        try:
            self.tip = bound_by(self.tip, Overlay(self._state, self.directory))
        except (LookupError, MalformedBytes) as error:
            raise StorageDamaged("state", str(error)) from error
        if head.height:
            self._check_head_block(head)

    def _check_head_block(self, head: Head) -> None:
        block = self.blocks.load(head.height)
        if block is None or block_id(block.header) != head.block_id:
            raise StorageDamaged(f"block {head.height}", "it is missing or not the one that the head names")
        if head.height > 1:
            decided = ValidatorHistory(self._store).at(head.height - 1)
            self.round_zero_signers = signers_of(block.last_commit, validator_set(decided))

    def _write_genesis(self) -> None:
        writes = genesis_writes(self._genesis)
        app_hash = next_app_hash(GENESIS_PREVIOUS, writes)
        self.tip = genesis_tip(self._genesis, app_hash)
        batch = [
            *put_all(STATE, _as_store(writes)),
            set_entry(1, sets(Overlay(dict(writes))).current),
            identity_entry(genesis_hash(self._genesis)),
            head_entry(_head_of(self.tip)),
        ]
        self._store.write(batch, sync=True)

    def _signers(self, block: Block) -> tuple[bytes, ...]:
        return signers_of(block.last_commit, self.tip.last_validators)

    def own(self, lanes: Collection[bytes]) -> None:
        """Count more keys as this node's own: what they state from now on is indexed."""
        self._own_lanes |= frozenset(lanes)

    def nodes(self) -> tuple[Node, ...]:
        """Return all nodes that may connect, by name."""
        return Governance(self._store).listed()

    def judge(self, evidence: Evidence) -> bytes | str | None:
        """Judge a piece of evidence that a peer brings: see `judge_claim`."""
        return judge_claim(*self._next_for_evidence(), evidence)

    def _next_for_evidence(self) -> tuple[Overlay, str, Moment]:
        """Return the state, the network's name, and the earliest moment of the next block."""
        state = Overlay(self._state, self.directory)
        return state, self.tip.chain_id, Moment(self.tip.height + 1, self.tip.time_ms + 1)

    def still_open(self, evidence: Iterable[Evidence]) -> list[Evidence]:
        """Return the pieces that some block from the next one on could carry."""
        state, _chain_id, moment = self._next_for_evidence()
        return [piece for piece in evidence if not is_over(state, moment, piece)]

    def lanes(self) -> dict[bytes, int]:
        """Return the last sequence of every registered lane, 0 for those never used."""
        last: dict[bytes, int] = {}
        state = Overlay(self._state, self.directory)
        for public_key in _all_keys(self._state, KEYS.prefix):
            last[public_key] = state.read(LANES, public_key) or 0
        return last

    def owners(self) -> dict[bytes, int]:
        """Return the number of the partner that each registered lane belongs to."""
        return self._owners_of(_all_keys(self._state, KEYS.prefix))

    def _owners_of(self, keys: Iterable[bytes]) -> dict[bytes, int]:
        state = Overlay(self._state, self.directory)
        rows = ((key, state.read(KEYS, key)) for key in keys)
        return {key: row.partner for key, row in rows if row is not None}

    def keys(self) -> dict[bytes, KeyRow]:
        """Return every registered partner key, with the heights at which it acts."""
        state = Overlay(self._state, self.directory)
        return {key: state.require(KEYS, key) for key in _all_keys(self._state, KEYS.prefix)}

    def check(self, block: Block, bundles: Sequence[OpenBundle]) -> str | None:
        """Return why `block` may not follow the tip, or None when it may.

        Args:
            block: The candidate.
            bundles: The bundles it names, in its order, read and with verified signatures.
        """
        fault = self._lane_faults(block.header.height, block.header.time_ms)
        try:
            check_block(self.tip, block, Overlay(self._state, self.directory), self._commit)
            check_bundles(self.tip, block, bundles, lambda header, _last_in_block: fault(header))
        except InvalidBlock as error:
            return str(error)
        return None

    def _lane_faults(self, height: int, time_ms: int) -> Callable[[BundleHeader], str | None]:
        """Return a function that says why a block's next bundle may not stand there, or None."""
        lane_state = Overlay(self._state, self.directory)

        def fault(header: BundleHeader) -> str | None:
            found = lane_fault(lane_state, header, height, time_ms)
            if found is None:
                advance_lane(lane_state, header)
            return found

        return fault

    def build(
        self,
        now_ms: int,
        chosen: Sequence[OpenBundle],
        last_commit: Commit,
        proposer: bytes,
        evidence: Sequence[Evidence] = (),
    ) -> Block:
        """Build the block that follows the tip.

        Args:
            now_ms: The proposer's clock; the block's time is at least one ms after the previous one's.
            chosen: Bundles to include, each lane's in sequence; those the chain would refuse are left out.
            last_commit: The commit for the tip, with all signatures known; NO_COMMIT at height 1.
            proposer: Public key of this validator.
            evidence: All that is known against validators; what the chain would refuse is left out.
        """
        tip = self.tip
        time_ms = max(now_ms, tip.time_ms + 1)
        fault = self._lane_faults(tip.height + 1, time_ms)
        fit = [bundle for bundle in chosen if fault(bundle.header) is None]
        lanes = [(bundle.header.lane, bundle.header.sequence, at) for at, bundle in enumerate(fit)]
        ordered = [fit[at] for at in canonical_order(tip.block_id, lanes)]
        entries = tuple(BundleEntry(bundle.id, bundle.size, bundle.header.weight) for bundle in ordered)
        state = Overlay(self._state, self.directory)
        brought = choose_evidence(state, tip.chain_id, Moment(tip.height + 1, time_ms), evidence)
        header = Header(
            HEADER_VERSION,
            tip.chain_id,
            tip.height + 1,
            time_ms,
            tip.block_id,
            commit_hash(last_commit),
            bundles_root(entries),
            evidence_root(brought),
            tip.validators.hash,
            tip.next_validators.hash,
            parameters_hash(tip.parameters),
            tip.app_hash,
            tip.receipts_root,
            b"",
            proposer,
        )
        return Block(header, entries, last_commit, brought)

    def apply(self, block: Block, commit: Commit, bundles: Sequence[tuple[OpenBundle, bytes]]) -> Applied:
        """Execute a decided block and make it part of the chain, durably.

        Args:
            block: Follows the tip.
            commit: Decides it; verified.
            bundles: Its bundles with their bytes, in its order.

        Raises:
            BundleOutOfPlace: The block was decided against the rules: this node must stop.
            StorageFailed: The disk refused; the node must stop.
        """
        opened = [bundle for bundle, _data in bundles]
        context = BlockContext(block.header.height, block.header.time_ms)
        previous = Hash(self.tip.app_hash)
        execution = BlockExecution(self._state, context, opened, block.evidence, previous, self.directory)
        result = execution.finish()
        tip = advance(self.tip, block.header, result.app_hash, result.receipts_root)
        rows = tuple(
            BundleRows(bundle.id, bundle.header.lane, data, bundle.document_ids) for bundle, data in bundles
        )
        writes = tuple(_as_store(result.writes))
        finished = FinishedBlock(block, commit, rows, result.receipts, writes)
        indexed, own = self._indexed(opened, result.receipts)
        batch = [
            *put_all(STATE, writes),
            *block_entries(finished, self._keep_writes),
            *journey_entries(block.header.height, indexed),
            *statement_entries(block.header.height, own),
            *_set_entries(block.header.height, result.writes),
            *lot_session_entries(execution.after, result.writes),
            *event_entries(block.header.height, result.events),
            head_entry(_head_of(tip)),
        ]
        self._store.write(batch, sync=True)
        signers = self._signers(block)
        lanes = {bundle.header.lane: bundle.header.sequence for bundle in opened}
        settled = self._settled(opened, result, execution.written)
        if result.governed:
            state = Overlay(self._state, self.directory)
            tip = bound_by(tip, state)
            lanes = {key: last_sequence(state, key) for key in _keys_in(result.writes)} | lanes
        self.tip, self.round_zero_signers, self._commit = tip, signers, commit
        for watcher in self._watchers:
            watcher(settled)
        is_listed_anew = any(key.startswith(NODES.prefix) for key, _value in result.writes)
        nodes = self.nodes() if is_listed_anew else None
        owners = self._owners_of(_keys_in(result.writes)) if result.governed else {}
        return Applied(
            *(tip, block, tuple(opened), result.receipts, lanes, signers, nodes, owners),
            *(_key_rows(result.writes), result.events),
        )

    def together(self) -> AbstractContextManager[None]:
        """Make what is applied until the end durable together; nothing of it, when that is an error.

        Raises:
            StorageFailed: The disk refused.
        """
        return self._store.gathered()

    def follow(self, run: Sequence[Decided]) -> Followed:
        """Check and apply decided blocks, one after the other; what is applied becomes durable together.

        Args:
            run: They follow the tip, and each other.

        Raises:
            BundleOutOfPlace: See `apply`.
            StorageFailed: The disk refused; the node must stop.
        """
        applied: list[Applied] = []
        fault = None
        with self.together():
            for decided in run:
                fault = self.check(decided.block, [bundle for bundle, _data in decided.bundles])
                if fault is not None:
                    break
                applied.append(self.apply(decided.block, decided.commit, decided.bundles))
        return Followed(tuple(applied), fault)

    def _settled(
        self, bundles: Sequence[OpenBundle], result: BlockResult, written: dict[bytes, list[bytes]]
    ) -> Settled:
        """Return what a block means for those who judge on top of the head; forget what it changed."""
        receipts: dict[bytes, list[Receipt]] = {}
        at = 0
        for bundle in bundles:
            end = at + len(bundle.documents)
            receipts.setdefault(bundle.header.lane, []).extend(result.receipts[at:end])
            at = end
        return Settled(receipts, written, self.directory.forget(result.writes))

    def _indexed(
        self, bundles: Sequence[OpenBundle], receipts: Sequence[Receipt]
    ) -> tuple[list[IndexedDocument], list[IndexedDocument]]:
        """Return all documents of a block, and those of this node's own lanes, as the indices take them."""
        state = Overlay(self._state, self.directory)
        indexed: list[IndexedDocument] = []
        own: list[IndexedDocument] = []
        for bundle in bundles:
            for document in bundle.documents:
                sender = authors_of(state, bundle.header.lane, document).sender
                at = len(indexed)
                indexed.append(IndexedDocument(at, document, receipts[at], sender))
                if bundle.header.lane in self._own_lanes:
                    own.append(indexed[-1])
        return indexed, own


def _as_store(writes: Sequence[tuple[bytes, bytes]]) -> list[Write]:
    """Turn the law's writes (an empty value deletes) into the store's (None deletes)."""
    return [(key, value or None) for key, value in writes]


def _set_entries(height: int, writes: Iterable[tuple[bytes, bytes]]) -> Iterator[Write]:
    """Yield the index row of a set that is to vote two heights from a block, when that is a new one."""
    for key, value in writes:
        if key == VALIDATORS.prefix:
            row = VALIDATORS.decode(value)
            if row.following != row.current:
                yield set_entry(height + LEAD, row.following)


def _keys_in(writes: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """Yield the partner keys among written rows: new ones begin a lane."""
    for key, _value in writes:
        if key.startswith(KEYS.prefix):
            yield key[len(KEYS.prefix) :]


def _key_rows(writes: Iterable[tuple[bytes, bytes]]) -> dict[bytes, KeyRow]:
    """Return the partner keys among written rows, with the heights at which they act."""
    return {key[1:]: KEYS.decode(row) for key, row in writes if key.startswith(KEYS.prefix)}


def _head_of(tip: ChainTip) -> Head:
    return Head(tip.height, tip.block_id, tip.time_ms, tip.app_hash, tip.receipts_root)


def _all_keys(space: Space, prefix: bytes) -> list[bytes]:
    keys: list[bytes] = []
    start: bytes | None = None
    while True:
        page = space.scan(prefix, start=start, limit=1_000)
        keys += (key[len(prefix) :] for key, _value in page.rows)
        if page.resume is None:
            return keys
        start = page.resume
