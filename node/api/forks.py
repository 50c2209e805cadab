"""A fork of the ledger as operators see it: which blocks, and who has to answer for it (ADR 28).

The node's word counts for nothing here: the proof comes with its canonical bytes, and the set of its height
tells what it proves (`contracts.chain.fork`).
"""

from collections.abc import Callable, Iterable

import msgspec

from contracts.chain.evidence import author_of
from contracts.chain.fork import evidence_in, suspects_in
from contracts.gs1.dates import format_timestamp
from contracts.primitives.encoding import encode
from contracts.rules.changing_nodes import validator_set
from node.storage.blocks import BlockStore
from node.storage.forks import load_fork, load_settled
from node.storage.store import Snapshot
from node.storage.validators import ValidatorHistory


class RivalView(msgspec.Struct, frozen=True):
    """One of two blocks that were decided at one height."""

    block_id: str
    """Hex."""
    round: int
    """Round in which it was decided."""
    signers: tuple[str, ...]
    """Validators that signed for it; who signed for both in two rounds has not lied by that alone."""
    here: bool
    """Whether this node has this one."""


class ForkView(msgspec.Struct, frozen=True):
    """A fork."""

    height: int
    """The lowest height that is known to have two blocks."""
    found: str
    """When this node learned of it, by its clock."""
    blocks: tuple[RivalView, ...]
    """Both."""
    convicted: tuple[str, ...]
    """Validators that signed two values for one step: nobody can deny it."""
    suspected: tuple[str, ...]
    """Validators that broke their lock, as far as the votes in the proof tell: each can answer with the votes
    of a lower round that allowed it."""
    settled: str
    """Which block stands, hex, as this node's operator has said; empty while nobody has."""
    proof: str
    """Canonical bytes, hex: what `verify_fork` takes when decoded."""


def fork_view(snapshot: Snapshot, name_of: Callable[[bytes], str]) -> ForkView | None:
    """Return the fork that a node keeps; None while it knows of none.

    Args:
        snapshot: Of its database.
        name_of: Returns the name of a validator's key.
    """
    kept = load_fork(snapshot)
    if kept is None:
        return None
    proof = kept.proof
    validators = validator_set(ValidatorHistory(snapshot).at(proof.height))
    own, settled = BlockStore(snapshot).commit_of(proof.height), load_settled(snapshot)

    def names(indices: Iterable[int]) -> tuple[str, ...]:
        return tuple(sorted(name_of(validators.validators[index].public_key) for index in indices))

    return ForkView(
        height=proof.height,
        found=format_timestamp(kept.found_ms),
        blocks=tuple(
            RivalView(
                *(each.block_id.hex(), each.round, names(entry.validator for entry in each.signatures)),
                own is not None and own.block_id == each.block_id,
            )
            for each in (proof.first, proof.second)
        ),
        convicted=names(author_of(evidence) for evidence in evidence_in(proof)),
        suspected=names(suspects_in(validators, proof)),
        settled=settled.get(proof.height, b"").hex(),
        proof=encode(proof).hex(),
    )
