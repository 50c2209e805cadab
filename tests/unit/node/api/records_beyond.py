"""Any record of goods that come from elsewhere, or leave for there (6, 25, 26), or are exempt (20)."""

from hypothesis import strategies as st

from contracts.gs1.dates import MAX_DATE
from contracts.gs1.keys import pack_gtin
from contracts.records.custody import Ship, ShipPurpose
from contracts.records.exempt import Exempt, ExemptReason
from contracts.records.head import Head
from contracts.records.onboarding import AnswerClaim, ClaimAnswer, Onboard, OnboardGround
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd
from contracts.records.record import Record
from tests.support.parties import PACK_GTIN

HASHES = st.binary(min_size=32, max_size=32)


def records_beyond(
    heads: st.SearchStrategy[Head],
    lists: st.SearchStrategy[tuple[bytes, ...]],
    glns: st.SearchStrategy[bytes],
    texts: st.SearchStrategy[bytes],
) -> st.SearchStrategy[Record]:
    """Return a strategy for all of them."""
    serials = st.lists(texts, max_size=4).map(tuple)
    terms = (st.sampled_from(ShipPurpose), st.integers(0, 1), st.just(0), st.just(b""), st.just(()))
    ships = st.builds(Ship, heads, lists, glns, st.just(b""), *terms)
    what = (st.just(pack_gtin(PACK_GTIN)), texts, st.integers(0, MAX_DATE), serials)
    return st.one_of(
        st.builds(Onboard, heads, st.sampled_from(OnboardGround), glns, HASHES, *what),
        st.builds(AnswerClaim, heads, st.sampled_from(ClaimAnswer), lists),
        st.builds(ClaimOverage, heads, st.binary(min_size=16, max_size=16), lists),
        st.builds(EndOverage, heads, st.sampled_from(OverageEnd), lists),
        st.builds(Exempt, st.sampled_from(ExemptReason), HASHES, ships),
        st.builds(ShipOutside, heads, lists, glns, HASHES),
        st.builds(ReceiveFromOutside, heads, lists, glns, HASHES),
    )
