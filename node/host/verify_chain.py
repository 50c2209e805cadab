"""`packtrail verify chain`: a stopped node's database against genesis, byte for byte.

A node that began with a snapshot has no blocks before it. There, the snapshot takes the place of genesis,
with what ties it to that: the headers at which validators changed, and the validators that vouch for it.

Nothing stored is believed. Blocks and bundles are read from the database, their hashes, signatures and
commits are checked against genesis, and they are executed again into an empty scratch database by the very
code that a node runs. Then every derived row (state, receipts, writes, indices, head) must be in both, and
equal. A fault is named by the height whose block wrote the row, or by the file when one of the database is
damaged.
"""

import heapq
import itertools
import operator
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from contracts.chain.commit import Commit, InvalidCommit, verify_commit
from contracts.chain.genesis import Genesis, InvalidGenesis
from contracts.chain.header import Block, block_id
from contracts.ledger.bundle import BundleReader, MalformedBundle, OpenBundle, bundle_sign_bytes
from contracts.ledger.lanes import BundleOutOfPlace
from contracts.primitives import signing
from node.home import HEAD_FILE, Home
from node.host.installing import install
from node.host.ledger import Applied, Ledger
from node.storage.base import load_base
from node.storage.blocks import BlockStore
from node.storage.errors import StorageDamaged
from node.storage.files import DiskFiles
from node.storage.head_marker import HeadMarker, MarkerState, load_head_marker
from node.storage.level_files import FilesChecked, check_level_files
from node.storage.leveldb import LevelOptions, open_level
from node.storage.snapshot_files import SnapshotFiles
from node.storage.snapshot_reading import WrongSnapshot
from node.storage.statements import is_statement
from node.storage.store import (
    BLOCKS,
    BUNDLES,
    COMMITS,
    DOCUMENTS,
    INDEX,
    META,
    RECEIPTS,
    STATE,
    WRITES,
    KeyValueStore,
    Page,
    Reader,
    Snapshot,
    Write,
)

_SPACES: Final = {
    STATE: "state row",
    BLOCKS: "block",
    COMMITS: "commit",
    BUNDLES: "bundle",
    RECEIPTS: "receipts",
    WRITES: "writes",
    DOCUMENTS: "place of document",
    INDEX: "index row",
    META: "head or identity",
}
"""What follows from the blocks, in the order in which it is compared, and its name for people."""
_MARKS: Final = b"\xff"
"""Space of the scratch database that says at which height a row was written last."""
_HEIGHT_BYTES: Final = 8
_KEEP_ALL_WRITES: Final = 1 << 62
_SCAN_ROWS: Final = 2_000

Progress = Callable[[int], None]
"""Told every height that was checked."""


class ChainFault(Exception):
    """The first fault found.

    Attributes:
        height: Height whose block wrote what is wrong; None when a file is.
        where: The row or file.
        reason: What is wrong with it.
    """

    def __init__(self, height: int | None, where: str, reason: str) -> None:
        """Say where and what."""
        place = f"file {where}" if height is None else f"height {height}, {where}"
        super().__init__(f"{place}: {reason}")
        self.height = height
        self.where = where
        self.reason = reason


class VerifiedChain(msgspec.Struct, frozen=True):
    """What was checked, and where the chain ends."""

    first: int
    """First height that was executed again: 1, or the one after the snapshot that the database began with."""
    height: int
    """Height of the head."""
    block_id: bytes
    """32 bytes, of the head."""
    app_hash: bytes
    """32 bytes, after the head."""
    bundles: int
    """Bundles executed."""
    documents: int
    """Documents judged."""
    signatures: int
    """Signatures verified: of bundles, of precommits, and of evidence."""
    rows: int
    """Stored rows compared."""
    files: int
    """Files of the database checked; 0 when it is not on disk."""


def verify_home(home: Home, genesis: Genesis, progress: Progress) -> VerifiedChain:
    """Check the database of a stopped node.

    Args:
        home: The node's home.
        genesis: The network.
        progress: Told every height.

    Raises:
        ChainFault: The first fault.
        StorageBusy: The node runs.
        StorageFailed: There is no database, or the disk refused.
    """
    files = _check_files(home.database)
    try:
        store = open_level(home.database, LevelOptions(), create=False)
    except StorageDamaged as damage:
        raise ChainFault(None, damage.where, damage.reason) from damage
    try:
        marker = load_head_marker(DiskFiles(home.data), HEAD_FILE)
        with tempfile.TemporaryDirectory(prefix="packtrail-verify-") as folder:
            scratch = open_level(Path(folder) / "scratch", LevelOptions(), create=True)
            try:
                found = verify_chain(
                    *(store, genesis, scratch, progress, marker),
                    SnapshotFiles(DiskFiles(home.data)),
                )
            finally:
                scratch.close()
    finally:
        store.close()
    return msgspec.structs.replace(found, files=files.tables + files.logs)


def _check_files(folder: Path) -> FilesChecked:
    try:
        return check_level_files(folder)
    except StorageDamaged as damage:
        raise ChainFault(None, damage.where, damage.reason) from damage


