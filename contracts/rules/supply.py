"""Rule 1: packs, cases and logistic units come to life; rule 30 asks the same of what is made."""

from typing import Final

from contracts.gs1.dates import MAX_DATE, MAX_TIME_MS
from contracts.gs1.keys import CHARACTER_SET_82, MAX_SERIAL_BYTES, SGTIN_KIND, is_valid_lot, is_valid_serial
from contracts.records.supply import Commission, CommissionLogisticUnits
from contracts.rules.act import Act
from contracts.rules.claim_answers import answer_by_commission, claimed_among
from contracts.rules.codes import Code
from contracts.rules.guards import actor_profile, list_fault, signer_fault, stated_number
from contracts.rules.logistic_units import bring_to_life, has_own_prefix, is_logistic_unit, life_of_unit_fault
from contracts.rules.reaching import reach_new_items, reach_new_make
from contracts.rules.verdict import Verdict
from contracts.state.directory import market
from contracts.state.layout import DELEGATIONS, ITEMS, PRODUCTS, delegation_key
from contracts.state.parties import HANDLING, MAKING, is_party
from contracts.state.recalls import without_released
from contracts.state.rows import ALL_MAKES, MAX_MAKES, ItemRow, Life, LotRow, Serialisation, SourceRow
from contracts.state.sources import (
    MS_PER_HOUR,
    expires_at,
    find_lot,
    find_source,
    intern_source,
    open_lot,
)

SERIALISED: Final = frozenset({int(Serialisation.SERIAL)})
"""How the products of rule 1 are serialised."""


def commission(act: Act, record: Commission) -> Verdict | None:
    """Rule 1: serials of one GTIN and lot come to life with the partner that makes or packs them."""
    fault = (
        signer_fault(act, record.head, MAKING)
        or authority_fault(act, record.gtin)
        or make_fault(act, record)
        or serials_fault(record.serials)
        or lot_fault(act, record)
    )
    if fault:
        return fault
    prefix = SGTIN_KIND + record.gtin
    keys = [prefix + serial for serial in record.serials]
    claimed = claimed_among(act, keys)
    if isinstance(claimed, Verdict):
        return claimed
    # What claims take along comes last; if that is too much, all of it is undone.
    number = enter_make(act, record)
    born = (act.height, act.document_index)
    signer, site = act.signer, stated_number(act, record.head)
    row = ItemRow(number, Life.ACTIVE, (), b"", (), *born, 0, signer, signer, site, b"")
    new = [key for key in keys if key not in claimed] if claimed else keys
    act.state.create_all(ITEMS, new, row)
    reach_new_items(act, number, new)
    return answer_by_commission(act, record, number, claimed) if claimed else None


def enter_make(act: Act, record: Commission) -> int:
    """Give a make a source number, if it has none; open recalls that call it back reach it then."""
    make = make_of(act, record)
    lot = open_lot_of(act, record)
    is_new = find_source(act.state, lot, make) is None
    number = intern_source(act.state, lot, make)
    if is_new:
        reach_new_make(act, number)
    return number


def authority_fault(act: Act, gtin: bytes, serialisations: frozenset[int] = SERIALISED) -> Verdict | None:
    """Ask whether a product is known, serialised in one of these ways, and the signer's or its delegate's."""
    fault = product_fault(act, gtin, serialisations)
    if fault:
        return fault
    return None if may_commission(act, gtin) else Verdict(Code.NO_COMMISSION_AUTHORITY, gtin)


def product_fault(act: Act, gtin: bytes, serialisations: frozenset[int] = SERIALISED) -> Verdict | None:
    """Ask whether a product is known, and serialised in one of these ways."""
    product = act.state.read(PRODUCTS, gtin)
    if product is None:
        return Verdict(Code.PRODUCT_UNKNOWN, gtin)
    if product.serialisation not in serialisations:
        is_serial = product.serialisation == Serialisation.SERIAL
        return Verdict(Code.PRODUCT_SERIALISED if is_serial else Code.PRODUCT_NOT_SERIALISED, gtin)
    return None


def may_commission(act: Act, gtin: bytes) -> bool:
    """Tell whether the signer is a known product's marketing holder, or its delegate."""
    if is_party(act.state.require(PRODUCTS, gtin).holder, act.signer):
        return True
    return act.state.read(DELEGATIONS, delegation_key(gtin, act.signer)) is not None


