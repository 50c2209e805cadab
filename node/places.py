"""A new database takes the place of the one in a home: all of it or nothing, whatever is interrupted.

The new one and its head marker, complete, wait in a folder of their own. Then what was in the home goes
aside (moved, never removed), and they move in. Such a folder in a home without a database means that this was
interrupted: whoever opens the home next finishes it. Beside a database it is of a change that had not begun.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from node.home import HEAD_FILE, Home
from node.storage.errors import StorageFailed
from node.storage.files import DiskFiles
from node.storage.head_marker import HeadMarker, MarkerState, load_head_marker, save_head_marker

NEXT_FOLDER: Final = "next"
"""Below the data folder: a complete database and its head marker, on their way to their place."""
ASIDE_FOLDER: Final = "damaged"
"""Below the data folder, with a number: where damaged parts are kept."""


def change_places(home: Home, work: Path, head: HeadMarker, along: Iterable[str] = ()) -> Path:
    """Give a new database its place, durably.

    Args:
        home: Of a stopped node, and nobody else's meanwhile; every database is closed.
        work: A folder of the data folder with the new database in it; what else it holds is removed.
        head: Of the new database.
        along: Below the data folder: what goes aside with the database and its marker.

    Returns:
        The folder with what went aside.

    Raises:
        StorageFailed, OSError: The disk refused; who opens the home next finds the one database or the other.
    """
    save_head_marker(DiskFiles(work), HEAD_FILE, head)
    work.rename(home.data / NEXT_FOLDER)
    DiskFiles(home.data).sync_folder("")
    aside = aside_folder(home.data)
    # The marker is last: without it, what a database has lost would not show.
    move_aside(home.data, aside, [*along, home.database.name, HEAD_FILE])
    if not change_waits(home):
        reason = f"the new database is not there, or another one is in its place; what was here is in {aside}"
        raise StorageFailed(str(home.data / NEXT_FOLDER), reason)
    take_place(home)
    return aside


def take_place(home: Home) -> bool:
    """Finish a change of places that was interrupted; tell whether there was one.

    Args:
        home: Of a stopped node, and nobody else's meanwhile: the change may be under way in another process.

    Raises:
        StorageFailed, OSError: The disk refused.
    """
    waiting = home.data / NEXT_FOLDER
    is_due = change_waits(home)
    if is_due:
        # A process that was killed may have synced nothing of what it put aside.
        for kept in home.data.glob(f"{ASIDE_FOLDER}-*"):
            DiskFiles(kept).sync_folder("")
        # The database comes last: until then this is done again.
        for name in (HEAD_FILE, home.database.name):
            if (waiting / name).exists():
                (waiting / name).rename(home.data / name)
                DiskFiles(home.data).sync_folder("")
    if waiting.exists():
        shutil.rmtree(waiting)
    return is_due


def change_waits(home: Home) -> bool:
    """Tell whether a new database waits, and the one that was here is gone."""
    return (home.data / NEXT_FOLDER / home.database.name).exists() and not home.database.exists()


def why_missed(home: Home, height: int, what: str = "it") -> str:
    """Say why a home without a database has lost it; empty for one that never had any.

    Args:
        home: Without a database in its place.
        height: Was durable in it, as is known from elsewhere; 0 when nothing is.
        what: Is missing: the database, or its head.
    """
    marker = load_head_marker(DiskFiles(home.data), HEAD_FILE)
    if isinstance(marker, HeadMarker):
        height = max(height, marker.height)
    if height:
        return f"{what} is missing, and height {height} was durable in it"
    return f"{what} is missing, and there was one" if marker is MarkerState.UNREADABLE else ""


def aside_folder(data: Path) -> Path:
    """Return the next folder for damaged parts; it does not exist yet."""
    number = 1
    while (data / f"{ASIDE_FOLDER}-{number}").exists():
        number += 1
    return data / f"{ASIDE_FOLDER}-{number}"


def move_aside(data: Path, aside: Path, names: Iterable[str]) -> None:
    """Move what there is of these files and folders of the data folder, durably, one after the other.

    Args:
        data: The data folder.
        aside: From `aside_folder`.
        names: Below the data folder.
    """
    aside.mkdir(mode=0o700)
    DiskFiles(data).sync_folder("")
    for name in names:
        if (data / name).exists():
            (data / name).rename(aside / name)
            # First where it is now: in between it may be in both places, never in none.
            DiskFiles(aside).sync_folder("")
            DiskFiles(data).sync_folder("")
