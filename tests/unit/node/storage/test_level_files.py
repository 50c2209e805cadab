"""Every file of a database is covered byte for byte: one flipped bit anywhere names its file."""

import random
import shutil
from pathlib import Path

import pytest

from node.storage import level_files
from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.level_files import _live_tables, _records, check_level_files, check_newest_log
from node.storage.leveldb import LevelOptions, open_level

FLIPS = 200
SMALL = LevelOptions(write_buffer_bytes=1 << 16, table_bytes=1 << 20)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("level") / "database"
    chance = random.Random(1)
    store = open_level(folder, SMALL, create=True)
    for _ in range(40):
        rows = [(chance.randbytes(20), chance.randbytes(chance.randrange(1, 300))) for _ in range(100)]
        store.write(rows, sync=False)
    store.write([(b"large", chance.randbytes(70_000)), (b"last", b"x")], sync=True)
    store.close()
    return folder


def _data_files(folder: Path) -> list[Path]:
    # A compaction that the end cut short may have left a table that is none of the database's.
    manifest = folder / (folder / "CURRENT").read_text().strip()
    live = {f"{table.number:06}.ldb" for table in _live_tables(manifest)}
    logs = [path for path in folder.iterdir() if path.suffix == ".log" or "MANIFEST" in path.name]
    kept = [*logs, *(folder / name for name in live)]
    return sorted(path for path in (*kept, folder / "CURRENT") if path.stat().st_size)


def test_a_whole_database(database: Path) -> None:
    found = check_level_files(database)
    assert found.tables >= 2
    assert found.logs >= 2


def test_every_flipped_bit_names_its_file(database: Path) -> None:
    chance = random.Random(2)
    for number in range(FLIPS):
        path = chance.choice(_data_files(database))
        data = path.read_bytes()
        # Every fourth flip near the end, where the footer is.
        at = (
            len(data) - 1 - chance.randrange(min(64, len(data)))
            if number % 4 == 0
            else chance.randrange(len(data))
        )
        changed = bytearray(data)
        changed[at] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(StorageDamaged) as damage:
            check_level_files(database)
        path.write_bytes(data)
        assert damage.value.where == path.name


@pytest.mark.parametrize("cut", [1, 48, 3000])
def test_a_table_that_was_cut(database: Path, cut: int) -> None:
    path = next(path for path in _data_files(database) if path.suffix == ".ldb")
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    with pytest.raises(StorageDamaged, match=path.name):
        check_level_files(database)
    path.write_bytes(data)


def test_a_missing_current_file(tmp_path: Path) -> None:
    with pytest.raises(StorageDamaged, match="CURRENT"):
        check_level_files(tmp_path)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        check_level_files(tmp_path / "absent")


def test_a_left_over_table_is_no_damage(database: Path) -> None:
    left_over = database / "999999.ldb"
    left_over.write_bytes(b"begun and never finished")
    check_level_files(database)
    left_over.unlink()


def test_a_missing_table_is_named(database: Path) -> None:
    path = next(path for path in _data_files(database) if path.suffix == ".ldb")
    data = path.read_bytes()
    path.unlink()
    with pytest.raises(StorageDamaged, match=path.name):
        check_level_files(database)
    path.write_bytes(data)


def test_a_number_that_swallows_padding_is_noticed(database: Path) -> None:
    path = next(path for path in _data_files(database) if path.suffix == ".ldb")
    data = path.read_bytes()
    footer = bytearray(data[-48:])
    last = max(at for at in range(40) if footer[at])
    footer[last] ^= 0x80
    path.write_bytes(data[:-48] + footer)
    with pytest.raises(StorageDamaged, match="longer than it need be"):
        check_level_files(database)
    path.write_bytes(data)


def test_an_empty_manifest_is_no_manifest(database: Path) -> None:
    (path,) = database.glob("MANIFEST-*")
    data = path.read_bytes()
    path.write_bytes(b"")
    with pytest.raises(StorageDamaged, match=f"{path.name}: it is empty"):
        check_level_files(database)
    path.write_bytes(data)


# ------------------------------------------------------------------------- what LevelDB does not miss


def _rows(folder: Path) -> int:
    store = open_level(folder, SMALL, create=False)
    try:
        return len(store.scan(b"", limit=10_000).rows)
    finally:
        store.close()


def _record_ends(path: Path) -> list[int]:
    data = path.read_bytes()
    return [at for at, _record, _checksum in _records(path.name, data)] + [len(data)]


def test_a_manifest_that_ends_between_two_records_is_noticed_before_leveldb_removes_tables(
    database: Path, tmp_path: Path
) -> None:
    """The rows of the table that a lost record names would be gone, and everything else in its place."""
    shutil.copytree(database, tmp_path / "whole")
    expected = _rows(tmp_path / "whole")
    (manifest,) = database.glob("MANIFEST-*")
    ends = _record_ends(manifest)
    assert len(ends) > 5
    outcomes = set()
    for place in (*ends, *(end - 1 for end in ends[1:]), *(end + 1 for end in ends[:-1])):
        copy = tmp_path / str(place)
        shutil.copytree(database, copy)
        (copy / manifest.name).write_bytes(manifest.read_bytes()[:place])
        tables = sorted(copy.glob("*.ldb"))
        try:
            assert _rows(copy) == expected
            outcomes.add("all rows")
        except StorageDamaged as damage:
            assert sorted(copy.glob("*.ldb")) == tables
            outcomes.add(damage.where)
        shutil.rmtree(copy)
    assert {"all rows", manifest.name} <= outcomes


def test_a_missing_log_is_noticed_before_leveldb_begins_another(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(database, copy)
    for log in copy.glob("*.log"):
        log.unlink()
    for ask in (check_level_files, lambda folder: open_level(folder, SMALL, create=False)):
        with pytest.raises(StorageDamaged, match=r"MANIFEST-.*is missing") as damage:
            ask(copy)
        assert ".log" in damage.value.reason
    assert not list(copy.glob("*.log"))


def test_a_log_that_goes_while_another_process_writes_is_no_damage(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter([("MANIFEST-000002", "000001.log"), ("MANIFEST-000002", "")])
    monkeypatch.setattr(level_files, "_newest_log", lambda _folder: next(names))
    check_newest_log(tmp_path)
