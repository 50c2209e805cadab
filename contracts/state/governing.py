"""Governance in state: nodes and validators, what is scheduled, and whose power counts (rule 22)."""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.state.governance_rows import (
    GovernanceRow,
    NodeRow,
    SetsRow,
    ValidatorEntry,
    Validators,
)
from contracts.state.layout import (
    CERTIFICATES,
    GOVERNANCE,
    NODES,
    SOLE_KEY,
    VALIDATORS,
    certificate_key,
    text_key,
)
from contracts.state.view import Overlay

FIRST_RULES: Final = 1
"""Version of the rules that genesis puts in force."""
VALIDATOR: Final = "validator"
"""Role of a node that votes."""


def governance(state: Overlay) -> GovernanceRow:
    """Return which rules are in force, and what is scheduled."""
    return state.require(GOVERNANCE, SOLE_KEY)


def sets(state: Overlay) -> SetsRow:
    """Return the validator sets of the end of the chain."""
    return state.require(VALIDATORS, SOLE_KEY)


def governs(state: Overlay, gln: bytes) -> bool:
    """Tell whether a partner runs a validator at this height.

    Args:
        state: State before the block, or within it.
        gln: Packed party GLN.
    """
    return gln in {entry.partner for entry in sets(state).current}


def power_of(state: Overlay, partners: Iterable[bytes]) -> int:
    """Return the power of the validators that partners run at this height, by packed GLN."""
    powers: dict[bytes, int] = {}
    for entry in sets(state).current:
        powers[entry.partner] = powers.get(entry.partner, 0) + entry.power
    return sum(powers.get(gln, 0) for gln in frozenset(partners))


def total_power(state: Overlay) -> int:
    """Return the power of all validators at this height, also of those that no partner runs."""
    return sum(entry.power for entry in sets(state).current)


def put_node(state: Overlay, name: str, row: NodeRow) -> None:
    """Let a node connect; one of that name is replaced."""
    _unpin(state, name)
    state.write(NODES, text_key(name), row)
    state.write(CERTIFICATES, certificate_key(row.certificate), name)


def remove_node(state: Overlay, name: str) -> None:
    """Let a node connect no more."""
    _unpin(state, name)
    state.delete(NODES, text_key(name))


def _unpin(state: Overlay, name: str) -> None:
    before = state.read(NODES, text_key(name))
    if before is not None:
        state.delete(CERTIFICATES, certificate_key(before.certificate))


def with_node(voters: Validators, name: str, row: NodeRow | None) -> Validators:
    """Return a set in which the node of a name votes as `row` says, or, with None, votes no more."""
    others = [entry for entry in voters if entry.node != name]
    if row is not None and row.role == VALIDATOR:
        others.append(ValidatorEntry(row.validator_key, row.power, row.partner, name))
    return tuple(sorted(others, key=lambda entry: (entry.public_key, entry.node)))


def schedule(state: Overlay, acts_at: int, proposal: bytes) -> None:
    """Note that a proposal acts at a height, after all that were decided before for the same one."""
    row = governance(state)
    state.write(GOVERNANCE, SOLE_KEY, msgspec.structs.replace(row, scheduled=placed(row, acts_at, proposal)))


def placed(row: GovernanceRow, acts_at: int, proposal: bytes) -> tuple[tuple[int, bytes], ...]:
    """Return the schedule with one more proposal in its place."""
    return tuple(sorted((*row.scheduled, (acts_at, proposal)), key=lambda entry: entry[0]))
