"""A home whose old blocks went into an archive; what becomes of a damage in that archive.

`packtrail archive verify` names each, and nothing is taken from it: contents come back from what is whole, or
not at all; and the next run that archives removes no file.
"""

from pathlib import Path
from typing import Final, NamedTuple

from contracts.chain.genesis import Genesis, decode_genesis
from node.archive.folder import ArchiveFolder
from node.archive.inspecting import inspect_archive
from node.archive.manifest import WrongArchive
from node.archive.pruning import Pruning
from node.archive.restoring import restore
from node.archive.segment import ArchivedBlock, Opening, open_segment
from node.home import Home
from node.storage.files import DiskFiles
from node.storage.leveldb import open_level
from node.storage.memory import MemoryStore
from node.storage.store import BUNDLES, MAX_SCAN_ROWS, KeyValueStore
from tests.damage.cases import Case
from tests.damage.home import SMALL

LAST_YEAR: Final = 5
"""Height up to which the first run archived."""
LAST: Final = 10
"""Height up to which the second one did."""
_SEGMENT_HEIGHTS: Final = 3

Rows = dict[bytes, bytes]


class WholeArchive(NamedTuple):
    """An archive, and the two databases on either side of it."""

    folder: Path
    """Its files."""
    genesis: Genesis
    """Of the network."""
    decoded: tuple[tuple[Opening, tuple[ArchivedBlock, ...]], ...]
    """Everything in it."""
    before: Rows
    """The database that had all contents."""
    after: Rows
    """The one from which they were removed."""


def archive_home(home: Home, folder: Path) -> WholeArchive:
    """Archive old blocks of a home, in two runs: the newest writes of its database are the second one's."""
    genesis = decode_genesis(home.genesis.read_bytes())
    store = open_level(home.database, SMALL, create=False)
    before = _rows(store)
    _prune(store, genesis, folder, LAST_YEAR)
    store.compact(BUNDLES)
    _prune(store, genesis, folder, LAST)
    after = _rows(store)
    store.close()
    return WholeArchive(folder, genesis, _decoded(folder), before, after)


def archived_again(whole: WholeArchive, rows: Rows) -> Rows:
    """Return what the next run makes of a database."""
    store = _store(rows)
    _prune(store, whole.genesis, whole.folder, LAST)
    return _rows(store)


def fate_of_archive(whole: WholeArchive, case: Case, folder: Path) -> tuple[str, str]:
    """Look at a damaged copy of an archive.

    Args:
        whole: What it was.
        case: What was done to it.
        folder: The copy.

    Returns:
        What `packtrail archive verify` says, and what is wrong with that; each empty for nothing.
    """
    found = inspect_archive(
        ArchiveFolder(DiskFiles(folder)), whole.genesis, lambda _height: None, lambda _fault: None
    )
    said = "; ".join(map(str, found.faults))
    if not said:
        return said, "" if _decoded(folder) == whole.decoded else "blocks changed"
    if case.file.stem not in said:
        return said, "the file is not named"
    return said, _taken(whole, folder) or _lost(whole, folder)


def _taken(whole: WholeArchive, folder: Path) -> str:
    """Bring contents back: what comes is what it was."""
    store = _store(whole.after)
    try:
        restore(store, whole.genesis, ArchiveFolder(DiskFiles(folder)), 1, lambda _height: None)
    except WrongArchive:
        # What came back before the damaged file is right; the rest is as it was.
        known = {*whole.before.items(), *whole.after.items()}
        wrong = [
            key for key, value in _rows(store).items() if (key, value) not in known and key[:1] == BUNDLES
        ]
        return f"{len(wrong)} bundles came back changed" if wrong else ""
    return "" if _rows(store) == whole.before else "something else came back"


def _lost(whole: WholeArchive, folder: Path) -> str:
    """Archive more: no file of blocks goes, whatever the command makes of the archive."""
    blocks = {path.name for path in folder.glob("*.zst")}
    store = _store(whole.after)
    try:
        _prune(store, whole.genesis, folder, LAST + 1)
    except WrongArchive:
        if _rows(store) != whole.after:
            return "contents were removed although the archive was refused"
    missing = blocks - {path.name for path in folder.glob("*.zst")}
    return f"{sorted(missing)} were removed" if missing else ""


def _prune(store: KeyValueStore, genesis: Genesis, folder: Path, last: int) -> None:
    archive = ArchiveFolder(DiskFiles(folder))
    Pruning(store, genesis, archive, _SEGMENT_HEIGHTS).run(last, lambda _height: None)


def _decoded(folder: Path) -> tuple[tuple[Opening, tuple[ArchivedBlock, ...]], ...]:
    archive = ArchiveFolder(DiskFiles(folder))
    opened = [open_segment(one.data_name, archive.read(one)) for one in archive.manifests()]
    return tuple((opening, tuple(blocks)) for opening, blocks in opened)


def _store(rows: Rows) -> MemoryStore:
    store = MemoryStore()
    store.write(rows.items(), sync=True)
    return store


def _rows(store: KeyValueStore) -> Rows:
    return dict(store.scan(b"", limit=MAX_SCAN_ROWS).rows)
