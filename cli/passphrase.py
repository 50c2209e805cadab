"""Where commands take the passphrase of a node's keys from: the node's own sources, else a person."""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import typer

from cli.failures import CommandError, Exit
from cli.local import write_private
from cli.output import say
from node.identity.passphrase import (
    FILE_VARIABLE,
    TEXT_VARIABLE,
    NoPassphrase,
    read_passphrase,
)

_RANDOM_BYTES: Final = 32


def new_passphrase(file: Path | None, *, may_ask: bool) -> bytes:
    """Return the passphrase for keys that are about to be made.

    Args:
        file: A file that holds it; when it does not exist, a random passphrase is written there.
        may_ask: Whether a person may be asked for it, twice.

    Raises:
        CommandError: There is none, and nobody to ask.
    """
    if file is not None:
        _make(file)
    if file is not None or _in_environment():
        return _read(file)
    return _ask(confirm=True, may_ask=may_ask)


def known_passphrase(configured: Path | None, *, may_ask: bool) -> bytes:
    """Return the passphrase of keys that exist; raises as `new_passphrase`."""
    if configured is not None or _in_environment():
        return _read(configured)
    return _ask(confirm=False, may_ask=may_ask)


def chosen_passphrase(file: Path | None, *, may_ask: bool) -> bytes:
    """Return the passphrase that is to take another's place: from a file, made when missing, or asked for.

    The environment holds the other one. Raises as `new_passphrase`.
    """
    if file is None:
        return _ask(confirm=True, may_ask=may_ask, what="New passphrase")
    _make(file)
    return _read(file, {})


def _make(file: Path) -> None:
    """Write a random passphrase to a file that does not exist."""
    if not file.exists():
        write_private(file, secrets.token_hex(_RANDOM_BYTES).encode() + b"\n")
        say(f"A new passphrase is in {file}. Keep a copy elsewhere: without it the keys are lost.")


def _in_environment() -> bool:
    return TEXT_VARIABLE in os.environ or FILE_VARIABLE in os.environ


def _read(file: Path | None, environment: Mapping[str, str] = os.environ) -> bytes:
    try:
        return read_passphrase(environment, file)
    except NoPassphrase as error:
        raise CommandError(Exit.FAILED, str(error)) from error


def _ask(*, confirm: bool, may_ask: bool, what: str = "Passphrase") -> bytes:
    if not may_ask or not sys.stdin.isatty():
        raise CommandError(
            Exit.USAGE,
            "the keys need a passphrase",
            f"Name a file with --passphrase-file, or set {TEXT_VARIABLE} or {FILE_VARIABLE}.",
        )
    text: str = typer.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True)
    return text.encode()