def verify_chain(
    store: KeyValueStore,
    genesis: Genesis,
    scratch: KeyValueStore,
    progress: Progress,
    marker: HeadMarker | MarkerState = MarkerState.MISSING,
    snapshots: SnapshotFiles | None = None,
) -> VerifiedChain:
    """Check a store against genesis, or against genesis and the snapshot that it began with.

    Args:
        store: What is checked; only read.
        genesis: The network.
        scratch: An empty store that is filled meanwhile.
        progress: Told every height.
        marker: The head marker that lies beside the store.
        snapshots: Where the snapshot is that it may have begun with.

    Raises:
        ChainFault: The first fault.
        StorageFailed: A disk refused.
    """
    rebuilt = _Rebuilt(scratch)
    # Which keys this node holds does not follow from the chain: the statements of all of them are rebuilt.
    lanes = [key.public_key for partner in genesis.partners for key in partner.keys]
    ledger = Ledger(rebuilt, genesis, keep_writes=_KEEP_ALL_WRITES, own_lanes=lanes)

    def begins(height: int) -> None:
        rebuilt.height = height
        progress(height)

    first = begin_like(store, genesis, rebuilt, snapshots, begins)
    try:
        ledger.open()
    except InvalidGenesis as error:
        raise ChainFault(0, "genesis", str(error)) from error
    ledger.own(ledger.lanes())
    # Keys that governance registers count as well: see above.
    replay = Replay(BlockStore(store), genesis, ledger, lambda applied: ledger.own(applied.lanes))
    height = first
    while replay.has(height):
        rebuilt.height = height
        replay.advance(height)
        progress(height)
        height += 1
    rows = _compare(store, rebuilt, ledger.tip.height)
    _check_marker(marker, ledger)
    tip = ledger.tip
    return VerifiedChain(
        *(first, tip.height, tip.block_id, tip.app_hash),
        *(replay.bundles, replay.documents, replay.signatures, rows, 0),
    )


def begin_like(
    store: KeyValueStore,
    genesis: Genesis,
    target: KeyValueStore,
    snapshots: SnapshotFiles | None,
    begins: Progress,
) -> int:
    """Fill an empty database with the snapshot that a store began with, if any; return which height is next.

    Args:
        store: The one that is rebuilt.
        genesis: The network.
        target: The empty one.
        snapshots: Where that snapshot is kept.
        begins: Told its height, before anything is written.

    Raises:
        ChainFault: The snapshot is missing or damaged.
    """
    try:
        base = load_base(store)
        if base is None:
            return 1
        held = None if snapshots is None else snapshots.load(base.height)
    except StorageDamaged as damage:
        raise ChainFault(0, damage.where, damage.reason) from damage
    if held is None or snapshots is None:
        reason = "it is missing: nothing shows any more what the state was when this node began"
        raise ChainFault(base.height, "snapshot", reason)
    begins(base.height)
    try:
        install(target, genesis, snapshots, held, base, lambda _chunk: None)
    except WrongSnapshot as error:
        raise ChainFault(base.height, "snapshot", str(error)) from error
    return base.height + 1


def _check_marker(marker: HeadMarker | MarkerState, ledger: Ledger) -> None:
    """A head that was durable once must still be there."""
    if marker is MarkerState.UNREADABLE:
        raise ChainFault(None, HEAD_FILE, "it does not match its checksum")
    if isinstance(marker, MarkerState):
        return
    head = ledger.tip.height
    if marker.height > head:
        raise ChainFault(marker.height, "block", f"it was durable once, but the chain ends at height {head}")
    following = ledger.blocks.load(marker.height + 1)
    app_hash = ledger.tip.app_hash if following is None else following.header.app_hash
    if app_hash != marker.app_hash:
        raise ChainFault(marker.height, "app hash", "it is not the one that was durable once")


