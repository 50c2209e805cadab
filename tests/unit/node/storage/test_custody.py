"""Read models over a pinned snapshot: items, lots, shipments, partners; documents by place; block ids."""

import msgspec
import pytest

from contracts.chain.header import block_id
from contracts.records.coldchain import LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.custody import Refuse, Void, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.holds import DeclareOverdue, HoldAction, PlaceHold
from contracts.records.supply import Decommission, DecommissionReason
from node.storage.blocks import BlockStore
from node.storage.custody import Custody
from node.storage.errors import StorageDamaged
from node.storage.history import History
from node.storage.memory import MemoryStore
from node.storage.partners import all_partners
from node.storage.steps import record_name
from node.storage.store import DOCUMENTS
from node.storage.views import ItemView
from tests.support.ledger import OneNode, pack_key, pallet_key
from tests.support.parties import (
    CARRIER,
    LOT,
    MAKER,
    PACK,
    PACK_GTIN,
    PARTIES,
    PHARMACY,
    PREFIX,
    WHOLESALER,
    lane_key,
)

A, B = pack_key("A1"), pack_key("B1")
CASE_1 = pallet_key(1)
DAY_MS = 24 * 3_600_000


@pytest.fixture
def node() -> OneNode:
    one = OneNode()
    assert one.record(MAKER, one.commission(["A1", "B1"])).code == "accepted"
    return one


def item(node: OneNode, key: bytes) -> ItemView:
    return Custody(node.store).item(key)


def test_an_empty_store_has_no_head() -> None:
    with pytest.raises(StorageDamaged):
        Custody(MemoryStore())


def test_an_unknown_item(node: OneNode) -> None:
    found = item(node, pack_key("never"))
    assert found == ItemView(f"(01){PACK_GTIN}(21)never", known=False)
    assert Custody(node.store).born(pack_key("never")) is None
    assert Custody(node.store).concerned(pack_key("never")) == frozenset()


def test_a_new_pack(node: OneNode) -> None:
    found = item(node, A)
    assert (found.known, found.life, found.effective_life) == (True, "active", "active")
    assert (found.clean, found.not_clean, found.holds) == (True, None, ())
    assert (found.holder, found.owner, found.premises) == (MAKER.gln, MAKER.gln, MAKER.premises)
    assert (found.parent, found.in_transit, found.shipment, found.container) == (None, False, None, None)
    assert (found.gtin, found.lot, found.expiry, found.line) == (PACK_GTIN, "L-1", "2030-03-27", "LINE-2")
    assert Custody(node.store).born(A) == (1, 0)


def test_a_pack_in_a_case_on_its_way(node: OneNode) -> None:
    node.record(MAKER, node.pack(CASE_1, [A, B]))
    receipt = node.record(MAKER, node.ship(MAKER, WHOLESALER, [CASE_1], carrier=CARRIER))
    shipment = shipment_id(receipt.document_id, 0)
    found = item(node, A)
    assert (found.in_transit, found.shipment, found.holder) == (True, shipment.hex(), MAKER.gln)
    assert found.parent == item(node, CASE_1).item
    case = item(node, CASE_1)
    assert (case.gtin, case.lot, case.expiry, case.line) == (None, None, None, None)
    assert case.container is not None
    assert (case.container.children, case.container.dirty) == (2, 0)
    (source,) = case.container.sources
    assert (source.gtin, source.lot, source.count) == (PACK_GTIN, "L-1", 2)
    custody = Custody(node.store)
    assert custody.concerned(A) == {1, 2, 3}
    view = custody.shipment(shipment)
    assert view is not None
    assert (view.sender, view.receiver, view.carrier) == (MAKER.gln, WHOLESALER.gln, CARRIER.gln)
    assert (view.standing, view.outstanding, view.purpose) == ("outstanding", 1, "sale")
    assert (view.destination, view.received_at, view.is_overdue) == (WHOLESALER.premises, None, False)
    node.record(CARRIER, node.receive(CARRIER, shipment))
    assert item(node, A).holder == CARRIER.gln
    assert Custody(node.store).parties(shipment) == {1, 2, 3}
    node.record(WHOLESALER, node.receive(WHOLESALER, shipment))
    assert (item(node, A).holder, item(node, A).owner) == (WHOLESALER.gln, WHOLESALER.gln)
    ended = Custody(node.store).shipment(shipment)
    assert ended is not None
    assert (ended.standing, ended.outstanding, ended.received_at) == ("received", 0, WHOLESALER.premises)


