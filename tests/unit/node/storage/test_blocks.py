"""The history rows: what is stored comes back, and damage names its height."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.chain.commit import NO_COMMIT, Commit, CommitSignature
from contracts.chain.header import Block, BundleEntry, Header
from contracts.ledger.receipt import ACCEPTED, Event, Receipt
from contracts.primitives.encoding import encode
from node.storage.blocks import (
    BlockStore,
    BundleRows,
    DocumentPlace,
    FinishedBlock,
    StoredBundle,
    block_entries,
    height_key,
)
from node.storage.errors import StorageDamaged
from node.storage.head import (
    OLDEST_BLOCKS,
    Head,
    Identity,
    OtherFormat,
    WrongStore,
    check_blocks,
    check_identity,
    head_entry,
    identity_entry,
    load_head,
)
from node.storage.memory import MemoryStore
from node.storage.store import (
    BLOCKS,
    BUNDLES,
    COMMITS,
    DOCUMENTS,
    META,
    RECEIPTS,
    WRITES,
    put,
)


def digest(number):
    return number.to_bytes(32, "big")


ALDER, BIRCH = digest(101), digest(102)
BUNDLE_ONE = BundleRows(digest(1), ALDER, b"first bundle", (digest(11), digest(12)))
BUNDLE_TWO = BundleRows(digest(2), BIRCH, b"second", (digest(13), digest(12), digest(14)))
RECEIPTS_OF_BOTH = (
    Receipt(digest(11), ACCEPTED, 0, b"", (Event(1, 0, (b"item",), b"", (3,)),)),
    Receipt(digest(12), "unknown_item", 1, b"key", ()),
    Receipt(digest(13), ACCEPTED, 0, b"", ()),
    Receipt(digest(12), ACCEPTED, 0, b"", ()),
    Receipt(digest(14), ACCEPTED, 0, b"", ()),
)


def header(height):
    empty = digest(0)
    return Header(
        1, "test", height, 1_000, empty, empty, empty, empty, empty, empty, empty, empty, empty, b"", empty
    )


def finished(
    height,
    bundles=(BUNDLE_ONE, BUNDLE_TWO),
    writes=((b"a", b"1"), (b"b", None), (b"c", b"")),
    receipts=RECEIPTS_OF_BOTH,
):
    entries = tuple(BundleEntry(bundle.bundle_id, len(bundle.data), 3) for bundle in bundles)
    block = Block(header(height), entries, NO_COMMIT, ())
    commit = Commit(height, 0, digest(99), (CommitSignature(0, bytes(64)),))
    return FinishedBlock(block, commit, bundles, receipts, writes)


@pytest.fixture
def store():
    made = MemoryStore()
    made.write(block_entries(finished(7), keep_writes=10), sync=True)
    return made


def test_everything_of_a_block_comes_back(store):
    blocks, expected = BlockStore(store), finished(7)
    assert blocks.load(7) == expected.block
    assert blocks.block_bytes(7) == encode(expected.block)
    assert blocks.commit_of(7) == expected.commit
    assert blocks.bundle(digest(1)) == StoredBundle(7, b"first bundle")
    assert blocks.bundles_of(7) == (b"first bundle", b"second")
    assert blocks.receipts(7) == RECEIPTS_OF_BOTH
    assert blocks.writes(7) == ((b"a", b"1"), (b"b", None), (b"c", b""))


def test_what_is_not_there_is_none(store):
    blocks = BlockStore(store)
    for read in (blocks.load, blocks.block_bytes, blocks.commit_of, blocks.bundles_of, blocks.receipts):
        assert read(8) is None
    assert blocks.writes(8) is None
    assert blocks.bundle(digest(3)) is None
    assert blocks.document(digest(3)) is None


def test_a_document_is_found_at_its_first_place(store):
    blocks = BlockStore(store)
    assert blocks.document(digest(11)) == DocumentPlace(7, 0, 0, 0)
    assert blocks.document(digest(14)) == DocumentPlace(7, 1, 2, 4)
    store.write(block_entries(finished(9), keep_writes=10), sync=True)
    assert blocks.document(digest(14)).height == 7
    assert blocks.document_at(9, 4, RECEIPTS_OF_BOTH[4]) == DocumentPlace(9, 1, 2, 4)
    assert blocks.document_at(8, 4, RECEIPTS_OF_BOTH[4]) is None


def test_what_was_accepted_comes_before_what_was_refused(store):
    blocks, accepted, refused = BlockStore(store), DocumentPlace(7, 1, 1, 3), DocumentPlace(7, 0, 1, 1)
    assert blocks.document(digest(12)) == blocks.document(digest(12), BIRCH) == accepted
    assert blocks.document(digest(12), ALDER) == refused
    assert blocks.document(digest(11), BIRCH) is None
    assert blocks.document_at(7, 1, RECEIPTS_OF_BOTH[1]) == refused
    assert blocks.document_at(7, 3, RECEIPTS_OF_BOTH[3]) == accepted


def test_the_earliest_of_all_keys_counts_whichever_sorts_first():
    one, store = digest(11), MemoryStore()
    for height, lane in ((3, 103), (4, 101), (5, 102)):
        bundles = (BundleRows(digest(height), digest(lane), b"bundle", (one,)),)
        block = finished(height, bundles, (), (Receipt(one, ACCEPTED, 0, b"", ()),))
        store.write(block_entries(block, keep_writes=1), sync=True)
    assert BlockStore(store).document(one) == DocumentPlace(3, 0, 0, 0)
    assert BlockStore(store).document(one, digest(101)) == DocumentPlace(4, 0, 0, 0)


def test_a_document_twice_in_a_bundle_has_two_places():
    one, store = digest(11), MemoryStore()
    receipts = tuple(Receipt(one, code, 0, b"", ()) for code in ("unknown_item", ACCEPTED, "already_inside"))
    bundles = (BundleRows(digest(1), ALDER, b"bundle", (one, one, one)),)
    entries = block_entries(finished(7, bundles, (), receipts), keep_writes=1)
    store.write(entries, sync=True)
    assert BlockStore(store).document(one) == DocumentPlace(7, 0, 1, 1)
    for index, receipt in enumerate(receipts):
        assert BlockStore(store).document_at(7, index, receipt) == DocumentPlace(7, 0, index, index)


def test_each_document_of_a_block_costs_one_row():
    entries = block_entries(finished(7), keep_writes=1)
    assert sum(key.startswith(DOCUMENTS) for key, _value in entries) == len(RECEIPTS_OF_BOTH)


def test_an_empty_block_is_stored_too():
    store = MemoryStore()
    empty = msgspec.structs.replace(finished(1, bundles=(), writes=()), receipts=())
    store.write(block_entries(empty, keep_writes=1), sync=True)
    blocks = BlockStore(store)
    assert (blocks.bundles_of(1), blocks.receipts(1), blocks.writes(1)) == ((), (), ())


@given(st.lists(st.tuples(st.binary(max_size=12), st.sampled_from([None, b"", b"1", b"2"]))))
def test_writes_come_back_in_their_order(found):
    store, writes = MemoryStore(), tuple(sorted(dict(found).items()))
    store.write(block_entries(finished(7, writes=writes), keep_writes=10), sync=True)
    assert BlockStore(store).writes(7) == writes


def test_packs_of_one_make_share_what_they_have_in_common():
    # Serials are random, so in key order the packs of several commissions stand mixed.
    packs = tuple((b"T+I+GTIN" + b"%016d" % at, b"a row of make %d" % (at % 7)) for at in range(1_000))
    store = MemoryStore()
    store.write(block_entries(finished(7, writes=packs), keep_writes=10), sync=True)
    assert BlockStore(store).writes(7) == packs
    assert len(store.get(WRITES + height_key(7))) < 19 * len(packs)


def test_only_the_newest_writes_are_kept():
    store = MemoryStore()
    for height in range(1, 6):
        store.write(block_entries(finished(height), keep_writes=2), sync=False)
    blocks = BlockStore(store)
    assert [blocks.writes(height) is not None for height in range(1, 6)] == [False, False, False, True, True]
    assert all(blocks.load(height) for height in range(1, 6))


@pytest.mark.parametrize(
    ("space", "key", "value", "read", "where"),
    [
        (BLOCKS, height_key(7), b"\xc1", lambda b: b.load(7), "block 7"),
        (BLOCKS, height_key(8), encode(finished(7).block), lambda b: b.load(8), "block 8"),
        (COMMITS, height_key(7), b"\xc1", lambda b: b.commit_of(7), "commit of height 7"),
        (COMMITS, height_key(8), encode(finished(7).commit), lambda b: b.commit_of(8), "commit of height 8"),
        (RECEIPTS, height_key(7), b"\x91\x01", lambda b: b.receipts(7), "receipts of height 7"),
        (WRITES, height_key(7), b"\x91\x90", lambda b: b.writes(7), "writes of height 7"),
        (WRITES, height_key(7), b"\xc1", lambda b: b.writes(7), "writes of height 7"),
        (
            WRITES,
            height_key(7),
            encode([(b"a", (b"b",), (b"1", b"2"))]),
            lambda b: b.writes(7),
            "writes of height 7",
        ),
        (BUNDLES, digest(1), b"short", lambda b: b.bundle(digest(1)), f"bundle {digest(1).hex()}"),
        (BUNDLES, digest(1), b"short", lambda b: b.bundles_of(7), "block 7"),
        (BUNDLES, digest(1), None, lambda b: b.bundles_of(7), "block 7"),
        (
            DOCUMENTS,
            digest(11) + bytes(1) + ALDER + height_key(7) + bytes(4),
            b"\x90",
            lambda b: b.document(digest(11)),
            f"index of document {digest(11).hex()}",
        ),
    ],
)
def test_damage_names_its_place(store, space, key, value, read, where):
    store.write([(space + key, value)], sync=False)
    with pytest.raises(StorageDamaged) as caught:
        read(BlockStore(store))
    assert caught.value.where == where


HEAD = Head(7, digest(1), 1_000, digest(2), digest(3))


def test_the_head_comes_back():
    store = MemoryStore()
    assert load_head(store) is None
    store.write([head_entry(HEAD), identity_entry(digest(5))], sync=True)
    assert load_head(store) == HEAD
    check_identity(store, digest(5))


def test_a_store_of_another_network_or_format_is_refused():
    store = MemoryStore()
    store.write([identity_entry(digest(5))], sync=True)
    with pytest.raises(WrongStore, match="belongs to the network"):
        check_identity(store, digest(6))
    store.write([put(META, b"identity", encode(Identity(99, digest(5))))], sync=True)
    with pytest.raises(WrongStore, match="format 99"):
        check_identity(store, digest(5))
    check_blocks(store)


def test_a_store_whose_blocks_are_of_an_earlier_ledger_is_refused():
    """Building it anew would not help: the advice is another."""
    store = MemoryStore()
    check_blocks(store)
    store.write([put(META, b"identity", encode(Identity(OLDEST_BLOCKS - 1, digest(5))))], sync=True)
    for check in (check_blocks, lambda found: check_identity(found, digest(5))):
        with pytest.raises(OtherFormat, match="an earlier version of the ledger") as caught:
            check(store)
        assert "reindex" not in str(caught.value)


def test_damaged_head_and_identity_are_named():
    store = MemoryStore()
    with pytest.raises(StorageDamaged, match="identity row: it is missing"):
        check_identity(store, digest(5))
    store.write([put(META, b"identity", b"\xc0"), put(META, b"head", b"\xc0")], sync=True)
    with pytest.raises(StorageDamaged, match="identity row"):
        check_identity(store, digest(5))
    with pytest.raises(StorageDamaged, match="head row"):
        load_head(store)
