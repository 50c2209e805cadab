"""A file of an archive that is gone is missed; what is left may be all there is, so nothing removes it."""

import pytest

from node.archive.folder import ArchiveFolder
from node.archive.inspecting import Inspected, inspect_archive
from node.archive.manifest import WrongArchive
from node.archive.restoring import restore
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from tests.support.archives import LAST, copy_of, old_chain, prune, rows_of
from tests.support.ledger import OneNode

LATER = LAST + 2


@pytest.fixture(scope="module")
def chain() -> OneNode:
    return old_chain()


@pytest.fixture
def store(chain: OneNode) -> MemoryStore:
    return copy_of(chain.store)


@pytest.fixture
def files(chain: OneNode, store: MemoryStore) -> MemoryFiles:
    """An archive of three files, of what is no longer in the database."""
    files = MemoryFiles()
    prune(store, chain.genesis, files)
    return files


def names(files: MemoryFiles, end: str) -> list[str]:
    return [name for name in files.names("") if name.endswith(end)]


def inspect(files: MemoryFiles, chain: OneNode) -> Inspected:
    told: list[str] = []
    found = inspect_archive(
        ArchiveFolder(files), chain.genesis, lambda _height: None, lambda fault: told.append(fault.file)
    )
    assert told == [fault.file for fault in found.faults]
    return found


@pytest.mark.parametrize("number", range(3))
def test_blocks_whose_manifest_is_lost_are_not_removed_when_nobody_else_has_them(
    chain: OneNode, store: MemoryStore, files: MemoryFiles, number: int
) -> None:
    lost = names(files, ".json")[number]
    kept = files.read(lost) or b""
    files.remove(lost)
    before, left = rows_of(store), files.names("")
    with pytest.raises(WrongArchive):
        prune(store, chain.genesis, files, LATER)
    assert rows_of(store) == before
    assert files.names("") == left
    # With the manifest from another copy all is as it was, and the next run goes on.
    handle = files.open(lost)
    handle.append(kept)
    handle.sync()
    assert prune(store, chain.genesis, files, LATER).last == LATER
    assert restore(store, chain.genesis, ArchiveFolder(files), 1, lambda _height: None) == 0
    assert rows_of(store) == rows_of(chain.store)


def test_the_first_files_manifest_is_asked_for_by_its_name(
    chain: OneNode, store: MemoryStore, files: MemoryFiles
) -> None:
    lost = names(files, ".json")[0]
    files.remove(lost)
    with pytest.raises(WrongArchive, match=f"contents here begin at height {LAST + 1}: bring {lost} back"):
        prune(store, chain.genesis, files, LATER)


def test_what_an_interrupted_run_left_is_removed_while_the_database_has_it(chain: OneNode) -> None:
    whole, files = copy_of(chain.store), MemoryFiles()
    prune(whole, chain.genesis, files, keep=True)
    newest = names(files, ".json")[-1]
    files.remove(newest)
    files.open("0000000000000001-0000000000000004.zst.new").append(b"half a file")
    assert prune(whole, chain.genesis, files, keep=True).segments == 1
    assert inspect(files, chain).faults == []


def test_an_archive_that_begins_later_than_the_contents_here_is_not_continued(chain: OneNode) -> None:
    """Else contents before it would be called archived, and be in no file."""
    whole, files = copy_of(chain.store), MemoryFiles()
    prune(whole, chain.genesis, files, keep=True)
    for end in (".json", ".zst"):
        files.remove(names(files, end)[0])
    with pytest.raises(WrongArchive, match="the archive begins at height 5, and the contents here at 1"):
        prune(whole, chain.genesis, files)
    assert rows_of(whole) == rows_of(chain.store)


def test_all_that_is_damaged_is_named_at_once(chain: OneNode, files: MemoryFiles) -> None:
    assert inspect(files, chain).faults == []
    first, second, third = (name.removesuffix(".json") for name in names(files, ".json"))
    files.flip(f"{first}.json", 20, 1)
    files.flip(f"{second}.zst", 20, 1)
    files.remove(f"{third}.json")
    found = inspect(files, chain)
    assert [fault.file for fault in found.faults] == [f"{first}.json", f"{third}.zst", f"{second}.zst"]
    assert (len(found.manifests), found.verified) == (1, [])
    assert "it has no manifest" in str(found.faults[1])


def test_a_gap_is_named_beside_other_damage(chain: OneNode, files: MemoryFiles) -> None:
    first, second, third = (name.removesuffix(".json") for name in names(files, ".json"))
    for end in (".json", ".zst"):
        files.remove(f"{second}{end}")
    files.flip(f"{first}.zst", 20, 1)
    assert [fault.file for fault in inspect(files, chain).faults] == [f"{third}.json", f"{first}.zst"]


def test_files_of_others_are_left_alone(chain: OneNode, files: MemoryFiles) -> None:
    others = ("notes.zst", "-" * 32 + "1.json", "1-2.json")
    for name in others:
        files.open(name).append(b"theirs")
    prune(copy_of(chain.store), chain.genesis, files, keep=True)
    assert set(others) < set(files.names(""))
    assert inspect(files, chain).faults == []
