"""Who and what is registered, as the model knows it: products, who makes them, and places."""

from dataclasses import dataclass, field
from typing import Any

from tests.properties.facts import (
    ABROAD,
    COUNTED,
    DELEGATES,
    MARKET_OF,
    OFFSETS,
    PLACES,
    PRODUCTS,
    ROLES,
    SEATS,
    UNITS_PER_PACK,
    UNLICENSED,
    VOTERS,
)

Terms = tuple[frozenset[str], str, frozenset[str], bool]
"""Of a trade lane: receivers, role, markets, and whether it blocks."""


@dataclass
class Registered:
    """The directory in plain words."""

    holders: dict[str, str] = field(default_factory=lambda: {**PRODUCTS, **COUNTED})
    """Marketing holder of each kind of product."""
    markets: dict[str, tuple[str, ...]] = field(
        default_factory=lambda: {kind: (MARKET_OF.get(kind, "home"),) for kind in (*PRODUCTS, *COUNTED)}
    )
    """Markets of each kind."""
    units: dict[str, int] = field(
        default_factory=lambda: {kind: UNITS_PER_PACK.get(kind, 1) for kind in (*PRODUCTS, *COUNTED)}
    )
    """Units in a pack of each kind."""
    by_lot: frozenset[str] = frozenset(COUNTED)
    """Kinds whose packs carry no serials."""
    delegates: frozenset[tuple[str, str]] = frozenset(
        (kind, name) for kind, names in DELEGATES.items() for name in names
    )
    """Kinds and who else may make them."""
    offers: dict[str, str] = field(default_factory=dict)
    """Kinds on offer, and to whom."""
    places: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {
            place: (owner, "away" if place in ABROAD else "home") for place, owner in PLACES.items()
        }
    )
    """Places, whose they are, and their market."""
    logged: frozenset[str] = frozenset()
    """Kinds of which no journey may be without a logger."""

    mandates: dict[tuple[str, str], tuple[frozenset[str], frozenset[str], int]] = field(default_factory=dict)
    """(Principal, agent): verbs, places and end of what the agent may sign."""

    lanes: dict[tuple[str, str], Terms] = field(default_factory=dict)
    """By kind, and lot or nothing."""
    roles: dict[str, frozenset[str]] = field(
        default_factory=lambda: {name: frozenset(roles) for name, roles in ROLES.items()}
    )
    """What each partner is licensed to do."""
    unlicensed: frozenset[str] = frozenset(UNLICENSED)
    """Whose licence is not active."""
    follows: dict[str, str] = field(default_factory=lambda: {market: market for market in OFFSETS})
    """Markets and the profile that applies there."""
    nodes: dict[str, tuple[str, int]] = field(default_factory=lambda: dict(VOTERS))
    """Validators, who runs each, and its power."""
    made_for: dict[tuple[Any, ...], tuple[str, ...]] = field(default_factory=dict, compare=False)
    """By lot: markets that its product was made for when it began."""

    def copy(self) -> "Registered":
        """Return a copy."""
        return Registered(
            dict(self.holders),
            dict(self.markets),
            dict(self.units),
            self.by_lot,
            self.delegates,
            dict(self.offers),
            dict(self.places),
            self.logged,
            dict(self.mandates),
            dict(self.lanes),
            dict(self.roles),
            self.unlicensed,
            dict(self.follows),
            dict(self.nodes),
            dict(self.made_for),
        )

    def profile_of(self, kind: str) -> str:
        """Return the profile that applies to a product: that of its first market."""
        return self.follows[self.markets[kind][0]]

    def market_at(self, partner: str, place: str) -> str:
        """Return the market whose profile binds a partner that acts at a place, or states none."""
        return self.places[place][1] if place else SEATS.get(partner, "home")
