"""The signer: one value per (height, round, step), for ever.

The order is that of consensus/SPEC.md (the host, 2): the inputs are in the log and fsynced, then the message
is signed, then the signer's record is fsynced, and only then does the signature leave this module. Asked
again for a step that is on record, it gives the same signature; asked for another value, or an older step, it
refuses.

The record keeps what was signed in the current round with lock and valid value, so a restart without log
still knows both (`StartHeight.signed`). The key stays inside; a hardware module would implement `Signer`.
"""

from typing import Final, Protocol

import msgspec

from consensus.effects import Sign
from consensus.values import Step
from contracts.chain.votes import VoteType, proposal_sign_bytes, vote_sign_bytes
from contracts.primitives import signing
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.signing import PublicKey, Signature
from node.storage.errors import StorageDamaged, StorageError
from node.storage.files import FileSystem
from node.storage.slots import MAX_RECORD_BYTES, SlotFile, create_slots

RECORD_VERSION: Final = 1
_WITHOUT_RECORD: Final = (
    "not knowing what it signed last, this validator could sign a step twice, and does not start"
)


class DoubleSignRefused(Exception):
    """A second value for a step, or a step older than one already signed. The node must not vote on."""


class WrongSignerRecord(StorageError):
    """A record of another key or network, or one that must not be overwritten."""


class SignedStep(msgspec.Struct, frozen=True, array_like=True):
    """One message that was signed."""

    sign: Sign
    """What was asked for: height, round, step, value, lock, valid value."""
    sign_bytes: bytes
    """The bytes that were signed."""
    signature: bytes
    """64 bytes."""


class SignerRecord(msgspec.Struct, frozen=True, array_like=True):
    """What is on disk."""

    version: int
    """1."""
    chain_id: str
    """Network it signs for."""
    public_key: bytes
    """32 bytes, the key it belongs to."""
    signed: tuple[SignedStep, ...]
    """All steps signed in the newest round, ascending; empty before the first."""


_RECORDS: Decoder[SignerRecord] = Decoder(SignerRecord, MAX_RECORD_BYTES)


class Signer(Protocol):
    """Signs proposals and votes."""

    @property
    def public_key(self) -> PublicKey:
        """The key that votes are signed with."""
        ...

    @property
    def last(self) -> SignedStep | None:
        """The newest step signed, or None when nothing was signed yet."""
        ...

    def sign(self, request: Sign) -> Signature:
        """Return the signature on this step; when it returns, the record of it is durable. It blocks.

        Raises:
            DoubleSignRefused: Another value for a signed step, or an older step.
            StorageFailed: The record could not be written; nothing was released.
        """
        ...

    def find(self, height: int, round_: int, step: Step) -> SignedStep | None:
        """Return what was signed for this step, or None; only the newest round is kept."""
        ...


def sign_bytes_of(chain_id: str, request: Sign) -> bytes:
    """Return the bytes that this request signs.

    Raises:
        ValueError: Only PROPOSE, PREVOTE and PRECOMMIT are signed.
    """
    match request.step:
        case Step.PROPOSE:
            return proposal_sign_bytes(
                chain_id, request.height, request.round, request.block_id, request.valid_round
            )
        case Step.PREVOTE:
            return vote_sign_bytes(
                chain_id, VoteType.PREVOTE, request.height, request.round, request.block_id
            )
        case Step.PRECOMMIT:
            return vote_sign_bytes(
                chain_id, VoteType.PRECOMMIT, request.height, request.round, request.block_id
            )
        case Step.IDLE | Step.DECIDED:
            raise ValueError(f"nothing is signed in step {request.step.name}")


def create_signer_record(files: FileSystem, name: str, chain_id: str, public_key: bytes) -> None:
    """Create the record of a key that has never signed. For `init` only: a lost record is not replaced.

    Raises:
        WrongSignerRecord: There is a record already.
        StorageFailed: The disk refused.
    """
    if files.read(name) is not None:
        raise WrongSignerRecord(name, "a signer's record is there already; it is never overwritten")
    create_slots(files, name, encode(SignerRecord(RECORD_VERSION, chain_id, public_key, ())))


class FileSigner:
    """Signs with a key held in memory; its record is a file of mirrored slots. For one thread at a time."""

    def __init__(self, files: FileSystem, name: str, chain_id: str, seed: bytes) -> None:
        """Prepare; `open` reads the record.

        Args:
            files: Where the record is.
            name: Name of the record's file.
            chain_id: Network it signs for.
            seed: 32 bytes, the validator key.
        """
        self._slots = SlotFile(files, name)
        self._name = name
        self._chain_id = chain_id
        self._seed = seed
        self._public_key = signing.public_key_of(seed)
        self._signed: tuple[SignedStep, ...] = ()

    def open(self) -> None:
        """Read the record.

        Raises:
            StorageDamaged: It is missing or damaged. Signing on without it could sign a step twice.
            WrongSignerRecord: It belongs to another key or network.
        """
        try:
            self._slots.open()
        except StorageDamaged as damage:
            raise StorageDamaged(damage.where, f"{damage.reason}; {_WITHOUT_RECORD}") from damage
        try:
            record = _RECORDS.decode(self._slots.record)
        except MalformedBytes as error:
            raise StorageDamaged(self._name, str(error)) from error
        expected = (RECORD_VERSION, self._chain_id, self._public_key)
        if (record.version, record.chain_id, record.public_key) != expected:
            raise WrongSignerRecord(
                self._name,
                f"it is of version {record.version}, network {record.chain_id!r},"
                f" key {record.public_key.hex()}; expected {RECORD_VERSION}, {self._chain_id!r},"
                f" {self._public_key.hex()}",
            )
        self._signed = record.signed

    def close(self) -> None:
        """Close the record's file."""
        self._slots.close()

    @property
    def public_key(self) -> PublicKey:
        """The key that votes are signed with."""
        return self._public_key

    @property
    def last(self) -> SignedStep | None:
        """The newest step signed, or None when nothing was signed yet."""
        return self._signed[-1] if self._signed else None

    def find(self, height: int, round_: int, step: Step) -> SignedStep | None:
        """Return what was signed for this step, or None; only the newest round is kept."""
        for entry in self._signed:
            if _position(entry.sign) == (height, round_, step):
                return entry
        return None

    def sign(self, request: Sign) -> Signature:
        """Return the signature on this step; when it returns, the record of it is durable.

        Raises:
            DoubleSignRefused: Another value for a signed step, or an older step.
            StorageFailed: The record could not be written; nothing was released.
            ValueError: A step in which nothing is signed.
        """
        message = sign_bytes_of(self._chain_id, request)
        known = self.find(request.height, request.round, request.step)
        if known is not None:
            if known.sign_bytes != message:
                raise DoubleSignRefused(f"{_describe(request)}: another value is signed for this step")
            return Signature(known.signature)
        last = self.last
        if last is not None and _position(request) < _position(last.sign):
            raise DoubleSignRefused(f"{_describe(request)}: {_describe(last.sign)} is signed already")
        signature = signing.sign(self._seed, message)
        same_round = last is not None and _position(last.sign)[:2] == (request.height, request.round)
        signed = (*(self._signed if same_round else ()), SignedStep(request, message, signature))
        self._slots.save(encode(SignerRecord(RECORD_VERSION, self._chain_id, self._public_key, signed)))
        self._signed = signed
        return signature


def _position(request: Sign) -> tuple[int, int, Step]:
    return request.height, request.round, request.step


def _describe(request: Sign) -> str:
    return f"height {request.height}, round {request.round}, {request.step.name.lower()}"
