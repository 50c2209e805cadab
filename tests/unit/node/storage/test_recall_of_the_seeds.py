"""The recall to beat: 50,000 packs of one product on three lines over five days in four lots, at 40 partners.

One line on one day is called back. It must find exactly its 3,000 packs and what was repacked from them, name
where each was last confirmed, and the books must balance at every height, with as many unaccounted for as
were planted. The supply itself is in `seeds.py`.
"""

from collections import Counter

import pytest

from contracts.records.custody import Ship, ShipPurpose
from contracts.records.dispensing import Dispense
from contracts.records.recall import Quantities, RespondToRecall, Scope, recall_id
from contracts.records.supply import Decommission, DecommissionReason
from contracts.rules.codes import Code
from contracts.state.layout import ITEMS, LOTS, SOURCES
from node.storage.blocks import BlockStore
from node.storage.custody import Custody
from node.storage.journeys import Journeys
from node.storage.recall_books import count_books, locate_items
from node.storage.recalls import BooksView, Recalls
from tests.unit.node.storage import seeds
from tests.unit.node.storage.seeds import (
    BY_HUB,
    CALLED_BACK,
    MAKER,
    NATIONAL,
    PACKED,
    PALLET,
    PHARMACIES,
    REGIONAL,
    REPACKAGER,
    Supply,
    line_2_day_3,
    opening,
)

PLANTED = ((PHARMACIES[2], 3), (BY_HUB[0], 4))
"""Packs that pharmacies answer not to find."""


class Desk:
    """Keeps the books after every block, and compares them with what the test itself did."""

    def __init__(self, supply: Supply) -> None:
        self.supply = supply
        self.recall = b""
        self.heights: list[int] = []
        self.last: BooksView | None = None
        supply.after_block = self.check

    def check(self) -> None:
        """Hold the books at this height to what the test knows."""
        supply = self.supply
        with supply.node.store.snapshot() as snapshot:
            custody = Custody(snapshot)
            if self.recall:
                self.last = Recalls(snapshot, custody).books(self.recall)
                accounts, made = Counter(self.last.accounts), self.last.made
                balance = self.last.balance
            else:
                found = locate_items(custody.state, supply.where, Journeys(snapshot))
                books = count_books(custody.state, 0, len(supply.where), found)
                accounts, made, balance = Counter(books.accounts), books.made, books.balance
        accounts["on_hand"] += accounts.pop("unaccounted", 0)
        assert +accounts == Counter(account for account, _party in supply.where.values())
        assert (made, balance) == (len(supply.where), 0)
        self.heights.append(supply.node.ledger.tip.height)

    def recalls(self, read):
        """Return what `read` finds in the recalls as they stand."""
        with self.supply.node.store.snapshot() as snapshot:
            return read(Recalls(snapshot, Custody(snapshot)))

    def open(self, scope: Scope, *, drill: int = 0) -> bytes:
        """Open a recall, or the drill of one."""
        document = self.supply.put(MAKER, opening(self.supply.node, scope, drill=drill))
        identifier = recall_id(document, 0)
        if not drill:
            self.recall = identifier
        self.supply.block()
        return identifier

    def written(self) -> Counter[bytes]:
        """Return how many rows of each table the last block wrote."""
        writes = BlockStore(self.supply.node.store).writes(self.supply.node.ledger.tip.height)
        return Counter(key[:1] for key, _value in writes)

    def rows(self, table) -> list:
        """Return all rows of a table."""
        prefix = b"\x01" + table.prefix
        return [table.decode(value) for key, value in self.supply.node.store.scan(prefix, limit=10_000).rows]


@pytest.fixture(scope="module")
def desk() -> Desk:
    """Everything made and spread, with the books kept at every height from the first."""
    supply = Supply()
    desk = Desk(supply)
    supply.give_mandates()
    supply.make()
    assert sum(len(packs) for packs in supply.packs.values()) == seeds.ALL
    supply.spread()
    return desk


