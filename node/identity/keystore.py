"""Keys at rest: one JSON file per key, its secret encrypted under a passphrase.

argon2id turns passphrase and salt into a key; SecretBox encrypts the kind, the name and the 32-byte seed, so
that a file that was renamed into another kind of key does not open. The public key stands outside, so it can
be listed and exported without the passphrase. Files have mode 0600 and are replaced atomically.

    node.json, validator.json, partner-NAME.json       keys in use
    ….json.retired-XXXXXXXX                            rotated out, named by the first bytes of the public key

Kinds are never shared: the node key speaks TLS, the validator key votes, partner keys sign bundles.
"""

import os
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import msgspec
from nacl import exceptions, pwhash, secret

from contracts.chain.parameters import as_rows
from contracts.primitives import signing
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.hashing import Domain
from contracts.primitives.signing import SEED_BYTES, PublicKey
from node.storage.files import FileSystem, replace_file

FILE_VERSION: Final = 1
MAX_NAME_CHARACTERS: Final = 63
_MAX_FILE_BYTES: Final = 4096
_MAX_OPERATIONS: Final = 16
_MAX_MEMORY_BYTES: Final = 4 << 30
_CHECKSUM: Final = Domain("packtrail/key-file/1")
_SUFFIX: Final = ".json"


class KeyKind(StrEnum):
    """What a key is for."""

    NODE = "node"
    VALIDATOR = "validator"
    PARTNER = "partner"


class KeyCost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Work that unlocking takes, for the owner and for one who guesses."""

    operations: int
    """Passes over the memory."""
    memory_bytes: int
    """Memory used."""


COSTS: Final = {
    "minimum": KeyCost(pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN),
    "interactive": KeyCost(pwhash.argon2id.OPSLIMIT_INTERACTIVE, pwhash.argon2id.MEMLIMIT_INTERACTIVE),
    "moderate": KeyCost(pwhash.argon2id.OPSLIMIT_MODERATE, pwhash.argon2id.MEMLIMIT_MODERATE),
    "sensitive": KeyCost(pwhash.argon2id.OPSLIMIT_SENSITIVE, pwhash.argon2id.MEMLIMIT_SENSITIVE),
}
"""libsodium's levels. `moderate` (256 MiB) is for production; `minimum` (8 KiB) for test networks only."""


class KeystoreError(Exception):
    """A key cannot be used; the message says which and why."""


class KeyMissing(KeystoreError):
    """There is no such key."""


class KeyExists(KeystoreError):
    """There is such a key already; it is never overwritten, only rotated."""


class WrongPassphrase(KeystoreError):
    """The file is intact, the passphrase does not open it."""


class KeyDamaged(KeystoreError):
    """The file is not a key file of this form, or was changed."""


class KeyInfo(msgspec.Struct, frozen=True):
    """What may be told about a key."""

    kind: KeyKind
    """What it is for."""
    name: str
    """Name of a partner key; empty for the others, of which there is one."""
    public_key: bytes
    """32 bytes."""


