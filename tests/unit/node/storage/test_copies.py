"""Copies of a document that others sign, however many, do not stand for what its author said and was told."""

from typing import Final

import pytest

from contracts.ledger.bundle import canonical_order
from contracts.ledger.document import document_id
from contracts.ledger.receipt import ACCEPTED
from node.storage.blocks import BlockStore, BundleRows, FinishedBlock, block_entries
from node.storage.history import History
from node.storage.memory import MemoryStore
from node.storage.proofs import build_proof
from node.storage.store import DOCUMENTS, STATE, Page, Reader, put
from tests.vectors.chain import ChainMaker
from tests.vectors.chain_cases import _commission
from tests.vectors.network import PACK_GTIN, public_key

AUTHOR: Final = public_key("lane of alder")
COPIER: Final = public_key("lane of elm")


class Story:
    """A chain with one document of alder's, and copies of it that elm signs and the law refuses."""

    def __init__(self) -> None:
        self.chain = ChainMaker()
        self.document = self.chain.document(_commission(PACK_GTIN, "plant", "1", "2"))
        self.id = document_id(self.document)

    def copies(self, count: int) -> list[bytes]:
        return [self.chain.bundle("elm", self.document) for _ in range(count)]

    def own(self) -> bytes:
        return self.chain.bundle("alder", self.document)

    def await_turn(self, *, copies_first: bool) -> None:
        """Make empty blocks until the order of lanes in the next one is this."""
        lanes = [(AUTHOR, 1, 0), (COPIER, 1, 1)]
        while (canonical_order(self.chain.tip.block_id, lanes)[0] == 1) != copies_first:
            self.chain.make([])

    def stored(self) -> MemoryStore:
        self.chain.make([])
        store = MemoryStore()
        for made in self.chain.blocks:
            opened = [(self.chain.reader.read(data), data) for data in made.bundles]
            rows = tuple(BundleRows(one.id, one.header.lane, data, one.document_ids) for one, data in opened)
            finished = FinishedBlock(
                made.block, made.commit, rows, made.result.receipts, tuple(made.result.writes)
            )
            store.write(block_entries(finished, 10), sync=True)
        store.write([put(STATE, key, value) for key, value in self.chain.rows.items()], sync=True)
        return store


def told(count: int, where: str) -> tuple[bytes, MemoryStore]:
    """Return the id of alder's document, and the store of a chain with copies somewhere."""
    story = Story()
    if where == "earlier":
        story.chain.make(story.copies(count))
        story.chain.make([story.own()])
    elif where == "later":
        story.chain.make([story.own()])
        story.chain.make(story.copies(count))
    else:
        story.await_turn(copies_first=where == "before it")
        made = story.chain.make([*story.copies(count), story.own()])
        is_first = made.result.receipts[0].code == ACCEPTED
        assert is_first == (where == "behind it")
    return story.id, story.stored()


@pytest.mark.parametrize("where", ["earlier", "before it", "behind it", "later"])
@pytest.mark.parametrize("count", [1, 64, 200])
def test_copies_hide_nothing(count: int, where: str) -> None:
    identifier, store = told(count, where)
    history = History(store)
    own = history.find(identifier, AUTHOR)
    assert own is not None
    assert (own.lane, own.receipt.code) == (AUTHOR, ACCEPTED)
    assert history.find(identifier) == own
    proof = build_proof(history, identifier)
    assert proof is not None
    assert (proof.bundle.lane, proof.receipt.code) == (AUTHOR, ACCEPTED)
    refused = history.find(identifier, COPIER)
    assert refused is not None
    assert (refused.lane, refused.receipt.code == ACCEPTED) == (COPIER, False)
    assert history.find_place(identifier, public_key("lane of birch")) is None


@pytest.mark.parametrize("where", ["before it", "behind it"])
def test_every_place_of_a_block_is_its_own(where: str) -> None:
    identifier, store = told(64, where)
    history = History(store)
    own = history.find_place(identifier)
    assert own is not None
    for index in range(65):
        found = history.at(own.height, index)
        assert (found.height, found.index) == (own.height, index)
        assert (found.lane == AUTHOR) == (index == own.receipt)
        place = history.place_of(found)
        assert (place.receipt, place.bundle, place.document) == (index, index, 0)


class Counting:
    """A reader that counts what is read of the places of documents."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.rows: list[int] = []

    def get(self, key: bytes) -> bytes | None:
        return self._reader.get(key)

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        return self._reader.get_many(keys)

    def scan(
        self, prefix: bytes, *, start: bytes | None = None, limit: int = 100, reverse: bool = False
    ) -> Page:
        page = self._reader.scan(prefix, start=start, limit=limit, reverse=reverse)
        if prefix.startswith(DOCUMENTS):
            self.rows.append(len(page.rows))
        return page


@pytest.mark.parametrize(
    ("lane", "rows"),
    [(AUTHOR, [1]), (COPIER, [0, 1]), (public_key("lane of birch"), [0, 0]), (b"", [1])],
    ids=["the author's", "the copier's", "nobody's", "whoever's"],
)
def test_no_copy_is_read_on_the_way(lane: bytes, rows: list[int]) -> None:
    identifier, store = told(200, "earlier")
    counting = Counting(store)
    BlockStore(counting).document(identifier, lane)
    assert counting.rows == rows
