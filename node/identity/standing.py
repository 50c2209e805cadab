"""Whether this home is where its validator signed last, or a copy that knows less than the network (ADR 22).

A home that is brought back from a backup is whole, and wrong: its signer's record ends earlier than what its
key has signed. Nothing in the copy says so. So a file that is never touched (`place`) and the identity that
the file system gave it (inode and time of its last change, which no copy takes along) tell whether the home
was copied. A home that is not in its place does not vote until `node/host/rejoining.py` has learned from
which height on it may; that height is kept here, too. A rollback of the whole disk is not seen here.
"""

import zlib
from typing import Final

import msgspec

from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.files import FileSystem, folder_of, replace_file

PLACE_FILE: Final = "place"
"""Never touched; beside the signer's record."""
STANDING_FILE: Final = "standing"
"""What its identity was, and from which height on this validator votes."""
NOWHERE: Final = b""
"""No file has this identity: the validator does not vote."""
_CRC_BYTES: Final = 4
_MARK: Final = b"The identity of this file tells whether this folder was copied. Do not touch it.\n"


class _Standing(msgspec.Struct, frozen=True, array_like=True):
    """What the file says."""

    place: bytes
    """Identity of the place file when this validator was last allowed to vote."""
    votes_from: int
    """It votes from this height on."""


_STANDINGS: Decoder[_Standing] = Decoder(_Standing)


class Standing:
    """What one validator's home knows of its right to vote. Blocking; for one thread at a time.

    Attributes:
        votes_from: First height at which it may vote; None while nobody knows.
    """

    def __init__(self, files: FileSystem) -> None:
        """Prepare; `open` reads."""
        self._files = files
        self.votes_from: int | None = None

    def open(self) -> None:
        """Read the file, and compare the place; a missing or damaged file allows nothing."""
        known, found = self._read(), self._files.identity(PLACE_FILE)
        is_here = known is not None and found is not None and known.place == found != NOWHERE
        self.votes_from = known.votes_from if known is not None and is_here else None

    def _read(self) -> _Standing | None:
        data = self._files.read(STANDING_FILE)
        if data is None or zlib.crc32(data[_CRC_BYTES:]).to_bytes(_CRC_BYTES, "big") != data[:_CRC_BYTES]:
            return None
        try:
            return _STANDINGS.decode(data[_CRC_BYTES:])
        except MalformedBytes:
            return None

    def allow(self, height: int) -> None:
        """Let the validator vote from a height on, here; durable on return.

        Raises:
            StorageFailed: The disk refused.
        """
        if self._files.read(PLACE_FILE) != _MARK:
            place = self._files.open(PLACE_FILE)
            place.truncate(0)
            place.append(_MARK)
            place.sync()
            place.close()
            self._files.sync_folder(folder_of(PLACE_FILE))
        self._write(_Standing(self._files.identity(PLACE_FILE) or NOWHERE, height))
        self.votes_from = height

    def suspend(self) -> None:
        """Let the validator vote no more, until it is allowed again; durable on return.

        Raises:
            StorageFailed: The disk refused.
        """
        self._write(_Standing(NOWHERE, 0))
        self.votes_from = None

    def _write(self, standing: _Standing) -> None:
        body = encode(standing)
        replace_file(self._files, STANDING_FILE, zlib.crc32(body).to_bytes(_CRC_BYTES, "big") + body)
