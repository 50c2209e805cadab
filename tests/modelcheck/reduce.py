"""Components, reduced to what rules read: two that differ in nothing else are one.

Left out is what no rule reads again: when something was born, the name of a shipment, which of two like packs
is which, and rows of shipments that ended (their items are rewritten to what that end made of them). Time has
two sides: a deadline is to come, or past. Titles are left out while nobody returns goods; else they are
numbered, each with who sold to whom, and the title of a lone item is left out when no return may point at it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations, product
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from contracts.gs1.keys import SGTIN_KIND, SSCC_KIND, ItemKey
from contracts.primitives.encoding import encode
from contracts.records.custody import ShipPurpose
from contracts.state.layout import (
    CONTAINERS,
    ENDINGS,
    ITEMS,
    LOTS,
    NUMBER_BYTES,
    OVERAGES,
    SHIPMENTS,
    number_key,
    overage_key,
)
from contracts.state.overage_rows import OverageRow
from contracts.state.overages import claims_among
from contracts.state.places import resolve_place
from contracts.state.rows import ContainerRow, ItemRow, Life, ShipmentRow, ShipmentStanding
from contracts.state.sources import lot_of
from contracts.state.titles import TITLE_BYTES
from tests.modelcheck.cast import FUTURE_MS, NOW_MS, OF_ITEMS, PAST_MS, World, expired
from tests.modelcheck.forget import Forgetting
from tests.modelcheck.memory import Rows
from tests.scenarios.law.world import item

LONG_AGO_MS: Final = 0
KIND_BYTES: Final = 7
"""Items of one kind have so many bytes of their keys in common."""
ALIKE: Final = {item(f"{kind}-1")[:KIND_BYTES]: kind for kind in ("pack", "duo")}
"""Kinds of which one item is like any other: those that nothing is packed into here."""
SHIPMENT: Final = bytes(15) + b"\x01"
"""Name of the shipment that a component is on its way with."""
TITLE: Final = b"\x01" * 15
"""Names of sales begin with this, and end in a number."""

_TABLES: Final[dict[bytes, Any]] = {table.prefix: table for table in (*OF_ITEMS, OVERAGES, SHIPMENTS)}


class Component(NamedTuple):
    """Items that hang together, reduced."""

    items: tuple[ItemKey, ...]
    """Ascending; packs are pack-1, pack-2 and so on."""
    rows: tuple[tuple[bytes, bytes], ...]
    """Rows under their state keys, ascending: of items, of the shipment, of sales, of lots that expired."""


class Part(NamedTuple):
    """A component that follows from another."""

    component: Component
    """Reduced."""
    origins: tuple[ItemKey, ...]
    """What each of its items was called before."""


class Reducer:
    """Takes rows apart into reduced components; remembers what it decoded and encoded."""

    def __init__(self, world: World, *, forgets: bool = True) -> None:
        """Prepare; titles and lots count when somebody returns goods, or lets them expire.

        Args:
            world: Who acts, and the law.
            forgets: Whether what makes no difference is forgotten (`forget.py`).
        """
        self._world = world
        self._forgetting = Forgetting(world.families) if forgets else None
        self._has_titles = "returns" in world.families
        self._has_seals = bool(world.families & {"returns", "outside", "corrections"})
        self._has_expiry = "expiry" in world.families
        self._decoded: dict[bytes, Any] = {}
        self._settled: dict[tuple[bytes, bytes | None], ItemRow] = {}
        self._reduced: dict[tuple[object, ...], bytes] = {}
        self._same: dict[object, Any] = {}
        self._expired: dict[bytes, tuple[bytes, bytes]] = {}

    def item(self, value: bytes) -> ItemRow:
        """Return an item's row."""
        row = self._decoded.get(value)
        if row is None:
            row = self._decoded[value] = ITEMS.decode(value)
        found: ItemRow = row
        return found

    def shipment(self, value: bytes) -> ShipmentRow:
        """Return a shipment's row."""
        row = self._decoded.get(value)
        if row is None:
            row = self._decoded[value] = SHIPMENTS.decode(value)
        found: ShipmentRow = row
        return found

    # ------------------------------------------------------------------------------- time

    def late(self, component: Component) -> Iterator[Rows]:
        """Yield the rows in which one deadline more is past: of a shipment, to undo an ending, an expiry."""
        for at, value in component.rows:
            later = self._later(at, value)
            if later is not None:
                yield {**dict(component.rows), at: later}
        if self._has_expiry and not any(at[:1] == LOTS.prefix for at, _row in component.rows):
            lots = self._lots_of(component.items, dict(component.rows))
            if lots:
                yield {**dict(component.rows), **{at: self._expiry(at)[1] for at in lots}}

    def _later(self, at: bytes, value: bytes) -> bytes | None:
        if at[:1] == SHIPMENTS.prefix and (sent := self.shipment(value)).deadline_ms == FUTURE_MS:
            return encode(replace(sent, deadline_ms=PAST_MS))
        if at[:1] == ENDINGS.prefix and (ending := ENDINGS.decode(value)).ended_at_ms:
            return encode(replace(ending, ended_at_ms=LONG_AGO_MS))
        if at[:1] == OVERAGES.prefix and (claim := OVERAGES.decode(value)).until_ms == FUTURE_MS:
            return encode(replace(claim, until_ms=PAST_MS))
        return None

    def _lots_of(self, keys: Sequence[bytes], rows: Rows) -> list[bytes]:
        """Return the state keys of the lots of some items."""
        sources = {self.item(rows[ITEMS.prefix + key]).source for key in keys} - {0}
        return sorted({LOTS.prefix + number_key(lot_of(source)) for source in sources})

    def _expiry(self, at: bytes) -> tuple[bytes, bytes]:
        """Return the row of a lot that expired, with its key."""
        if at not in self._expired:
            self._expired[at] = (at, encode(expired(LOTS.decode(self._world.fixed_row(at)))))
        return self._expired[at]

    # ------------------------------------------------------------------------------- reduction

    def parts(self, rows: Rows) -> list[Part]:
        """Take rows apart into reduced components."""
        own = {at[1:]: self.item(value) for at, value in rows.items() if at[:1] == ITEMS.prefix}
        groups: dict[bytes, list[bytes]] = {}
        placed: dict[bytes, ItemRow] = {}
        for key, row in own.items():
            top, top_key = row, key
            while top.parent:
                top, top_key = own[top.parent], top.parent
            settled = self._settle(rows, top_key, top)
            placed[key] = settled if top_key == key else row
            groups.setdefault(settled.shipment or top_key, []).append(key)
        return [self._part(rows, {key: placed[key] for key in keys}) for keys in groups.values()]

    def _settle(self, rows: Rows, key: bytes, row: ItemRow) -> ItemRow:
        """Read the row of an outermost item by what became of its shipment."""
        if not row.shipment:
            return row
        sent = rows[SHIPMENTS.prefix + row.shipment]
        shipment = self.shipment(sent)
        if shipment.standing == ShipmentStanding.OUTSTANDING:
            return row
        at = (rows[ITEMS.prefix + key], sent)
        found = self._settled.get(at)
        if found is None:
            found = self._settled[at] = resolve_place(row, shipment)
        return found

    def _part(self, rows: Rows, placed: Mapping[bytes, ItemRow]) -> Part:
        """Return the component that some items are, its like items named in the order that comes first."""
        found: list[Part] = []
        if self._forgetting is not None:
            rows, placed = self._forgetting.without(rows, placed)
        for names in _namings(placed):
            origins = {name: ItemKey(key) for key, name in names.items()}
            keys = tuple(ItemKey(name) for name in sorted(origins))
            named = self._named(rows, placed, names, [origins[key] for key in keys])
            found.append(Part(Component(keys, named), tuple(origins[key] for key in keys)))
        part = found[0] if len(found) == 1 else min(found, key=lambda one: one.component.rows)
        component = self._shared(Component(self._shared(part.component.items), part.component.rows))
        return Part(component, part.origins)

    def _shared(self, value: Any) -> Any:
        return self._same.setdefault(value, value)

    def _named(
        self,
        rows: Rows,
        placed: Mapping[bytes, ItemRow],
        names: Mapping[bytes, bytes],
        order: Sequence[bytes],
    ) -> tuple[tuple[bytes, bytes], ...]:
        """Return a component's rows under other names; titles are numbered in the order of the items."""
        titles: dict[bytes, bytes] = {b"": b""}
        found: dict[bytes, bytes] = {}
        for key in order:
            row = placed[key]
            title = self._title(rows, row, titles, is_alone=len(order) == 1)
            sent = row.shipment and SHIPMENT
            parent = row.parent and names[row.parent]
            found[ITEMS.prefix + names[key]] = self._reduce(row, parent, sent, title)
            for at in _beside(rows, key, row):
                is_unit = key[:1] == SSCC_KIND
                found[at[: -len(key)] + names[key]] = self._timeless(at, rows[at], is_unit=is_unit)
            if row.shipment:
                value = rows[SHIPMENTS.prefix + row.shipment]
                found[SHIPMENTS.prefix + SHIPMENT] = self._timeless(SHIPMENTS.prefix, value)
        for old, new in titles.items():
            sale = rows.get(SHIPMENTS.prefix + old) if old else None
            if sale is not None and self.shipment(sale).purpose == ShipPurpose.SALE:
                found[SHIPMENTS.prefix + new] = self._sale(sale)
        if self._has_expiry:
            of_items = {ITEMS.prefix + key: value for key in placed if (value := rows[ITEMS.prefix + key])}
            found |= {at: rows[at] for at in self._lots_of(list(placed), of_items) if at in rows}
        return tuple(self._shared((at, self._shared(found[at]))) for at in sorted(found))

    def _title(self, rows: Rows, row: ItemRow, titles: dict[bytes, bytes], *, is_alone: bool) -> bytes:
        """Return what a row says of its title, under other names."""
        if not self._has_titles or not row.title:
            return b""
        kind, ids = (row.title[:1], row.title[1:]) if row.parent else (b"", row.title)
        said = [ids[at : at + TITLE_BYTES] for at in range(0, len(ids), TITLE_BYTES)]
        if is_alone:
            value = rows.get(SHIPMENTS.prefix + said[0])
            if value is None or self.shipment(value).purpose != ShipPurpose.SALE:
                return b""
        for one in said:
            titles.setdefault(one, TITLE + bytes((len(titles),)))
        return kind + b"".join(titles[one] for one in said)

    def _sale(self, value: bytes) -> bytes:
        """Return the row of a sale: who sold to whom."""
        at = ("sale", value)
        if at not in self._reduced:
            sale = self.shipment(value)
            ended = int(ShipmentStanding.RECEIVED)
            row = ShipmentRow(sale.sender, sale.receiver, sale.purpose, PAST_MS, 0, ended, 1, 0, 0, 0, 0)
            self._reduced[at] = encode(row)
        return self._reduced[at]

    def _reduce(self, row: ItemRow, parent: bytes, sent: bytes, title: bytes) -> bytes:
        """Return an item's row, reduced and under other names."""
        # Rows come from `_decoded` and `_settled`, which keep them: no other row gets the same id.
        at = (id(row), parent, sent, title)
        found = self._reduced.get(at)
        if found is None:
            plain = replace(row, born_height=0, born_document=0, parent=parent, shipment=sent, title=title)
            found = self._reduced[at] = encode(plain)
        return found

    def _timeless(self, at: bytes, value: bytes, *, is_unit: bool = False) -> bytes:
        """Return a row with what no rule reads again left out, and every time on one of its two sides."""
        known = (at[:1], value, is_unit)
        found = self._reduced.get(known)
        if found is None:
            table = _TABLES[at[:1]]
            row = table.decode(value)
            if table is CONTAINERS:
                row = self._contents(row, is_unit=is_unit)
            elif table is SHIPMENTS:
                # When it was received last only claims of overages ask, of other shipments (`cast.py`).
                row = replace(row, deadline_ms=_side(row.deadline_ms), receipt_ms=0)
            elif table is ENDINGS:
                row = replace(row, ended_at_ms=NOW_MS if row.ended_at_ms else LONG_AGO_MS)
            elif table is OVERAGES:
                # Partners received more shipments than one from each other: it came with another one.
                row = OverageRow(SHIPMENT, _side(row.until_ms))
            found = self._reduced[known] = encode(row)
        return found

    def _contents(self, row: ContainerRow, *, is_unit: bool) -> ContainerRow:
        """Return what rules read of a container.

        Who introduced it, and that it was emptied, is asked of logistic units (rule 2a: who may refill it).
        Seals, and therefore levels, are asked about what comes back (rule 10); that there are at most as many
        levels as the network allows cannot be otherwise with so few items.
        """
        seen = replace(row, generation=1, emptied_at_ms=int(is_unit and row.emptied_at_ms > 0))
        if self._has_seals:
            return replace(seen, height=min(row.height, 2))
        return replace(seen, height=1, opened=0, introduced_by=row.introduced_by if is_unit else 0)

    def renamed(self, value: bytes, names: Mapping[ItemKey, ItemKey], later: int) -> bytes:
        """Return an item's row with other names for items, and its titles numbered so much later."""
        row = self.item(value)
        kind, ids = (row.title[:1], row.title[1:]) if row.parent else (b"", row.title)
        said = [ids[at : at + TITLE_BYTES] for at in range(0, len(ids), TITLE_BYTES)]
        title = kind + b"".join(one[:-1] + bytes((one[-1] + later,)) for one in said)
        parent = row.parent and names[ItemKey(row.parent)]
        return encode(replace(row, parent=parent, title=title))

    def with_one_item(self, rows: Rows, at: bytes) -> Rows:
        """Return rows in which what is on its way with a shipment is one item."""
        sent = self.shipment(rows[at])
        return {**rows, at: encode(replace(sent, outstanding=min(sent.outstanding, 1)))}

    def lives(self, component: Component) -> tuple[Life, ...]:
        """Return the life of each item: its own, or that of the nearest container that ended."""
        rows = dict(component.rows)
        return tuple(self.life(rows, key) for key in component.items)

    def holds(self, rows: Rows, key: bytes) -> set[int]:
        """Return the kinds of the holds that an item and all that it is inside carry."""
        row = self.item(rows[ITEMS.prefix + key])
        inside = self.holds(rows, row.parent) if row.parent else set()
        return inside | {kind for kind, _setter in row.holds}

    def life(self, rows: Rows, key: bytes) -> Life:
        """Return the life of one item."""
        row = self.item(rows[ITEMS.prefix + key])
        while row.life == Life.ACTIVE and row.parent:
            row = self.item(rows[ITEMS.prefix + row.parent])
        return Life(row.life)


