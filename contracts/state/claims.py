"""Claims: goods that nobody on the ledger made, kept apart from every maker's own (LAW 25, ADR 12).

What is claimed has lots and sources of its own, so that a claimed expiry never stands against the maker's, no
seal of a maker is read into it, and nobody takes it for the maker's word. A claimed lot is one of (GTIN, lot,
expiry) and has no maker. The items keep their claimed source for ever; when a commission confirms some of
them, the make that it names counts as an origin of the claimed source, so that later recalls of that make
reach them, and what speaks against it already speaks against them.
"""

from typing import Final

from contracts.gs1.keys import GTIN_BYTES
from contracts.state.claim_rows import ClaimAnswerRow, ClaimRow, ClaimStanding
from contracts.state.layout import (
    CLAIM_ANSWERS,
    CLAIM_COUNTS,
    CLAIM_LINKS,
    CLAIMED_LOTS,
    CLAIMS,
    FORMER_EXPIRIES,
    ORIGINS,
    PRODUCTS,
    claim_origin_key,
    claimed_lot_key,
    number_key,
    open_claims_key,
    source_key,
)
from contracts.state.lists import append, claimed_lots, derived_from_lot, derived_from_make, origins_of_make
from contracts.state.recall_rows import NumbersRow
from contracts.state.recalls import mark_makes
from contracts.state.rows import MAKES_PER_LOT, NOBODY, HoldKind, ItemRow, LotRow, SourceRow
from contracts.state.scopes import Reach, follow_lineage
from contracts.state.sources import add_make, find_lot, former_expiries, lot_of, lot_row, marks_of, number_lot
from contracts.state.view import Overlay

MAKE_UNKNOWN: Final = SourceRow(b"", 0, NOBODY)
"""Line, hour and site of what is claimed: nobody on the ledger knows."""


def claim_of(state: Overlay, row: ItemRow) -> ClaimRow | None:
    """Return what is claimed of an item, or None when its maker entered it (or it is a logistic unit)."""
    return state.read(CLAIMS, source_key(row.source)) if row.source else None


def find_claimed_lot(state: Overlay, gtin: bytes, lot: bytes, expiry: int) -> int | None:
    """Return the number of a claimed lot, or None when nothing of it was claimed."""
    return state.read(CLAIMED_LOTS, claimed_lot_key(gtin, lot, expiry))


def open_claimed_lot(state: Overlay, gtin: bytes, lot: bytes, printed: int, counts: tuple[int, int]) -> int:
    """Return the number of a claimed lot, giving it one when it is new.

    Args:
        state: State.
        gtin: Packed GTIN.
        lot: Lot.
        printed: Last day of use, as the packs say.
        counts: The one that counts, for the maker amended it (rule 19b), and the instant at which that ends.
    """
    number = find_claimed_lot(state, gtin, lot, printed)
    if number is None:
        made = find_lot(state, gtin, lot)
        markets = state.require(PRODUCTS, gtin).markets if made is None else made[1].markets
        number = number_lot(state, LotRow(gtin, lot, *counts, NOBODY, 0, (), markets))
        state.write(CLAIMED_LOTS, claimed_lot_key(gtin, lot, printed), number)
        append(state, claimed_lots(gtin, lot), number)
        if counts[0] != printed:
            state.write(FORMER_EXPIRIES, number_key(number), NumbersRow(0, (printed,)))
    return number


def printed_expiry(state: Overlay, claimed: int) -> int:
    """Return the last day of use that the packs of a claimed lot say, whatever counts since."""
    return next(iter(former_expiries(state, claimed)), lot_row(state, claimed).expiry)


def find_claim(state: Overlay, lot: int, claim: ClaimRow) -> int | None:
    """Return the source number of a claim of a lot, or None when it has none yet."""
    return state.read(
        ORIGINS, claim_origin_key(lot, claim.claimant, claim.ground, claim.sender, claim.evidence)
    )


def add_claim(state: Overlay, lot: int, claim: ClaimRow) -> int:
    """Give a claim that has none a source number in its claimed lot, which must have room; return it."""
    number = add_make(state, lot, MAKE_UNKNOWN)
    key = claim_origin_key(lot, claim.claimant, claim.ground, claim.sender, claim.evidence)
    state.write(ORIGINS, key, number)
    state.write(CLAIMS, source_key(number), claim)
    return number


def answer_to(state: Overlay, key: bytes) -> ClaimAnswerRow | None:
    """Return what was said of a claimed item; None when nobody has said anything."""
    return state.read(CLAIM_ANSWERS, key)


def note_answer(state: Overlay, key: bytes, standing: ClaimStanding, by: int, *, commissioned: bool) -> int:
    """Note what was said of a claimed item; return by how much that changes the count of open claims.

    Args:
        state: State.
        key: Item key.
        standing: What was said.
        by: Number of the partner that said it.
        commissioned: Whether a commission did.
    """
    before = answer_to(state, key)
    was_confirmed = before is not None and before.standing == ClaimStanding.CONFIRMED
    was_commissioned = before is not None and before.commissioned == 1
    row = ClaimAnswerRow(int(standing), by, int(commissioned or was_commissioned))
    state.write(CLAIM_ANSWERS, key, row)
    return was_confirmed - (standing == ClaimStanding.CONFIRMED)


def open_claims(state: Overlay, claimant: int, gtin: bytes) -> int:
    """Return how many items of a product a partner has claimed that nobody confirmed."""
    return state.read(CLAIM_COUNTS, open_claims_key(claimant, gtin)) or 0


def count_claims(state: Overlay, claimant: int, gtin: bytes, change: int) -> None:
    """Add to, or take from, the count of a partner's open claims of a product."""
    if change:
        count = open_claims(state, claimant, gtin) + change
        state.write(CLAIM_COUNTS, open_claims_key(claimant, gtin), count)


def link_to_make(state: Overlay, claimed: int, make: int) -> frozenset[int]:
    """Let a make that a commission entered be an origin of a claimed source: recalls of it reach that too.

    All that came in with one claim is of one source, so a recall of one hour of the make reaches all of it,
    and what was repacked from it.

    Returns:
        Numbers of the recalls that speak against the make already, and now against that.

    Raises:
        TooManyRows: The claim was repacked more often than a recall may follow.
    """
    key = source_key(claimed) + source_key(make)
    if state.read(CLAIM_LINKS, key) is not None:
        return frozenset()
    state.write(CLAIM_LINKS, key, 1)
    append(state, origins_of_make(claimed), make)
    append(state, derived_from_make(make), claimed)
    append(state, derived_from_lot(lot_of(make)), claimed)
    marks = marks_of(lot_row(state, lot_of(make)), make)
    if not marks:
        return frozenset()
    reach = Reach({lot_of(claimed): {claimed % MAKES_PER_LOT}}, {})
    follow_lineage(state, reach)
    for kind, recall in marks:
        for lot in sorted(reach.makes):
            mark_makes(state, lot, reach.makes[lot], HoldKind(kind), recall)
    return frozenset(recall for _kind, recall in marks)


def gtin_of(key: bytes) -> bytes:
    """Return the packed GTIN of a claimed item, which always has one."""
    return key[1 : 1 + GTIN_BYTES]


def is_answered_by_commission(answer: ClaimAnswerRow | None) -> bool:
    """Tell whether a commission named an item's serial before."""
    return answer is not None and answer.commissioned == 1
