"""Persist, then speak: the only way in which this node's proposals and votes come to be.

The order is CONSENSUS.md's: everything the engine acted on is appended to the log, with the bytes of blocks
and bundles it vouches for; one fsync; then each message is signed, which makes the signer's record durable;
only then is the message handed out to be sent. A restart reads the log back, and the signer's record restores
the own messages that the log may have lost. Blocking; for one thread.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Protocol

import msgspec

from consensus.effects import Input, Sign, StartHeight
from consensus.values import Step
from contracts.chain.votes import Proposal, Vote, VoteType
from contracts.primitives.encoding import Decoder, encode
from node.identity.signer import SignedStep, Signer

MAX_ENTRY_BYTES = 16 << 20
"""Longest log entry: far above the largest block or bundle."""


class EntryKind(IntEnum):
    """What a log entry holds."""

    START = 1
    """The StartHeight input: the first entry of a height."""
    INPUT = 2
    """Another input of the engine."""
    BLOCK = 3
    """Bytes of a block this node may vote for."""
    BUNDLE = 4
    """Bytes of a bundle that such a block names."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One log entry."""

    kind: EntryKind
    """What `data` is."""
    height: int
    """Height it belongs to."""
    data: bytes
    """Encoded input, block or bundle."""


class Log(Protocol):
    """An append-only file: what was appended before a sync that returned survives."""

    def append(self, entry: bytes) -> None:
        """Append an entry; it may be lost until the next sync."""
        ...

    def sync(self) -> None:
        """Make every entry so far durable."""
        ...

    def read(self) -> Iterable[bytes]:
        """Return all entries, in order."""
        ...

    def start_height(self, height: int) -> None:
        """Begin the entries of `height`; those of heights before the previous one may be dropped."""
        ...


_ENTRIES: Decoder[Entry] = Decoder(Entry, MAX_ENTRY_BYTES)
_INPUTS: Decoder[Input] = Decoder(Input, MAX_ENTRY_BYTES)  # type: ignore[arg-type]


def input_entry(event: Input, height: int) -> Entry:
    """Build the entry that replays an input."""
    kind = EntryKind.START if isinstance(event, StartHeight) else EntryKind.INPUT
    return Entry(kind, height, encode(event))


def read_input(entry: Entry) -> Input:
    """Read an input back.

    Raises:
        MalformedBytes: The entry holds none.
    """
    return _INPUTS.decode(entry.data)


def message_of(step: SignedStep, validator: int) -> Proposal | Vote:
    """Return the signed message that a signer's record stands for.

    Args:
        step: The recorded step.
        validator: This node's index in the set of that height.
    """
    sign = step.sign
    if sign.step == Step.PROPOSE:
        return Proposal(sign.height, sign.round, sign.block_id, sign.valid_round, validator, step.signature)
    kind = VoteType.PREVOTE if sign.step == Step.PREVOTE else VoteType.PRECOMMIT
    return Vote(kind, sign.height, sign.round, sign.block_id, validator, step.signature)


class ConsensusJournal:
    """The log and the signer of one validator."""

    def __init__(self, log: Log, signer: Signer) -> None:
        """Join the two; both are open."""
        self._log = log
        self._signer = signer

    @property
    def signer(self) -> Signer:
        """The signer, for its record."""
        return self._signer

    def carry(self, entries: Sequence[Entry], signs: Sequence[Sign], validator: int) -> list[Proposal | Vote]:
        """Append `entries`, and if anything is to be signed, make them durable and sign.

        Args:
            entries: What the engine acted on, in order.
            signs: What it wants signed, in order.
            validator: This node's index in the set.

        Returns:
            The signed messages; every one of them is on record.

        Raises:
            DoubleSignRefused: The engine asks for what contradicts the record; the node must stop voting.
            StorageFailed: The disk refused; nothing was released.
        """
        for entry in entries:
            if entry.kind == EntryKind.START:
                self._log.start_height(entry.height)
            self._log.append(encode(entry))
        if not signs:
            return []
        self._log.sync()
        return [self._sign(sign, validator) for sign in signs]

    def _sign(self, sign: Sign, validator: int) -> Proposal | Vote:
        signature = self._signer.sign(sign)
        return message_of(SignedStep(sign, b"", signature), validator)

    def replay(self, height: int) -> list[Entry]:
        """Return the entries of `height`, from its StartHeight on; none when the log holds no such start."""
        entries = [_ENTRIES.decode(data) for data in self._log.read()]
        own = [entry for entry in entries if entry.height == height]
        for at, entry in enumerate(own):
            if entry.kind == EntryKind.START:
                return own[at:]
        return []

    def signed_at(self, height: int) -> list[SignedStep]:
        """Return what the signer's record holds of `height`, in order."""
        last = self._signer.last
        if last is None or last.sign.height != height:
            return []
        steps = (Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT)
        found = (self._signer.find(height, last.sign.round, step) for step in steps)
        return [step for step in found if step is not None]
