"""Two-party acts (rule 8): a proposal on the ledger, and the other party's consent that names it.

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
from contracts.rules.correcting import burn_with_consent, needs_regulator, revival_fault, revive
from contracts.rules.events import EventKind
from contracts.rules.guards import list_fault, signer_fault
from contracts.rules.transferring import take_ownership
from contracts.rules.verdict import Verdict
from contracts.state.agreement_rows import ProposalKind, ProposalRow, ProposalStanding
from contracts.state.concerned import regulators
from contracts.state.layout import PROPOSALS
from contracts.state.parties import HANDLING, has_role, is_party
from contracts.state.rows import NOBODY, Role

NO_END = 0
"""Height of a proposal that stays open until somebody ends it."""
ANY_REGULATOR = NOBODY
"""The other party of a proposal to which any regulator may consent."""


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


def propose(
    act: Act,
    kind: ProposalKind,
    other: int,
    until_height: int,
    items: tuple[bytes, ...],
    terms: Hash | None = None,
) -> None:
    """Put a proposal on the ledger and tell the other party.

    Args:
        act: The record.
        kind: What is proposed.
        other: Who may consent; `ANY_REGULATOR` for whichever does.
        until_height: Last height for that; `NO_END` for none.
        items: Item keys.
        terms: What else must be repeated, hashed; by default the items.
    """
    identifier = proposal_id(act.document_id, act.record_index)
    standing = int(ProposalStanding.OPEN)
    agreed = terms_of(kind, items) if terms is None else terms
    row = ProposalRow(int(kind), act.signer, other, until_height, standing, agreed)
    act.state.write(PROPOSALS, identifier, row)
    act.tell(EventKind.PROPOSED, items, identifier, asked_parties(act, other))


def asked_parties(act: Act, other: int) -> tuple[int, ...]:
    """Return who is told of a proposal: the other party, or all regulators."""
    return regulators(act.state) if other == ANY_REGULATOR else (other,)


def consent(act: Act, record: Consent) -> Verdict | None:
    """Let what was proposed happen, once the party that was asked agrees to just that."""
    fault = signer_fault(act, record.head, HANDLING) or list_fault(record.items)
    if fault:
        return fault
    row = find_asked(act, record.proposal)
    if isinstance(row, Verdict):
        return row
    if row.terms != terms_of(ProposalKind(row.kind), record.items):
        return Verdict(Code.TERMS_DIFFER, record.proposal)
    return _apply(act, record, row)


def find_asked(act: Act, identifier: bytes) -> ProposalRow | Verdict:
    """Find a proposal to which the signer may consent now."""
    row = act.state.read(PROPOSALS, identifier)
    if row is None:
        return Verdict(Code.PROPOSAL_UNKNOWN, identifier)
    if not _is_asked(act, row):
        return Verdict(Code.NOT_ASKED, identifier)
    fault = _open_fault(identifier, row)
    if fault:
        return fault
    if row.until_height != NO_END and act.height > row.until_height:
        return Verdict(Code.PROPOSAL_EXPIRED, identifier)
    return row


def _is_asked(act: Act, row: ProposalRow) -> bool:
    """Tell whether the signer is the other party, or a regulator where any may consent."""
    if row.other == ANY_REGULATOR:
        return has_role(act.partner, Role.REGULATOR)
    return is_party(act.signer, row.other)


def _apply(act: Act, record: Consent, row: ProposalRow) -> Verdict | None:
    """Judge what was proposed as things stand now, and let it happen; a revival may need one more consent."""
    kind = ProposalKind(row.kind)
    match kind:
        case ProposalKind.OWNERSHIP:
            fault = take_ownership(act, row.proposer, record)
        case ProposalKind.BURNING:
            fault = burn_with_consent(act, row.proposer, record.items)
        case ProposalKind.REVIVAL if needs_regulator(act, row):
            return _pass_on(act, record, row)
        case ProposalKind.REVIVAL:
            fault = revive(act, row.proposer, row.other, record.items)
        case ProposalKind.EXPIRY:
            # Who consents to it repeats lot and date: no list of items has these terms.
            fault = Verdict(Code.TERMS_DIFFER, record.proposal)
        case _:
            assert_never(kind)
    if fault is None:
        end_proposal(act, record.proposal, row)
    return fault


def _pass_on(act: Act, record: Consent, row: ProposalRow) -> Verdict | None:
    """Let a maker's consent be followed by a regulator's, as things stand now."""
    fault = revival_fault(act, row.proposer, act.signer, record.items)
    if fault:
        return fault
    # After this point it must succeed.
    act.state.write(PROPOSALS, record.proposal, msgspec.structs.replace(row, other=ANY_REGULATOR))
    act.tell(EventKind.PROPOSED, record.items, record.proposal, asked_parties(act, ANY_REGULATOR))
    return None


def end_proposal(act: Act, identifier: bytes, row: ProposalRow) -> None:
    """Note that a proposal was consented to, and what it asked for has happened."""
    act.state.write(PROPOSALS, identifier, _ended(row, ProposalStanding.CONSENTED))


def withdraw(act: Act, record: Withdraw) -> Verdict | None:
    """End a proposal: by who made it, or by who was asked."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    row = act.state.read(PROPOSALS, record.proposal)
    if row is None:
        return Verdict(Code.PROPOSAL_UNKNOWN, record.proposal)
    if not is_party(act.signer, row.proposer) and not _is_asked(act, row):
        return Verdict(Code.NOT_ASKED, record.proposal)
    fault = _open_fault(record.proposal, row)
    if fault:
        return fault
    # After this point it must succeed.
    act.state.write(PROPOSALS, record.proposal, _ended(row, ProposalStanding.WITHDRAWN))
    act.tell(EventKind.PROPOSAL_ENDED, (), record.proposal, (row.proposer, *asked_parties(act, row.other)))
    return None


def _open_fault(identifier: bytes, row: ProposalRow) -> Verdict | None:
    """Ask whether a proposal is still open."""
    return None if row.standing == ProposalStanding.OPEN else Verdict(Code.PROPOSAL_CLOSED, identifier)


def _ended(row: ProposalRow, standing: ProposalStanding) -> ProposalRow:
    """Return the row of a proposal that ended so."""
    return msgspec.structs.replace(row, standing=int(standing))
