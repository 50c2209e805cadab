"""`packtrail node archive`: contents of old blocks go from a stopped node's database into an archive."""

from pathlib import Path
from typing import NamedTuple

from cli.failures import CommandError, Exit
from cli.local import disk_errors, load_genesis, load_settings
from cli.output import Format, say, write_facts
from node.home import Home


class Retention(NamedTuple):
    """What the operator wants kept."""

    days: int
    """Days of block time."""
    heights: int
    """Blocks."""
    contents: bool
    """Remove nothing from the database."""
    despite_recalls: bool
    """Do not care for open recalls."""


def archive_home(home: Home, to: Path, retention: Retention, output: Format) -> None:
    """Write an archive, and remove from the database what is in it.

    Raises:
        CommandError: The folder holds another archive, or a damaged one; what is not in it was not removed.
    """
    from contracts.chain.genesis import genesis_hash
    from node.archive.folder import ArchiveFolder
    from node.archive.manifest import WrongArchive
    from node.archive.pruning import Pruning
    from node.archive.retention import last_to_archive
    from node.storage.archived import bodies_from
    from node.storage.errors import HistoryArchived
    from node.storage.files import DiskFiles
    from node.storage.head import check_identity
    from node.storage.leveldb import LevelOptions, open_level
    from node.storage.snapshot_files import SnapshotFiles
    from node.storage.store import BUNDLES

    genesis = load_genesis(home.resolve(load_settings(home).node.genesis))
    folder = to.expanduser().absolute()
    if folder.is_relative_to(home.data):
        raise CommandError(
            Exit.USAGE,
            f"{folder} is among the node's own files",
            "Name a folder of its own, on another disk.",
        )
    with disk_errors():
        store = open_level(home.database, LevelOptions(), create=False)
        try:
            check_identity(store, genesis_hash(genesis))
            limit = last_to_archive(
                *(store, retention.days, retention.heights, SnapshotFiles(DiskFiles(home.data)).heights()),
                despite_recalls=retention.despite_recalls,
            )
            say(f"Contents up to height {max(limit.last, 0)} may be archived: {limit.reason}.")
            pruning = Pruning(store, genesis, ArchiveFolder(DiskFiles(folder)))
            try:
                done = pruning.run(limit.last, progress, keep=retention.contents)
            except (WrongArchive, HistoryArchived) as error:
                raise CommandError(
                    Exit.FAILED,
                    str(error),
                    "Nothing was removed that the archive has not. packtrail archive verify checks a folder.",
                ) from error
            if done.bundles:
                say("The database gives the room back …")
                store.compact(BUNDLES)
            kept_from = bodies_from(store)
        finally:
            store.close()
    facts = {
        "archive": str(folder),
        "archived_to": done.last,
        "kept_from": kept_from,
        "because": limit.reason,
        "files_written": done.segments,
        "bytes_written": done.bytes,
        "bundles_removed": done.bundles,
    }
    write_facts(output, facts, "Archived")


def progress(height: int) -> None:
    """Tell people where it is."""
    say(f"height {height} …")
