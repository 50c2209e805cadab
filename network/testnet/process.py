"""A process by its number and the moment it started, so that a number given out again is never mistaken.

A network outlives the command that started it: what remains is what a file says. A process id alone may by
then belong to somebody else; with the start time that the kernel keeps beside it, it cannot (Linux, proc(5)).
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

_STATE_FIELD: Final = 0
_START_FIELD: Final = 19
_USER_FIELD: Final = 11
_SYSTEM_FIELD: Final = 12
_RESIDENT_FIELD: Final = 21
"""Fields of /proc/PID/stat behind the command's closing bracket: state comes first, starttime twentieth."""
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_POLL_S: Final = 0.05

Pause = Callable[[float], None]
"""Waits for so many seconds."""


class ProcessId(msgspec.Struct, frozen=True):
    """One process, for ever."""

    pid: int
    """Its number."""
    started: int
    """When it started, in clock ticks since boot."""


def identify(pid: int) -> ProcessId | None:
    """Return the identity of the running process with this number, or None when there is none."""
    fields = _stat(pid)
    return None if fields is None else ProcessId(pid, int(fields[_START_FIELD]))


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name may itself hold brackets and blanks: the fields begin behind the last one.
    return text.rpartition(")")[2].split()


def is_running(process: ProcessId) -> bool:
    """Tell whether this very process still runs; one that ended and was not waited for does not."""
    # A child of ours that ended is released here, and no longer found below.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    fields = _stat(process.pid)
    if fields is None or fields[_STATE_FIELD] in "ZX":
        return False
    return int(fields[_START_FIELD]) == process.started


def cpu_seconds(process: ProcessId) -> float:
    """Return the CPU time that this very process has taken, all threads together; 0 when it has ended."""
    fields = _stat(process.pid)
    if fields is None or int(fields[_START_FIELD]) != process.started:
        return 0.0
    return (int(fields[_USER_FIELD]) + int(fields[_SYSTEM_FIELD])) / _TICKS_PER_SECOND


def resident_bytes(process: ProcessId) -> int:
    """Return how much memory this very process holds; 0 when it has ended."""
    fields = _stat(process.pid)
    if fields is None or int(fields[_START_FIELD]) != process.started:
        return 0
    return int(fields[_RESIDENT_FIELD]) * _PAGE_BYTES


def send(process: ProcessId, number: signal.Signals) -> bool:
    """Send a signal to this very process; return False when it has ended."""
    if not is_running(process):
        return False
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_until_ended(process: ProcessId, timeout_s: float, pause: Pause = time.sleep) -> bool:
    """Wait for it to end; return False when it still runs after `timeout_s`."""
    for _ in range(max(1, round(timeout_s / _POLL_S))):
        if not is_running(process):
            return True
        pause(_POLL_S)
    return not is_running(process)


def stop(process: ProcessId, timeout_s: float, pause: Pause = time.sleep) -> bool:
    """Ask a process to end (SIGTERM); return False when it has not done so in time."""
    if not send(process, signal.SIGTERM):
        return True
    # A stopped process gets its signals when it goes on.
    send(process, signal.SIGCONT)
    return wait_until_ended(process, timeout_s, pause)


def kill(process: ProcessId, timeout_s: float = 10.0, pause: Pause = time.sleep) -> bool:
    """End a process at once (SIGKILL); return False when the kernel has not done so in time."""
    send(process, signal.SIGKILL)
    return wait_until_ended(process, timeout_s, pause)
