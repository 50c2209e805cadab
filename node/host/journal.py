"""Persist, then speak: the only way in which this node's proposals and votes come to be.

The order is that of consensus/SPEC.md: everything the engine acted on is appended to the log, with the bytes
of blocks and bundles it vouches for; one fsync; then each message is signed, which makes the signer's record
durable; only then is the message handed out to be sent. A restart reads the log back, and the signer's record
restores the own messages that the log may have lost. Blocking; for one thread.
"""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from consensus.effects import Input, Sign, StartHeight
from consensus.values import Step
from contracts.chain.votes import Proposal, Vote, VoteType
from node.identity.signer import SignedStep, Signer
from node.identity.standing import Standing
from node.storage.log import ConsensusLog, LoggedInput


class LoggedBlock(msgspec.Struct, frozen=True):
    """A block this node may vote for."""

    height: int
    """Its height."""
    block_id: bytes
    """32 bytes."""
    data: bytes
    """Encoded block."""


class LoggedBundle(msgspec.Struct, frozen=True):
    """A bundle that such a block names."""

    height: int
    """The block's height."""
    bundle_id: bytes
    """32 bytes."""
    data: bytes
    """Encoded bundle."""


Entry = LoggedInput | LoggedBlock | LoggedBundle
"""What the log holds, in the order in which it was acted on."""


class Replay(msgspec.Struct, frozen=True):
    """What a restart goes on from."""

    inputs: tuple[Input, ...]
    """Inputs of the height after the tip, from its StartHeight on; none when the log holds no such start."""
    blocks: dict[bytes, bytes]
    """Encoded blocks by block id."""
    bundles: dict[bytes, bytes]
    """Encoded bundles by bundle id."""
    signed: tuple[SignedStep, ...]
    """What the signer's record holds of that height, in order."""
    last: Sign | None
    """The newest recorded step of any height, for a start without log."""
    record: tuple[SignedStep, ...] = ()
    """All that the signer's record holds, of whatever height: a chain that was lost comes there again."""


def message_of(sign: Sign, signature: bytes, validator: int) -> Proposal | Vote:
    """Return the message that a signature makes of what was asked for.

    Args:
        sign: What was signed.
        signature: 64 bytes.
        validator: This node's index in the set of that height.
    """
    if sign.step == Step.PROPOSE:
        return Proposal(sign.height, sign.round, sign.block_id, sign.valid_round, validator, signature)
    kind = VoteType.PREVOTE if sign.step == Step.PREVOTE else VoteType.PRECOMMIT
    return Vote(kind, sign.height, sign.round, sign.block_id, validator, signature)


class ConsensusJournal:
    """The log and the signer of one validator.

    Attributes:
        standing: Whether it may vote.
    """

    def __init__(self, log: ConsensusLog, signer: Signer, standing: Standing) -> None:
        """Join them; signer and standing are open, the log is opened by `replay`."""
        self._log = log
        self._signer = signer
        self.standing = standing

    @property
    def public_key(self) -> bytes:
        """The key that votes are signed with, 32 bytes."""
        return self._signer.public_key

    def carry(self, entries: Sequence[Entry], signs: Sequence[Sign], validator: int) -> list[Proposal | Vote]:
        """Append `entries`, make them durable, and sign.

        Args:
            entries: What the engine acted on, in order.
            signs: What it wants signed, in order; not empty.
            validator: This node's index in the set.

        Returns:
            The signed messages; every one of them is on record.

        Raises:
            DoubleSignRefused: The engine asks for what contradicts the record; the node must stop voting.
            StorageFailed: The disk refused; nothing was released.
        """
        for entry in entries:
            self._append(entry)
        self._log.sync()
        return [message_of(sign, self._signer.sign(sign), validator) for sign in signs]

    def _append(self, entry: Entry) -> None:
        match entry:
            case LoggedInput(height=height, input=event):
                if isinstance(event, StartHeight):
                    self._log.release(height - 1)
                self._log.append_input(height, event)
            case LoggedBlock(height=height, block_id=block_id, data=data):
                self._log.append_block(height, block_id, data)
            case LoggedBundle(height=height, bundle_id=bundle_id, data=data):
                self._log.append_bundle(height, bundle_id, data)
            case _:
                assert_never(entry)

    def replay(self, height: int) -> Replay:
        """Open the log and return what it holds of `height`, the one after the chain's tip.

        Raises:
            StorageDamaged: Something that was durable is damaged.
        """
        recovered = self._log.recover()
        inputs = [entry.input for entry in recovered.inputs if entry.height == height]
        starts = [at for at, event in enumerate(inputs) if isinstance(event, StartHeight)]
        own = tuple(inputs[starts[-1] :]) if starts else ()
        last = self._signer.last
        return Replay(
            own,
            recovered.blocks,
            recovered.bundles,
            self._signed_at(height),
            None if last is None else last.sign,
            () if last is None else self._signed_at(last.sign.height),
        )

    def _signed_at(self, height: int) -> tuple[SignedStep, ...]:
        last = self._signer.last
        if last is None or last.sign.height != height:
            return ()
        steps = (Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT)
        found = (self._signer.find(height, last.sign.round, step) for step in steps)
        return tuple(step for step in found if step is not None)

    def close(self) -> None:
        """Close the log."""
        self._log.close()
