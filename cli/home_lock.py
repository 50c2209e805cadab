"""One process at a time changes a home: `node start`, or a command on the home of a stopped node.

Two at once could take each other's database away in the midst of a change of places. So each of them locks
the home's own folder (flock) until it ends; what works beside a running node locks nothing. There is no file
that could stay behind: however a process ends, the kernel lets its lock go.
"""

import fcntl
import os
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from cli.failures import CommandError, Exit
from cli.local import disk_errors, open_home
from cli.output import say
from network.testnet.process import Pause, ProcessId, identify, is_running
from node.home import Home
from node.places import take_place

_LOCKS: Final = Path("/proc/locks")
_POLL_S: Final = 0.05
_FINISHED: Final = (
    "A repair or reindex was interrupted at its very end: the new database is in its place now."
)
_LETTING_GO_S: Final = 5
"""A process that was killed keeps its lock until its last thread has ended: one may wait for the disk."""


@contextmanager
def stopped_home(home: Path, meanwhile: str = "") -> Iterator[Home]:
    """Have a stopped node's home for oneself; what a repair left between two renames is finished.

    Args:
        home: Its folder.
        meanwhile: What people should know who stop its node for this; a sentence.

    Raises:
        CommandError: There is no home, or it is in use, or the disk refused.
    """
    place = open_home(home)
    with locked(place, meanwhile):
        with disk_errors():
            if take_place(place):
                say(_FINISHED)
        yield place


@contextmanager
def locked(home: Home, meanwhile: str = "", pause: Pause = time.sleep) -> Iterator[None]:
    """Keep everybody else out who changes this home.

    Args:
        home: It must be there.
        meanwhile: What people should know who stop its node for this; a sentence.
        pause: Waits for a process that was killed.

    Raises:
        CommandError: Its node runs, or another command has it, or the disk refused.
    """
    process = process_of(home)
    if process is not None and is_running(process):
        raise CommandError(
            Exit.FAILED,
            f"the node in {home.root} runs, as process {process.pid}",
            f"packtrail node stop --home {home.root}{meanwhile and f'. {meanwhile}'}",
        )
    with disk_errors():
        # Of all folders of a home, its own is the one that no command and no operator moves or deletes.
        folder = os.open(home.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with disk_errors():
            _lock(folder, home, pause)
        yield
    finally:
        os.close(folder)


def process_of(home: Home) -> ProcessId | None:
    """Return the process that the home's file names; None when there is no such file."""
    try:
        return msgspec.json.decode(home.process_id.read_bytes(), type=ProcessId)
    except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # Half a file is what a full disk leaves; the home's lock still keeps a second node out.
        return None


def _lock(folder: int, home: Home, pause: Pause) -> None:
    holder = None
    for _ in range(round(_LETTING_GO_S / _POLL_S)):
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(folder)
            if holder is not None and is_running(holder):
                break
            pause(_POLL_S)
        else:
            return
    raise CommandError(
        Exit.FAILED,
        f"{home.root} is in use by {'another process' if holder is None else _described(holder)}",
        "One at a time changes a home: wait until it has ended, or end it.",
    )


def _holder(folder: int) -> ProcessId | None:
    """Return who has locked an open folder; None when it cannot be told, as from within another container."""
    found = os.fstat(folder)
    name = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    try:
        lines = _LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        match line.split():
            case [_number, "FLOCK", _kind, "WRITE", pid, where, *_range] if where == name:
                return identify(int(pid))
    return None


def _described(process: ProcessId) -> str:
    try:
        words = Path(f"/proc/{process.pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        words = ""
    command = shlex.join(words.rstrip("\0").split("\0"))
    return f"process {process.pid}{words and f', {command}'}"
