"""Products as they are registered, at the height of one snapshot: their facts, who may make and get them."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from contracts.gs1.keys import GTIN_BYTES, unpack_gtin
from contracts.state.layout import DELEGATIONS, PRODUCT_OFFERS, PRODUCTS, STORAGE
from contracts.state.rows import ProductRow, Serialisation, TradeLane
from node.storage.custody import Custody
from node.storage.partners import role_words
from node.storage.store import STATE, Reader, Space
from node.storage.views import NamedGln

_ROWS_AT_ONCE: Final = 100
MAX_DELEGATES: Final = 500
"""Most delegates of a product that are shown, in the order of their registration."""


class LaneView(msgspec.Struct, frozen=True):
    """To whom a product, or one lot of it, is to be sold (rule 21)."""

    lot: str
    """Lot; empty for all that have no lane of their own."""
    receivers: tuple[NamedGln, ...]
    """Parties that may receive it whatever their role and market."""
    roles: tuple[str, ...]
    """Roles of which any other receiver has one; none for no such condition."""
    markets: tuple[str, ...]
    """Markets in one of which any other receiver gets it; none for no such condition."""
    step: str
    """flag, or block where the profile allows it."""


class StorageView(msgspec.Struct, frozen=True):
    """How a product must be kept (rule 18)."""

    low: int
    """Lowest temperature, hundredths of a degree Celsius."""
    high: int
    """Highest temperature, likewise."""
    allowance_s: int
    """Longest time at one stretch outside that range, seconds."""
    budget_s: int
    """Most time outside it altogether, seconds."""
    longest_gap_s: int
    """Longest time between two readings, seconds."""


class ProductView(msgspec.Struct, frozen=True):
    """A product."""

    gtin: str
    """GTIN-14."""
    name: str
    """Name for people."""
    holder: NamedGln
    """Its marketing holder."""
    strength: str
    """Such as 10 mg; may be empty."""
    form: str
    """Pharmaceutical form; may be empty."""
    markets: tuple[str, ...]
    """Markets it is made for; the first decides when its expiry date ends."""
    serialisation: str
    """serial, lot or none: how its packs are told apart."""
    units_per_pack: int
    """Smallest units in one pack."""
    contains_gtin: str | None
    """For a case: the GTIN inside."""
    contains_count: int
    """For a case: how many of it; else 0."""
    national_numbers: tuple[str, ...]
    """NDC and other national numbers."""
    storage: str
    """Storage condition as the label says it; may be empty."""
    logger_required: bool
    """Whether it travels with a temperature logger."""
    leaflet: str
    """Link to the leaflet; may be empty."""


class ProductInFullView(ProductView, frozen=True, kw_only=True):
    """A product with who may make it, who may get it, and how it is kept."""

    delegates: tuple[NamedGln, ...]
    """Contract makers that may commission it."""
    offered_to: NamedGln | None
    """Party that may take it over; null when it is not offered."""
    storage_profile: StorageView | None
    """How it must be kept, as its marketing holder signed; null for no such profile."""
    lanes: tuple[LaneView, ...]
    """Trade lanes, by lot."""


class Products:
    """Reads products from a pinned snapshot; raises as `Custody` does."""

    def __init__(self, reader: Reader, custody: Custody) -> None:
        """Read from `reader`; `custody` is over the same."""
        self._state = Space(reader, STATE)
        self._custody = custody

    def page(self, holder: int | None, after: bytes, limit: int) -> tuple[list[ProductView], bytes | None]:
        """Return products in the order of their GTINs, and the GTIN after which to go on; None at the end.

        Args:
            holder: Number of the marketing holder; None for anybody's.
            after: Packed GTIN of the last one seen; empty to begin.
            limit: Most to return.
        """
        found: list[ProductView] = []
        last = after
        for gtin, row in self._rows(after):
            if holder is not None and row.holder != holder:
                continue
            if len(found) == limit:
                return found, last
            found.append(ProductView(**self._facts(gtin, row)))
            last = gtin
        return found, None

    def find(self, gtin: bytes) -> ProductInFullView | None:
        """Return a product, or None when it is not registered."""
        row = self._custody.state.read(PRODUCTS, gtin)
        if row is None:
            return None
        offered = self._custody.state.read(PRODUCT_OFFERS, gtin)
        kept = self._custody.state.read(STORAGE, gtin)
        return ProductInFullView(
            **self._facts(gtin, row),
            delegates=tuple(self._delegates(gtin)),
            offered_to=None if offered is None else self._custody.named(offered),
            storage_profile=None if kept is None else StorageView(**msgspec.structs.asdict(kept)),
            lanes=tuple(map(self._lane, row.lanes)),
        )

    def _rows(self, after: bytes) -> Iterator[tuple[bytes, ProductRow]]:
        # The first key behind all that begin with the one seen last.
        start = PRODUCTS.prefix + after + b"\x00" if after else None
        while True:
            page = self._state.scan(PRODUCTS.prefix, start=start, limit=_ROWS_AT_ONCE)
            for key, value in page.rows:
                yield key[len(PRODUCTS.prefix) :], PRODUCTS.decode(value)
            if page.resume is None:
                return
            start = page.resume

    def _facts(self, gtin: bytes, row: ProductRow) -> dict[str, Any]:
        return {
            "gtin": unpack_gtin(gtin),
            "name": row.name,
            "holder": self._party(row.holder),
            "strength": row.strength,
            "form": row.form,
            "markets": row.markets,
            "serialisation": Serialisation(row.serialisation).name.lower(),
            "units_per_pack": row.units_per_pack,
            "contains_gtin": unpack_gtin(row.contains_gtin) if row.contains_gtin else None,
            "contains_count": row.contains_count,
            "national_numbers": row.national_numbers,
            "storage": row.storage,
            "logger_required": row.logger_required == 1,
            "leaflet": row.leaflet,
        }

    def _delegates(self, gtin: bytes) -> Iterator[NamedGln]:
        prefix = DELEGATIONS.prefix + gtin
        for key, _value in self._state.scan(prefix, limit=MAX_DELEGATES).rows:
            yield self._party(int.from_bytes(key[len(DELEGATIONS.prefix) + GTIN_BYTES :], "big"))

    def _lane(self, lane: TradeLane) -> LaneView:
        return LaneView(
            lane.lot.decode("ascii"),
            tuple(map(self._party, lane.receivers)),
            role_words(lane.roles),
            lane.markets,
            "block" if lane.blocks else "flag",
        )

    def _party(self, number: int) -> NamedGln:
        return self._custody.named(number) or NamedGln("", "")