class UnlockedKey:
    """A key ready to sign. Its text form does not show the seed."""

    __slots__ = ("info", "seed")

    def __init__(self, info: KeyInfo, seed: bytes) -> None:
        """Hold a seed of 32 bytes."""
        self.info = info
        self.seed = seed

    @property
    def public_key(self) -> PublicKey:
        """32 bytes."""
        return PublicKey(self.info.public_key)

    def __repr__(self) -> str:
        """Name the key, not its secret."""
        return f"UnlockedKey({self.info!r})"


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file, as JSON; bytes are base64."""

    version: int
    kind: KeyKind
    name: str
    public_key: bytes
    argon2id: KeyCost
    salt: bytes
    box: bytes
    checksum: bytes = b""

    def with_checksum(self) -> "_KeyFile":
        blank = msgspec.structs.replace(self, checksum=b"")
        return msgspec.structs.replace(self, checksum=_CHECKSUM.hash(encode(as_rows(blank))))


class _Secret(msgspec.Struct, frozen=True, array_like=True):
    kind: str
    name: str
    seed: bytes


_SECRETS: Decoder[_Secret] = Decoder(_Secret, _MAX_FILE_BYTES)


class Keystore:
    """The keys in one folder. Unlocking takes time on purpose: not on the event loop."""

    def __init__(self, files: FileSystem, folder: str, draw: Callable[[int], bytes] = os.urandom) -> None:
        """Prepare.

        Args:
            files: Where the folder is.
            folder: Its name; made when the first key is.
            draw: Returns so many random bytes.
        """
        self._files = files
        self._folder = folder
        self._draw = draw

    def _path(self, kind: KeyKind, name: str) -> str:
        if (kind is KeyKind.PARTNER) != bool(name):
            raise KeystoreError("a partner key has a name; node and validator keys have none")
        allowed = all(
            character.isascii() and (character.isalnum() or character in "._-") for character in name
        )
        if not allowed or len(name) > MAX_NAME_CHARACTERS:
            raise KeystoreError(
                f"{name!r}: a key's name is 1 to 63 of A-Z, a-z, 0-9, dot, hyphen, underscore"
            )
        return f"{self._folder}/{f'{kind}-{name}' if name else kind}{_SUFFIX}"

    # ------------------------------------------------------------------------------------- making

    def create(
        self, kind: KeyKind, passphrase: bytes, cost: KeyCost, name: str = "", seed: bytes = b""
    ) -> KeyInfo:
        """Make a key and store it, durably.

        Args:
            kind: What it is for.
            passphrase: Opens it again.
            cost: Work that opening it takes.
            name: For a partner key.
            seed: 32 bytes of a key that exists elsewhere; empty draws a new one.

        Raises:
            KeyExists: There is one already.
            KeystoreError: A name or seed that no key has.
            StorageFailed: The disk refused.
        """
        path = self._path(kind, name)
        if self._files.read(path) is not None:
            raise KeyExists(f"{path} is there already; rotate it instead")
        self._files.make_folder(self._folder)
        return self._write(path, kind, name, passphrase, cost, seed)

    def _write(
        self, path: str, kind: KeyKind, name: str, passphrase: bytes, cost: KeyCost, seed: bytes
    ) -> KeyInfo:
        seed = seed or self._draw(SEED_BYTES)
        if len(seed) != SEED_BYTES:
            raise KeystoreError(f"a seed has {SEED_BYTES} bytes, this one {len(seed)}")
        salt = self._draw(pwhash.argon2id.SALTBYTES)
        box = _box(passphrase, salt, cost).encrypt(
            encode(_Secret(kind, name, seed)), self._draw(secret.SecretBox.NONCE_SIZE)
        )
        public_key = signing.public_key_of(seed)
        file = _KeyFile(FILE_VERSION, kind, name, public_key, cost, salt, bytes(box)).with_checksum()
        replace_file(self._files, path, msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n")
        return KeyInfo(kind, name, public_key)

    def rotate(self, kind: KeyKind, passphrase: bytes, cost: KeyCost, name: str = "") -> KeyInfo:
        """Put a new key in the place of one that the passphrase opens; the old file is kept, renamed.

        The ledger does not know the new key yet: that is a matter of governance, not of files.

        Raises:
            KeystoreError: As `load`.
            StorageFailed: The disk refused; the old key is still in place, or the new one is.
        """
        old = self.load(kind, passphrase, name)
        path = self._path(kind, name)
        data = self._files.read(path)
        if data is None:
            raise KeyMissing(f"{path}: there is no such key")
        replace_file(self._files, f"{path}.retired-{old.public_key[:4].hex()}", data)
        return self._write(path, kind, name, passphrase, cost, b"")

    def change_passphrase(self, old: bytes, new: bytes) -> Sequence[KeyInfo]:
        """Encrypt all keys in use under another passphrase; their costs stay, retired keys stay as they are.

        All are opened before the first is written. When it was interrupted, the same call again finishes it:
        a key that the new passphrase opens is done.

        Args:
            old: Opens the keys now.
            new: Opens them afterwards.

        Raises:
            WrongPassphrase: Neither opens one of the keys; nothing was changed.
            KeyDamaged: A file was changed; nothing was changed here.
            StorageFailed: The disk refused; some keys may be under the new passphrase already.
        """
        keys = self.list()
        opened = [key for info in keys if (key := self._still_under(info, old, new)) is not None]
        for key in opened:
            path = self._path(key.info.kind, key.info.name)
            self._write(path, key.info.kind, key.info.name, new, self._read(path).argon2id, key.seed)
        return keys

    def _still_under(self, info: KeyInfo, old: bytes, new: bytes) -> UnlockedKey | None:
        """Return a key that the old passphrase opens; None when the new one does."""
        try:
            return self.load(info.kind, old, info.name)
        except WrongPassphrase:
            self.load(info.kind, new, info.name)
            return None

    # ------------------------------------------------------------------------------------ reading

    def _read(self, path: str) -> _KeyFile:
        data = self._files.read(path)
        if data is None:
            raise KeyMissing(f"{path}: there is no such key")
        # Who sees a key tells the network of it: a command that was killed may not have made it durable.
        self._files.sync_folder(self._folder)
        try:
            if len(data) > _MAX_FILE_BYTES:
                raise KeyDamaged(f"{path}: {len(data)} bytes are too many for a key file")
            file = msgspec.json.decode(data, type=_KeyFile)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise KeyDamaged(f"{path}: {error}") from error
        if file.version != FILE_VERSION:
            raise KeyDamaged(f"{path}: of version {file.version}, this release reads {FILE_VERSION}")
        # Before the checksum, which is made of numbers that have a place in the ledger's encoding.
        cost = file.argon2id
        if not (0 < cost.operations <= _MAX_OPERATIONS and 0 < cost.memory_bytes <= _MAX_MEMORY_BYTES):
            raise KeyDamaged(f"{path}: asks for {cost.operations} passes over {cost.memory_bytes} bytes")
        if file.checksum != file.with_checksum().checksum:
            raise KeyDamaged(f"{path}: it does not match its checksum")
        return file

    def load(self, kind: KeyKind, passphrase: bytes, name: str = "") -> UnlockedKey:
        """Open a key.

        Raises:
            KeyMissing: There is no such key.
            WrongPassphrase: The passphrase does not open it.
            KeyDamaged: The file was changed.
        """
        path = self._path(kind, name)
        file = self._read(path)
        try:
            plain = _box(passphrase, file.salt, file.argon2id).decrypt(file.box)
            opened = _SECRETS.decode(plain)
        except exceptions.CryptoError as error:
            raise WrongPassphrase(f"{path}: this passphrase does not open it") from error
        except MalformedBytes as error:
            raise KeyDamaged(f"{path}: {error}") from error
        if (opened.kind, opened.name) != (kind, name):
            raise KeyDamaged(f"{path}: it holds the key {opened.kind} {opened.name!r}, under another's name")
        if signing.public_key_of(opened.seed) != file.public_key:
            raise KeyDamaged(f"{path}: its public key is not that of its secret")
        return UnlockedKey(KeyInfo(kind, name, file.public_key), opened.seed)

    def list(self) -> Sequence[KeyInfo]:
        """Return what may be told about all keys in use, sorted by file; needs no passphrase.

        Raises:
            KeyDamaged: A file was changed.
        """
        names = [name for name in self._files.names(self._folder) if name.endswith(_SUFFIX)]
        files = [self._read(f"{self._folder}/{name}") for name in names]
        return [KeyInfo(file.kind, file.name, file.public_key) for file in files]

    def find(self, kind: KeyKind, name: str = "") -> KeyInfo:
        """Return what may be told about one key; needs no passphrase.

        Raises:
            KeyMissing: There is no such key.
            KeyDamaged: The file was changed.
        """
        file = self._read(self._path(kind, name))
        return KeyInfo(file.kind, file.name, file.public_key)


def _box(passphrase: bytes, salt: bytes, cost: KeyCost) -> secret.SecretBox:
    try:
        key = pwhash.argon2id.kdf(
            secret.SecretBox.KEY_SIZE,
            passphrase,
            salt,
            opslimit=cost.operations,
            memlimit=cost.memory_bytes,
        )
    except (exceptions.CryptoError, ValueError) as error:
        raise KeystoreError(f"argon2id with {cost.memory_bytes} bytes of memory: {error}") from error
    return secret.SecretBox(key)
