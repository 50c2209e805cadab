"""What a node gives peers of its snapshots: which it offers, for how long, and how much of them."""

import pytest
from structlog.testing import capture_logs

from contracts.primitives.encoding import encode
from network.sync.packing import pack_chunk
from network.wire.messages import (
    ChunkAnswer,
    ChunkRequest,
    Message,
    NoChunk,
    NoSnapshot,
    SnapshotOffer,
    SnapshotRequest,
)
from node.host import leases, portions, snapshot_desk
from node.storage.errors import StorageFailed
from node.storage.head import Head
from node.storage.history import History
from node.storage.proofs import build_anchor
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis
from tests.support.snapshots import INTERVAL, VALIDATORS, Holder, Late
from tests.unit.node.host.test_snapshots import BASE, change_validators, grow, late, two_snapshots


@pytest.fixture
def holder() -> Holder:
    return two_snapshots()


def test_the_newest_certified_snapshot_is_offered() -> None:
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    assert holder.answer(SnapshotRequest(0)) == [NoSnapshot(0)]
    grow(holder.node, BASE)
    (offer,) = holder.answer(SnapshotRequest(0))
    assert isinstance(offer, SnapshotOffer)
    assert offer.manifest == holder.desk.held[INTERVAL].data
    grow(holder.node, 1)
    (offer,) = holder.answer(SnapshotRequest(0))
    assert isinstance(offer, SnapshotOffer)
    assert offer.manifest == holder.desk.held[BASE].data
    assert holder.answer(SnapshotRequest(BASE)) == [NoSnapshot(BASE + 1)]


def test_one_that_enough_are_known_to_vouch_for_goes_before_a_newer_one() -> None:
    """Where blocks are quick, the others' word for the newest one is always still on its way."""
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, INTERVAL)
    holder.vouched_by(1)
    grow(holder.node, INTERVAL + 1)
    (offer,) = holder.answer(SnapshotRequest(0))
    assert isinstance(offer, SnapshotOffer)
    assert offer.manifest == holder.desk.held[INTERVAL].data
    assert len(offer.vouchers) == 2
    assert isinstance(late(holder).run(), Head)
    (offer,) = holder.answer(SnapshotRequest(INTERVAL))
    assert isinstance(offer, SnapshotOffer)
    assert offer.manifest == holder.desk.held[BASE].data
    holder.vouched_by(1)
    (offer,) = holder.answer(SnapshotRequest(0))
    assert isinstance(offer, SnapshotOffer)
    assert offer.manifest == holder.desk.held[BASE].data


