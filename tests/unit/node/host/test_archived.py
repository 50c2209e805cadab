"""A node whose old blocks are archived: it starts, serves, and takes its own old bundles for done."""

from contracts.ledger.bundle import BundleReader
from network.wire.messages import (
    BlockAnswer,
    BlockRequest,
    BundleAnswer,
    BundleMissing,
    BundleRequest,
    NoBlock,
)
from node.host.ledger import Ledger
from node.host.opening import Disks, open_disks
from node.host.portions import Portions
from node.host.serving import Serving
from node.pool.pool import BundlePool, PoolLimits
from node.storage.memory_files import MemoryFiles
from node.storage.outbox import Outbox, OutboxEntry
from tests.support.archives import LAST, copy_of, old_chain, prune
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, lane_key
from tests.unit.node.host.test_intake import Sent


def pruned() -> OneNode:
    node = old_chain()
    prune(node.store, node.genesis, MemoryFiles())
    return node


def test_it_gives_peers_what_it_has_and_says_from_where_on() -> None:
    node, network = pruned(), Sent()
    pool = BundlePool(PoolLimits(), 600_000)
    portions = Portions(node.clock.now_ms)
    one = Serving(network, node.worker, node.ledger.blocks, node.chain, pool, portions, LAST + 1)
    one.serve_blocks("birch", BlockRequest(2, 3))
    node.settle()
    head = node.chain.tip.height
    assert network.messages == [NoBlock(2, head, LAST + 1)]
    network.messages.clear()
    one.serve_blocks("birch", BlockRequest(LAST + 1, 1))
    node.settle()
    (block, *_bundles) = network.messages
    assert isinstance(block, BlockAnswer)
    network.messages.clear()
    old, new = (node.applied[at].bundles[0].id for at in (0, head - 1))
    one.serve_bundles("birch", BundleRequest((old, new)))
    node.settle()
    answer, missing = network.messages
    assert isinstance(answer, BundleAnswer)
    assert answer.bundle_id == new
    assert missing == BundleMissing((old,))


def test_own_bundles_that_are_archived_are_not_sent_again() -> None:
    """What a power cut left in the outbox, though it is long in the chain."""
    node = old_chain()
    lane = lane_key(MAKER).public_key
    stored = node.ledger.blocks.bundle(node.applied[0].bundles[0].id)
    assert stored is not None
    header = BundleReader(node.genesis.chain_id, node.genesis.parameters.limits).read(stored.data).header
    files = MemoryFiles()
    files.make_folder("outbox")
    outbox = Outbox(files, "outbox", 1 << 20, bytes)
    outbox.recover()
    outbox.put([OutboxEntry(lane, 0, header.sequence, node.applied[0].bundles[0].id, stored.data)])
    store = copy_of(node.store)
    prune(store, node.genesis, MemoryFiles())
    files.make_folder("data")
    again = Outbox(files, "outbox", 1 << 20, bytes)
    opened = open_disks(Disks(Ledger(store, node.genesis), again, None, files, "head"), [lane])
    assert opened.waiting == ()
    assert opened.archived == LAST


def test_a_document_of_an_archived_bundle_has_its_place() -> None:
    node = pruned()
    identifier = node.applied[0].receipts[0].document_id
    assert node.submissions._is_placed(lane_key(MAKER).public_key, identifier)
    assert not node.submissions._is_placed(bytes(32), identifier)