def test_an_overdue_shipment_and_its_quarantine(node: OneNode) -> None:
    receipt = node.record(MAKER, node.ship(MAKER, WHOLESALER, [A]))
    shipment = shipment_id(receipt.document_id, 0)
    node.wall.ms += 400 * DAY_MS
    node.produce()
    overdue = Custody(node.store).shipment(shipment)
    assert overdue is not None
    assert (overdue.is_overdue, overdue.declared_overdue) == (True, False)
    node.record(PHARMACY, DeclareOverdue(node.head(PHARMACY), shipment))
    declared = Custody(node.store).shipment(shipment)
    assert declared is not None
    assert declared.declared_overdue
    found = item(node, A)
    assert [(hold.kind, hold.set_by, hold.on) for hold in found.holds] == [("overdue", "law", found.item)]
    node.record(MAKER, Void(node.head(MAKER), shipment, ()))
    found = item(node, A)
    assert (found.clean, found.not_clean) == (False, "on_hold")
    (hold,) = found.holds
    assert (hold.kind, hold.set_by, hold.on) == ("quarantined", "law", found.item)


def test_a_hold_says_who_placed_it_and_on_what(node: OneNode) -> None:
    node.record(MAKER, node.pack(CASE_1, [A, B]))
    node.record(MAKER, PlaceHold(node.head(MAKER), HoldAction.LOCK, (CASE_1,)))
    found, case = item(node, A), item(node, CASE_1)
    assert (found.clean, found.not_clean) == (False, "on_hold")
    assert [(hold.kind, hold.set_by, hold.on) for hold in found.holds] == [("locked", MAKER.gln, case.item)]


def test_a_refused_shipment_is_back(node: OneNode) -> None:
    receipt = node.record(MAKER, node.ship(MAKER, WHOLESALER, [A]))
    shipment = shipment_id(receipt.document_id, 0)
    node.record(WHOLESALER, Refuse(node.head(WHOLESALER), shipment, ()))
    assert (item(node, A).in_transit, item(node, A).holder) == (False, MAKER.gln)
    view = Custody(node.store).shipment(shipment)
    assert view is not None
    assert view.standing == "refused"


def test_ends_of_life(node: OneNode) -> None:
    node.record(MAKER, node.pack(CASE_1, [A, B]))
    node.record(MAKER, Decommission(node.head(MAKER), DecommissionReason.STOLEN, (CASE_1,)))
    found = item(node, A)
    assert (found.life, found.effective_life, found.not_clean) == ("active", "stolen", "already_stolen")


def test_a_supplied_pack(node: OneNode) -> None:
    receipt = node.record(MAKER, node.ship(MAKER, PHARMACY, [A]))
    node.record(PHARMACY, node.receive(PHARMACY, shipment_id(receipt.document_id, 0)))
    node.record(PHARMACY, Dispense(node.head(PHARMACY), (A,)))
    assert (item(node, A).life, item(node, A).clean) == ("supplied", False)


def test_a_pack_that_was_too_warm(node: OneNode) -> None:
    logger = b"\x03LOG-1"
    head = node.head(MAKER)
    on_s = head.claimed_at_ms // 1_000
    kept = StorageProfile(head, PACK, 200, 800, 600, 600, 900)
    node.record(MAKER, kept, node.pack(CASE_1, [A]), LoggerOn(head, logger, CASE_1))
    (session,) = item(node, A).sessions
    assert (session.session, session.logger, session.standing) == (1, "(8004)LOG-1", "fine")
    assert (session.until, session.last_reading, session.on) == (None, None, item(node, CASE_1).item)
    node.wall.ms += 3_600_000
    warm = Readings(node.head(MAKER), logger, ((on_s, 900), (on_s + 900, 500)))
    assert node.record(MAKER, warm, LoggerOff(node.head(MAKER), logger)).code == "accepted"
    found = item(node, A)
    assert (found.clean, found.not_clean, found.sessions[0].standing) == (
        False,
        "cold_chain_hold",
        "breached",
    )
    assert [(hold.kind, hold.set_by, hold.on) for hold in found.holds] == [
        ("cold_chain", "law", item(node, CASE_1).item)
    ]
    assert found.sessions[0].until is not None
    assert found.sessions[0].last_reading is not None


def test_lots(node: OneNode) -> None:
    custody = Custody(node.store)
    found = custody.lot(PACK, LOT)
    assert found is not None
    assert (found.maker, found.standing, found.expiry) == (MAKER.gln, "ok", "2030-03-27")
    assert custody.lot(PACK, b"OTHER") is None


def test_an_unknown_shipment(node: OneNode) -> None:
    custody = Custody(node.store)
    assert custody.shipment(bytes(16)) is None
    assert custody.parties(bytes(16)) == frozenset()


def test_partners(node: OneNode) -> None:
    found = all_partners(node.store)
    assert [partner.gln for partner in found] == [party.gln for party in PARTIES]
    maker = found[0]
    assert (maker.roles, maker.licence, maker.market) == (("maker",), "active", "DE")
    assert maker.company_prefixes == (PREFIX,)
    assert [place.gln for place in maker.premises] == [MAKER.premises]
    assert [key.public_key for key in maker.keys] == [lane_key(MAKER).public_key.hex()]


