"""A node's home on this machine, as commands open it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from cli.failures import CommandError, Exit
from network.description import NodeRecord, is_whole, sealed
from node.home import Home

if TYPE_CHECKING:
    from contracts.chain.genesis import Genesis
    from node.config.schema import Config

DEFAULT_HOME: Final = Path("~/.packtrail")
KEYS_FOLDER: Final = "keys"
"""The keystore's folder, in the file system of the home."""

LocalHomeOption = Annotated[
    Path,
    typer.Option("--home", metavar="FOLDER", envvar="PACKTRAIL_HOME", help="The node's home folder."),
]
NoInputOption = Annotated[
    bool, typer.Option("--no-input", help="Never ask; fail where an answer would be needed.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to every question.")]


def record_file(home: Home) -> Path:
    """Return where a home keeps the public part of its keys."""
    return home.record


def open_home(root: Path) -> Home:
    """Return the home in `root`.

    Raises:
        CommandError: There is none.
    """
    home = Home(root.expanduser().absolute())
    if not home.config.is_file():
        raise CommandError(
            Exit.NOT_FOUND,
            f"{home.root} is no node's home",
            "packtrail init makes one; --home names another.",
        )
    return home


def load_settings(home: Home) -> "Config":
    """Return the home's configuration, environment variables included.

    Raises:
        CommandError: It is not valid.
    """
    from node.config.errors import InvalidConfig
    from node.config.load import read_config

    try:
        return read_config(home.config, os.environ).config
    except InvalidConfig as error:
        raise CommandError(
            Exit.USAGE, str(error), "packtrail config schema shows what is expected."
        ) from error


def read_bytes(path: Path) -> bytes:
    """Return a file's content.

    Raises:
        CommandError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CommandError(Exit.NOT_FOUND, f"there is no file {path}") from error
    except OSError as error:
        raise CommandError(Exit.FAILED, f"{path} cannot be read: {error.strerror}") from error


def load_genesis(path: Path) -> "Genesis":
    """Return a complete genesis.

    Raises:
        CommandError: There is none, or no network may start from it.
    """
    from contracts.chain.genesis import InvalidGenesis, decode_genesis

    try:
        return decode_genesis(read_bytes(path))
    except InvalidGenesis as error:
        raise CommandError(Exit.FAILED, f"{path}: {error}", "packtrail genesis show checks it.") from error


def load_record(path: Path) -> NodeRecord:
    """Return the public part of a node's keys.

    Raises:
        CommandError: The file is none, or was changed.
    """
    try:
        record = msgspec.json.decode(read_bytes(path), type=NodeRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(
            Exit.USAGE, f"{path} is no node's record: {error}", "packtrail keys export writes one."
        ) from error
    if not is_whole(record):
        raise CommandError(
            Exit.USAGE,
            f"{path} does not match its checksum: it was changed after it was written",
            "Fetch it again from whoever sent it, or from a backup. If you changed it yourself, take its"
            " checksum out.",
        )
    return record


def save_record(home: Home, record: NodeRecord) -> NodeRecord:
    """Write the public part of a home's keys, with its checksum, and return it so."""
    whole = sealed(record)
    write_private(record_file(home), msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n")
    return whole


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read (mode 0600), durably; replaces one of that name."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def disk_errors() -> Iterator[None]:
    """Turn what a disk or a keystore refuses into a command's end."""
    from node.identity.keystore import KeystoreError
    from node.identity.passphrase import NoPassphrase
    from node.storage.errors import StorageBusy, StorageDamaged, StorageError

    try:
        yield
    except StorageDamaged as damage:
        raise CommandError(
            Exit.FAILED,
            str(damage),
            "packtrail node repair finds all that is damaged, and fetches from peers what they have.",
        ) from damage
    except StorageBusy as busy:
        raise CommandError(
            Exit.FAILED,
            str(busy),
            "A node that runs has it open: packtrail node stop, or wait for a command.",
        ) from busy
    except (KeystoreError, NoPassphrase, StorageError) as error:
        raise CommandError(Exit.FAILED, str(error)) from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise CommandError(Exit.FAILED, f"{where}{error.strerror or error}") from error
