"""Rule 25: goods come in that nobody on the ledger made: a claim, held until somebody looked or vouched.

The receiver says what it read and whom it has them from. That never becomes the maker's word: claimed goods
have sources of their own (`contracts/state/claims.py`).
"""

from contracts.gs1.keys import SGTIN_KIND, is_valid_gln
from contracts.primitives.hashing import HASH_BYTES
from contracts.records.onboarding import Onboard, OnboardGround
from contracts.records.supply import Commission
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.crossing import UNCONFIRMED
from contracts.rules.events import EventKind
from contracts.rules.guards import actor_profile, signer_fault, stated_number
from contracts.rules.lifting import note_law_hold
from contracts.rules.reaching import reach_new_items, reach_new_make
from contracts.rules.supply import (
    expiry_instant,
    make_fault,
    may_commission,
    product_fault,
    serials_fault,
    standing_fault,
)
from contracts.rules.verdict import Verdict
from contracts.state.claim_rows import ClaimRow
from contracts.state.claims import (
    add_claim,
    count_claims,
    find_claim,
    find_claimed_lot,
    open_claimed_lot,
    open_claims,
)
from contracts.state.directory import find_partner
from contracts.state.layout import ITEMS, PRODUCTS
from contracts.state.parties import MAKING, TRADING, has_role
from contracts.state.rows import MAX_MAKES, ItemRow, Life, LotRow
from contracts.state.sources import find_lot, former_expiries, lot_row


def onboard(act: Act, record: Onboard) -> Verdict | None:
    """Rule 25: serials that the ledger never saw come to life with the partner that claims to have them."""
    made = _as_commission(record)
    fault = (
        signer_fault(act, record.head, TRADING)
        or _window_fault(act, record)
        or _sender_fault(act, record)
        or product_fault(act, record.gtin)
        or _authority_fault(act, record.gtin)
        or make_fault(act, made)
        or serials_fault(record.serials)
        or _lot_fault(act, record)
    )
    if fault:
        return fault
    prefix = SGTIN_KIND + record.gtin
    keys = [prefix + serial for serial in record.serials]
    known = act.state.first_present(ITEMS, keys)
    if known is not None:
        return Verdict(Code.SERIAL_KNOWN, known)
    count = open_claims(act.state, act.signer, record.gtin) + len(keys)
    if count > actor_profile(act, record.head).onboard_items:
        return Verdict(Code.TOO_MANY_CLAIMS, record.gtin)
    # After this point it must succeed.
    number = _enter_claim(act, record, made)
    born = (act.height, act.document_index)
    signer, site = act.signer, stated_number(act, record.head)
    row = ItemRow(number, Life.ACTIVE, (UNCONFIRMED,), b"", (), *born, 0, signer, signer, site, b"")
    act.state.create_all(ITEMS, keys, row)
    reach_new_items(act, number, keys)
    count_claims(act.state, act.signer, record.gtin, len(keys))
    note_law_hold(act)
    holder = act.state.require(PRODUCTS, record.gtin).holder
    act.tell(EventKind.ONBOARDED, (), record.lot, (holder,))
    return None


def _as_commission(record: Onboard) -> Commission:
    """Return what is claimed as if it were made: the same is asked of lot and expiry."""
    return Commission(record.head, record.gtin, record.lot, record.expiry, b"", 0, record.serials)


def _window_fault(act: Act, record: Onboard) -> Verdict | None:
    """Ask whether such goods may still be taken in here."""
    is_open = act.time_ms < actor_profile(act, record.head).onboard_until_ms
    return None if is_open else Verdict(Code.ONBOARDING_CLOSED, b"")


def _sender_fault(act: Act, record: Onboard) -> Verdict | None:
    """Ask who sent them, and for what shows it; only stock in trade may come from a partner.

    What a partner sends is on the ledger, or that partner onboards it first.
    """
    if not is_valid_gln(record.sender):
        return Verdict(Code.OUTSIDE_GLN_INVALID, record.sender)
    is_partner = find_partner(act.state, record.sender) is not None
    if is_partner and record.ground != OnboardGround.STOCK:
        return Verdict(Code.NOT_OUTSIDE_PARTY, record.sender)
    return None if len(record.evidence) == HASH_BYTES else Verdict(Code.EVIDENCE_INVALID, b"")


def _authority_fault(act: Act, gtin: bytes) -> Verdict | None:
    """Ask whether the signer is none that makes the product: that one says so, and claims nothing.

    An importer that markets the product makes nothing: it claims, and vouches for what it claims.
    """
    is_maker = has_role(act.partner, MAKING) and may_commission(act, gtin)
    return Verdict(Code.COMMISSION_INSTEAD, gtin) if is_maker else None


def _claim(act: Act, record: Onboard) -> ClaimRow:
    """Return what is claimed of these goods."""
    return ClaimRow(act.signer, record.ground, record.sender, record.evidence, act.time_ms)


def _lot_fault(act: Act, record: Onboard) -> Verdict | None:
    """Ask whether what is known of the lot agrees, and there is room for one more claim of it."""
    made = find_lot(act.state, record.gtin, record.lot)
    fault = None if made is None else standing_fault(made[1], _date_of(act, *made, record.expiry))
    number = find_claimed_lot(act.state, record.gtin, record.lot, record.expiry)
    if fault or number is None:
        return fault
    lot = lot_row(act.state, number)
    if lot.makes == MAX_MAKES and find_claim(act.state, number, _claim(act, record)) is None:
        return Verdict(Code.LOT_TOO_MIXED, record.lot)
    return standing_fault(lot, lot.expiry)


def _date_of(act: Act, number: int, lot: LotRow, expiry: int) -> int:
    """Return the date that counts for packs with this one printed: the lot's, where it had that before."""
    return lot.expiry if expiry in former_expiries(act.state, number) else expiry


def _enter_claim(act: Act, record: Onboard, made: Commission) -> int:
    """Give a claim a source number, if it has none; open recalls that call it back reach it then."""
    counts = (record.expiry, expiry_instant(act, made))
    maker_lot = find_lot(act.state, record.gtin, record.lot)
    if maker_lot is not None:
        counts = (maker_lot[1].expiry, maker_lot[1].expires_at_ms)
    lot = open_claimed_lot(act.state, record.gtin, record.lot, record.expiry, counts)
    claim = _claim(act, record)
    number = find_claim(act.state, lot, claim)
    if number is None:
        number = add_claim(act.state, lot, claim)
        reach_new_make(act, number)
    return number
