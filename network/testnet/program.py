"""The program that operators type, run as a process of its own: the only way this package acts on nodes."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

COMMAND_TIMEOUT_S: Final = 120.0
"""How long a command may take that is no node."""
_LAST_LINES: Final = 20


class CommandFailed(RuntimeError):
    """A command ended with an error; the message holds what it said."""


class Program:
    """How `packtrail` is started here."""

    def __init__(self, command: Sequence[str]) -> None:
        """Take the words that come before the arguments, such as the interpreter and the module."""
        self._command = tuple(command)

    def run(self, *arguments: str) -> bytes:
        """Run a command to its end and return its standard output.

        Raises:
            CommandFailed: It ended with an error, or not in time.
        """
        # The commands are those of an operator with no terminal, whatever this one's environment says.
        environment = _environment()
        try:
            done = subprocess.run(
                [*self._command, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=COMMAND_TIMEOUT_S,
                env=environment,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CommandFailed(f"packtrail {' '.join(arguments)}: {error}") from error
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", errors="replace").strip()
            raise CommandFailed(f"packtrail {' '.join(arguments)} ended with {done.returncode}: {said}")
        return done.stdout

    def start(self, arguments: Sequence[str], log: Path) -> int:
        """Start a command that stays, in a process group of its own; return its process id.

        Args:
            arguments: What to run.
            log: Where its output goes, behind what is there.

        Raises:
            CommandFailed: It could not be started.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with log.open("ab") as output:
                started = subprocess.Popen(
                    [*self._command, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    env=_environment(),
                )
        except OSError as error:
            raise CommandFailed(f"packtrail {' '.join(arguments)}: {error}") from error
        pid = started.pid
        # The node is found again by its number and waited for there; this object would warn that it runs.
        started.returncode = 0
        return pid


def _environment() -> dict[str, str]:
    """This environment without what would steer a node's configuration or a command's target."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PACKTRAIL_")}
    return {**kept, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}


def last_lines(log: Path, count: int = _LAST_LINES) -> list[str]:
    """Return the last lines of a log; none when there is no log."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return text.splitlines()[-count:]
