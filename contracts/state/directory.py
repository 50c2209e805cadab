"""Who and what is registered: partners, premises, markets, by the names that records use."""

from contracts.state.layout import (
    LIMITS,
    MARKETS,
    PARTNER_NUMBERS,
    PARTNERS,
    PREMISES,
    PREMISES_NUMBERS,
    PROFILES,
    SOLE_KEY,
    number_key,
    text_key,
)
from contracts.state.rows import LimitsRow, MarketRow, PartnerRow, PremisesRow, ProfileRow
from contracts.state.view import Overlay


def find_partner(state: Overlay, gln: bytes) -> tuple[int, PartnerRow] | None:
    """Return the number and row of the partner with this packed party GLN, or None."""
    number = state.read(PARTNER_NUMBERS, gln)
    return None if number is None else (number, partner(state, number))


def find_premises(state: Overlay, gln: bytes) -> tuple[int, PremisesRow] | None:
    """Return the number and row of the premises with this packed location GLN, or None."""
    number = state.read(PREMISES_NUMBERS, gln)
    return None if number is None else (number, premises(state, number))


def partner(state: Overlay, number: int) -> PartnerRow:
    """Return the row of a registered partner."""
    return state.require(PARTNERS, number_key(number))


def premises(state: Overlay, number: int) -> PremisesRow:
    """Return the row of registered premises."""
    return state.require(PREMISES, number_key(number))


def market(state: Overlay, code: str) -> MarketRow:
    """Return the row of a market that a registered row names."""
    return state.require(MARKETS, text_key(code))


def profile(state: Overlay, market_code: str) -> ProfileRow:
    """Return the limits that apply in a market."""
    return state.require(PROFILES, text_key(market(state, market_code).profile))


def limits(state: Overlay) -> LimitsRow:
    """Return what the law reads of the network's parameters."""
    return state.require(LIMITS, SOLE_KEY)
