"""Rule 8: the owner offers ownership; what consent to it does stands in `transferring.py`."""

from contracts.records.agreement import OfferOwnership
from contracts.rules.act import Act
from contracts.rules.agreeing import proposal_fault, propose
from contracts.rules.guards import list_fault, signer_fault
from contracts.rules.trade_lanes import LaneGuard
from contracts.rules.transferring import find_new_owner, goods_to_transfer
from contracts.rules.verdict import Verdict
from contracts.state.agreement_rows import ProposalKind
from contracts.state.parties import TRADING
from contracts.state.rows import NOBODY


def offer_ownership(act: Act, record: OfferOwnership) -> Verdict | None:
    """Rule 8: the owner proposes that another partner owns goods, wherever and in whose hands they are."""
    fault = signer_fault(act, record.head, TRADING) or list_fault(record.items)
    if fault:
        return fault
    other = find_new_owner(act, record.new_owner)
    if isinstance(other, Verdict):
        return other
    fault = proposal_fault(act, record.until_height)
    if fault:
        return fault
    lanes = LaneGuard(act, record.head, other, NOBODY)
    items = goods_to_transfer(act, (act.signer, other), record.items, lanes)
    if isinstance(items, Verdict):
        return items
    # After this point it must succeed.
    propose(act, ProposalKind.OWNERSHIP, other, record.until_height, record.items)
    return None
