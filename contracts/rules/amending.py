"""Rule 19b: the last day of use of a whole lot is amended: sooner by its maker, later with a regulator."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

import msgspec

from contracts.gs1.dates import MAX_DATE
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import TERMS, Hash
from contracts.records.lots import AmendLot, ConsentToAmendment, ProposeAmendment
from contracts.rules.act import Act
from contracts.rules.agreeing import ANY_REGULATOR, end_proposal, find_asked, proposal_fault, propose
from contracts.rules.cataloguing import holder_fault
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import signer_fault
from contracts.rules.verdict import Verdict
from contracts.state.agreement_rows import ProposalKind
from contracts.state.claims import find_claimed_lot
from contracts.state.directory import market, partner
from contracts.state.layout import FORMER_EXPIRIES, LOTS, PRODUCTS, number_key
from contracts.state.lists import Budget, TooManyRows, claimed_lots, derived_from_lot, entries
from contracts.state.parties import HANDLING, MARKETING, is_licensed, is_party
from contracts.state.recall_rows import NumbersRow
from contracts.state.rows import LotRow
from contracts.state.sources import expires_at, find_lot, former_expiries, lot_of, lot_row

MAX_AMENDMENTS: Final = 16
"""Most times that the expiry of one lot is amended."""
MAX_CLAIMED: Final = 1_000
"""Most claimed dates of one lot that an amendment binds beside those that its maker printed."""
MAX_TOLD_ROWS: Final = 1_000
"""Most rows that are read to find out whose goods were repacked from a lot."""


def amend_lot(act: Act, record: AmendLot) -> Verdict | None:
    """Rule 19b: a lot expires sooner, by its marketing holder's word."""
    fault = signer_fault(act, record.head, MARKETING, licensed=False)
    if fault:
        return fault
    found = _find_amended(act, record.gtin, record.lot, record.expiry)
    if isinstance(found, Verdict):
        return found
    if record.expiry > found[1].expiry:
        return Verdict(Code.REGULATOR_CONSENTS, record.lot)
    # After this point it must succeed.
    _amend(act, *found, record.expiry)
    return None


def propose_amendment(act: Act, record: ProposeAmendment) -> Verdict | None:
    """Rule 19b: the marketing holder asks a regulator to let a lot expire later."""
    fault = signer_fault(act, record.head, MARKETING) or proposal_fault(act, record.until_height)
    if fault:
        return fault
    found = _find_amended(act, record.gtin, record.lot, record.expiry)
    if isinstance(found, Verdict):
        return found
    if record.expiry < found[1].expiry:
        return Verdict(Code.NOT_LENGTHENED, record.lot)
    # After this point it must succeed.
    terms = terms_of(record)
    propose(act, ProposalKind.EXPIRY, ANY_REGULATOR, record.until_height, (), terms)
    return None


def consent_to_amendment(act: Act, record: ConsentToAmendment) -> Verdict | None:
    """Rule 19b: a regulator lets a lot expire later, repeating which and until when."""
    fault = signer_fault(act, record.head, HANDLING)
    if fault:
        return fault
    row = find_asked(act, record.proposal)
    if isinstance(row, Verdict):
        return row
    if row.terms != terms_of(record):
        return Verdict(Code.TERMS_DIFFER, record.proposal)
    proposer = partner(act.state, row.proposer)
    if not is_licensed(proposer):
        return Verdict(Code.LICENCE_NOT_ACTIVE, proposer.gln)
    if not is_party(act.state.require(PRODUCTS, record.gtin).holder, row.proposer):
        return Verdict(Code.NOT_PRODUCT_HOLDER, record.gtin)
    found = _lot_to_amend(act, record.gtin, record.lot, record.expiry)
    if isinstance(found, Verdict):
        return found
    # After this point it must succeed.
    _amend(act, *found, record.expiry)
    end_proposal(act, record.proposal, row)
    return None


def terms_of(record: ProposeAmendment | ConsentToAmendment) -> Hash:
    """Return the hash of what is agreed: both parties' records must give the same."""
    return TERMS.hash(encode((int(ProposalKind.EXPIRY), record.gtin, record.lot, record.expiry)))


def _find_amended(act: Act, gtin: bytes, lot: bytes, expiry: int) -> tuple[int, LotRow] | Verdict:
    """Find a lot of the signer's own product, and ask whether its expiry may be amended to this."""
    return holder_fault(act, gtin) or _lot_to_amend(act, gtin, lot, expiry)


def _lot_to_amend(act: Act, gtin: bytes, lot: bytes, expiry: int) -> tuple[int, LotRow] | Verdict:
    """Find a lot, and ask whether its expiry may be amended to this."""
    # A product without lots has one row for all its packs (rule 30), and no date to amend.
    found = find_lot(act.state, gtin, lot) if lot else None
    if found is None:
        return Verdict(Code.LOT_UNKNOWN, lot)
    if not 0 <= expiry <= MAX_DATE:
        return Verdict(Code.EXPIRY_INVALID, lot)
    number, row = found
    if expiry == row.expiry:
        return Verdict(Code.EXPIRY_UNCHANGED, lot)
    if len(former_expiries(act.state, number)) == MAX_AMENDMENTS:
        return Verdict(Code.AMENDED_TOO_OFTEN, lot)
    return found


def _amend(act: Act, number: int, row: LotRow, expiry: int) -> None:
    """Let a lot expire on another day; what was printed on its packs before stays known.

    What others claim to be of it follows where it had the same date, and never outlives it.
    """
    product = act.state.require(PRODUCTS, row.gtin)
    expires_at_ms = expires_at(expiry, market(act.state, row.markets[0]).utc_offset_minutes)
    claimed = ((one, lot_row(act.state, one)) for one in _claimed(act, number, row))
    bound = [(one, other) for one, other in claimed if expiry < other.expiry or other.expiry == row.expiry]
    for one, before in ((number, row), *bound):
        after = msgspec.structs.replace(before, expiry=expiry, expires_at_ms=expires_at_ms)
        act.state.write(LOTS, number_key(one), after)
        former = (*former_expiries(act.state, one), before.expiry)
        act.state.write(FORMER_EXPIRIES, number_key(one), NumbersRow(0, former))
    told = _repackagers(act, (number, *(one for one, _row in bound)))
    act.tell(EventKind.LOT_AMENDED, (), row.lot, (product.holder, row.maker, *told))


def _claimed(act: Act, number: int, row: LotRow) -> list[int]:
    """Return the lots that others claim to be a maker's (rule 25): one for each date that was claimed.

    Those with a date that the lot has or had are all there; of others the first.
    """
    printed = (row.expiry, *former_expiries(act.state, number))
    own = (find_claimed_lot(act.state, row.gtin, row.lot, one) for one in printed)
    others = entries(act.state, claimed_lots(row.gtin, row.lot), Budget(MAX_CLAIMED))
    return sorted({*(one for one in own if one is not None), *islice(others, MAX_CLAIMED)})


def _repackagers(act: Act, lots: Iterable[int]) -> set[int]:
    """Return who repacked something of lots: what they made of it should not outlive it."""
    found: set[int] = set()
    budget = Budget(MAX_TOLD_ROWS)
    try:
        for source in (one for lot in lots for one in entries(act.state, derived_from_lot(lot), budget)):
            budget.spend()
            found.add(lot_row(act.state, lot_of(source)).maker)
    except TooManyRows:
        # Whoever stands further down the list is told by those who are.
        return found
    return found
