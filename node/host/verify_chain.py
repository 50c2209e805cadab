"""`packtrail verify chain`: a stopped node's database against genesis, byte for byte.

A node that began with a snapshot has no blocks before it. There, the snapshot takes the place of genesis,
with what ties it to that: the headers at which validators changed, and the validators that vouch for it.
Where contents of old blocks were archived, the archive gives them; without it, `verify_headers.py` checks
what can be checked.

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
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from contracts.chain.genesis import Genesis, InvalidGenesis
from node.archive.restoring import ArchivedBodies
from node.home import HEAD_FILE, Home
from node.host.chain_fault import ChainFault
from node.host.installing import install
from node.host.ledger import Ledger
from node.host.replaying import Replay
from node.host.verify_headers import Progress, VerifiedHeaders, verify_headers
from node.storage.archived import archived_entry, archived_height, what_stays
from node.storage.base import load_base
from node.storage.blocks import BlockStore, bundle_entry
from node.storage.errors import StorageDamaged
from node.storage.files import DiskFiles
from node.storage.head import check_blocks
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
    archived: int
    """Up to this height, contents of blocks came from the archive; 0 when all are in the database."""
    rows: int
    """Stored rows compared."""
    files: int
    """Files of the database checked; 0 when it is not on disk."""


def verify_home(
    home: Home, genesis: Genesis, progress: Progress, archive: ArchivedBodies | None = None
) -> VerifiedChain | VerifiedHeaders:
    """Check the database of a stopped node.

    Args:
        home: The node's home.
        genesis: The network.
        progress: Told every height.
        archive: What was archived of it; without it, only what needs no archived contents is checked.

    Raises:
        ChainFault: The first fault.
        WrongArchive: The archive is damaged, or does not have what was archived.
        OtherFormat: Its blocks are of an earlier version of the ledger.
        StorageBusy: The node runs.
        StorageFailed: There is no database, or the disk refused.
    """
    files = _check_files(home.database)
    try:
        store = open_level(home.database, LevelOptions(), create=False)
    except StorageDamaged as damage:
        raise ChainFault(None, damage.where, damage.reason) from damage
    try:
        _check_blocks_are_read(store)
        marker = load_head_marker(DiskFiles(home.data), HEAD_FILE)
        if archive is None and _archived(store):
            checked = verify_headers(store, genesis, progress)
            _check_marker(marker, checked.height, checked.app_hash, BlockStore(store))
            return msgspec.structs.replace(checked, files=files.tables + files.logs)
        with tempfile.TemporaryDirectory(prefix="packtrail-verify-") as folder:
            scratch = open_level(Path(folder) / "scratch", LevelOptions(), create=True)
            try:
                found = verify_chain(
                    *(store, genesis, scratch, progress, marker),
                    *(SnapshotFiles(DiskFiles(home.data)), archive),
                )
            finally:
                scratch.close()
    finally:
        store.close()
    return msgspec.structs.replace(found, files=files.tables + files.logs)


def _check_blocks_are_read(store: Reader) -> None:
    try:
        check_blocks(store)
    except StorageDamaged as damage:
        raise ChainFault(None, damage.where, damage.reason) from damage


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
    archive: ArchivedBodies | None = None,
) -> VerifiedChain:
    """Check a store against genesis, or against genesis and the snapshot that it began with.

    Args:
        store: What is checked; only read.
        genesis: The network.
        scratch: An empty store that is filled meanwhile.
        progress: Told every height.
        marker: The head marker that lies beside the store.
        snapshots: Where the snapshot is that it may have begun with.
        archive: Has the contents of blocks that were archived.

    Raises:
        ChainFault: The first fault.
        WrongArchive: The archive does not have, or not whole, what was archived.
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
    replay = Replay(BlockStore(store), genesis, ledger, lambda applied: ledger.own(applied.lanes), archive)
    height = first
    while replay.has(height):
        rebuilt.height = height
        replay.advance(height)
        progress(height)
        height += 1
    archived = _archived(store)
    _archive_too(rebuilt, ledger, first, archived)
    rows = _compare(store, rebuilt, ledger.tip.height)
    tip = ledger.tip
    _check_marker(marker, tip.height, tip.app_hash, ledger.blocks)
    return VerifiedChain(
        *(first, tip.height, tip.block_id, tip.app_hash),
        *(replay.bundles, replay.documents, replay.signatures, archived, rows, 0),
    )


def _archived(store: Reader) -> int:
    try:
        return archived_height(store)
    except StorageDamaged as damage:
        raise ChainFault(None, damage.where, damage.reason) from damage


def _archive_too(rebuilt: "_Rebuilt", ledger: Ledger, first: int, archived: int) -> None:
    """Leave of archived bundles in the scratch database what stays of them in the one that is checked."""
    for height in range(first, min(archived, ledger.tip.height) + 1):
        block, bundles = ledger.blocks.load(height), ledger.blocks.bundles_of(height)
        if block is None or bundles is None:
            raise ChainFault(height, "block", "it is missing")
        rebuilt.height = height
        entries = zip(block.bundles, bundles, strict=True)
        rows = [bundle_entry(height, entry.bundle_id, what_stays(data)) for entry, data in entries]
        rebuilt.write([*rows, archived_entry(height)], sync=False)


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


def _check_marker(
    marker: HeadMarker | MarkerState, head: int, head_app_hash: bytes, blocks: BlockStore
) -> None:
    """A head that was durable once must still be there."""
    if marker is MarkerState.UNREADABLE:
        raise ChainFault(None, HEAD_FILE, "it does not match its checksum")
    if isinstance(marker, MarkerState):
        return
    if marker.height > head:
        raise ChainFault(marker.height, "block", f"it was durable once, but the chain ends at height {head}")
    following = blocks.load(marker.height + 1)
    app_hash = head_app_hash if following is None else following.header.app_hash
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
