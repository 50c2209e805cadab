"""The books of a recall that names a cold-chain session: who is in scope at every height."""

import msgspec
import pytest

from contracts.gs1.keys import parse_item
from contracts.records.coldchain import ClearSession, LoggerOn, Readings, StorageProfile
from contracts.records.custody import shipment_id
from contracts.records.recall import (
    OpenRecall,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    Scope,
    recall_id,
)
from contracts.records.record import Record
from contracts.records.supply import Pack, Unpack
from node.storage.custody import Custody
from node.storage.recalls import Recalls
from node.storage.views import HoldView
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import MAKER, PACK, WHOLESALER, Party

PALLET = parse_item("(00)040123450000000016")
LOGGER = b"\x03L1"
SCOPE = Scope(b"", 0, b"", b"", 0, 0, b"", "", (), b"", b"", session=1)


class Desk:
    """A pallet of four packs with a logger on it, and two packs beside it, at a wholesaler."""

    def __init__(self) -> None:
        self.node = OneNode()
        node = self.node
        self.start_s = node.head(MAKER).claimed_at_ms // 1_000
        self.do(MAKER, StorageProfile(node.head(MAKER), PACK, 200, 800, 60, 60, 7_200))
        self.do(MAKER, node.commission(["A1", "A2", "A3", "A4", "B1", "B2"]))
        inside = tuple(map(pack_key, ("A1", "A2", "A3", "A4")))
        self.do(MAKER, Pack(node.head(MAKER), PALLET, inside))
        self.do(MAKER, LoggerOn(node.head(MAKER), LOGGER, PALLET))

    def do(self, party: Party, record: Record) -> bytes:
        receipt = self.node.record(party, record)
        assert receipt.code == "accepted", receipt
        return receipt.document_id

    def opens(self, scope: Scope = SCOPE, *, drill: int = 0) -> bytes:
        record = OpenRecall(
            *(self.node.head(MAKER), RecallKind.RECALL, drill, RecallOrigin.VOLUNTARY),
            *(RecallClass.UNCLASSIFIED, RecallDepth.RETAIL, RecallReason.COLD_CHAIN, (scope,), b"", b"", 0),
        )
        return recall_id(self.do(MAKER, record), 0)

    def in_scope(self, recall: bytes) -> set[str]:
        """Return the serials in scope, and hold the books to them."""
        with self.node.store.snapshot() as snapshot:
            recalls = Recalls(snapshot, Custody(snapshot))
            found, books = recalls.located(recall), recalls.books(recall)
        assert books is not None
        assert (books.made, books.balance) == (len(found), 0)
        return {one.key[7:].decode() for one in found}

    def holds(self, serial: str) -> tuple[HoldView, ...]:
        with self.node.store.snapshot() as snapshot:
            return Custody(snapshot).item(pack_key(serial)).holds


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("drill", [0, 1])
def test_who_is_in_scope_at_every_height(desk: Desk, drill: int) -> None:
    node = desk.node
    recall = desk.opens(drill=drill)
    assert desk.in_scope(recall) == set()
    desk.do(MAKER, Unpack(node.head(MAKER), PALLET, (pack_key("A4"),)))
    left_s = node.ledger.tip.time_ms // 1_000
    assert desk.in_scope(recall) == set()
    warm = tuple((left_s + at, 900) for at in (0, 30, 90))
    desk.do(MAKER, Readings(node.head(MAKER), LOGGER, warm))
    # What left before it was too warm for too long is not in scope, nor what was never there.
    assert desk.in_scope(recall) == {"A1", "A2", "A3"}
    desk.do(MAKER, ClearSession(node.head(MAKER), 1, PACK))
    assert desk.in_scope(recall) == {"A1", "A2", "A3"}
    desk.do(MAKER, Pack(node.head(MAKER), PALLET, (pack_key("B1"),)))
    assert desk.in_scope(recall) == {"A1", "A2", "A3", "B1"}
    assert [hold.kind for hold in desk.holds("A1")] == ([] if drill else ["recalled"])
    assert [hold.kind for hold in desk.holds("B2")] == []


def test_a_session_and_a_lot_that_nobody_made_of_it(desk: Desk) -> None:
    node = desk.node
    desk.do(MAKER, Readings(node.head(MAKER), LOGGER, tuple((desk.start_s + at, 900) for at in (10, 110))))
    narrow = msgspec.structs.replace(SCOPE, gtin=PACK, line=b"NONE")
    assert desk.in_scope(desk.opens(narrow)) == set()
    assert desk.in_scope(desk.opens()) == {"A1", "A2", "A3", "A4"}
    desk.do(MAKER, ClearSession(node.head(MAKER), 1, PACK))
    refused = node.record(MAKER, node.ship(MAKER, WHOLESALER, [PALLET]))
    assert refused.code == "recalled"
    sent = desk.do(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("B1"), pack_key("B2")]))
    desk.do(WHOLESALER, node.receive(WHOLESALER, shipment_id(sent, 0)))