def _side(deadline_ms: int) -> int:
    """Return which side of now a deadline lies on."""
    return PAST_MS if deadline_ms < NOW_MS else FUTURE_MS


def _beside(rows: Rows, key: bytes, row: ItemRow) -> Iterator[bytes]:
    """Yield where rows about an item stand beside its own; of a claim that has ended nobody asks again."""
    claims = (OVERAGES.prefix + overage_key(by, key) for _kind, by in claims_among(row.holds))
    for at in (*(table.prefix + key for table in OF_ITEMS[1:]), *claims):
        if at in rows:
            yield at


def key_begins(at: bytes) -> int:
    """Return where in the state key of a row about one item that item's key begins."""
    return 1 + NUMBER_BYTES if at[:1] == OVERAGES.prefix else 1


def _namings(placed: Mapping[bytes, ItemRow]) -> Iterator[dict[bytes, bytes]]:
    """Yield all ways to name items: those of one kind that are alike are numbered from 1."""
    alike: dict[bytes, list[bytes]] = {}
    for key in placed:
        if key[:KIND_BYTES] in ALIKE and key[:1] == SGTIN_KIND:
            alike.setdefault(key[:KIND_BYTES], []).append(key)
    names = [
        [item(f"{ALIKE[kind]}-{number}") for number in range(1, len(keys) + 1)]
        for kind, keys in alike.items()
    ]
    fixed = {key: key for key in placed}
    for orders in product(*(permutations(keys) for keys in alike.values())):
        chosen = zip(orders, names, strict=True)
        yield fixed | {key: name for order, named in chosen for key, name in zip(order, named, strict=True)}
