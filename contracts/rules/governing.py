"""Rule 22: partners that run validators propose changes of the network and vote on them.

A vote weighs what the validators of its partner weigh at the height that counts it. A proposal is decided by
the vote that brings it more than two thirds of all power, and acts at the height that it names
(`contracts/rules/enacting.py`). Nobody's licence is asked: who runs the network may be wrong about licences.
"""

from typing import Final

import msgspec

from contracts.chain.votes import MAX_HEIGHT
from contracts.records.agreement import proposal_id
from contracts.records.governance import (
    Choice,
    ProposeChanges,
    VoteOnChanges,
    WithdrawChanges,
)
from contracts.records.head import Head
from contracts.rules.act import Act
from contracts.rules.announcing import tell_decision, watchers
from contracts.rules.changing_parties import await_partners
from contracts.rules.codes import Code
from contracts.rules.enacting import LEAD, form_fault, plan_fault
from contracts.rules.events import EventKind
from contracts.rules.guards import first_fault, signer_fault
from contracts.rules.verdict import Verdict
from contracts.state.directory import partner
from contracts.state.governance_rows import BallotRow, ChangesRow, ChangesStanding
from contracts.state.governing import governance, governs, power_of, schedule, total_power
from contracts.state.layout import BALLOTS, CHANGES
from contracts.state.parties import ANYONE, is_among, is_party

MAX_REASON: Final = 500
"""Longest reason, characters."""
MAX_CHANGES: Final = 64
"""Most changes in one proposal."""
MAX_SCHEDULED: Final = 64
"""Most proposals that are decided and do not act yet."""


def propose_changes(act: Act, record: ProposeChanges) -> Verdict | None:
    """Rule 22: put a proposal on the ledger; its author approves of it."""
    fault = _signer_fault(act, record.head)
    if fault:
        return fault
    identifier = proposal_id(act.document_id, act.record_index)
    fault = _frame_fault(act, record, identifier)
    if fault:
        return fault
    fault = first_fault(form_fault(act.state, change, record.acts_at) for change in record.changes)
    if fault:
        return fault
    fault = _plan_fault(act, identifier, record)
    if fault:
        return fault
    # After this point it must succeed.
    row = ChangesRow(act.signer, record.acts_at, record.until_height, record.reason, record.changes)
    act.state.write(CHANGES, identifier, row)
    act.tell(EventKind.CHANGES_PROPOSED, (), identifier, watchers(act, record.changes))
    _count(act, identifier, row, BallotRow(int(ChangesStanding.OPEN), (act.signer,), (), 0))
    return None


def _signer_fault(act: Act, head: Head) -> Verdict | None:
    """Ask whether the signer's partner runs a validator at this height; nobody's licence is asked."""
    fault = signer_fault(act, head, ANYONE, licensed=False)
    if fault:
        return fault
    return None if governs(act.state, act.partner.gln) else Verdict(Code.NOT_A_VALIDATOR, act.partner.gln)


def _frame_fault(act: Act, record: ProposeChanges, identifier: bytes) -> Verdict | None:
    """Ask about everything but the changes themselves."""
    if not 0 < len(record.reason) <= MAX_REASON:
        return Verdict(Code.REASON_INVALID, b"")
    if not 0 < len(record.changes) <= MAX_CHANGES:
        return Verdict(Code.CHANGES_INVALID, b"")
    if not act.height + LEAD <= record.acts_at <= MAX_HEIGHT:
        return Verdict(Code.ACTS_TOO_SOON, b"")
    if not act.height <= record.until_height <= record.acts_at - LEAD:
        return Verdict(Code.VOTING_END_INVALID, b"")
    if act.state.read(CHANGES, identifier) is not None:
        return Verdict(Code.ALREADY_PROPOSED, identifier)
    return None


def _plan_fault(act: Act, identifier: bytes, proposed: ProposeChanges | ChangesRow) -> Verdict | None:
    """Ask whether a proposal could be scheduled now."""
    if len(governance(act.state).scheduled) >= MAX_SCHEDULED:
        return Verdict(Code.SCHEDULE_FULL, identifier)
    return plan_fault(act.state, identifier, proposed.changes, proposed.acts_at)


