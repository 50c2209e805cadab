"""Intake, fetching and serving: what a vote needs comes in, and nobody is asked for too much."""

from collections.abc import Callable
from types import SimpleNamespace

import msgspec
import pytest

from contracts.chain.header import BundleEntry
from contracts.ledger.bundle import OpenBundle
from contracts.ledger.document import document_id, encode_document
from network.wire.messages import (
    BlockBundles,
    BlockRequest,
    BundleAnswer,
    BundleMissing,
    BundleRequest,
    Message,
)
from node.host import intake as module
from node.host import portions, serving
from node.host.intake import BOOKKEEPING_BYTES, Intake
from node.host.portions import MAX_REQUESTS_WAITING, Portions
from node.host.serving import Serving
from node.host.surroundings import Surroundings
from node.pool.bundler import MadeBundle, in_turn, make_bundle
from node.pool.held import PooledBundle
from node.pool.lane_writer import CutBundle, QueuedDocument
from node.pool.pool import BundlePool, PoolLimits
from tests.support.ledger import NoPeers, OneNode, StillClock
from tests.support.parties import MAKER, lane_key


class Sent(NoPeers):
    """Remembers what is sent to anybody."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, name: str, message: Message) -> bool:
        del name
        self.messages.append(message)
        return True


def bundle(node: OneNode, serial: str, sequence: int = 1) -> MadeBundle:
    document = node.document(node.commission([serial]))
    data = encode_document(document)
    cut = CutBundle(0, sequence, (QueuedDocument(document_id(data), data, document.weight),))
    return make_bundle(node.genesis.chain_id, lane_key(MAKER), cut, node.wall.ms + 300_000)


def surroundings(node: OneNode, network: NoPeers) -> Surroundings:
    clock = StillClock(lambda _call: None)
    return Surroundings(clock, node.wall, network, node.worker, node.worker)


def intake(node: OneNode, pool: BundlePool, added: list[bytes]) -> Intake:
    """An intake that writes down what came in, and who lied."""
    return Intake(
        *(node.reader, node.worker, pool, node.chain.lanes, node.wall.now_ms),
        lambda bundles: added.extend(pooled.bundle.id for pooled in bundles),
        lambda peer, reason: added.append(f"{peer}: {reason}".encode()),
    )


def test_a_proposed_bundle_comes_into_a_full_pool_and_others_do_not() -> None:
    node = OneNode()
    pool = BundlePool(PoolLimits(total_bytes=1), 600_000)
    added: list[bytes] = []
    one = intake(node, pool, added)
    before, wanted, lied_about, other = (
        bundle(node, serial, sequence) for sequence, serial in enumerate("ABCD", 1)
    )
    one.offer("birch", before.bundle_id, before.data)
    weight = wanted.header.weight
    pool.keep(
        [
            BundleEntry(wanted.bundle_id, len(wanted.data), weight),
            BundleEntry(lied_about.bundle_id, len(lied_about.data) - 1, weight),
        ],
        1,
    )
    for made in (other, lied_about, wanted):
        one.offer("birch", made.bundle_id, made.data)
        node.settle()
    assert added == [before.bundle_id, wanted.bundle_id]
    assert one.refused == {"pool_full": 2}


def test_a_flood_of_one_peer_does_not_delay_the_bundles_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    node = OneNode()
    added: list[bytes] = []
    one = intake(node, BundlePool(PoolLimits(), 600_000), added)
    monkeypatch.setattr("node.host.intake.MAX_BATCH", 4)
    flood = [bundle(node, f"F{sequence}", sequence) for sequence in range(1, 20)]
    urgent = [bundle(node, f"U{sequence}", sequence) for sequence in (30, 31)]
    for made in flood:
        one.offer("cedar", made.bundle_id, made.data)
    for made in urgent:
        one.offer("birch", made.bundle_id, made.data)
    node.settle()
    assert len(added) == 21
    places = [added.index(made.bundle_id) for made in urgent]
    assert places == sorted(places)
    # The first came alone; four were on their way to the thread.
    assert places[-1] <= 1 + 4 + 4
    assert [made.bundle_id for made in flood] == [
        each for each in added if each not in {made.bundle_id for made in urgent}
    ]


def test_what_is_empty_is_a_lie_however_many_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    node = OneNode()
    added: list[bytes] = []
    one = intake(node, BundlePool(PoolLimits(), 600_000), added)
    # The second of one moment goes to the thread, and the others wait for it.
    for serial in "AB":
        made = bundle(node, serial)
        one.offer("birch", made.bundle_id, made.data)
    for _ in range(3):
        one.offer("cedar", bytes(32), b"")
    node.settle()
    assert one.refused == {"malformed": 3}
    assert len(added) == 2 + 3
    # Empty ones take room as well.
    monkeypatch.setattr("node.host.intake.MAX_WAITING_BYTES", 1_000)
    one.offer("birch", bytes(32), b"not small" * 100)
    for _ in range(10):
        one.offer("cedar", bytes(32), b"")
    assert one.refused["too_much_waiting"] >= 5


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Ids of the bundles whose signatures were verified."""
    found: list[bytes] = []
    verify: Callable[[OpenBundle], bool] = module.verify_bundle

    def verifying(opened: OpenBundle) -> bool:
        found.append(opened.id)
        return verify(opened)

    monkeypatch.setattr(module, "verify_bundle", verifying)
    return found