def make_fault(act: Act, record: Commission) -> Verdict | None:
    """Ask whether lot, line, time of making and expiry are well formed, and the expiry still to come."""
    if not is_valid_lot(record.lot):
        return Verdict(Code.LOT_INVALID, record.lot)
    if record.line and not is_valid_lot(record.line):
        return Verdict(Code.LINE_INVALID, record.lot)
    if not 0 <= record.made_at_ms <= act.time_ms + act.limits.claimed_time_ms:
        return Verdict(Code.MADE_AT_INVALID, record.lot)
    if not 0 <= record.expiry <= MAX_DATE:
        return Verdict(Code.EXPIRY_INVALID, record.lot)
    if expiry_instant(act, record) <= act.time_ms:
        return Verdict(Code.EXPIRED, record.lot)
    return None


def serials_fault(serials: tuple[bytes, ...]) -> Verdict | None:
    """Ask whether serials are 1 to 20 characters of set 82, and none stands there twice."""
    # One pass over all of them in C; only a bad list is searched for its culprit.
    is_sized = all(map(len, serials)) and max(map(len, serials), default=0) <= MAX_SERIAL_BYTES
    if is_sized and not b"".join(serials).translate(None, CHARACTER_SET_82):
        return list_fault(serials)
    wrong = next(serial for serial in serials if not is_valid_serial(serial))
    return Verdict(Code.SERIAL_INVALID, wrong)


def lot_fault(act: Act, record: Commission) -> Verdict | None:
    """Ask whether what is known of the lot agrees, and it has room for this make."""
    found = find_lot(act.state, record.gtin, record.lot)
    if found is None:
        return None
    number, lot = found
    fault = standing_fault(without_released(act.state, number, lot), record.expiry)
    if fault:
        return fault
    if lot.makes == MAX_MAKES and find_source(act.state, number, make_of(act, record)) is None:
        return Verdict(Code.LOT_TOO_MIXED, record.lot)
    return None


def standing_fault(lot: LotRow, expiry: int) -> Verdict | None:
    """Ask whether a known lot has this expiry, and is not called back as a whole."""
    if lot.expiry != expiry:
        return Verdict(Code.LOT_EXPIRY_MISMATCH, lot.lot)
    if any(make == ALL_MAKES for make, _kind, _recall in lot.marks):
        return Verdict(Code.LOT_ON_HOLD, lot.lot)
    return None


def make_of(act: Act, record: Commission) -> SourceRow:
    """Return where these serials come from."""
    return SourceRow(record.line, record.made_at_ms // MS_PER_HOUR, stated_number(act, record.head))


def open_lot_of(act: Act, record: Commission) -> int:
    """Return the number of the lot, which these may be the first packs of."""
    found = find_lot(act.state, record.gtin, record.lot)
    if found is not None:
        return found[0]
    expires_at_ms = expiry_instant(act, record)
    markets = act.state.require(PRODUCTS, record.gtin).markets
    named = (record.gtin, record.lot, record.expiry, expires_at_ms)
    return open_lot(act.state, LotRow(*named, act.signer, 0, (), markets))


def expiry_instant(act: Act, record: Commission) -> int:
    """Return the instant from which these packs are expired, by the product's first market.

    Packs of a product without lots (rule 30) say no date: the ledger knows none.
    """
    if not record.lot:
        return MAX_TIME_MS
    product = act.state.require(PRODUCTS, record.gtin)
    return expires_at(record.expiry, market(act.state, product.markets[0]).utc_offset_minutes)


def commission_logistic_units(act: Act, record: CommissionLogisticUnits) -> Verdict | None:
    """Rule 1: pallets and totes come to life with the owner of their company prefix."""
    fault = signer_fault(act, record.head, HANDLING) or list_fault(record.ssccs)
    if fault:
        return fault
    reuse_days = actor_profile(act, record.head).sscc_reuse_days
    for key in record.ssccs:
        if not is_logistic_unit(key):
            return Verdict(Code.SSCC_INVALID, key)
        if not has_own_prefix(act, key):
            return Verdict(Code.PREFIX_NOT_OWN, key)
        fault = life_of_unit_fault(act, key, reuse_days)
        if fault:
            return fault
    # After this point it must succeed.
    site = stated_number(act, record.head)
    for key in record.ssccs:
        bring_to_life(act, key, act.signer, site)
    return None
