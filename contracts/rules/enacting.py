"""Rule 22: what was decided acts at its height.

What acts at height H is written as the last step of block H - 1, so block H is checked and executed under it
from its first bundle on, and header H names its parameters. Who votes at height H is written one block
earlier still, for header H - 1 names that set. Nothing can fail here: a proposal is decided only when it fits
everything that is scheduled (`plan_fault`), and only governance itself can change what it must fit.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from contracts.records.changes import (
    AddKey,
    AdmitPartner,
    AssignPrefix,
    AssignPremises,
    AssignProduct,
    Change,
    EndKey,
    LiftHolds,
    PutNode,
    RegisterProduct,
    RemoveNode,
    SetLicence,
    SetMarket,
    SetParameter,
    SetProfile,
    SetRoles,
    SetRules,
)
from contracts.rules.changing_goods import enact_goods, goods_fit_fault, goods_form_fault
from contracts.rules.changing_law import enact_law, law_fit_fault, law_form_fault, parameters_fault
from contracts.rules.changing_nodes import (
    enact_node,
    node_fit_fault,
    node_form_fault,
    validators_fault,
    with_change,
)
from contracts.rules.changing_parties import (
    admissions_fault,
    enact_party,
    party_fit_fault,
    party_form_fault,
)
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state.evidence import note_set
from contracts.state.governance_rows import ChangesStanding, SetsRow, Validators
from contracts.state.governing import governance, placed, sets
from contracts.state.layout import BALLOTS, CHANGES, GOVERNANCE, SOLE_KEY, VALIDATORS
from contracts.state.view import Overlay

LEAD: Final = 2
"""Heights from a decision to the first at which it may act: header h + 1 names who votes at h + 2."""


def form_fault(state: Overlay, change: Change, acts_at: int) -> Verdict | None:
    """Ask whether a change makes sense as things stand when it is proposed."""
    match change:
        case RegisterProduct() | AssignProduct() | LiftHolds():
            return goods_form_fault(state, change)
        case SetProfile() | SetMarket() | SetParameter() | SetRules():
            return law_form_fault(change)
        case PutNode() | RemoveNode():
            return node_form_fault(change)
        case _:
            return party_form_fault(change, acts_at)


def _fit_fault(state: Overlay, change: Change, acts_at: int) -> Verdict | None:
    match change:
        case RegisterProduct() | AssignProduct() | LiftHolds():
            return goods_fit_fault(state, change)
        case SetProfile() | SetMarket() | SetParameter() | SetRules():
            return law_fit_fault(state, change)
        case PutNode() | RemoveNode():
            return node_fit_fault(state, change)
        case _:
            return party_fit_fault(state, change, acts_at)


def _enact(state: Overlay, change: Change, acts_at: int) -> None:
    match change:
        case RegisterProduct() | AssignProduct() | LiftHolds():
            enact_goods(state, change)
        case SetProfile() | SetMarket() | SetParameter() | SetRules():
            enact_law(state, change)
        case PutNode() | RemoveNode():
            enact_node(state, change)
        case (
            AdmitPartner()
            | SetRoles()
            | SetLicence()
            | AddKey()
            | EndKey()
            | AssignPrefix()
            | AssignPremises()
        ):
            enact_party(state, change, acts_at)


# ------------------------------------------------------------------------------------------- planning


def plan_fault(state: Overlay, proposal: bytes, changes: Sequence[Change], acts_at: int) -> Verdict | None:
    """Ask whether changes fit all that is scheduled before them, and all that comes after still fits.

    Args:
        state: State as it is; nothing is written to it.
        proposal: Id of the proposal whose changes they are; not scheduled yet.
        changes: In the order in which they act.
        acts_at: First height at which they act.
    """
    trial = Overlay(state)
    for height, identifier in placed(governance(state), acts_at, proposal):
        is_asked = identifier == proposal
        planned = changes if is_asked else state.require(CHANGES, identifier).changes
        fault = _try(trial, planned, height)
        if fault:
            return fault if is_asked else Verdict(Code.CHANGES_CONFLICT, identifier)
    return None


def _try(trial: Overlay, changes: Sequence[Change], acts_at: int) -> Verdict | None:
    """Let changes act on a trial, and return the first thing that does not fit."""
    votes = False
    for change in changes:
        fault = _fit_fault(trial, change, acts_at)
        if fault:
            return fault
        if isinstance(change, LiftHolds):
            # It touches goods only, which nothing that is planned depends upon.
            continue
        _enact(trial, change, acts_at)
        if isinstance(change, PutNode | RemoveNode):
            votes = True
            row = sets(trial)
            following = with_change(row.following, change)
            trial.write(VALIDATORS, SOLE_KEY, msgspec.structs.replace(row, following=following))
    fault = admissions_fault(trial, changes) or parameters_fault(trial)
    return fault or (validators_fault(trial) if votes else None)


# -------------------------------------------------------------------------------------------- acting


def end_block(state: Overlay, height: int) -> bool:
    """Take the last step of a block; tell whether it wrote anything.

    Args:
        state: State after the block's documents.
        height: The block's.
    """
    shifted = _shift_sets(state, height)
    acts_at = height + 1
    due = [identifier for at, identifier in governance(state).scheduled if at == acts_at]
    for identifier in due:
        for change in state.require(CHANGES, identifier).changes:
            _enact(state, change, acts_at)
        ballot = state.require(BALLOTS, identifier)
        acted = msgspec.structs.replace(ballot, standing=int(ChangesStanding.ACTED))
        state.write(BALLOTS, identifier, acted)
    if due:
        row = governance(state)
        left = tuple(entry for entry in row.scheduled if entry[1] not in due)
        state.write(GOVERNANCE, SOLE_KEY, msgspec.structs.replace(row, scheduled=left))
    state.keep()
    return shifted or bool(due)


def _shift_sets(state: Overlay, height: int) -> bool:
    """Let the sets move on by one height, and settle the one that votes two heights from here."""
    row = sets(state)
    following = row.following
    for at, identifier in governance(state).scheduled:
        if at == height + LEAD:
            following = _after(following, state.require(CHANGES, identifier).changes)
    moved = SetsRow(row.current, row.following, following)
    if moved != row:
        state.write(VALIDATORS, SOLE_KEY, moved)
    if moved.following != moved.current:
        note_set(state, height + LEAD, moved.following)
    return moved != row


def _after(voters: Validators, changes: Iterable[Change]) -> Validators:
    for change in changes:
        voters = with_change(voters, change)
    return voters