def vote_on_changes(act: Act, record: VoteOnChanges) -> Verdict | None:
    """Rule 22: count a partner's word; the vote that decides is refused when the proposal does not fit."""
    fault = _signer_fault(act, record.head)
    if fault:
        return fault
    row = act.state.read(CHANGES, record.proposal)
    if row is None:
        return Verdict(Code.PROPOSAL_UNKNOWN, record.proposal)
    ballot = act.state.require(BALLOTS, record.proposal)
    if ballot.standing != ChangesStanding.OPEN:
        return Verdict(Code.PROPOSAL_CLOSED, record.proposal)
    if act.height > row.until_height:
        return Verdict(Code.PROPOSAL_EXPIRED, record.proposal)
    approves = record.choice == Choice.APPROVE
    if is_among(act.signer, ballot.approved if approves else ballot.rejected):
        return Verdict(Code.ALREADY_VOTED, record.proposal)
    said = _with_vote(ballot, act.signer, approves=approves)
    if _is_approved(act, said):
        fault = _plan_fault(act, record.proposal, row)
        if fault:
            return fault
    # After this point it must succeed.
    act.tell(EventKind.CHANGES_VOTED, (), record.proposal, watchers(act, row.changes))
    _count(act, record.proposal, row, said)
    return None


def _with_vote(ballot: BallotRow, voter: int, *, approves: bool) -> BallotRow:
    """Return a ballot with a partner's word on one side only."""
    approved, rejected = ({*ballot.approved} - {voter}, {*ballot.rejected} - {voter})
    (approved if approves else rejected).add(voter)
    return msgspec.structs.replace(ballot, approved=tuple(sorted(approved)), rejected=tuple(sorted(rejected)))


def _power(act: Act, voters: tuple[int, ...]) -> int:
    return power_of(act.state, (partner(act.state, number).gln for number in voters))


def _is_approved(act: Act, ballot: BallotRow) -> bool:
    """Tell whether more than two thirds of all power approve, as for a block."""
    return _power(act, ballot.approved) * 3 > 2 * total_power(act.state)


def _count(act: Act, identifier: bytes, row: ChangesRow, ballot: BallotRow) -> None:
    """Store a ballot, and end it when it is decided: approved, or beyond approval."""
    if _is_approved(act, ballot):
        standing = ChangesStanding.DECIDED
        schedule(act.state, row.acts_at, identifier)
        await_partners(act.state, row.changes, row.acts_at)
        tell_decision(act, identifier, row.changes)
    elif _power(act, ballot.rejected) * 3 >= total_power(act.state):
        standing = ChangesStanding.REJECTED
        act.tell(EventKind.CHANGES_ENDED, (), identifier, watchers(act, row.changes))
    else:
        standing = ChangesStanding.OPEN
    decided_at = 0 if standing == ChangesStanding.OPEN else act.height
    ended = msgspec.structs.replace(ballot, standing=int(standing), decided_at=decided_at)
    act.state.write(BALLOTS, identifier, ended)


def withdraw_changes(act: Act, record: WithdrawChanges) -> Verdict | None:
    """Rule 22: end a proposal of one's own before it is decided."""
    fault = _signer_fault(act, record.head)
    if fault:
        return fault
    row = act.state.read(CHANGES, record.proposal)
    if row is None:
        return Verdict(Code.PROPOSAL_UNKNOWN, record.proposal)
    if not is_party(row.proposer, act.signer):
        return Verdict(Code.NOT_PROPOSER, record.proposal)
    ballot = act.state.require(BALLOTS, record.proposal)
    if ballot.standing != ChangesStanding.OPEN:
        return Verdict(Code.PROPOSAL_CLOSED, record.proposal)
    # After this point it must succeed.
    standing = int(ChangesStanding.WITHDRAWN)
    ended = msgspec.structs.replace(ballot, standing=standing, decided_at=act.height)
    act.state.write(BALLOTS, record.proposal, ended)
    act.tell(EventKind.CHANGES_ENDED, (), record.proposal, watchers(act, row.changes))
    return None
