"""`verify chain` believes nothing that is stored, and names the height of whatever was changed."""

import random

import pytest

from contracts.chain.genesis import Genesis
from contracts.records.custody import shipment_id
from node.home import Home
from node.host.chain_fault import ChainFault
from node.host.verify_chain import VerifiedChain, verify_chain, verify_home
from node.storage.head_marker import HeadMarker, MarkerState
from node.storage.leveldb import LevelOptions, open_level
from node.storage.memory import MemoryStore
from node.storage.store import (
    BLOCKS,
    BUNDLES,
    COMMITS,
    DOCUMENTS,
    INDEX,
    META,
    RECEIPTS,
    STATE,
    WRITES,
    KeyValueStore,
)
from tests.support.evidence import two_votes
from tests.support.ledger import OneNode, pack_key, pallet_key
from tests.support.parties import MAKER, OTHER_PHARMACY, WHOLESALER, build_test_genesis, validator_seed

SPACES = {
    "state": STATE,
    "blocks": BLOCKS,
    "commits": COMMITS,
    "bundles": BUNDLES,
    "receipts": RECEIPTS,
    "writes": WRITES,
    "documents": DOCUMENTS,
    "index": INDEX,
    "meta": META,
}
FLIPS_PER_SPACE = 25


def history() -> OneNode:
    """A short chain: made, packed, shipped, a stranger refused, received, and one of evidence alone."""
    node = OneNode(build_test_genesis(validators=4))
    node.record(MAKER, node.commission(["A1", "A2", "A3"]))
    node.record(MAKER, node.pack(pallet_key(1), [pack_key("A1"), pack_key("A2")]))
    shipped = node.put(MAKER, node.ship(MAKER, WHOLESALER, [pallet_key(1)]))
    node.produce()
    shipment = shipment_id(shipped, 0)
    refused = node.record(OTHER_PHARMACY, node.receive(OTHER_PHARMACY, shipment))
    assert refused.code != "accepted"
    node.record(WHOLESALER, node.receive(WHOLESALER, shipment))
    index = node.ledger.tip.validators.index_of(node.genesis.nodes[2].validator_key)
    node.evidence = [two_votes(node.genesis.chain_id, validator_seed(2), 5, index)]
    node.produce()
    return node


@pytest.fixture(scope="module")
def node() -> OneNode:
    return history()


def rows_of(store: KeyValueStore, space: bytes = b"") -> list[tuple[bytes, bytes]]:
    return store.scan(space, limit=10_000).rows


def copy_of(store: KeyValueStore) -> MemoryStore:
    copy = MemoryStore()
    copy.write(rows_of(store), sync=True)
    return copy


def verify(
    store: KeyValueStore, genesis: Genesis, marker: HeadMarker | MarkerState = MarkerState.MISSING
) -> VerifiedChain:
    return verify_chain(store, genesis, MemoryStore(), lambda _height: None, marker)


def test_the_statements_of_own_keys_are_compared_too():
    node = OneNode(remembers=True)
    node.record(MAKER, node.commission(["A1"]))
    node.produce()
    verify(node.store, node.genesis)
    for key, value in rows_of(node.store, INDEX + b"r"):
        node.store.write([(key, value[:-1] + b"\x09")], sync=True)
    with pytest.raises(ChainFault):
        verify(node.store, node.genesis)


def test_an_honest_chain(node):
    found = verify(node.store, node.genesis)
    assert (found.height, found.bundles, found.documents) == (6, 5, 5)
    assert found.app_hash == node.ledger.tip.app_hash
    assert found.block_id == node.ledger.tip.block_id
    # Five bundles, six commits of four validators, the five that the blocks carry, and two votes of a liar.
    assert found.signatures == 5 + 4 * 6 + 4 * 5 + 2
    assert found.rows == len(rows_of(node.store))


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_one_flipped_bit_in_a_value_names_a_height(node, space):
    chance = random.Random(space)
    rows = [(key, value) for key, value in rows_of(node.store, space) if value]
    if not rows:
        assert space == INDEX  # all it says stands in its keys
        return
    for _ in range(FLIPS_PER_SPACE):
        key, value = chance.choice(rows)
        changed = bytearray(value)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        store = copy_of(node.store)
        store.write([(key, bytes(changed))], sync=True)
        with pytest.raises(ChainFault) as fault:
            verify(store, node.genesis)
        assert fault.value.height is not None
        assert 0 <= fault.value.height <= 6


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_a_missing_row_is_found(node, space):
    for key, _value in rows_of(node.store, space):
        store = copy_of(node.store)
        store.write([(key, None)], sync=True)
        if space == WRITES:
            verify(store, node.genesis)
            continue
        with pytest.raises(ChainFault):
            verify(store, node.genesis)


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES.keys())
def test_a_row_too_many_is_found(node, space):
    store = copy_of(node.store)
    store.write([(space + b"\x99" * 40, b"\x01")], sync=True)
    with pytest.raises(ChainFault, match="no block up to height 6 writes it"):
        verify(store, node.genesis)


def test_a_height_is_the_one_that_wrote_the_row(node):
    """The pack's row was written by blocks 1 and 2: a later block left it alone."""
    item = pack_key("A1")
    (key,) = (key for key, _value in rows_of(node.store, STATE) if key.endswith(item) and key[1:2] == b"\x30")
    store = copy_of(node.store)
    value = store.get(key)
    store.write([(key, value[:-1] + bytes((value[-1] ^ 1,)))], sync=True)
    with pytest.raises(ChainFault, match="height 2, state row"):
        verify(store, node.genesis)


def test_a_chain_that_was_cut(node):
    """A consistent shorter chain is a chain; the head marker knows that there was more."""
    shorter = OneNode(build_test_genesis(validators=4))
    shorter.record(MAKER, shorter.commission(["A1", "A2", "A3"]))
    marker = HeadMarker(6, node.ledger.tip.app_hash)
    verify(shorter.store, shorter.genesis)
    with pytest.raises(ChainFault, match="it was durable once"):
        verify(shorter.store, shorter.genesis, marker)


def test_the_marker_of_another_history(node):
    with pytest.raises(ChainFault, match="height 3, app hash"):
        verify(node.store, node.genesis, HeadMarker(3, bytes(32)))
    following = node.ledger.blocks.load(4)
    verify(node.store, node.genesis, HeadMarker(3, following.header.app_hash))


def test_an_unreadable_marker(node):
    with pytest.raises(ChainFault, match="file head"):
        verify(node.store, node.genesis, MarkerState.UNREADABLE)


def test_another_genesis(node):
    with pytest.raises(ChainFault, match="height 1"):
        verify(node.store, build_test_genesis(validators=3))


def test_a_home_on_disk(node, tmp_path):
    home = Home(tmp_path)
    store = open_level(home.database, LevelOptions(write_buffer_bytes=1 << 16), create=True)
    store.write(rows_of(node.store), sync=True)
    store.close()
    heights: list[int] = []
    found = verify_home(home, node.genesis, heights.append)
    assert heights == [1, 2, 3, 4, 5, 6]
    assert found.height == 6
    assert found.files >= 2
    path = next(
        path for path in home.database.iterdir() if path.suffix in {".ldb", ".log"} and path.stat().st_size
    )
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    with pytest.raises(ChainFault, match=f"file {path.name}") as fault:
        verify_home(home, node.genesis, heights.append)
    assert fault.value.height is None
