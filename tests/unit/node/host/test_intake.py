"""Intake, fetching and serving: what a vote needs comes in, and nobody is asked for too much."""

import msgspec
import pytest

from contracts.chain.header import BundleEntry
from contracts.ledger.document import document_id, encode_document
from network.wire.messages import BundleAnswer, BundleMissing, BundleRequest, Message
from node.host import serving
from node.host.fetching import Fetching
from node.host.intake import Intake
from node.host.serving import MAX_REQUESTS_WAITING, Serving
from node.host.surroundings import Surroundings
from node.pool.bundler import MadeBundle, make_bundle
from node.pool.lane_writer import CutBundle, QueuedDocument
from node.pool.pool import BundlePool, PooledBundle, PoolLimits
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


def bundle(node: OneNode, serial: str) -> MadeBundle:
    document = node.document(node.commission([serial]))
    data = encode_document(document)
    cut = CutBundle(0, 1, (QueuedDocument(document_id(data), data, document.weight),))
    return make_bundle(node.genesis.chain_id, lane_key(MAKER), cut, node.wall.ms + 300_000)


def surroundings(node: OneNode, network: NoPeers) -> Surroundings:
    clock = StillClock(lambda _call: None)
    return Surroundings(clock, node.wall, network, node.worker, node.worker)


def test_a_proposed_bundle_comes_into_a_full_pool_and_others_do_not() -> None:
    node = OneNode()
    pool = BundlePool(PoolLimits(total_bytes=1), 600_000)
    fetching = Fetching(surroundings(node, NoPeers()), pool)
    added: list[bytes] = []
    intake = Intake(
        *(node.reader, node.worker, pool, node.chain.lanes, node.wall.now_ms),
        lambda bundles: added.extend(pooled.bundle.id for pooled in bundles),
        lambda peer, reason: added.append(f"{peer}: {reason}".encode()),
        fetching.is_needed,
    )
    wanted, lied_about, other = (bundle(node, serial) for serial in "ABC")
    weight = wanted.header.weight
    fetching.need(
        [
            BundleEntry(wanted.bundle_id, len(wanted.data), weight),
            BundleEntry(lied_about.bundle_id, len(lied_about.data) - 1, weight),
        ],
        ["birch"],
    )
    for made in (other, lied_about, wanted):
        intake.offer("birch", made.bundle_id, made.data)
        node.settle()
    assert added == [wanted.bundle_id]
    assert intake.refused == {"pool_full": 2}
    fetching.clear()
    assert not fetching.is_needed(wanted.bundle_id, len(wanted.data))


def serve(node: OneNode, network: Sent, pool: BundlePool) -> Serving:
    return Serving(network, node.worker, node.ledger.blocks, node.chain, pool)


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