class _Rebuilt:
    """The scratch database: what a node writes, and for every row the height that wrote it last."""

    def __init__(self, store: KeyValueStore) -> None:
        self._store = store
        self.height = 0

    def get(self, key: bytes) -> bytes | None:
        return self._store.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return self._store.get_many(keys)

    def scan(
        self, prefix: bytes, *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        return self._store.scan(prefix, start=start, limit=limit, reverse=reverse)

    def write(self, batch: Iterable[Write], *, sync: bool) -> None:  # noqa: ARG002 - nobody keeps this store
        mark = self.height.to_bytes(_HEIGHT_BYTES, "big")
        rows = list(batch)
        marks: list[Write] = [(_MARKS + key, mark) for key, _value in rows]
        self._store.write([*rows, *marks], sync=False)

    def snapshot(self) -> Snapshot:
        return self._store.snapshot()

    def close(self) -> None:
        self._store.close()

    def height_of(self, key: bytes) -> int | None:
        """Return the height that wrote or deleted a row last; None when no block ever touched it."""
        mark = self._store.get(_MARKS + key)
        return None if mark is None else int.from_bytes(mark, "big")


class Replay:
    """Reads one height after the other, checks it, and executes it again: nothing that is read is believed.

    Attributes:
        bundles: How many were executed.
        documents: How many were judged.
        signatures: How many were verified.
    """

    def __init__(
        self,
        stored: BlockStore,
        genesis: Genesis,
        ledger: Ledger,
        applied: Callable[[Applied], None] = lambda _applied: None,
    ) -> None:
        """Prepare.

        Args:
            stored: What is read.
            genesis: The network.
            ledger: What it is executed into; its tip is where the replay goes on.
            applied: Told of every block that was.
        """
        self._stored = stored
        self._ledger = ledger
        self._applied = applied
        self._chain_id = genesis.chain_id
        self._reader = BundleReader(genesis.chain_id, genesis.parameters.limits)
        self.bundles = 0
        self.documents = 0
        self.signatures = 0

    def has(self, height: int) -> bool:
        """Tell whether there is a block at a height.

        Raises:
            ChainFault: It cannot be read.
        """
        try:
            return self._stored.block_bytes(height) is not None
        except StorageDamaged as damage:
            raise ChainFault(height, "block", damage.reason) from damage

    def advance(self, height: int) -> None:
        """Check and execute the block that follows the tip.

        Raises:
            ChainFault: It is not what was decided, or cannot be read.
        """
        try:
            block, commit = self._stored.load(height), self._stored.commit_of(height)
            rows = self._stored.bundles_of(height)
        except StorageDamaged as damage:
            raise ChainFault(height, damage.where, damage.reason) from damage
        if block is None or rows is None:
            raise ChainFault(height, "block", "it is missing")
        bundles = [self._open(height, data) for data in rows]
        fault = self._ledger.check(block, bundles)
        if fault is not None:
            raise ChainFault(height, "block", fault)
        decided = self._check_commit(height, block, commit)
        try:
            applied = self._ledger.apply(block, decided, list(zip(bundles, rows, strict=True)))
        except BundleOutOfPlace as error:
            raise ChainFault(height, "block", str(error)) from error
        self._applied(applied)
        self.bundles += len(bundles)
        self.documents += len(applied.receipts)
        signed = len(decided.signatures) + len(block.last_commit.signatures) + 2 * len(block.evidence)
        self.signatures += len(bundles) + signed

    def _open(self, height: int, data: bytes) -> OpenBundle:
        try:
            bundle = self._reader.read(data)
        except MalformedBundle as error:
            raise ChainFault(height, "bundle", str(error)) from error
        if not signing.verify(bundle.header.lane, bundle_sign_bytes(bundle.header), bundle.signature):
            raise ChainFault(height, f"bundle {bundle.id.hex()}", "its signature is not that of its lane")
        return bundle

    def _check_commit(self, height: int, block: Block, commit: Commit | None) -> Commit:
        if commit is None:
            raise ChainFault(height, "commit", "it is missing")
        if commit.block_id != block_id(block.header):
            raise ChainFault(height, "commit", "it decides another block")
        try:
            verify_commit(self._chain_id, self._ledger.tip.validators, commit)
        except InvalidCommit as error:
            raise ChainFault(height, "commit", str(error)) from error
        return commit


# ------------------------------------------------------------------------------------------ comparing


def _compare(store: Reader, rebuilt: _Rebuilt, head: int) -> int:
    """Compare every row that follows from the blocks; return how many there are."""
    count = 0
    for space, name in _SPACES.items():
        for key, found, expected in _side_by_side(_rows(store, space), _rows(rebuilt, space)):
            count += found is not None
            if found != expected and not (found is None and _may_be_gone(space, key)):
                _raise_difference(rebuilt, key, name, (found, expected), head)
    return count


def _may_be_gone(space: bytes, key: bytes) -> bool:
    """Tell whether a row may be missing: old writes are dropped, other keys' statements never came here."""
    return space == WRITES or is_statement(key)


def _raise_difference(
    rebuilt: _Rebuilt, key: bytes, name: str, rows: tuple[bytes | None, bytes | None], head: int
) -> None:
    found, expected = rows
    where = f"{name} {key[1:].hex()}"
    height = rebuilt.height_of(key)
    if found is None:
        raise ChainFault(height, where, "it is missing")
    if expected is None and height is None:
        raise ChainFault(head, where, f"no block up to height {head} writes it")
    raise ChainFault(height, where, "it is not what the block makes of it")


def _rows(reader: Reader, space: bytes) -> Iterator[tuple[bytes, bytes]]:
    start: bytes | None = None
    while True:
        try:
            page = reader.scan(space, start=start, limit=_SCAN_ROWS)
        except StorageDamaged as damage:
            raise ChainFault(None, damage.where, damage.reason) from damage
        yield from page.rows
        if page.resume is None:
            return
        start = page.resume


def _side_by_side(
    left: Iterator[tuple[bytes, bytes]], right: Iterator[tuple[bytes, bytes]]
) -> Iterator[tuple[bytes, bytes | None, bytes | None]]:
    """Merge two scans by key: (key, value on the left or None, value on the right or None)."""
    tagged = heapq.merge(((key, 0, value) for key, value in left), ((key, 1, value) for key, value in right))
    for key, rows in itertools.groupby(tagged, key=operator.itemgetter(0)):
        values = {side: value for _key, side, value in rows}
        yield key, values.get(0), values.get(1)
