"""What a measurement printed, kept with its command, commit, day and Python: for the documentation."""

import os
import platform
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path


def measured_commit() -> str:
    """Return the commit that is checked out; to be asked before the first table changes the tree."""
    described = subprocess.run(
        ("git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"),
        capture_output=True,
        text=True,
        check=False,
    )
    return described.stdout.strip() or "not known: no git here"


def record(path: Path, command: str, commit: str, lines: Sequence[str]) -> None:
    """Keep what a command has just printed.

    Args:
        path: Replaced.
        command: How to get it again.
        commit: What it measured: `measured_commit`.
        lines: What it printed.
    """
    head = (
        f"command: {command}",
        f"commit: {commit}",
        f"day: {time.strftime('%Y-%m-%d', time.gmtime())}",
        f"Python: {platform.python_version()}, {os.cpu_count()} processors",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((*head, "", *lines, "")), encoding="utf-8")
