"""Who and what is registered: partners, premises, markets, by the names that records use."""

from typing import Final

from contracts.state.layout import (
    COUNTERS,
    KEYS,
    LIMITS,
    MARKETS,
    PARTNER_NUMBERS,
    PARTNERS,
    PREFIX_OWNERS,
    PREFIX_STEMS,
    PREMISES,
    PREMISES_NUMBERS,
    PROFILES,
    SOLE_KEY,
    number_key,
    text_key,
)
from contracts.state.rows import NOBODY, LimitsRow, MarketRow, PartnerRow, PremisesRow, ProfileRow
from contracts.state.view import Overlay, of_directory

PREFIX_DIGITS: Final = range(4, 13)
"""How long a GS1 company prefix may be."""

_LAST_PARTNER: Final = b"partner"
_LAST_PREMISES: Final = b"premises"
"""Names of counters."""


@of_directory
def signer_of(state: Overlay, lane: bytes) -> tuple[int, PartnerRow]:
    """Return the number and row of the partner that a registered key signs for."""
    number = state.require(KEYS, lane).partner
    return number, partner(state, number)


@of_directory
def find_partner(state: Overlay, gln: bytes) -> tuple[int, PartnerRow] | None:
    """Return the number and row of the partner with this packed party GLN, or None."""
    number = state.read(PARTNER_NUMBERS, gln)
    return None if number is None else (number, partner(state, number))


@of_directory
def find_premises(state: Overlay, gln: bytes) -> tuple[int, PremisesRow] | None:
    """Return the number and row of the premises with this packed location GLN, or None."""
    number = state.read(PREMISES_NUMBERS, gln)
    return None if number is None else (number, premises(state, number))


@of_directory
def partner(state: Overlay, number: int) -> PartnerRow:
    """Return the row of a registered partner."""
    return state.require(PARTNERS, number_key(number))


@of_directory
def premises(state: Overlay, number: int) -> PremisesRow:
    """Return the row of registered premises."""
    return state.require(PREMISES, number_key(number))


@of_directory
def market(state: Overlay, code: str) -> MarketRow:
    """Return the row of a market that a registered row names."""
    return state.require(MARKETS, text_key(code))


@of_directory
def profile(state: Overlay, market_code: str) -> ProfileRow:
    """Return the limits that apply in a market."""
    return state.require(PROFILES, text_key(market(state, market_code).profile))


def limits(state: Overlay) -> LimitsRow:
    """Return what the law reads of the network's parameters."""
    return state.require(LIMITS, SOLE_KEY)


def add_partner(state: Overlay, row: PartnerRow) -> int:
    """Register a partner whose GLN no other has; return its number. Its prefixes are registered apart."""
    number = _next_number(state, _LAST_PARTNER)
    state.write(PARTNERS, number_key(number), row)
    state.write(PARTNER_NUMBERS, row.gln, number)
    return number


def add_premises(state: Overlay, row: PremisesRow) -> int:
    """Register premises whose GLN no others have; return their number."""
    number = _next_number(state, _LAST_PREMISES)
    state.write(PREMISES, number_key(number), row)
    state.write(PREMISES_NUMBERS, row.gln, number)
    return number


def prefix_owner(state: Overlay, digits: str) -> int:
    """Return the number of the partner whose company prefix these digits begin with; 0 for none registered.

    Args:
        state: State.
        digits: Of a GLN, or of a GTIN or SSCC behind its indicator or extension digit.
    """
    for length in PREFIX_DIGITS:
        owner = state.read(PREFIX_OWNERS, text_key(digits[:length]))
        if owner is not None:
            return owner
    return NOBODY


def overlaps_prefix(state: Overlay, digits: str) -> bool:
    """Tell whether a company prefix is registered, begins with one that is, or is the beginning of one."""
    return prefix_owner(state, digits) != NOBODY or state.read(PREFIX_STEMS, text_key(digits)) is not None


def add_prefix(state: Overlay, digits: str, owner: int) -> None:
    """Register a company prefix that overlaps no other; its owner's row names it apart."""
    state.write(PREFIX_OWNERS, text_key(digits), owner)
    for stem in _stems(digits):
        state.write(PREFIX_STEMS, stem, (state.read(PREFIX_STEMS, stem) or 0) + 1)


def remove_prefix(state: Overlay, digits: str) -> None:
    """Let a registered company prefix be nobody's."""
    state.delete(PREFIX_OWNERS, text_key(digits))
    for stem in _stems(digits):
        left = state.require(PREFIX_STEMS, stem) - 1
        if left:
            state.write(PREFIX_STEMS, stem, left)
        else:
            state.delete(PREFIX_STEMS, stem)


def _stems(digits: str) -> list[bytes]:
    """Return the keys of all shorter prefixes that a company prefix begins with."""
    return [text_key(digits[:length]) for length in PREFIX_DIGITS if length < len(digits)]


def _next_number(state: Overlay, counter: bytes) -> int:
    """Return the number after the last one given."""
    number = (state.read(COUNTERS, counter) or 0) + 1
    state.write(COUNTERS, counter, number)
    return number