def test_names_and_numbers(node: OneNode) -> None:
    custody = Custody(node.store)
    number = custody.number_of(MAKER.packed)
    assert number == 1
    assert custody.number_of(MAKER.place) is None
    named = custody.named(number)
    assert named is not None
    assert (named.gln, named.name) == (MAKER.gln, "maker")
    assert custody.named(0) is None
    place = custody.named_place(custody.place_number(MAKER.place))
    assert place is not None
    assert place.name == "maker site"
    assert custody.named_place(custody.place_number(b"")) is None
    assert custody.gln_of(0) is None
    assert custody.place_of(0) is None


def test_documents_by_id_and_by_place(node: OneNode) -> None:
    one = node.put(MAKER, node.pack(CASE_1, [A]))
    two = node.put(WHOLESALER, node.ship(WHOLESALER, MAKER, [B]))
    height = node.produce()
    history = History(node.store)
    found = [history.at(height, index) for index in range(2)]
    assert {placed.id for placed in found} == {one, two}
    by_id = history.find(one)
    assert by_id is not None
    assert (by_id.height, by_id.sender, by_id.receipt.code) == (height, 1, "accepted")
    assert record_name(by_id.document.records[0]) == "pack"
    assert by_id == next(placed for placed in found if placed.id == one)
    refused = history.find(two)
    assert refused is not None
    assert (refused.receipt.code, refused.sender) == ("not_holder", 2)
    assert history.find(bytes(32)) is None


def test_the_same_document_twice_is_found_at_both_places(node: OneNode) -> None:
    one = node.put(MAKER, node.pack(CASE_1, [A]), nonce=bytes(16))
    first = node.produce()
    assert node.put(MAKER, *_records(node, one), nonce=bytes(16)) == one
    second = node.produce()
    history = History(node.store)
    assert history.at(first, 0).receipt.code == "accepted"
    assert history.at(second, 0).receipt.code == "already_inside"
    by_id = history.find(one)
    assert by_id is not None
    assert by_id.height == first


def test_a_copy_under_another_name_does_not_stand_for_the_document(node: OneNode) -> None:
    nonce, unplaced = bytes(16), node.head(MAKER, stated=False)
    ship = msgspec.structs.replace(node.ship(MAKER, PHARMACY, [A]), head=unplaced)
    copy = node.put(WHOLESALER, ship, nonce=nonce)
    node.produce()
    for party in (MAKER, WHOLESALER):
        assert node.put(party, ship, nonce=nonce) == copy
    height = node.produce()
    history = History(node.store)
    refused = history.at(height - 1, 0)
    assert (refused.id, refused.receipt.code) == (copy, "not_holder")
    own = lane_key(MAKER).public_key
    for found in (history.find(copy), history.find(copy, own)):
        assert found is not None
        assert (found.height, found.lane, found.receipt.code) == (height, own, "accepted")
        assert history.place_of(found).receipt == found.index
    theirs = history.find(copy, lane_key(WHOLESALER).public_key)
    assert theirs == refused
    assert history.find(copy, lane_key(PHARMACY).public_key) is None
    # In a block with both, each place is its own signer's.
    assert {history.at(height, index).lane for index in (0, 1)} == {own, lane_key(WHOLESALER).public_key}


def _records(node: OneNode, identifier: bytes) -> tuple[object, ...]:
    found = History(node.store).find(identifier)
    assert found is not None
    return found.document.records


def test_what_is_missing_is_damage(node: OneNode) -> None:
    history = History(node.store)
    with pytest.raises(StorageDamaged):
        history.at(1, 7)
    with pytest.raises(StorageDamaged):
        history.receipts(9)
    with pytest.raises(StorageDamaged):
        history.block(9)
    with pytest.raises(StorageDamaged):
        history.bundle(bytes(32))
    identifier = history.at(1, 0).id
    row = DOCUMENTS + identifier + bytes(1) + lane_key(MAKER).public_key + (1).to_bytes(8, "big") + bytes(4)
    node.store.write([(row, None)], sync=True)
    with pytest.raises(StorageDamaged):
        History(node.store).at(1, 0)


def test_many_blocks_are_read_and_few_are_kept(node: OneNode) -> None:
    identifiers = [node.record(MAKER, node.commission([f"S{number}"])).document_id for number in range(20)]
    history = History(node.store)
    found = [history.find(identifier) for identifier in identifiers]
    assert [placed.height for placed in found if placed] == list(range(2, 22))


def test_blocks_by_id(node: OneNode) -> None:
    blocks = BlockStore(node.store)
    block = blocks.load(1)
    assert block is not None
    assert blocks.height_of(block_id(block.header)) == 1
    assert blocks.height_of(bytes(32)) is None
