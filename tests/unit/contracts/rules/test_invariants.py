"""After any documents: one holder, one parent, and containers and shipments that count right (I4).

Everything is counted anew here from the rows of items alone, with none of the code that keeps the counts.
"""

from collections import Counter, defaultdict

import pytest

from contracts.ledger.receipt import ACCEPTED
from contracts.state.endings import UNDOABLE
from contracts.state.layout import (
    CONTAINERS,
    ENDINGS,
    EVIDENCE_WINDOW,
    ITEMS,
    LANES,
    REMAINDERS,
    SHIPMENTS,
    Table,
)
from contracts.state.rows import ContainerRow, ItemRow, Life, ShipmentRow, ShipmentStanding
from tests.scenarios.law.workload import Workload

ACTIVE = 1


def table(rows: dict[bytes, bytes], of: Table[ItemRow]) -> dict[bytes, ItemRow]:
    return {key[1:]: of.decode(value) for key, value in rows.items() if key[:1] == of.prefix}


class Books:
    """The state's goods, counted anew."""

    def __init__(self, rows: dict[bytes, bytes]) -> None:
        self.items: dict[bytes, ItemRow] = table(rows, ITEMS)
        self.containers: dict[bytes, ContainerRow] = table(rows, CONTAINERS)
        self.shipments: dict[bytes, ShipmentRow] = table(rows, SHIPMENTS)
        self.endings = table(rows, ENDINGS)
        self.remainders = table(rows, REMAINDERS)
        self.children: dict[bytes, list[bytes]] = defaultdict(list)
        for key, row in self.items.items():
            if row.parent:
                self.children[row.parent].append(key)

    def sources(self, key: bytes) -> Counter[int]:
        """Count the sources of everything inside."""
        found: Counter[int] = Counter()
        for child in self.children[key]:
            if self.items[child].source:
                found[self.items[child].source] += 1
            found += self.sources(child)
        return found

    def levels(self, key: bytes) -> int:
        return 1 + max(
            (self.levels(child) for child in self.children[key] if self.items[child].container), default=0
        )

    def life(self, key: bytes) -> int:
        """Return an item's life, or that of the nearest container that ended."""
        row = self.items[key]
        return self.life(row.parent) if row.life == ACTIVE and row.parent else row.life

    def is_held(self, key: bytes) -> bool:
        """Tell whether an item, or something around it, is under a hold."""
        row = self.items[key]
        return bool(row.holds) or (bool(row.parent) and self.is_held(row.parent))

    def is_dirty(self, key: bytes) -> bool:
        row = self.items[key]
        return bool(row.holds) or row.life != ACTIVE or any(map(self.is_dirty, self.children[key]))


def check_items(books: Books) -> None:
    for key, row in books.items.items():
        assert row.source or key[:1] == b"\x02"
        if row.parent:
            assert (row.holder, row.owner, row.premises, row.shipment) == (0, 0, 0, b"")
            assert row.parent in books.items
            assert books.items[row.parent].container
        else:
            assert row.holder
            assert row.owner
        assert bool(row.container) == (key in books.containers)
        assert row.life != Life.PARTLY_DISPENSED or books.remainders[key].units_left > 0
        assert (row.life in UNDOABLE) == (key in books.endings)


def check_containers(books: Books) -> None:
    for key, contents in books.containers.items():
        children = books.children[key]
        assert contents.children == len(children)
        assert contents.sources == tuple(sorted(books.sources(key).items()))
        assert contents.dirty == sum(map(books.is_dirty, children))
        assert contents.height >= books.levels(key)
        assert contents.emptied_at_ms == 0 or not children


def check_shipments(books: Books) -> None:
    inside = Counter(row.shipment for row in books.items.values())
    for identifier, shipment in books.shipments.items():
        is_open = shipment.standing == ShipmentStanding.OUTSTANDING
        assert shipment.outstanding == (inside[identifier] if is_open else 0)
        assert is_open or not shipment.custody
        assert (shipment.outstanding > 0) == is_open


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_books_are_right_after_every_document(seed: int) -> None:
    workload = Workload(seed)
    rows = workload.ledger.reader.rows
    final: dict[bytes, int] = {}
    for _ in range(600):
        before = dict(rows)
        receipt = workload.step()
        changed = {key for key in rows if rows[key] != before.get(key)}
        if receipt.code != ACCEPTED:
            # A refused document leaves nothing but its bundle's place in the lane; a block may mark its time.
            assert {key[:1] for key in changed} - {EVIDENCE_WINDOW.prefix} == {LANES.prefix}
            continue
        books = Books(rows)
        check_items(books)
        check_containers(books)
        check_shipments(books)
        check_nothing_rises(books, final)


def check_nothing_rises(books: Books, final: dict[bytes, int]) -> None:
    """A destroyed item stays so, a stolen one may only be destroyed; what was found is held."""
    for key, life in final.items():
        now = books.life(key)
        assert now == life or (life, now) == (4, 3) or life in {Life.PARTLY_DISPENSED, *UNDOABLE}
        assert (life, now) != (Life.LOST, ACTIVE) or books.is_held(key)
    lives = {key: books.life(key) for key in books.items}
    final.update({key: life for key, life in lives.items() if life != ACTIVE})
