"""A new database begins with an archive; with one that is not what it must be, nothing is changed.

With peers: `tests/testnet/test_archive.py`.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from contracts.chain.commit import Commit
from contracts.chain.genesis import Genesis
from contracts.primitives.encoding import encode
from network.sync.checks import COMMITS
from network.transport.tls import make_certificate
from node.archive.folder import ArchiveFolder
from node.archive.manifest import WrongArchive, encode_manifest
from node.archive.restoring import ArchivedBodies
from node.archive.segment import ArchivedBlock, open_segment, pack_segment
from node.assembly import open_store
from node.home import Home
from node.host.follower import Follower
from node.repair.diagnosis import Finding, Part
from node.repair.rebuilding import WORK_FOLDER, CannotRepair, repair
from node.setting import Setting, read_setting
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.store import MAX_SCAN_ROWS
from tests.support.archives import prune
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis

LAST = 12
"""Height up to which the archive goes: three files."""
WISHED = [Finding(Part.DATABASE, "database", "it is fetched anew")]


@pytest.fixture
def setting(home: Home) -> Setting:
    """A home whose node nobody else knows of: it dials nobody, and listens where nobody looks."""
    found = read_setting(home)
    p2p = msgspec.structs.replace(found.config.p2p, listen="127.0.0.1:0", peers=())
    certificate = make_certificate(found.secrets.node_seed, found.node.name)
    return replace(
        found,
        config=msgspec.structs.replace(found.config, p2p=p2p),
        secrets=replace(found.secrets, certificate=certificate),
    )


@pytest.fixture
def files(setting: Setting) -> MemoryFiles:
    """An archive of the home's own blocks."""
    store, copy, files = open_store(setting, setting.home.database), MemoryStore(), MemoryFiles()
    copy.write(store.scan(b"", limit=MAX_SCAN_ROWS).rows, sync=True)
    store.close()
    prune(copy, setting.genesis, files, LAST)
    return files


def tree(home: Home) -> dict[str, bytes]:
    """Return every file of a home but those of the database: every look at it renames them."""
    kept = (path for path in home.root.rglob("*") if path.is_file() and path.parent != home.database)
    return {str(path.relative_to(home.root)): path.read_bytes() for path in kept}


def rows(setting: Setting) -> list[tuple[bytes, bytes]]:
    store = open_store(setting, setting.home.database)
    try:
        return store.scan(b"", limit=MAX_SCAN_ROWS).rows
    finally:
        store.close()


def run(setting: Setting, files: MemoryFiles, told: list[str]) -> None:
    """Ask for a new database, which is refused: the home is what it was."""
    before, held = tree(setting.home), rows(setting)
    try:
        repair(setting, WISHED, 1, told.append, ArchivedBodies(ArchiveFolder(files)))
    finally:
        assert tree(setting.home) == before
        assert rows(setting) == held
        assert not (setting.home.data / WORK_FOLDER).exists()


def names(files: MemoryFiles, end: str = ".zst") -> list[str]:
    return [name for name in files.names("") if name.endswith(end)]


def overwrite(files: MemoryFiles, name: str, data: bytes) -> None:
    handle = files.open(name)
    handle.truncate(0)
    handle.append(data)
    handle.sync()


Lie = Callable[[list[ArchivedBlock]], object]


