"""Where damaged parts of a home are kept: moved, never removed."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from node.storage.files import DiskFiles

ASIDE_FOLDER: Final = "damaged"
"""Below the data folder, with a number: where damaged parts are kept."""


def aside_folder(data: Path) -> Path:
    """Return the next folder for damaged parts; it does not exist yet."""
    number = 1
    while (data / f"{ASIDE_FOLDER}-{number}").exists():
        number += 1
    return data / f"{ASIDE_FOLDER}-{number}"


def move_aside(data: Path, aside: Path, names: Iterable[str]) -> None:
    """Move what there is of these files and folders of the data folder; durable on return.

    Args:
        data: The data folder.
        aside: From `aside_folder`.
        names: Below the data folder.
    """
    aside.mkdir(mode=0o700)
    for name in names:
        if (data / name).exists():
            (data / name).rename(aside / name)
    # First where they are now: in between they may be in both places, never in none.
    DiskFiles(aside).sync_folder("")
    DiskFiles(data).sync_folder("")
