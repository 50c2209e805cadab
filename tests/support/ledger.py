"""One node's ledger without consensus: what is submitted becomes blocks when the test says so.

Everything is real (law, store in memory, admission, outbox, bundles, signatures, commits) but the threads,
which run inline, and the votes, which are signed here by the validators' keys of `tests.support.parties`.
"""

import itertools
from collections import deque
from collections.abc import Callable, Collection, Sequence

from contracts.chain.commit import NO_COMMIT, Commit, CommitSignature
from contracts.chain.evidence import Evidence
from contracts.chain.genesis import Genesis
from contracts.chain.header import block_id
from contracts.chain.votes import VoteType, vote_sign_bytes
from contracts.gs1.keys import sgtin, sscc
from contracts.ledger.bundle import BundleReader
from contracts.ledger.document import Document, build_document, document_id, encode_document
from contracts.ledger.receipt import Receipt
from contracts.primitives import signing
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import Commission, Pack
from network.peer.face import ROLES, PeerIdentity
from network.transport.base import Timer
from network.wire.messages import Message
from node.host.applied import Applied
from node.host.chain import Chain
from node.host.ledger import Ledger
from node.host.submission import Submissions
from node.host.surroundings import Surroundings
from node.pool.admission import Admission
from node.pool.bundler import LaneKey, MadeBundle, make_bundle
from node.pool.held import PooledBundle
from node.pool.lane_writer import CutBundle, QueuedDocument
from node.pool.pool import BundlePool, PoolLimits
from node.pool.waiting_room import RoomLimits
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.outbox import Outbox
from tests.support.parties import (
    EXPIRY,
    LOT,
    MAKER,
    PACK,
    PACK_GTIN,
    PARTIES,
    Party,
    build_test_genesis,
    lane_key,
    sscc_text,
    validator_seed,
)
from tests.support.workers import InlineWorker

CallSoon = Callable[[Callable[[], None]], object]

ROOM = RoomLimits(32 << 20)
BLOCK_MS = 1_000
"""How far the clock moves on with each block."""


MAX_SEEDS = 32
"""Validators whose seeds are tried: those of genesis, and whoever joins."""


class Wall:
    """A time of day that stands still until the test moves it."""

    def __init__(self, now_ms: int) -> None:
        self.ms = now_ms

    def now_ms(self) -> int:
        """Return ms since 1970-01-01 UTC."""
        return self.ms


class StillTimer:
    """A timer of a clock that stands still."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Never fire."""
        self._callback = None

    def fire(self) -> None:
        """Call, unless it was cancelled."""
        if self._callback is not None:
            self._callback()


class StillClock:
    """A clock on which timers fire when the test says so."""

    def __init__(self, call_soon: CallSoon) -> None:
        self._call_soon = call_soon
        self._timers: list[StillTimer] = []

    def now_ms(self) -> int:
        """Return always the same."""
        return 0

    def call_soon(self, callback: Callable[[], None]) -> None:
        """Call later."""
        self._call_soon(callback)

    def call_later(self, delay_ms: int, callback: Callable[[], None]) -> Timer:
        """Call at the next `ring`."""
        del delay_ms
        timer = StillTimer(callback)
        self._timers.append(timer)
        return timer

    def ring(self) -> None:
        """Let all timers fire that were set so far."""
        timers, self._timers = self._timers, []
        for timer in timers:
            timer.fire()


class NoPeers:
    """A network with nobody in it."""

    def send(self, name: str, message: Message) -> bool:
        """Send to nobody."""
        del name, message
        return False

    def broadcast(
        self, message: Message, roles: Collection[str] = ROLES, without: Collection[str] = ()
    ) -> int:
        """Send to nobody."""
        del message, roles, without
        return 0

    def ban(self, name: str, reason: str) -> None:
        """There is nobody to ban."""

    def connected(self) -> tuple[PeerIdentity, ...]:
        """Return nobody."""
        return ()