def test_what_a_peer_was_offered_stays_until_it_has_it(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the offer and the chunk many newer ones are made."""

    def give(message: Message) -> list[Message]:
        if isinstance(message, ChunkRequest):
            grow(holder.node, 3 * INTERVAL)
        return holder.answer(message)

    joined = Late(holder.node, {"alder": give})
    head = joined.run()
    assert isinstance(head, Head)
    assert head.height == BASE
    # Nobody asks for it any more.
    monkeypatch.setattr(leases, "LEASE_MS", -1)
    grow(holder.node, INTERVAL)
    assert len(holder.desk.held) == 2
    assert BASE not in holder.desk.held


def test_a_snapshot_whose_anchor_grew_too_long_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """No peer would read it, and it would take this node for a liar; an older one may still do."""
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, INTERVAL + 1)
    change_validators(holder.node)
    grow(holder.node, INTERVAL)
    older, newer = holder.desk.held
    length = len(encode(build_anchor(History(holder.node.store), newer)))
    request = SnapshotRequest(0)
    monkeypatch.setattr(snapshot_desk, "MAX_ANCHOR_BYTES", length - 1)
    with capture_logs() as logs:
        offers = [holder.answer(request) for _time in range(3)]
    for (offer,) in offers:
        assert isinstance(offer, SnapshotOffer)
        assert offer.manifest == holder.desk.held[older].data
    said = {"event": "snapshot_not_offered", "log_level": "error", "height": newer, "anchor_bytes": length}
    assert [{key: each[key] for key in said} for each in logs] == [said]
    assert isinstance(holder.answer(SnapshotRequest(older))[0], NoSnapshot)


def test_an_anchor_of_just_the_length_that_is_read_is_offered(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    length = len(encode(build_anchor(History(holder.node.store), BASE)))
    monkeypatch.setattr(snapshot_desk, "MAX_ANCHOR_BYTES", length)
    (offer,) = holder.answer(SnapshotRequest(0))
    assert isinstance(offer, SnapshotOffer)
    assert len(offer.anchor) == length


def test_a_damaged_chunk_is_never_given(holder: Holder) -> None:
    held = holder.desk.held[BASE]
    holder.shelf.files.write_chunk(BASE, 0, pack_chunk(b"something else"))
    assert holder.answer(ChunkRequest(held.hash, 0)) == [NoChunk(held.hash, 0)]
    assert list(holder.desk.held) == [INTERVAL]
    assert holder.answer(ChunkRequest(held.hash, 0)) == [NoChunk(held.hash, 0)]
    older = holder.desk.held[INTERVAL]
    assert isinstance(holder.answer(ChunkRequest(older.hash, 0))[0], ChunkAnswer)
    assert holder.answer(ChunkRequest(older.hash, 77)) == [NoChunk(older.hash, 77)]


def test_a_chunk_that_the_disk_does_not_read_is_not_given_and_the_node_goes_on(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of this node rests on it: a peer's request is not to end it."""

    def refuse(_height: int, _index: int) -> bytes:
        raise StorageFailed("a chunk", "Input/output error")

    held = holder.desk.held[BASE]
    monkeypatch.setattr(holder.shelf.files, "read_chunk", refuse)
    assert holder.answer(ChunkRequest(held.hash, 0)) == [NoChunk(held.hash, 0)]
    assert list(holder.desk.held) == [INTERVAL]


def test_when_no_more_can_be_held_back_those_that_come_share_one(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "MAX_LEASED", 1)
    monkeypatch.setattr(snapshot_desk, "MAX_LEASED", 1)
    (first,) = holder.answer(SnapshotRequest(0))
    grow(holder.node, 2 * INTERVAL)
    holder.vouched_by(1)
    assert len(holder.desk.held) == 3
    assert holder.desk.leased() == {BASE}
    assert holder.answer(SnapshotRequest(0)) == [first]
    monkeypatch.setattr(snapshot_desk, "MAX_LEASED", 2)
    (newest,) = holder.answer(SnapshotRequest(0))
    assert isinstance(newest, SnapshotOffer)
    assert newest.manifest != holder.desk.held[BASE].data


def test_who_asks_too_much_waits_for_itself(holder: Holder) -> None:
    holder.wire.take()
    for _time in range(9):
        holder.desk.serve_offer("late", SnapshotRequest(0))
        holder.desk.serve_chunk("late", ChunkRequest(holder.desk.held[BASE].hash, 0))
    holder.desk.serve_offer("other", SnapshotRequest(0))
    holder.node.settle()
    names = [name for name, _message in holder.wire.take()]
    assert (names.count("late"), names.count("other")) == (4, 1)


def test_what_a_peer_is_given_of_a_snapshot_is_charged_to_it(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder.wire.take()
    monkeypatch.setattr(portions, "SERVED_BURST_BYTES", 1)
    request = ChunkRequest(holder.desk.held[BASE].hash, 0)
    for name in ("late", "late", "other"):
        holder.desk.serve_chunk(name, request)
        holder.node.settle()
    holder.desk.serve_offer("late", SnapshotRequest(0))
    holder.node.settle()
    assert [name for name, _message in holder.wire.take()] == ["late", "other"]
    assert holder.portions.refused == 2