def test_the_recall_of_the_seeds(desk: Desk) -> None:
    supply, node = desk.supply, desk.supply.node
    drill = desk.open(line_2_day_3(), drill=1)
    # A drill finds the same and marks nothing.
    assert all(not row.marks for row in desk.rows(LOTS))
    assert (desk.written()[LOTS.prefix], desk.written()[ITEMS.prefix]) == (0, 0)
    tried = desk.recalls(lambda recalls: recalls.located(drill))

    recall = desk.open(line_2_day_3())
    # By line and day it writes its lots, the two of that day and the repacked one, and no pack at all.
    written = desk.written()
    sources = sum(row.line == b"2" and row.hour in _hours() for row in desk.rows(SOURCES))
    assert (written[LOTS.prefix], written[ITEMS.prefix]) == (3, 0)
    assert written.total() == 3 + 5 <= sources + CALLED_BACK

    # Exactly its 3,000 packs, and what was repacked from them; each with its last confirmed holder and place.
    found = desk.recalls(lambda recalls: recalls.located(recall))
    assert found == tried
    assert len(found) == CALLED_BACK + 100
    with node.store.snapshot() as snapshot:
        custody = Custody(snapshot)
        named = {
            item.key: (item.account, custody.gln_of(item.holder), custody.place_of(item.premises))
            for item in found
        }
    assert named == {
        key: (account, party.gln, party.premises) for key, (account, party) in supply.where.items()
    }
    made_by = {"commissioned": CALLED_BACK, "repacked": 100}
    assert {name: count for name, count in desk.last.made_by.items() if count} == made_by
    assert desk.last.accounts["in_transit"] == 10 * PALLET
    assert desk.last.accounts["consumed"] == 100
    assert desk.last.dispensed_despite_hold == 0

    _nothing_moves_any_more(desk)
    # What was dispensed while the ledger was out of reach comes late, and is counted apart.
    supply.record_late(seeds.OFFLINE_AFTER)
    assert desk.last.dispensed_despite_hold == seeds.OFFLINE_AFTER
    _partners_answer(desk, recall)
    assert desk.last.accounts["unaccounted"] == sum(count for _party, count in PLANTED)
    # At every height, from the first block to the last.
    assert desk.heights == list(range(1, node.ledger.tip.height + 1))


def _hours() -> range:
    start_ms, end_ms = seeds.window(3)
    return range(start_ms // seeds.HOUR_MS, end_ms // seeds.HOUR_MS)


def _nothing_moves_any_more(desk: Desk) -> None:
    """From now on nothing of it is dispensed or sold; the rest is."""
    supply, node = desk.supply, desk.supply.node
    bad, good = supply.pallets[2, 3], supply.pallets[1, 2]

    def refused(party, record) -> str:
        document = node.put(party, record)
        node.produce()
        desk.check()
        return next(one.code for one in node.applied[-1].receipts if one.document_id == document)

    def sale(party, thing) -> Ship:
        terms = (NATIONAL[0].packed, NATIONAL[0].place, ShipPurpose.SALE, 1, 0, b"", ())
        return Ship(node.head(party), (thing,), *terms)

    held = next(key for key, found in supply.where.items() if found == ("on_hand", PHARMACIES[0]))
    assert refused(PHARMACIES[0], Dispense(node.head(PHARMACIES[0]), (held,))) == Code.RECALLED
    assert refused(MAKER, sale(MAKER, bad[25])) == Code.RECALLED
    assert refused(REPACKAGER, sale(REPACKAGER, supply.repacked[0])) == Code.RECALLED
    clean = seeds.sgtin(seeds.PACK_GTIN, "R110")
    supply.send([(REPACKAGER, NATIONAL[0], (clean,), b""), (MAKER, NATIONAL[2], (good[0],), b"")])


def _partners_answer(desk: Desk, recall: bytes) -> None:
    """Partners answer; some packs are not found, some are destroyed, one answers through its hub."""
    supply, node = desk.supply, desk.supply.node
    for party, missing in PLANTED:
        supply.put(party, RespondToRecall(node.head(party), recall, Quantities(5, 0, 0, 0, missing)))
    supply.block()
    for party, things in ((NATIONAL[0], desk.supply.packs[supply.pallets[2, 3][10]][:30]),):
        gone = Decommission(node.head(party), DecommissionReason.DESTROYED, things)
        supply.end(party, things, gone, "destroyed")
    supply.block()
    view = desk.recalls(lambda recalls: recalls.partners(recall))
    assert (view.responded, view.must_answer) == (2, 1 + len(NATIONAL) + len(REGIONAL) + len(PHARMACIES))
    lines = {line.partner.gln: line for line in view.partners}
    for party, missing in PLANTED:
        assert lines[party.gln].accounts["unaccounted"] == missing
    held = Counter(party.gln for account, party in supply.where.values() if account in _HELD)
    assert desk.last.holders == held


_HELD = {"on_hand", "in_transit", "returned"}


def test_by_lot_it_is_one_write_of_goods(desk: Desk) -> None:
    desk.supply.after_block = lambda: None
    desk.open(Scope(PACKED, 0, b"L4", b"", 0, 0, b"", "", (), b"", b""))
    assert (desk.written()[LOTS.prefix], desk.written()[ITEMS.prefix]) == (1, 0)