def test_what_the_chain_has_passed_is_not_verified_again(verified: list[bytes]) -> None:
    node = OneNode()
    added: list[bytes] = []
    one = intake(node, BundlePool(PoolLimits(), 600_000), added)
    made = bundle(node, "A")
    node.chain.lanes[lane_key(MAKER).public_key] = 1
    for _ in range(20):
        one.offer("cedar", made.bundle_id, made.data)
        node.settle()
    assert (verified, added, one.refused) == ([], [], {"stale": 20})


def test_a_bundle_under_another_id_is_a_lie_and_not_verified(verified: list[bytes]) -> None:
    """Else one bundle, which the pool has under its own id, would cost a signature as often as it comes."""
    node = OneNode()
    added: list[bytes] = []
    one = intake(node, BundlePool(PoolLimits(), 600_000), added)
    made = bundle(node, "A")
    for bundle_id in (made.bundle_id, bytes(32), made.bundle_id):
        one.offer("cedar", bundle_id, made.data)
        node.settle()
    assert verified == [made.bundle_id]
    assert added == [made.bundle_id, b"cedar: a bundle came under another id than its own"]


def test_few_bundles_of_a_peer_are_verified_on_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    node = OneNode()
    added: list[bytes] = []
    one = intake(node, BundlePool(PoolLimits(), 600_000), added)
    monkeypatch.setattr(module, "SMALL_PER_SECOND", 3)
    at_once: list[str] = []

    def offer(peer: str, sequence: int) -> None:
        node.wall.ms += 1
        made = bundle(node, f"{peer} {sequence}", sequence)
        one.offer(peer, made.bundle_id, made.data)
        if made.bundle_id in added:
            at_once.append(peer)
        node.settle()
        assert made.bundle_id in added

    node.wall.ms += 1_000 - node.wall.ms % 1_000
    for sequence in range(1, 9):
        offer("cedar", sequence)
    offer("birch", 9)
    node.wall.ms += 1_000
    offer("cedar", 10)
    assert at_once == ["cedar"] * 3 + ["birch", "cedar"]


def test_a_peer_with_little_gets_in_where_one_with_much_has_filled_the_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = OneNode()
    added: list[bytes] = []
    one = intake(node, BundlePool(PoolLimits(), 600_000), added)
    flood = [bundle(node, f"F{sequence}", sequence) for sequence in range(1, 20)]
    few = [bundle(node, f"U{sequence}", sequence) for sequence in range(30, 33)]
    size = len(flood[9].data) + BOOKKEEPING_BYTES
    monkeypatch.setattr("node.host.intake.MAX_ALL_WAITING_BYTES", 6 * size + 5)
    for made in flood:
        one.offer("cedar", made.bundle_id, made.data)
        assert one.queued_bytes <= 6 * size + 5
    for made in few:
        one.offer("birch", made.bundle_id, made.data)
        assert one.queued_bytes <= 6 * size + 5
    lost = one.refused["too_much_waiting"]
    node.settle()
    assert {made.bundle_id for made in few} <= set(added)
    # What the flood lost is its end: what came first is there.
    assert [made.bundle_id for made in flood[: len(flood) - lost]] == [
        each for each in added if each not in {made.bundle_id for made in few}
    ]
    assert one.queued_bytes == 0
    assert not one._waiting_bytes


def test_a_batch_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    node = OneNode()
    one = intake(node, BundlePool(PoolLimits(), 600_000), [])
    monkeypatch.setattr("node.host.intake.MAX_BATCH_BYTES", 1)
    batches: list[int] = []
    take = one._take_batch
    monkeypatch.setattr(one, "_take_batch", lambda: (batch := take(), batches.append(len(batch)))[0])
    for sequence in range(1, 6):
        made = bundle(node, f"F{sequence}", sequence)
        one.offer("cedar", made.bundle_id, made.data)
    node.settle()
    assert batches == [1] * 5


