"""Rule 19: an error on which others relied takes their consent to take back; an end maker and regulator."""

from typing import assert_never

from contracts.records.corrections import ErrorIn, ProposeCorrection
from contracts.rules.act import Act
from contracts.rules.agreeing import ANY_REGULATOR, proposal_fault, propose
from contracts.rules.codes import Code
from contracts.rules.correcting import make_fault, origin_fault, revival_fault
from contracts.rules.guards import Positions, list_fault, locate_all, signer_fault
from contracts.rules.verdict import Verdict
from contracts.state.agreement_rows import ProposalKind
from contracts.state.concerned import makers_of
from contracts.state.parties import HANDLING, is_party
from contracts.state.places import reliance_on
from contracts.state.rows import NOBODY, SEVERAL


def propose_correction(act: Act, record: ProposeCorrection) -> Verdict | None:
    """Rule 19: the signer's own record was an error, and it asks whoever must consent."""
    fault = signer_fault(act, record.head, HANDLING) or list_fault(record.items)
    fault = fault or proposal_fault(act, record.until_height)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    match record.error:
        case ErrorIn.COMMISSION:
            return _propose_burning(act, record, items)
        case ErrorIn.ENDING:
            return _propose_revival(act, record, items)
        case ErrorIn.PACK:
            return Verdict(Code.CORRECTED_ALONE, items[0].key)
        case _:
            assert_never(record.error)


def _propose_burning(act: Act, record: ProposeCorrection, items: Positions) -> Verdict | None:
    """Ask the one partner that got items to agree that they should never have been."""
    others = {reliance_on(item) for item in items}
    for item in items:
        fault = origin_fault(act, act.signer, item) or make_fault(act, item)
        if fault:
            return fault
        relied = reliance_on(item)
        if relied == NOBODY:
            return Verdict(Code.CORRECTED_ALONE, item.key)
        if relied == SEVERAL or len(others) > 1 or is_party(relied, act.signer):
            return Verdict(Code.RELIED_ON, item.key)
    # After this point it must succeed.
    propose(act, ProposalKind.BURNING, others.pop(), record.until_height, record.items)
    return None


def _propose_revival(act: Act, record: ProposeCorrection, items: Positions) -> Verdict | None:
    """Ask maker and regulator to agree that the end of items was recorded by mistake: one after the other."""
    makers = makers_of(act.state, items[0])
    if len(makers) != 1:
        return Verdict(Code.DIFFERENT_MAKERS, items[0].key)
    fault = revival_fault(act, act.signer, makers[0], record.items)
    if fault:
        return fault
    # After this point it must succeed.
    asked = ANY_REGULATOR if is_party(makers[0], act.signer) else makers[0]
    propose(act, ProposalKind.REVIVAL, asked, record.until_height, record.items)
    return None