def lie(files: MemoryFiles, number: int, change: Lie) -> None:
    """Change the blocks of a file, and let its manifest name the new checksum."""
    folder = ArchiveFolder(files)
    manifest = folder.manifests()[number]
    opening, blocks = open_segment("test", folder.read(manifest))
    kept = list(blocks)
    change(kept)
    data = pack_segment(opening, kept)
    forged = msgspec.structs.replace(manifest, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    overwrite(files, manifest.data_name, data)
    overwrite(files, manifest.name, encode_manifest(forged))


def without_quorum(blocks: list[ArchivedBlock]) -> None:
    commit: Commit = COMMITS.decode(blocks[1].commit)
    fewer = msgspec.structs.replace(commit, signatures=commit.signatures[:2])
    blocks[1] = msgspec.structs.replace(blocks[1], commit=encode(fewer))


def without_bundles(blocks: list[ArchivedBlock]) -> None:
    blocks[1] = msgspec.structs.replace(blocks[1], bundles=())


def swapped(blocks: list[ArchivedBlock]) -> None:
    blocks[1], blocks[2] = blocks[2], blocks[1]


def test_the_archive_is_executed_and_without_peers_nothing_is_changed(
    setting: Setting, files: MemoryFiles
) -> None:
    told: list[str] = []
    with pytest.raises(CannotRepair, match=f"no block comes after height {LAST}"):
        run(setting, files, told)
    assert told == [f"height {LAST} executed from the archive"]


def test_what_an_interrupted_repair_left_is_dropped_whatever_became_of_it(
    setting: Setting, files: MemoryFiles
) -> None:
    left = setting.home.data / WORK_FOLDER / setting.home.database.name
    open_store(setting, left).close()
    (left / "CURRENT").unlink()
    told: list[str] = []
    with pytest.raises(CannotRepair, match=f"no block comes after height {LAST}"):
        repair(setting, WISHED, 1, told.append, ArchivedBodies(ArchiveFolder(files)))
    assert told == [f"height {LAST} executed from the archive"]


def test_a_callback_that_dies_ends_the_repair_and_is_named(
    setting: Setting, files: MemoryFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tick(_follower: Follower) -> None:
        raise KeyError("what nobody has")

    monkeypatch.setattr(Follower, "_tick", tick)
    with pytest.raises(CannotRepair, match="KeyError: 'what nobody has'"):
        run(setting, files, [])


def other_genesis() -> Genesis:
    genesis = build_test_genesis(validators=4)
    return msgspec.structs.replace(genesis, chain_id="another", time_ms=genesis.time_ms + 1)


def test_an_archive_of_another_chain_is_refused(setting: Setting) -> None:
    other = OneNode(other_genesis())
    for _block in range(LAST + 2):
        other.produce()
    files = MemoryFiles()
    prune(other.store, other.genesis, files, LAST)
    with pytest.raises(WrongArchive, match=r"0{15}1-0{15}4.zst: height 1: "):
        run(setting, files, [])


@pytest.mark.parametrize("number", [0, 1])
def test_an_archive_with_a_gap_or_without_its_beginning_is_refused(
    setting: Setting, files: MemoryFiles, number: int
) -> None:
    for end in (".zst", ".json"):
        files.remove(names(files, end)[number])
    reason = "it begins at 9, and .* ends at 4" if number else "at height 5, and height 1 is needed first"
    with pytest.raises(WrongArchive, match=reason):
        run(setting, files, [])


@pytest.mark.parametrize("number", range(3))
def test_a_damaged_file_is_refused_by_its_name(setting: Setting, files: MemoryFiles, number: int) -> None:
    files.flip(names(files)[number], 30, 2)
    with pytest.raises(WrongArchive, match=names(files)[number]):
        run(setting, files, [])


def test_a_file_that_is_gone_is_refused_by_its_name(setting: Setting, files: MemoryFiles) -> None:
    name = names(files)[1]
    files.remove(name)
    with pytest.raises(WrongArchive, match=f"{name}: it is missing"):
        run(setting, files, [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (without_quorum, "height 6: "),
        (without_bundles, "height 6: bundles are missing"),
        (swapped, "height 6: "),
    ],
)
def test_a_lie_whose_checksums_match_is_refused_by_file_and_height(
    setting: Setting, files: MemoryFiles, change: Lie, reason: str
) -> None:
    lie(files, 1, change)
    with pytest.raises(WrongArchive, match=f"{names(files)[1]}: {reason}"):
        run(setting, files, [])
