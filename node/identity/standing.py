"""Whether this home is where its validator signed last, or a copy that knows less than the network (ADR 22).

A home that is brought back from a backup is whole, and wrong: its signer's record ends earlier than what its
key has signed. Nothing in the copy says so. So two things tell whether the home was copied. A file that is
made at a start and then never touched (`place`) has an identity that the file system gave it: inode and time
of its last change, which no copy takes along. And the signer's record is only ever written in place, so its
inode stays: a tool that puts back what differs, and leaves the place alone, puts another file there.

A home that is not in its place does not vote until `node/host/rejoining.py` has learned from which height on
it may; that height is kept here, too. A rollback of the whole disk is not seen here, nor is a record whose
bytes were replaced in the same file by those of a copy made since the last start.
"""

import zlib
from typing import Final

import msgspec

from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.home import SIGNER_FILE
from node.storage.files import FileSystem, replace_file

PLACE_FILES: Final = ("place", "place-2")
"""One of them is there, and never touched; beside the signer's record."""
STANDING_FILE: Final = "standing"
"""What the identities were, and from which height on this validator votes."""
NOWHERE: Final = b""
"""No file has this identity: the validator does not vote."""
_FOLDER: Final = ""
"""Where all of them are."""
_CRC_BYTES: Final = 4
_MARK: Final = b"The identity of this file tells whether this folder was copied. Do not touch it.\n"


class _Standing(msgspec.Struct, frozen=True, array_like=True):
    """What the file says."""

    place: bytes
    """Identity of the place file when this validator was last allowed to vote."""
    votes_from: int
    """It votes from this height on."""
    signer: bytes
    """Inode of the signer's record then; empty when there was none."""


class _EarlierStanding(msgspec.Struct, frozen=True, array_like=True):
    """What the file said before it knew of the signer's record."""

    place: bytes
    """As above, of the first place file."""
    votes_from: int
    """As above."""


_STANDINGS: Decoder[_Standing] = Decoder(_Standing)
_EARLIER: Decoder[_EarlierStanding] = Decoder(_EarlierStanding)


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
        """Read the file, and compare; a missing or damaged file allows nothing.

        A home in its place gets a new one, so that copies made before this start have another place than this
        home, and what an earlier release wrote, which says nothing of the signer's record, holds this once.

        Raises:
            StorageFailed: The disk refused.
        """
        found, self.votes_from = self.look(), None
        if found is not None:
            self.allow(found)

    def look(self) -> int | None:
        """Return from which height on this home votes, as `open` would find; None when it listens first.

        Raises:
            StorageFailed: The disk refused.
        """
        known = self._read()
        is_here = known is not None and self._place(known) and known.signer == self._signer()
        return known.votes_from if known is not None and is_here else None

    def _read(self) -> _Standing | None:
        data = self._files.read(STANDING_FILE)
        if data is None or zlib.crc32(data[_CRC_BYTES:]).to_bytes(_CRC_BYTES, "big") != data[:_CRC_BYTES]:
            return None
        body = data[_CRC_BYTES:]
        try:
            return _STANDINGS.decode(body)
        except MalformedBytes:
            return self._read_earlier(body)

    def _read_earlier(self, body: bytes) -> _Standing | None:
        try:
            earlier = _EARLIER.decode(body)
        except MalformedBytes:
            return None
        return _Standing(earlier.place, earlier.votes_from, self._signer())

    def _place(self, known: _Standing | None) -> str | None:
        """Return the place file that has the identity which is known; None for none."""
        if known is None:
            return None
        return next((name for name in PLACE_FILES if self._files.identity(name) == known.place), None)

    def _signer(self) -> bytes:
        return self._files.inode(SIGNER_FILE) or b""

    def allow(self, height: int) -> None:
        """Let the validator vote from a height on, here; durable on return.

        The place in which this home is stays until the new one is known: stopped anywhere between, a home
        that was in its place is in its place.

        Raises:
            StorageFailed: The disk refused.
        """
        # What is known may not be durable yet, and what is durable may name the place that goes here.
        self._files.sync_folder(_FOLDER)
        here = self._place(self._read())
        new = next(name for name in PLACE_FILES if name != here)
        self._files.remove(new)
        place = self._files.open(new)
        place.append(_MARK)
        place.sync()
        place.close()
        self._files.sync_folder(_FOLDER)
        self._write(_Standing(self._files.identity(new) or NOWHERE, height, self._signer()))
        self._forget_places(new)
        self.votes_from = height

    def suspend(self) -> None:
        """Let the validator vote no more, until it is allowed again; durable on return.

        Raises:
            StorageFailed: The disk refused.
        """
        self._write(_Standing(NOWHERE, 0, b""))
        self._forget_places()
        self.votes_from = None

    def _write(self, standing: _Standing) -> None:
        body = encode(standing)
        replace_file(self._files, STANDING_FILE, zlib.crc32(body).to_bytes(_CRC_BYTES, "big") + body)

    def _forget_places(self, *kept: str) -> None:
        """Remove what a copy of an older standing might name."""
        for name in PLACE_FILES:
            if name not in kept:
                self._files.remove(name)
        self._files.sync_folder(_FOLDER)
