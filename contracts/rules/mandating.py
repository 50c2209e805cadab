"""Rule 27: a partner lets an agent sign for it, and documents are judged as if that partner had signed."""

from typing import Final

from contracts.records.governance import ProposeChanges, VoteOnChanges, WithdrawChanges
from contracts.records.mandates import ActFor, Mandate
from contracts.records.record import RECORD_TAGS, Record, tag_of
from contracts.rules.act import Act
from contracts.rules.cataloguing import find_other
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import list_fault, signer_fault
from contracts.rules.verdict import Verdict
from contracts.state.directory import find_premises, partner
from contracts.state.layout import MANDATES, mandate_key
from contracts.state.parties import ANYONE, is_party
from contracts.state.rows import MandateRow

MAX_PREMISES: Final = 100
"""Most premises that one mandate names."""

_NEVER: Final = (Mandate, ActFor, ProposeChanges, VoteOnChanges, WithdrawChanges)


def mandate(act: Act, record: Mandate) -> Verdict | None:
    """Rule 27: a partner says which records an agent may sign for it, at which premises, until when."""
    is_given = record.until_height != 0
    fault = signer_fault(act, record.head, ANYONE, licensed=is_given)
    if fault:
        return fault
    agent = find_other(act, record.agent)
    if isinstance(agent, Verdict):
        return agent
    key = mandate_key(act.signer, agent)
    if not is_given:
        if record.kinds or record.premises:
            return Verdict(Code.MANDATE_INVALID, record.agent)
        if act.state.read(MANDATES, key) is None:
            return Verdict(Code.NO_MANDATE, record.agent)
        act.state.delete(MANDATES, key)
        act.tell(EventKind.MANDATE_WITHDRAWN, (), act.partner.gln, (agent,))
        return None
    premises = _terms(act, record)
    if isinstance(premises, Verdict):
        return premises
    # After this point it must succeed.
    act.state.write(MANDATES, key, MandateRow(record.kinds, premises, record.until_height))
    act.tell(EventKind.MANDATE_GIVEN, (), act.partner.gln, (agent,))
    return None


def _terms(act: Act, record: Mandate) -> tuple[int, ...] | Verdict:
    """Return the numbers of the premises a mandate names, after asking whether its terms make sense."""
    is_ascending = list(record.kinds) == sorted(set(record.kinds))
    is_known = all(kind in RECORD_TAGS and RECORD_TAGS[kind] not in _NEVER for kind in record.kinds)
    is_ahead = record.until_height > act.height
    if not record.kinds or not is_ascending or not is_known or not is_ahead:
        return Verdict(Code.MANDATE_INVALID, record.agent)
    if len(record.premises) > MAX_PREMISES:
        return Verdict(Code.MANDATE_INVALID, record.agent)
    fault = list_fault(record.premises) if record.premises else None
    if fault:
        return fault
    numbers: list[int] = []
    for gln in record.premises:
        found = find_premises(act.state, gln)
        if found is None:
            return Verdict(Code.PREMISES_UNKNOWN, gln)
        if not is_party(found[1].partner, act.signer):
            return Verdict(Code.PREMISES_NOT_OWN, gln)
        numbers.append(found[0])
    return tuple(sorted(numbers))


def act_for(act: Act, record: ActFor) -> Verdict | None:
    """Rule 27: the rest of the document is the principal's; the agent's own licence must be active too."""
    fault = signer_fault(act, record.head, ANYONE)
    if fault:
        return fault
    if act.record_index:
        return Verdict(Code.MANDATE_NOT_FIRST, record.principal)
    principal = find_other(act, record.principal)
    if isinstance(principal, Verdict):
        return principal
    given = act.state.read(MANDATES, mandate_key(principal, act.signer))
    if given is None or act.height >= given.until_height:
        return Verdict(Code.NO_MANDATE, record.principal)
    # After this point it must succeed.
    act.tell(EventKind.ACTED_FOR, (), record.principal, (principal,))
    act.sign_for(principal, partner(act.state, principal), given)
    return None


def mandate_fault(act: Act, record: Record, given: MandateRow) -> Verdict | None:
    """Ask of every record of an agent's document whether the mandate covers it."""
    if tag_of(record) not in given.kinds:
        return Verdict(Code.MANDATE_NOT_FOR_RECORD, act.partner.gln)
    if given.premises:
        found = find_premises(act.state, record.head.premises)
        if found is None or found[0] not in given.premises:
            return Verdict(Code.MANDATE_NOT_FOR_PREMISES, record.head.premises)
    return None
