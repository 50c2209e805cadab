"""What LevelDB would hide by itself, and what closing it must wait for."""

import threading

import plyvel
import pytest

from node.storage.errors import StorageBusy, StorageDamaged, StorageFailed
from node.storage.leveldb import LevelOptions, open_level

SMALL = LevelOptions(cache_bytes=1 << 20, write_buffer_bytes=1 << 16, table_bytes=1 << 20)
ROWS = 3_000


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "database"


@pytest.fixture
def filled(folder):
    """A closed database with several sorted files and a log."""
    store = open_level(folder, SMALL, create=True)
    for at in range(0, ROWS, 100):
        store.write([(b"key%05d" % n, b"value%05d" % n * 10) for n in range(at, at + 100)], sync=False)
    store.write([(b"last", b"synced")], sync=True)
    store.close()
    assert sorted(folder.glob("*.ldb"))
    return folder


def flip(path, offset):
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def read_all(store):
    start, count = None, 0
    while True:
        page = store.scan(b"", start=start, limit=500)
        count += len(page.rows)
        start = page.resume
        if start is None:
            return count


def open_and_read_all(folder):
    store = open_level(folder, SMALL, create=False)
    try:
        read_all(store)
    finally:
        store.close()


def test_reopened_it_holds_what_was_written(filled):
    store = open_level(filled, SMALL, create=False)
    assert read_all(store) == ROWS + 1
    assert store.get(b"last") == b"synced"
    store.close()


def test_the_folder_is_private(filled):
    assert filled.stat().st_mode & 0o077 == 0


def test_a_second_process_is_told_that_it_is_busy(filled):
    store = open_level(filled, SMALL, create=False)
    with pytest.raises(StorageBusy, match="another process"):
        open_level(filled, SMALL, create=False)
    store.close()


def test_without_create_a_missing_database_is_not_made(folder):
    with pytest.raises(StorageFailed, match="no database"):
        open_level(folder, SMALL, create=False)
    assert not folder.exists()


def test_a_database_whose_making_was_cut_short_is_made_again(folder):
    folder.mkdir(parents=True)
    for name in ("LOCK", "LOG", "MANIFEST-000001", "000001.dbtmp"):
        (folder / name).write_bytes(b"")
    open_level(folder, SMALL, create=True).close()


def test_a_deleted_current_file_does_not_become_an_empty_database(filled):
    (filled / "CURRENT").unlink()
    with pytest.raises(StorageDamaged, match="CURRENT"):
        open_level(filled, SMALL, create=True)


@pytest.mark.parametrize("pattern", ["*.ldb", "MANIFEST-*"])
def test_a_deleted_file_is_noticed(filled, pattern):
    min(filled.glob(pattern)).unlink()
    with pytest.raises(StorageDamaged):
        open_and_read_all(filled)


def test_a_flipped_bit_in_the_first_block_of_any_table_is_noticed_by_a_scan(filled):
    for table in sorted(filled.glob("*.ldb")):
        flip(table, 100)
        store = open_level(filled, SMALL, create=False)
        with pytest.raises(StorageDamaged):
            read_all(store)
        store.close()
        flip(table, 100)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_damaged_block_at_the_end_of_a_scan_is_not_an_early_end(folder, reverse):
    """The plain iterator of plyvel ends without a word here."""
    store = open_level(folder, SMALL, create=True)
    store.write([(b"k%04d" % n, b"v" * 100) for n in range(2_000)], sync=False)
    store._database.compact_range()
    store.close()
    (table,) = sorted(folder.glob("*.ldb"))
    blocks = table.stat().st_size // 4_200
    flip(table, 50 if reverse else (blocks - 2) * 4_200)
    store = open_level(folder, SMALL, create=False)
    with pytest.raises(StorageDamaged, match="mismatch"):
        store.scan(b"k", limit=2_000, reverse=reverse)
    store.close()


def test_a_get_from_a_damaged_block_names_the_key(filled):
    for table in sorted(filled.glob("*.ldb")):
        for offset in range(100, table.stat().st_size - 4_096, 4_096):
            flip(table, offset)
    store = open_level(filled, SMALL, create=False)
    with pytest.raises(StorageDamaged) as caught:
        store.get(b"key00010")
    assert b"key00010".hex() in caught.value.where
    with pytest.raises(StorageDamaged):
        store.get_many([b"key00010"])
    with store.snapshot() as snapshot, pytest.raises(StorageDamaged):
        snapshot.get(b"key00010")
    store.close()


def test_a_damaged_log_is_not_read_over(folder):
    store = open_level(folder, LevelOptions(), create=True)
    for n in range(50):
        store.write([(b"%02d" % n, b"x" * 100)], sync=True)
    store.close()
    (log,) = folder.glob("*.log")
    flip(log, 500)
    with pytest.raises(StorageDamaged):
        open_level(folder, LevelOptions(), create=False)


def test_closing_waits_for_an_open_snapshot(folder):
    store = open_level(folder, SMALL, create=True)
    store.write([(b"a", b"1")], sync=False)
    snapshot = store.snapshot()
    closer = threading.Thread(target=store.close)
    closer.start()
    assert snapshot.get(b"a") == b"1"
    assert closer.is_alive()
    snapshot.close()
    closer.join(timeout=10)
    assert not closer.is_alive()


def test_a_snapshot_that_is_never_closed_is_reported_and_the_store_stays_open(folder):
    store = open_level(folder, SMALL, create=True)
    snapshot = store.snapshot()
    with pytest.raises(StorageFailed, match="1 reads or snapshots"):
        store.close(timeout_s=0)
    store.write([(b"a", b"1")], sync=True)
    assert store.get(b"a") == b"1"
    snapshot.close()
    store.close()


class BrokenBatch:
    def put(self, key, value):
        pass

    def write(self):
        raise plyvel.IOError(b"IO error: 000003.log: No space left on device")


def test_after_a_failed_write_nothing_is_written_any_more(folder):
    store = open_level(folder, SMALL, create=True)
    real = store._database

    class FullDisk:
        def write_batch(self, *, sync):
            return BrokenBatch()

    store._database = FullDisk()
    with pytest.raises(StorageFailed, match=r": IO error: 000003\.log: No space left on device$"):
        store.write([(b"a", b"1")], sync=True)
    store._database = real
    with pytest.raises(StorageFailed, match="earlier write"):
        store.write([(b"b", b"1")], sync=True)
    assert store.get(b"b") is None
    store.close()


def test_a_file_in_the_folders_place_is_a_failure(tmp_path):
    (tmp_path / "database").write_bytes(b"")
    with pytest.raises(StorageFailed, match="Not a directory"):
        open_level(tmp_path / "database", SMALL, create=True)


def test_a_snapshot_that_fails_does_not_keep_the_store_open(folder):
    store = open_level(folder, SMALL, create=True)
    real = store._database

    class NoSnapshots:
        def snapshot(self):
            raise MemoryError

    store._database = NoSnapshots()
    with pytest.raises(MemoryError):
        store.snapshot()
    store._database = real
    store.close(timeout_s=0)
