"""The goods that a file speaks of: made, packed and sent by others before it was written.

Most public files begin in the middle: they receive, inspect or unpack what some earlier file brought to life.
A ledger that knows nothing but prefixes and products must refuse such events. To see what they say when the
goods are there, these records of the product's holder come first.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from contracts.gs1.dates import date_of
from contracts.gs1.keys import SGTIN_KIND, ItemKey
from contracts.records.coldchain import LoggerOn
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, shipment_id
from contracts.records.head import Head
from contracts.records.quantities import Line, MakeQuantity, Settlement, SettleQuantity, ShipQuantity
from contracts.records.record import Record
from contracts.records.supply import Commission, Pack
from contracts.state.directory import find_premises, partner
from contracts.state.layout import ITEMS, PRODUCTS
from contracts.state.rows import Serialisation
from contracts.state.view import Overlay
from node.epcis.events import EpcisDocument, EpcisEvent
from node.epcis.parties import Directory
from node.epcis.refusal import EventRefused
from node.epcis.sensors import measured
from node.epcis.steps import Statement, Step, read_statement
from node.storage.store import STATE, Space
from tests.support.gateway import Desk
from tests.support.parties import Party

_DAY_MS: Final = 86_400_000
_LOT: Final = b"GIVEN"
_STARTS: Final = frozenset({Step.COMMISSION, Step.NONE})


class Goods:
    """Puts the goods of one file where its events find them."""

    def __init__(self, desk: Desk, document: EpcisDocument, parties: Iterable[Party]) -> None:
        self._desk = desk
        self._document = document
        self._parties = {party.packed: party for party in parties}
        self._state = Overlay(Space(desk.node.store, STATE))
        self._directory = Directory(self._state)
        self._present = {
            item
            for event in document.events
            if (told := read_statement(event)).step is Step.COMMISSION
            for item in told.items
        }

    async def prepare(self, party: Party) -> None:
        """Do what the events of one partner presuppose, in their order."""
        for event in self._document.events:
            statement = read_statement(event)
            actor = self._actor(event, statement)
            if statement.step not in _STARTS and actor == party:
                await self._bring(event, statement, party)
                await self._bring_packs(event, statement, party)
                await self._watch(event, statement, party)

    def _actor(self, event: EpcisEvent, statement: Statement) -> Party | None:
        sends = statement.step in {Step.SHIP, Step.VOID}
        find = self._directory.sender if sends else self._directory.actor
        try:
            return self._parties[find(event, self._document.sender).gln]
        except EventRefused:
            return None

    async def _bring(self, event: EpcisEvent, statement: Statement, actor: Party) -> None:
        """Make what an event is about, and send it to whoever acts in it."""
        tops = [item for item in statement.items if item not in self._present]
        contents: tuple[ItemKey, ...] = statement.contents
        if statement.step is Step.UNPACK and statement.parent is not None:
            tops, contents = [statement.parent], statement.items
        if not tops or self._present.intersection(tops):
            return
        packs = [item for item in (*tops, *contents) if item[:1] == SGTIN_KIND]
        holder = self._holder(packs)
        if holder is None:
            return
        self._present.update((*tops, *contents))
        made = [*self._made(event, holder, packs)]
        if contents:
            made.append(Pack(self._head(event, holder), tops[0], contents))
        await self._desk.record(holder, *made)
        await self._send(event, statement, (holder, actor), tuple(tops))

    async def _bring_packs(self, event: EpcisEvent, statement: Statement, actor: Party) -> None:
        """Make the packs without serials that an event counts, and send them to whoever acts in it."""
        for entry in statement.quantities:
            product = self._state.read(PRODUCTS, entry.gtin or b"")
            if entry.gtin is None or entry.unit or product is None or not _is_counted(product.serialisation):
                continue
            holder = self._parties[partner(self._state, product.holder).gln]
            line = Line(entry.gtin, entry.lot.encode(), int(entry.amount))
            head = self._head(event, holder)
            times = (date_of(event.time_ms, 0) + 730, b"", head.claimed_at_ms) if line.lot else (0, b"", 0)
            await self._desk.record(holder, MakeQuantity(head, line.gtin, line.lot, *times, line.quantity))
            arrives = statement.step is Step.RECEIVE
            if holder == actor and not arrives:
                continue
            route = (actor.packed, *self._way(holder, actor), 0)
            receipt = await self._desk.record(holder, ShipQuantity(head, (line,), b"", *route, ()))
            if not arrives:
                announced = shipment_id(receipt.document_id, 0)
                taken = SettleQuantity(self._head(event, actor), announced, Settlement.RECEIVED, ())
                await self._desk.record(actor, taken)

    async def _watch(self, event: EpcisEvent, statement: Statement, actor: Party) -> None:
        """Put the loggers that an event reads on what it is about, when that is there."""
        if not statement.items or self._state.read(ITEMS, statement.items[0]) is None:
            return
        first_s: dict[bytes, int] = {}
        for entry in measured(event):
            first_s[entry.logger] = min(entry.at_s, first_s.get(entry.logger, entry.at_s))
        for logger, at_s in first_s.items():
            head = msgspec.structs.replace(self._head(event, actor), claimed_at_ms=at_s * 1_000)
            await self._desk.record(actor, LoggerOn(head, logger, statement.items[0]))

    async def _send(
        self, event: EpcisEvent, statement: Statement, ends: tuple[Party, Party], items: tuple[ItemKey, ...]
    ) -> None:
        holder, actor = ends
        is_own = holder == actor
        arrives = statement.step is Step.RECEIVE
        if is_own and not arrives:
            return
        route = (actor.packed, *self._way(holder, actor))
        ship = Ship(self._head(event, holder), items, *route, 0, b"", ())
        receipt = await self._desk.record(holder, ship)
        if not arrives:
            whole = (shipment_id(receipt.document_id, 0), ReceiveMode.ALL, ())
            await self._desk.record(actor, Receive(self._head(event, actor), *whole))

    def _way(self, holder: Party, actor: Party) -> tuple[bytes, ShipPurpose, int]:
        """Return destination, purpose, and whether ownership passes."""
        if holder == actor:
            return actor.place, ShipPurpose.OWN_PREMISES, 0
        return b"", ShipPurpose.SALE, 1

    def _head(self, event: EpcisEvent, party: Party) -> Head:
        is_registered = find_premises(self._state, party.place) is not None
        return Head(event.time_ms - _DAY_MS, event.offset_minutes, party.place if is_registered else b"")

    def _made(self, event: EpcisEvent, holder: Party, items: list[ItemKey]) -> Iterator[Record]:
        serials: dict[bytes, list[bytes]] = {}
        for item in items:
            serials.setdefault(item[1:7], []).append(item[7:])
        expiry = date_of(event.time_ms, 0) + 730
        for gtin, numbers in serials.items():
            yield Commission(self._head(event, holder), gtin, _LOT, expiry, b"", 0, tuple(numbers))

    def _holder(self, items: list[ItemKey]) -> Party | None:
        """Return who makes these packs, when it is one partner of this network."""
        products = [self._state.read(PRODUCTS, item[1:7]) for item in items]
        holders = {partner(self._state, product.holder).gln for product in products if product is not None}
        if None in products or len(holders) != 1:
            return None
        return self._parties[holders.pop()]


def _is_counted(serialisation: int) -> bool:
    return serialisation != Serialisation.SERIAL
