"""The same bundles cut into blocks differently give the same facts, where lanes touch goods of their own."""

import random
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from contracts.gs1.dates import parse_date
from contracts.ledger.bundle import OpenBundle
from contracts.ledger.receipt import ACCEPTED, Receipt
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, shipment_id
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import (
    Commission,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Pack,
    Unpack,
)
from contracts.state.ending_rows import EndingRow
from contracts.state.layout import (
    CONTAINERS,
    ENDINGS,
    ITEMS,
    LANES,
    LOTS,
    SHIPMENTS,
    SOURCES,
    number_key,
    source_key,
)
from contracts.state.rows import ContainerRow, ItemRow, LotRow, ShipmentRow
from contracts.state.sources import lot_of
from tests.scenarios.law.world import DAY_MS, START_MS, Ledger, gln, gtin, item, lane_of

MAKERS = {
    "Acme": ("pack", "Plant", "Depot"),
    "Helper": ("pack", "Works", "Works"),
    "Rival": ("rival", "Mill", "Mill"),
}
"""Partners that make goods: what, where, and where else they have premises."""
BOXES = {"Acme": "pallet", "Helper": "crate", "Rival": "crate"}
EXPIRY = parse_date("2028-06-30")
ROUNDS = 60
DEADLINE_MS = START_MS + 20 * DAY_MS

Facts = dict[object, object]


class Lane:
    """Documents of one partner about goods that nobody else touches."""

    def __init__(self, signer: str, number: int) -> None:
        self.signer, self.number = signer, number
        self.random = random.Random(number)
        kind, here, there = MAKERS[signer]
        self.kind, self.places = kind, (here, there)
        self.serials = tuple(b"%d-%d" % (number, at) for at in range(40))
        self.boxes = tuple(item(f"{BOXES[signer]}-{10 * number + at}") for at in range(1, 4))
        self.shipments: list[bytes] = []

    def records(self) -> Iterator[Record]:
        """Yield records without end: first goods, then whatever comes to mind, lawful or not."""
        for at in range(0, 40, 10):
            line, lot = b"%d" % (at % 3), b"L%d-%d" % (self.number, at % 20)
            yield Commission(
                self.head(), gtin(self.kind), lot, EXPIRY, line, START_MS, self.serials[at : at + 10]
            )
        while True:
            yield self.random.choice(
                (self.pack, self.unpack, self.ship, self.receive, self.end, self.observe)
            )()

    def head(self) -> Head:
        return Head(START_MS, 0, gln(self.random.choice(self.places)))

    def some(self) -> tuple[bytes, ...]:
        prefix = item(f"{self.kind}-1")[:7]
        return tuple(
            prefix + serial for serial in self.random.sample(self.serials, self.random.randint(1, 4))
        )

    def box(self) -> bytes:
        return self.random.choice(self.boxes)

    def pack(self) -> Record:
        return Pack(self.head(), self.box(), self.some())

    def unpack(self) -> Record:
        return Unpack(self.head(), self.box(), self.some()[:1])

    def ship(self) -> Record:
        goods = self.random.choice((self.some(), (self.box(),)))
        there = gln(self.random.choice(self.places))
        return Ship(
            self.head(), goods, gln(self.signer), there, ShipPurpose.OWN_PREMISES, 0, DEADLINE_MS, b"", ()
        )

    def receive(self) -> Record:
        known = self.random.choice(self.shipments) if self.shipments else bytes(16)
        return Receive(self.head(), known, ReceiveMode.ALL, ())

    def end(self) -> Record:
        return Decommission(self.head(), self.random.choice((*DecommissionReason,)), self.some()[:1])

    def observe(self) -> Record:
        return Observe(self.head(), ObserveStep.STORING, self.some())


def bundles_of(signer: str, number: int, maker: Ledger) -> list[OpenBundle]:
    """Make a lane's bundles, each after the one before, of one to five documents."""
    lane, sequence, found = Lane(signer, number), 0, []
    records = lane.records()
    for _ in range(ROUNDS):
        said = [next(records) for _ in range(lane.random.randint(1, 5))]
        documents = [maker.document(record) for record in said]
        bundle = maker.bundle(signer, documents, after=sequence)
        for record, identifier in zip(said, bundle.document_ids, strict=True):
            if isinstance(record, Ship):
                lane.shipments.append(shipment_id(identifier, 0))
        found.append(bundle)
        sequence = bundle.header.sequence
    return found


@pytest.fixture(scope="module")
def lanes() -> list[list[OpenBundle]]:
    maker = Ledger()
    return [bundles_of(signer, number, maker) for number, signer in enumerate(MAKERS, start=1)]


def execute(lanes: list[list[OpenBundle]], seed: int) -> tuple[Facts, dict[bytes, Receipt], int]:
    """Cut the lanes into blocks as a seed says, and execute them."""
    dice, ledger, receipts = random.Random(seed), Ledger(), {}
    left = [list(lane) for lane in lanes]
    while any(left):
        block: list[OpenBundle] = []
        for lane in dice.sample(left, len(left)):
            count = dice.randint(0, 6)
            block += lane[:count]
            del lane[:count]
        for receipt in ledger.block(*block).receipts:
            receipts[receipt.document_id] = receipt
    return facts_of(ledger), receipts, ledger.height


def facts_of(ledger: Ledger) -> Facts:
    """Return what state says, without heights, times, and numbers that depend on the order of lots."""
    tables = {table.prefix: table for table in (ITEMS, CONTAINERS, LOTS, ENDINGS, SHIPMENTS, LANES)}
    found = (
        (at, tables[at[:1]].decode(value)) for at, value in ledger.reader.rows.items() if at[:1] in tables
    )
    return dict(fact(ledger.reader.rows, at, row) for at, row in found)


def fact(rows: dict[bytes, bytes], at: bytes, row: object) -> tuple[object, object]:
    """Return a row as a fact: under what, and what it says."""
    match row:
        case ItemRow():
            return at, (make(rows, row.source), replace(row, source=0, born_height=0, born_document=0))
        case ContainerRow():
            inside = {make(rows, source): count for source, count in row.sources}
            return at, (inside, row.emptied_at_ms > 0, replace(row, sources=(), emptied_at_ms=0))
        case LotRow():
            return (row.gtin, row.lot), row
        case EndingRow():
            return at, replace(row, ended_at_ms=0)
        case ShipmentRow():
            return at, replace(row, receipt_ms=int(row.receipt_ms > 0))
        case _:
            return at, row


def make(rows: dict[bytes, bytes], source: int) -> object:
    """Return what a source number stands for."""
    if not source:
        return None
    lot = LOTS.decode(rows[LOTS.prefix + number_key(lot_of(source))])
    return lot.gtin, lot.lot, SOURCES.decode(rows[SOURCES.prefix + source_key(source)])


@pytest.mark.parametrize("seed", range(1, 9))
def test_however_blocks_are_cut_the_facts_are_the_same(lanes: list[list[OpenBundle]], seed: int) -> None:
    facts, receipts, _height = execute(lanes, 0)
    others, told, _height = execute(lanes, seed)
    assert others == facts
    assert told == receipts


def test_the_workload_says_something(lanes: list[list[OpenBundle]]) -> None:
    facts, receipts, height = execute(lanes, 0)
    assert execute(lanes, 1)[2] != height
    assert all(LANES.prefix + lane_of(signer) in facts for signer in MAKERS)
    accepted = sum(receipt.code == ACCEPTED for receipt in receipts.values())
    assert 100 < accepted < len(receipts) - 100
    assert any(key[:1] == SHIPMENTS.prefix for key in facts if isinstance(key, bytes))