class OneNode:
    """The ledger of one node; `produce` makes the next block of everything that waits.

    Attributes:
        auto: Make a block, in a later turn of the loop, whenever something was submitted.
        certify: With `auto`: make an empty block after each with bundles, as a network does.
        applied_bundles: Number of bundles in the last block.
        evidence: What its blocks carry as soon as they may.
        clock: Its timers.
        is_syncing: Whether it knows that the network has decided more.
        stopped_because: Why it follows no more.
    """

    def __init__(
        self,
        genesis: Genesis | None = None,
        call_soon: CallSoon | None = None,
        parties: Sequence[Party] = PARTIES,
        *,
        auto: bool = False,
        certify: bool = True,
        remembers: bool = False,
        room: RoomLimits = ROOM,
    ) -> None:
        """Open a new chain.

        Args:
            genesis: Of `build_test_genesis`; one validator by default.
            call_soon: A loop's; by default callbacks wait for `settle`.
            parties: Whose keys this node holds.
            auto: See the attributes.
            certify: See the attributes.
            remembers: Index what the parties' keys state, as their own node does.
            room: How much may wait for a block.
        """
        self.genesis = genesis or build_test_genesis()
        self.auto, self.certify = auto, certify
        self.is_syncing = False
        self.stopped_because = ""
        self._later: deque[Callable[[], None]] = deque()
        self._call_soon = call_soon or self._later.append
        self._numbers = itertools.count(1)
        self._is_due = False
        self.applied_bundles = 0
        self.evidence: list[Evidence] = []
        self._own: dict[LaneKey, tuple[int, list[QueuedDocument]]] = {}
        self.clock = StillClock(self._call_soon)
        self.wall = Wall(self.genesis.time_ms + BLOCK_MS)
        self.store = MemoryStore()
        own_lanes = [lane_key(party).public_key for party in parties] if remembers else []
        self.ledger = Ledger(self.store, self.genesis, own_lanes=own_lanes)
        self.ledger.open()
        self.worker = InlineWorker(self._call_soon)
        known = (self.ledger.lanes(), self.ledger.keys())
        self.chain = Chain(self.ledger, self.worker, NO_COMMIT, *known, had_bundles=False)
        self.pool = BundlePool(PoolLimits(), self.genesis.parameters.tolerances.bundle_lifetime_ms)
        self.reader = BundleReader(self.genesis.chain_id, self.genesis.parameters.limits)
        self.submissions = self._submissions(parties, room)
        self.applied: list[Applied] = []
        self.chain.subscribe(lambda applied, _commit: self.applied.append(applied))

    def _submissions(self, parties: Sequence[Party], room: RoomLimits) -> Submissions:
        files = MemoryFiles()
        files.make_folder("outbox")
        outbox = Outbox(files, "outbox", 1 << 20, bytes)
        outbox.recover()
        surroundings = Surroundings(self.clock, self.wall, NoPeers(), self.worker, self.worker)
        keys = [lane_key(party) for party in parties]
        submissions = Submissions(
            *(surroundings, self.chain, Admission(self.ledger), outbox, self.store, keys),
            *(self._on_made, room),
        )
        submissions.hindrance.following = self
        submissions.restore((), self.reader, {})
        return submissions

    def _on_made(self, made: MadeBundle) -> None:
        pooled = PooledBundle(self.reader.read(made.data), made.data, self.wall.ms)
        self.pool.add(pooled, self.chain.lanes)
        if self.auto and not self._is_due:
            self._is_due = True
            self._call_soon(self._produce_due)

    def _produce_due(self) -> None:
        if self.chain.tip.height < self.ledger.tip.height:
            # The last block is applied and nobody was told yet.
            self._call_soon(self._produce_due)
            return
        self._is_due = False
        self.produce()
        if self.certify and self.applied_bundles:
            self._is_due = True
            self._call_soon(self._produce_due)

    # ------------------------------------------------------------------------------ blocks

    def settle(self) -> None:
        """Run all callbacks that wait (without a loop)."""
        while self._later:
            self._later.popleft()()

    def put(self, party: Party, *records: Record, nonce: bytes | None = None) -> bytes:
        """Queue a document of any partner for the next block, past admission; return its id."""
        document = self.document(*records, nonce=nonce)
        data = encode_document(document)
        queued = QueuedDocument(document_id(data), data, document.weight)
        lane = lane_key(party)
        after = self.chain.lanes[lane.public_key]
        self._own.setdefault(lane, (after, []))[1].append(queued)
        return queued.id

    def document(self, *records: Record, nonce: bytes | None = None) -> Document:
        """Build a document with a nonce that no other has."""
        return build_document(nonce or next(self._numbers).to_bytes(16, "big"), records)

    def _bundle_queued(self) -> None:
        for key, (after, documents) in self._own.items():
            cut = CutBundle(after, after + 1, tuple(documents))
            made = make_bundle(self.genesis.chain_id, key, cut, self.wall.ms + 300_000)
            pooled = PooledBundle(self.reader.read(made.data), made.data, self.wall.ms)
            self.pool.add(pooled, self.chain.lanes)
        self._own.clear()

    def produce(self) -> int:
        """Make the next block of everything that waits, and apply it; return its height."""
        self._bundle_queued()
        limits = self.genesis.parameters.limits
        self.wall.ms += BLOCK_MS
        now_ms = self.wall.ms
        chosen = self.pool.select(
            self.chain.lanes, now_ms, limits.block_bytes, limits.block_weight, limits.block_bundles
        )
        bundles = {pooled.bundle.id: (pooled.bundle, pooled.data) for pooled in chosen}
        proposer = self.ledger.tip.validators.validators[0].public_key
        opened = [pooled.bundle for pooled in chosen]
        self.applied_bundles = len(opened)
        block = self.ledger.build(now_ms, opened, self.chain.commit, proposer, self.evidence)
        fault = self.ledger.check(block, [bundles[entry.bundle_id][0] for entry in block.bundles])
        if fault is not None:
            raise AssertionError(fault)
        commit = self.commit(block.header.height, block_id(block.header))
        self.chain.apply(block, commit, [bundles[entry.bundle_id] for entry in block.bundles])
        self.settle()
        lanes = {**self.chain.lanes}
        lanes.update({bundle.header.lane: bundle.header.sequence for bundle in opened})
        self.pool.prune(lanes, now_ms)
        return block.header.height

    def commit(self, height: int, identifier: bytes) -> Commit:
        """Sign a commit by all validators of its height."""
        validators = self.ledger.tip.validators.validators
        message = vote_sign_bytes(self.genesis.chain_id, VoteType.PRECOMMIT, height, 0, identifier)
        seeds = {
            signing.public_key_of(validator_seed(number)): validator_seed(number)
            for number in range(MAX_SEEDS)
        }
        signatures = tuple(
            CommitSignature(index, signing.sign(seeds[validator.public_key], message))
            for index, validator in enumerate(validators)
        )
        return Commit(height, 0, identifier, signatures)

    def record(self, party: Party, *records: Record) -> Receipt:
        """Put one document into a block of its own and return its receipt (without a loop)."""
        identifier = self.put(party, *records)
        self.produce()
        receipts = {receipt.document_id: receipt for receipt in self.applied[-1].receipts}
        return receipts[identifier]

    # ----------------------------------------------------------------------------- records

    def head(self, party: Party, *, stated: bool = True) -> Head:
        """Return a record's head: now, at the party's premises or nowhere stated."""
        return Head(self.wall.ms, 60, party.place if stated else b"")

    def commission(self, serials: Sequence[str], party: Party = MAKER) -> Commission:
        """Return a record that brings packs to life."""
        packed = tuple(serial.encode() for serial in serials)
        return Commission(self.head(party), PACK, LOT, EXPIRY, b"LINE-2", self.wall.ms, packed)

    def pack(self, parent: bytes, children: Sequence[bytes], party: Party = MAKER) -> Pack:
        """Return a record that packs items."""
        return Pack(self.head(party), parent, tuple(children))

    def ship(
        self,
        party: Party,
        receiver: Party,
        items: Sequence[bytes],
        *,
        purpose: ShipPurpose = ShipPurpose.SALE,
        carrier: Party | None = None,
        references: tuple[bytes, ...] = (),
    ) -> Ship:
        """Return a record that ships items to a partner's premises; a sale passes ownership."""
        passes = int(purpose == ShipPurpose.SALE)
        by = b"" if carrier is None else carrier.packed
        return Ship(
            *(self.head(party), tuple(items), receiver.packed, receiver.place, purpose, passes, 0, by),
            references,
        )

    def receive(
        self,
        party: Party,
        shipment: bytes,
        mode: ReceiveMode = ReceiveMode.ALL,
        items: Sequence[bytes] = (),
    ) -> Receive:
        """Return a record that receives a shipment."""
        return Receive(self.head(party), shipment, mode, tuple(items))


def pack_key(serial: str) -> bytes:
    """Return the item key of a pack."""
    return sgtin(PACK_GTIN, serial)


def pallet_key(number: int) -> bytes:
    """Return the item key of a logistic unit of the maker."""
    return sscc(sscc_text(number))
