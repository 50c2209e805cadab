"""API tokens: who may do what over HTTP.

A token is 32 random bytes in text form. The file holds only its SHA-256: whoever reads the file cannot use
it, and because a token is random, no slow hash is needed to keep it so. A revoked token stays in the file,
for those who look back. A running node notices a changed file at the next request.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Collection
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.files import DiskFiles, replace_file

TOKEN_BYTES: Final = 32
MAX_FILE_BYTES: Final = 4 << 20
_PREFIX: Final = "pt_"
"""So that scanners for leaked secrets know one when they see it."""
_ID_BYTES: Final = 4
_REMEDY: Final = "restore it from a backup, or remove it and make new tokens (packtrail token new)"


class Role(StrEnum):
    """What a token allows."""

    SUBMIT = "submit"
    """Send documents, capture EPCIS, confirm drafts."""
    READ_OWN = "read_own"
    """Read what concerns the token's partner."""
    READ_ALL = "read_all"
    """Read everything that this node's ledger holds."""
    REGULATOR = "regulator"
    """Read as an inspector."""
    OPERATOR = "operator"
    """See and steer the node's running."""
    ADMIN = "admin"
    """Change who may do what."""


class TokenEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One token, as it stands in the file."""

    id: str
    """8 hex digits: how people name it."""
    name: str
    """What it is for."""
    digest: str
    """SHA-256 of the token's text, hex."""
    roles: tuple[Role, ...]
    """What it allows, sorted."""
    created: str
    """When, RFC 3339."""
    partner: str = ""
    """GLN of the only partner it may act for; empty for every partner of the node."""
    revoked: str = ""
    """When it was revoked, RFC 3339; empty while it is valid."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: a changed bit must not change what somebody may do."""

    checksum: str
    tokens: tuple[TokenEntry, ...]


class TokenGrant(msgspec.Struct, frozen=True):
    """What a request with a valid token may do."""

    id: str
    """Of the token, for the log."""
    name: str
    """What the token is for."""
    roles: frozenset[Role]
    """What it allows."""
    partner: str
    """GLN of the only partner it may act for; empty for every partner of the node."""

    def allows(self, *roles: Role) -> bool:
        """Tell whether any of these roles is granted."""
        return not self.roles.isdisjoint(roles)


class NoSuchToken(LookupError):
    """There is no token of this id, or more than one id begins so."""


class TokenFile:
    """The tokens of one node. Not for two threads at once."""

    def __init__(self, path: Path, draw: Callable[[int], bytes] = secrets.token_bytes) -> None:
        """Prepare; the file is read when it is needed, and a missing one holds no tokens.

        Args:
            path: `Home.tokens`.
            draw: Returns so many random bytes.
        """
        self._path = path
        self._files = DiskFiles(path.parent)
        self._draw = draw
        self._seen: tuple[int, int, int] | None = None
        self._grants: dict[str, TokenGrant] = {}

    def create(
        self, name: str, roles: Collection[Role], created: str, partner: str = ""
    ) -> tuple[str, TokenEntry]:
        """Make a token; its text is returned here and kept nowhere.

        Args:
            name: What it is for.
            roles: At least one.
            created: The present, RFC 3339.
            partner: GLN of the only partner it may act for, or empty.

        Raises:
            ValueError: No role.
            StorageFailed: The disk refused.
            StorageDamaged: The file is not one of tokens.
        """
        if not roles:
            raise ValueError("a token without a role allows nothing")
        entries = self.list()
        token = _PREFIX + base64.urlsafe_b64encode(self._draw(TOKEN_BYTES)).rstrip(b"=").decode("ascii")
        taken = {entry.id for entry in entries}
        identifier = self._draw(_ID_BYTES).hex()
        while identifier in taken:
            identifier = self._draw(_ID_BYTES).hex()
        entry = TokenEntry(identifier, name, _digest(token), tuple(sorted(set(roles))), created, partner)
        self._save((*entries, entry))
        return token, entry

    def list(self) -> tuple[TokenEntry, ...]:
        """Return all tokens, revoked ones too, oldest first.

        Raises:
            StorageDamaged: The file is not one of tokens.
            StorageFailed: The disk refused.
        """
        data = self._files.read(self._path.name) if self._path.parent.is_dir() else None
        if data is None:
            return ()
        if len(data) > MAX_FILE_BYTES:
            raise StorageDamaged(str(self._path), f"{len(data)} bytes are too many for a file of tokens")
        try:
            file = msgspec.json.decode(data, type=_File)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise StorageDamaged(str(self._path), f"{error}; {_REMEDY}") from error
        if file.checksum != _checksum(file.tokens):
            raise StorageDamaged(str(self._path), f"it does not match its checksum; {_REMEDY}")
        return file.tokens

    def revoke(self, identifier: str, revoked: str) -> TokenEntry:
        """Make a token invalid for ever.

        Args:
            identifier: Its id, or the first digits of it.
            revoked: The present, RFC 3339.

        Raises:
            NoSuchToken: None, or several, have such an id.
            StorageDamaged: The file is not one of tokens.
            StorageFailed: The disk refused.
        """
        entries = self.list()
        found = [entry for entry in entries if entry.id.startswith(identifier)]
        if len(found) != 1 or not identifier:
            raise NoSuchToken(f"{len(found)} tokens have an id that begins with {identifier!r}")
        (old,) = found
        new = old if old.revoked else msgspec.structs.replace(old, revoked=revoked)
        self._save(tuple(new if entry is old else entry for entry in entries))
        return new

    def check(self, token: str) -> TokenGrant | None:
        """Return what a token allows, or None for an unknown or revoked one.

        Costs a look at the file's time stamp; the file is read again when that changed.

        Raises:
            StorageDamaged: The file was changed into something that is not one of tokens.
            StorageFailed: The disk refused.
        """
        # A header may hold any bytes, and Python hands them on as half surrogate pairs: no text has them.
        if not token.isascii():
            return None
        self._refresh()
        return self._grants.get(_digest(token))

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._seen, self._grants = None, {}
            return
        except OSError as error:
            raise StorageFailed(str(self._path), error.strerror or str(error)) from error
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen == self._seen:
            return
        valid = [entry for entry in self.list() if not entry.revoked]
        # Set only now: a file that cannot be read is read again at the next request.
        self._grants = {entry.digest: _grant(entry) for entry in valid}
        self._seen = seen

    def _save(self, entries: tuple[TokenEntry, ...]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = _File(_checksum(entries), entries)
        data = msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"
        replace_file(self._files, self._path.name, data)


def _checksum(entries: tuple[TokenEntry, ...]) -> str:
    return hashlib.sha256(msgspec.json.encode(entries)).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _grant(entry: TokenEntry) -> TokenGrant:
    return TokenGrant(entry.id, entry.name, frozenset(entry.roles), entry.partner)