def serve(node: OneNode, network: Sent, pool: BundlePool) -> Serving:
    given = Portions(node.clock.now_ms)
    return Serving(network, node.worker, node.ledger.blocks, node.chain, pool, given)


def test_an_answer_is_bounded_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    node, network = OneNode(), Sent()
    first, second = bundle(node, "A"), bundle(node, "B")
    for made in (first, second):
        node.pool.add(PooledBundle(node.reader.read(made.data), made.data, node.wall.ms), node.chain.lanes)
    asked = BundleRequest((bytes(32), first.bundle_id, second.bundle_id))
    monkeypatch.setattr(serving, "MAX_ANSWER_BYTES", len(first.data))
    serve(node, network, node.pool).serve_bundles("birch", asked)
    node.settle()
    assert network.messages == [BundleAnswer(first.bundle_id, first.data), BundleMissing((bytes(32),))]


def test_bundles_of_the_chain_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    node, network = OneNode(), Sent()
    identifiers = []
    for serial in "AB":
        node.record(MAKER, node.commission([serial]))
        identifiers.append(node.applied[-1].bundles[0].id)
    monkeypatch.setattr(serving, "MAX_ANSWER_BYTES", 1)
    serve(node, network, BundlePool(PoolLimits(), 600_000)).serve_bundles(
        "birch", BundleRequest(tuple(identifiers))
    )
    node.settle()
    assert [msgspec.structs.asdict(message)["bundle_id"] for message in network.messages] == identifiers[:1]


def test_requests_that_wait_for_the_disk_are_few() -> None:
    node, network = OneNode(), Sent()
    one = serve(node, network, node.pool)
    for _ in range(MAX_REQUESTS_WAITING + 3):
        one.serve_bundles("birch", BundleRequest((bytes(32),)))
    node.settle()
    assert len(network.messages) == MAX_REQUESTS_WAITING
    one.serve_bundles("birch", BundleRequest((bytes(32),)))
    node.settle()
    assert len(network.messages) == MAX_REQUESTS_WAITING + 1


class Moving:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        return self.ms


def test_what_a_peer_is_given_is_bounded_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    node, network, clock = OneNode(), Sent(), Moving()
    node.record(MAKER, node.commission(["B"]))
    made = bundle(node, "A")
    pool = BundlePool(PoolLimits(), 600_000)
    pooled = PooledBundle(node.reader.read(made.data), made.data, node.wall.ms)
    pool.add(pooled, {made.header.lane: 0})
    monkeypatch.setattr(portions, "SERVED_BYTES_PER_SECOND", len(made.data))
    monkeypatch.setattr(portions, "SERVED_BURST_BYTES", 2 * len(made.data))
    given = Portions(clock.now_ms)
    one = Serving(network, node.worker, node.ledger.blocks, node.chain, pool, given)
    for _ in range(10):
        one.serve_bundles("birch", BundleRequest((made.bundle_id,)))
        one.serve_bundles("cedar", BundleRequest((made.bundle_id,)))
    # Each may go into debt by one answer.
    assert len(network.messages) == 2 * 3
    assert given.refused == 2 * 7
    clock.ms = 5_000
    one.serve_blocks("birch", BlockRequest(1, 1))
    node.settle()
    answer = network.messages[-1]
    assert isinstance(answer, BlockBundles)
    clock.ms = 60_000
    for _ in range(50):
        one.serve_blocks("birch", BlockRequest(1, 1))
        node.settle()
    assert given.refused > 2 * 7
    assert len(network.messages) < 50


def test_a_lane_that_nobody_registered_costs_no_verification_and_bans_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = OneNode()
    added: list[bytes] = []
    verified: list[bytes] = []
    monkeypatch.setattr("node.host.intake.verify_bundle", lambda one: bool(verified.append(one.id)))
    one = intake(node, BundlePool(PoolLimits(), 600_000), added)
    node.chain.lanes.clear()
    made = bundle(node, "A")
    one.offer("cedar", made.bundle_id, made.data)
    node.settle()
    assert (added, verified) == ([], [])
    assert one.refused == {"unknown_lane": 1}


def test_bundles_are_named_in_turn_by_lane() -> None:
    def made(lane: bytes, sequence: int) -> SimpleNamespace:
        return SimpleNamespace(header=SimpleNamespace(lane=lane, sequence=sequence))

    bundles = [made(b"a", at) for at in range(3)] + [made(b"b", 7), made(b"c", 1), made(b"c", 2)]
    turn = [(each.header.lane, each.header.sequence) for each in in_turn(bundles)]  # type: ignore[arg-type]
    assert turn == [(b"a", 0), (b"b", 7), (b"c", 1), (b"a", 1), (b"c", 2), (b"a", 2)]
