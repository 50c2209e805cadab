"""What a damaged database still gives: what only this node knew, and who may connect by its ledger.

It also tells whether its chain is a branch that does not stand, after a fork that the operators have settled.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from contracts.chain.genesis import Node
from node.assembly import open_store
from node.last_height import last_height, last_known
from node.setting import Setting
from node.storage.base import base_height
from node.storage.blocks import BlockStore
from node.storage.errors import StorageError
from node.storage.forks import load_settled
from node.storage.governance import Governance
from node.storage.head import load_head
from node.storage.level_files import check_level_files
from node.storage.leveldb import LevelStore, repair_level
from node.storage.store import LOCAL, MAX_SCAN_ROWS

COPY_FOLDER: Final = "copy"
"""Below the work folder; removed when everything was read."""


class Salvaged(msgspec.Struct, frozen=True):
    """What was read."""

    kept_rows: int
    """Rows that only this node knew, copied."""
    nodes: tuple[Node, ...]
    """Every node that may connect: as the damaged ledger has it, and those of genesis that it has not."""
    since: int
    """Height after which these nodes may connect; 0 for those of genesis."""
    is_whole: bool = True
    """Whether these rows are all that there were; when not, some could not be read, or nobody can tell."""
    parted_at: int = 0
    """Lowest height at which another block than was here stands, as operators have settled; 0 for none."""


def salvage(setting: Setting, work: Path, target: LevelStore) -> Salvaged:
    """Read a damaged database as far as it can be read; the one in the home stays as it is.

    Args:
        setting: Of the stopped node.
        work: A folder for a copy: reading a damaged database mends what it can in place.
        target: The new database.
    """
    nothing = Salvaged(0, setting.genesis.nodes, 0, is_whole=False)
    folder = setting.home.database
    if not folder.exists():
        return nothing
    copy = work / COPY_FOLDER
    shutil.copytree(folder, copy)
    try:
        whole = _copy_whole(setting, copy, target)
        repair_level(copy)
        source = open_store(setting, copy)
        try:
            kept = _copy_rows(source, target) if whole is None else whole
            own = Salvaged(kept, nothing.nodes, 0, whole is not None, _parted_at(source))
            return _with_nodes(own, source)
        finally:
            source.close()
    except StorageError:
        return nothing
    finally:
        shutil.rmtree(copy)


def _copy_whole(setting: Setting, folder: Path, target: LevelStore) -> int | None:
    """Copy every row that only this node knows, as it stands; None when they cannot all be read.

    What LevelDB makes of a damaged database is another matter: it lacks rows, and old ones come back.
    Nor are they all there where the end of what was durable, or voted on top of, is gone.
    """
    try:
        check_level_files(folder)
        source = open_store(setting, folder)
    except StorageError:
        return None
    try:
        head, is_settled = load_head(source), bool(load_settled(source))
        count = copy_own_rows(source, target)
    except StorageError:
        return None
    finally:
        source.close()
    # After a settled fork, what this validator signed last may be of the other branch, which was longer.
    durable = _marked(setting) if is_settled else last_height(setting)
    return None if head is None or head.height < durable else count


def _marked(setting: Setting) -> int:
    marker = last_known(setting)
    return 0 if marker is None else marker.height


def copy_own_rows(source: LevelStore, target: LevelStore) -> int:
    """Let a database have the rows that only this node knows as another has them; return how many.

    Raises:
        StorageError: A row cannot be read, or the disk refused.
    """
    for rows in _own_rows(target):
        target.write([(key, None) for key, _value in rows], sync=True)
    count = 0
    for rows in _own_rows(source):
        target.write(rows, sync=True)
        count += len(rows)
    return count


def _copy_rows(source: LevelStore, target: LevelStore) -> int:
    """Copy as many as can be read."""
    count = 0
    try:
        for rows in _own_rows(source):
            target.write(rows, sync=True)
            count += len(rows)
    except StorageError:
        pass
    return count


def _own_rows(store: LevelStore) -> Iterator[list[tuple[bytes, bytes]]]:
    start: bytes | None = None
    while True:
        page = store.scan(LOCAL, start=start, limit=MAX_SCAN_ROWS)
        yield page.rows
        if page.resume is None:
            return
        start = page.resume


def _parted_at(source: LevelStore) -> int:
    try:
        blocks, base = BlockStore(source), base_height(source)
        for height, stands in sorted(load_settled(source).items()):
            own = blocks.commit_of(height)
            # A block that cannot be found may have been the other one; below a snapshot there never was any.
            if height > base and (own is None or own.block_id != stands):
                return height
    except StorageError:
        # Not known, so everything that was durable here is asked for: the repair refuses rather than guesses.
        return 0
    return 0


def _with_nodes(salvaged: Salvaged, source: LevelStore) -> Salvaged:
    """Add who may connect; a list without its height, or no list, is of no use.

    Rows may be lost, so a node that is not listed was removed or is only not readable: it may come, for
    nothing is believed here that the commits do not prove.
    """
    try:
        head, nodes = load_head(source), Governance(source).listed()
    except (StorageError, ValueError):
        return salvaged
    if head is None or not nodes:
        return salvaged
    by_name = {node.name: node for node in (*salvaged.nodes, *nodes)}
    return msgspec.structs.replace(salvaged, nodes=tuple(by_name.values()), since=head.height)
