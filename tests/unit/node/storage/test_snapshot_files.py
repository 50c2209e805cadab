"""Snapshots on the disk: whole or not there, and never more than are to be kept."""

import pytest

from contracts.chain.snapshot import (
    CHUNK_BYTES,
    CHUNKS,
    MANIFEST_VERSION,
    MAX_CHUNK_BYTES,
    MAX_ROW_BYTES,
    Manifest,
    chunk_hash,
    manifest_hash,
)
from node.storage.chunks import Cutting, read_rows
from node.storage.errors import StorageDamaged
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles, Operation, PowerLoss, Survive
from node.storage.snapshot_files import SNAPSHOT_FOLDER, SnapshotFiles
from node.storage.store import BLOCKS, INDEX, LOCAL, STATE

CHUNK = b"rows of a chunk"


def manifest_at(height: int, chunks: int = 2) -> Manifest:
    hashes = tuple(chunk_hash(CHUNK) for _chunk in range(chunks))
    return Manifest(MANIFEST_VERSION, "a-chain", height, b"\x01" * 32, b"\x02" * 32, chunks, hashes)


def make(snapshots: SnapshotFiles, height: int, chunks: int = 2) -> None:
    snapshots.begin(height)
    for index in range(chunks):
        snapshots.write_chunk(height, index, CHUNK)
    snapshots.finish(manifest_at(height, chunks), chunks * len(CHUNK))


def test_what_is_finished_is_there() -> None:
    files = MemoryFiles()
    snapshots = SnapshotFiles(files)
    make(snapshots, 40)
    held = SnapshotFiles(files).load(40)
    assert held is not None
    assert held.manifest == manifest_at(40)
    assert (held.hash, held.stored_bytes) == (manifest_hash(held.manifest), 2 * len(CHUNK))
    assert snapshots.read_chunk(40, 1) == CHUNK
    assert (snapshots.read_chunk(40, 2), snapshots.load(41)) == (None, None)
    snapshots.remove(40)
    assert (snapshots.heights(), files.names(SNAPSHOT_FOLDER)) == ([], [])


def test_the_oldest_go_and_one_may_stay() -> None:
    files = MemoryFiles()
    snapshots = SnapshotFiles(files)
    for height in (10, 20, 30, 40):
        make(snapshots, height)
    snapshots.begin(50)
    snapshots.write_chunk(50, 0, CHUNK)
    snapshots.clean(2, besides={10})
    assert snapshots.heights() == [10, 30, 40]
    assert len(files.names(SNAPSHOT_FOLDER)) == 9
    snapshots.clean(0)
    assert files.names(SNAPSHOT_FOLDER) == []


def test_what_is_always_to_stay_does_so_without_its_manifest() -> None:
    files = MemoryFiles()
    snapshots = SnapshotFiles(files)
    for height in (10, 20):
        make(snapshots, height)
        files.remove(snapshots.manifest_name(height))
    assert snapshots.clean(2, besides={10}) == [20]
    assert snapshots.read_chunk(10, 1) == CHUNK
    assert len(files.names(SNAPSHOT_FOLDER)) == 2


@pytest.mark.parametrize("survive", list(Survive))
def test_a_crash_leaves_a_whole_snapshot_or_none(survive: Survive) -> None:
    """Before every operation of making one and of removing the one before."""
    for stop in range(1, 100):
        files = MemoryFiles()
        snapshots = SnapshotFiles(files)
        make(snapshots, 10)
        count = 0

        def before(operation: Operation, stop: int = stop) -> None:
            nonlocal count
            count += 1
            if count == stop:
                raise PowerLoss(operation.name)

        files._before = before
        is_over = False
        try:
            make(snapshots, 20)
            snapshots.clean(1)
            is_over = True
        except PowerLoss:
            pass
        left = files.crash(survive, lambda limit: limit // 2)
        again = SnapshotFiles(left)
        again.clean(2)
        assert {int(name[:16]) for name in left.names(SNAPSHOT_FOLDER)} == set(again.heights())
        assert again.heights() in ([10], [10, 20], [20])
        for height in again.heights():
            held = again.load(height)
            assert held is not None
            assert [again.read_chunk(height, at) for at in range(2)] == [CHUNK, CHUNK]
        if is_over:
            assert again.heights() == [20]
            return
    pytest.fail("it never came to an end")


@pytest.mark.parametrize("at", range(0, 200, 7))
def test_a_changed_manifest_is_noticed(at: int) -> None:
    files = MemoryFiles()
    snapshots = SnapshotFiles(files)
    make(snapshots, 40)
    (name,) = (name for name in files.names(SNAPSHOT_FOLDER) if name.endswith("manifest"))
    handle = files.open(f"{SNAPSHOT_FOLDER}/{name}")
    data = files.read(f"{SNAPSHOT_FOLDER}/{name}")
    assert data is not None
    at %= len(data)
    handle.write_at(at, bytes((data[at] ^ 1,)))
    with pytest.raises(StorageDamaged):
        snapshots.load(40)


# ------------------------------------------------------------------------------------------ cutting


def cut(store: MemoryStore) -> list[bytes]:
    cutting = Cutting(store)
    chunks = []
    while (chunk := cutting.next_chunk()) is not None:
        chunks.append(chunk)
    assert cutting.rows == sum(len(CHUNKS.decode(chunk)) for chunk in chunks)
    return chunks


def test_chunks_are_cut_by_their_rows_alone() -> None:
    """Whatever else the store holds, and in whatever order it came."""
    rows = [(STATE + number.to_bytes(4, "big"), bytes(number % 4_000)) for number in range(3_000)]
    one, other = MemoryStore(), MemoryStore()
    one.write(rows, sync=True)
    other.write([(BLOCKS + b"x", b"y"), (LOCAL + b"x", b"y"), (INDEX + b"x", b"y")], sync=True)
    other.write(reversed(rows), sync=True)
    chunks = cut(one)
    assert chunks == cut(other)
    assert len(chunks) > 3
    assert all(len(chunk) < 1.1 * CHUNK_BYTES for chunk in chunks)
    after, found = b"", []
    for chunk in chunks:
        found += read_rows(chunk, after)
        after = found[-1][0]
    assert found == rows


def test_the_longest_row_has_a_chunk_of_its_own_and_a_longer_one_is_refused() -> None:
    store = MemoryStore()
    store.write(
        [(STATE + b"a", b"1"), (STATE + b"b", bytes(MAX_ROW_BYTES - 2)), (STATE + b"c", b"3")], sync=True
    )
    chunks = cut(store)
    assert [len(CHUNKS.decode(chunk)) for chunk in chunks] == [1, 1, 1]
    assert max(map(len, chunks)) <= MAX_CHUNK_BYTES
    store.write([(STATE + b"b", bytes(MAX_ROW_BYTES - 1))], sync=True)
    with pytest.raises(StorageDamaged):
        cut(store)


def test_an_empty_store_has_no_chunks() -> None:
    assert cut(MemoryStore()) == []
