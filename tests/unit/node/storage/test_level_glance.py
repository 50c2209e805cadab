"""A look into a database sees what an opening would, and changes nothing."""

from pathlib import Path

import pytest

from node.storage.errors import StorageBusy, StorageDamaged, StorageFailed
from node.storage.level_files import check_level_files
from node.storage.level_glance import glanced_level, laid_out
from node.storage.leveldb import LevelOptions, open_level
from tests.support.elsewhere import opened_elsewhere

OPTIONS = LevelOptions(write_buffer_bytes=1 << 16, table_bytes=1 << 14)
ROWS = [(f"key-{number:05}".encode(), bytes(100)) for number in range(3_000)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A database with tables, and with rows that are only in its log."""
    store = open_level(tmp_path / "database", OPTIONS, create=True)
    for row in ROWS:
        store.write([row], sync=False)
    store.close()
    return tmp_path / "database"


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_all_rows_are_seen_and_what_is_written_is_lost(folder: Path) -> None:
    before = files_of(folder)
    assert any(name.endswith(".ldb") for name in before)
    with glanced_level(folder) as store:
        assert [store.get(key) for key, _value in ROWS] == [value for _key, value in ROWS]
        store.write([(b"another", b"row")], sync=True)
        store.compact(b"")
    assert files_of(folder) == before
    assert check_level_files(folder).tables


def test_a_table_that_the_manifest_does_not_name_is_not_written_through(folder: Path) -> None:
    """LevelDB may give its next table the number of what a compaction left behind."""
    newest = max(int(path.stem) for path in folder.glob("[0-9]*"))
    left = [folder / f"{number:06}.ldb" for number in range(newest + 1, newest + 20)]
    for path in left:
        path.write_bytes(b"left behind")
    before = files_of(folder)
    with glanced_level(folder) as store:
        store.write(ROWS, sync=True)
        store.compact(b"")
    assert files_of(folder) == before


def test_damage_is_named_where_it_is(folder: Path) -> None:
    (folder / "CURRENT").unlink()
    before = files_of(folder)
    with pytest.raises(StorageDamaged) as refused, glanced_level(folder):
        pass
    assert refused.value.where == str(folder)
    assert files_of(folder) == before


def test_a_manifest_without_its_log_is_as_damaged_as_it_is_to_an_opening(folder: Path) -> None:
    for log in folder.glob("*.log"):
        log.unlink()
    with pytest.raises(StorageDamaged, match="which is missing"), glanced_level(folder):
        pass


def test_without_a_database_there_is_nothing_to_see(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed) as refused, glanced_level(tmp_path / "database"):
        pass
    assert refused.value.where == str(tmp_path / "database")
    assert not (tmp_path / "database").exists()


def test_who_has_it_open_is_not_disturbed(folder: Path, tmp_path: Path) -> None:
    with (
        opened_elsewhere(folder),
        pytest.raises(StorageBusy, match="another process"),
        laid_out(folder, tmp_path / "copy"),
    ):
        pass
    assert not (tmp_path / "copy").exists()
