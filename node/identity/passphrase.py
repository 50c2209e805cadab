"""The passphrase that opens a node's keys: from the environment or from a file, never from the command line.

A command line is visible to every user of the machine. Order: PACKTRAIL_PASSPHRASE or
PACKTRAIL_PASSPHRASE_FILE, then the file that the configuration names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

TEXT_VARIABLE: Final = "PACKTRAIL_PASSPHRASE"
FILE_VARIABLE: Final = "PACKTRAIL_PASSPHRASE_FILE"
MAX_PASSPHRASE_BYTES: Final = 4096


class NoPassphrase(Exception):
    """There is no usable passphrase; the message says where one was looked for."""


def read_passphrase(environment: Mapping[str, str], configured: Path | None) -> bytes:
    """Return the passphrase, without a line's end at its end.

    Args:
        environment: Environment variables.
        configured: The file that the configuration names, or None.

    Raises:
        NoPassphrase: None is set, both variables are, it is empty or too long, or the file cannot be read.
    """
    text, named = environment.get(TEXT_VARIABLE), environment.get(FILE_VARIABLE)
    if text is not None and named is not None:
        raise NoPassphrase(f"both {TEXT_VARIABLE} and {FILE_VARIABLE} are set; use one")
    if text is not None:
        return _checked(text.encode(), TEXT_VARIABLE)
    path = configured if named is None else Path(named)
    if path is None:
        raise NoPassphrase(
            f"set {TEXT_VARIABLE} or {FILE_VARIABLE}, or keys.passphrase_file in the configuration"
        )
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PASSPHRASE_BYTES + 3)
    except OSError as error:
        by = "keys.passphrase_file in the configuration" if named is None else FILE_VARIABLE
        raise NoPassphrase(f"{path}, which {by} names: {error.strerror or error}") from error
    return _checked(data.removesuffix(b"\n").removesuffix(b"\r"), str(path))


def _checked(passphrase: bytes, source: str) -> bytes:
    if not passphrase:
        raise NoPassphrase(f"{source}: the passphrase is empty")
    if len(passphrase) > MAX_PASSPHRASE_BYTES:
        raise NoPassphrase(f"{source}: a passphrase has at most {MAX_PASSPHRASE_BYTES} bytes")
    return passphrase
