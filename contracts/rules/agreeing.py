"""Two-party acts: a proposal on the ledger, and the other party's consent that names it.

A proposal changes nothing but its own row. What it asks for is judged twice: when it is made, so that nobody
is asked for what cannot be; and when it is consented to, for goods move on. Each kind of proposal has a rule
of its own for that (`_apply`).
"""

from typing import assert_never

import msgspec

from contracts.primitives.encoding import encode
from contracts.primitives.hashing import TERMS, Hash
from contracts.records.agreement import Consent, Withdraw, proposal_id
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import list_fault, signer_fault
from contracts.rules.transferring import take_ownership
from contracts.rules.verdict import Verdict
from contracts.state.agreement_rows import ProposalKind, ProposalRow, ProposalStanding
from contracts.state.layout import PROPOSALS
from contracts.state.parties import HANDLING, is_party

NO_END = 0
"""Height of a proposal that stays open until somebody ends it."""


def terms_of(kind: ProposalKind, items: tuple[bytes, ...]) -> Hash:
    """Return the hash of what is agreed: both parties' records must give the same."""
    return TERMS.hash(encode((int(kind), items)))


def proposal_fault(act: Act, until_height: int) -> Verdict | None:
    """Ask whether a proposal can be made now: its end is still to come, and it was not made before."""
    if until_height != NO_END and until_height <= act.height:
        return Verdict(Code.UNTIL_HEIGHT_PAST, b"")
    identifier = proposal_id(act.document_id, act.record_index)
    if act.state.read(PROPOSALS, identifier) is not None:
        return Verdict(Code.ALREADY_PROPOSED, identifier)
    return None


def propose(act: Act, kind: ProposalKind, other: int, until_height: int, items: tuple[bytes, ...]) -> None:
    """Put a proposal on the ledger and tell the other party."""
    identifier = proposal_id(act.document_id, act.record_index)
    terms = terms_of(kind, items)
    row = ProposalRow(int(kind), act.signer, other, until_height, int(ProposalStanding.OPEN), terms)
    act.state.write(PROPOSALS, identifier, row)
    act.tell(EventKind.PROPOSED, items, identifier, (other,))


def consent(act: Act, record: Consent) -> Verdict | None:
    """Let what was proposed happen, once the party that was asked agrees to just that."""
    fault = signer_fault(act, record.head, HANDLING) or list_fault(record.items)
    if fault:
        return fault
    row = act.state.read(PROPOSALS, record.proposal)
    if row is None:
        return Verdict(Code.PROPOSAL_UNKNOWN, record.proposal)
    if not is_party(act.signer, row.other):
        return Verdict(Code.NOT_ASKED, record.proposal)
    fault = _open_fault(record.proposal, row)
    if fault:
        return fault
    if row.until_height != NO_END and act.height > row.until_height:
        return Verdict(Code.PROPOSAL_EXPIRED, record.proposal)
    if row.terms != terms_of(ProposalKind(row.kind), record.items):
        return Verdict(Code.TERMS_DIFFER, record.proposal)
    fault = _apply(act, record, row)
    if fault:
        return fault
    act.state.write(PROPOSALS, record.proposal, _ended(row, ProposalStanding.CONSENTED))
    return None


def _apply(act: Act, record: Consent, row: ProposalRow) -> Verdict | None:
    """Judge what was proposed as things stand now, and let it happen."""
    kind = ProposalKind(row.kind)
    match kind:
        case ProposalKind.OWNERSHIP:
            return take_ownership(act, row.proposer, record.proposal, record.items)
        case _:
            assert_never(kind)


def withdraw(act: Act, record: Withdraw) -> Verdict | None:
    """End a proposal: by who made it, or by who was asked."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    row = act.state.read(PROPOSALS, record.proposal)
    if row is None:
        return Verdict(Code.PROPOSAL_UNKNOWN, record.proposal)
    if not is_party(act.signer, row.proposer) and not is_party(act.signer, row.other):
        return Verdict(Code.NOT_ASKED, record.proposal)
    fault = _open_fault(record.proposal, row)
    if fault:
        return fault
    # After this point it must succeed.
    act.state.write(PROPOSALS, record.proposal, _ended(row, ProposalStanding.WITHDRAWN))
    act.tell(EventKind.PROPOSAL_ENDED, (), record.proposal, (row.proposer, row.other))
    return None


def _open_fault(identifier: bytes, row: ProposalRow) -> Verdict | None:
    """Ask whether a proposal is still open."""
    return None if row.standing == ProposalStanding.OPEN else Verdict(Code.PROPOSAL_CLOSED, identifier)


def _ended(row: ProposalRow, standing: ProposalStanding) -> ProposalRow:
    """Return the row of a proposal that ended so."""
    return msgspec.structs.replace(row, standing=int(standing))
