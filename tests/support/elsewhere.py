"""A database that another process has open, as a running node has it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STAY = """
import pathlib, sys
from node.storage.leveldb import LevelOptions, open_level
store = open_level(pathlib.Path(sys.argv[1]), LevelOptions(), create=False)
print(flush=True)
sys.stdin.read()
store.close()
"""


@contextmanager
def opened_elsewhere(folder: Path) -> Iterator[None]:
    """Have another process open the database in `folder`, until the end."""
    command = [sys.executable, "-c", _STAY, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"\n"
        yield
        other.communicate()
    assert other.returncode == 0
