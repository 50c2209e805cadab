"""A look into a database of a stopped node that changes nothing in it.

LevelDB writes whenever it opens a database: what its log holds becomes a table, a new log and a new manifest
begin, left-overs are removed. So the look is into another folder, where the tables are links, for nobody
ever writes into a table, and all else is a copy. Only tables that the manifest names are there: a new one
never has the number of one of these, so nothing is ever written through a link.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from node.storage.errors import StorageBusy, StorageDamaged, StorageFailed
from node.storage.level_files import is_table, live_table_names
from node.storage.leveldb import LevelOptions, LevelStore, open_level

TEMPORARY_PREFIX: Final = "packtrail-"
"""Of the name of a folder for copies."""
_LOCK_FILE: Final = "LOCK"
_NOT_READ: Final = frozenset((_LOCK_FILE, "LOG", "LOG.old"))
"""What is no part of the data."""


@contextmanager
def glanced_level(folder: Path) -> Iterator[LevelStore]:
    """Yield a store with what the database in `folder` has; what is written there is lost.

    Args:
        folder: Of a database that this process has not open.

    Raises:
        StorageDamaged: As `open_level`.
        StorageBusy: Another process has it open.
        StorageFailed: There is no database here, or the disk refused.
    """
    with tempfile.TemporaryDirectory(prefix=TEMPORARY_PREFIX) as temporary:
        copy = Path(temporary) / folder.name
        with laid_out(folder, copy):
            try:
                with closing(open_level(copy, LevelOptions(), create=False)) as store:
                    yield store
            except (StorageDamaged, StorageFailed) as error:
                # People look for it where it is, not where it was looked at.
                where, reason = (text.replace(str(copy), str(folder)) for text in (error.where, error.reason))
                raise type(error)(where, reason) from error


@contextmanager
def laid_out(folder: Path, copy: Path) -> Iterator[None]:
    """Lay out a database that opens as the one in `folder` would; meanwhile nobody opens that one.

    Args:
        folder: Of a database that this process has not open: its lock would be lost.
        copy: A folder that does not exist yet; no longer of use afterwards.

    Raises:
        StorageBusy: Another process has it open.
        StorageFailed: The disk refused.
    """
    with _kept_closed(folder):
        try:
            _lay_out(folder.absolute(), copy)
        except (OSError, shutil.Error) as error:
            raise StorageFailed(str(folder), str(error)) from error
        yield


@contextmanager
def _kept_closed(folder: Path) -> Iterator[None]:
    """Have the lock that LevelDB takes, shared; without its file, which LevelDB makes, nobody has it."""
    where = folder / _LOCK_FILE
    try:
        lock = os.open(where, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield
        return
    except OSError as error:
        raise StorageFailed(str(where), error.strerror or str(error)) from error
    try:
        try:
            fcntl.lockf(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            raise StorageBusy(str(folder), "another process has it open") from error
        except OSError as error:
            raise StorageFailed(str(where), error.strerror or str(error)) from error
        yield
    finally:
        os.close(lock)


def _lay_out(folder: Path, copy: Path) -> None:
    copy.mkdir(mode=0o700)
    live = live_table_names(folder)
    for source in folder.iterdir():
        name = source.name
        if not is_table(name):
            if name not in _NOT_READ and source.is_file():
                shutil.copyfile(source, copy / name)
        elif live is None or name in live:
            # Without a manifest that reads, LevelDB refuses before it would write a table.
            (copy / name).symlink_to(source)
