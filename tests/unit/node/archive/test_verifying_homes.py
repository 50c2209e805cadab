"""`verify chain` where old blocks are archived: all of it with the archive, what there is without."""

import random

import pytest

from contracts.primitives.encoding import encode
from contracts.primitives.hashing import Hash
from node.archive.folder import ArchiveFolder
from node.archive.manifest import WrongArchive
from node.archive.restoring import ArchivedBodies
from node.host.archive_replay import replay_archive
from node.host.chain_fault import ChainFault
from node.host.ledger import Ledger
from node.host.verify_chain import VerifiedChain, verify_chain
from node.host.verify_headers import VerifiedHeaders, verify_headers
from node.storage.archived import archived_entry
from node.storage.blocks import height_key
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.store import BLOCKS, BUNDLES, COMMITS, META, RECEIPTS, WRITES, KeyValueStore, put
from tests.support.archives import LAST, copy_of, old_chain, prune, rows_of
from tests.support.ledger import OneNode

FLIPS_PER_SPACE = 25
NOT_EXECUTED = {
    "blocks": BLOCKS,
    "commits": COMMITS,
    "bundles": BUNDLES,
    "receipts": RECEIPTS,
    "writes": WRITES,
}


class Pruned:
    """Attributes: chain: what it was. store: what is left. bodies: the archive."""

    def __init__(self) -> None:
        self.chain: OneNode = old_chain()
        self.store = copy_of(self.chain.store)
        self.files = MemoryFiles()
        prune(self.store, self.chain.genesis, self.files)
        self.bodies = ArchivedBodies(ArchiveFolder(self.files))

    def with_archive(self, store: KeyValueStore, bodies: ArchivedBodies | None = None) -> VerifiedChain:
        """Verify all of it."""
        return verify_chain(
            store, self.chain.genesis, MemoryStore(), lambda _height: None, archive=bodies or self.bodies
        )

    def without(self, store: KeyValueStore) -> VerifiedHeaders:
        """Verify what there is."""
        return verify_headers(store, self.chain.genesis, lambda _height: None)


@pytest.fixture(scope="module")
def pruned() -> Pruned:
    return Pruned()


def test_with_the_archive_everything_is_executed_and_compared(pruned: Pruned) -> None:
    found = pruned.with_archive(pruned.store)
    whole = verify_chain(pruned.chain.store, pruned.chain.genesis, MemoryStore(), lambda _height: None)
    assert (found.archived, whole.archived) == (LAST, 0)
    assert (found.height, found.app_hash, found.bundles, found.documents, found.signatures) == (
        *(whole.height, whole.app_hash, whole.bundles, whole.documents, whole.signatures),
    )
    assert found.rows == whole.rows + 1


def test_without_it_headers_commits_roots_and_what_is_here_are_checked(pruned: Pruned) -> None:
    found = pruned.without(pruned.store)
    tip = pruned.chain.ledger.tip
    assert (found.first, found.archived, found.height) == (1, LAST, tip.height)
    assert (found.block_id, found.app_hash) == (tip.block_id, tip.app_hash)
    applied = pruned.chain.applied
    assert found.documents == sum(len(one.receipts) for one in applied)
    assert found.bundles == sum(len(one.bundles) for one in applied[LAST:])


def test_an_archive_that_lacks_what_is_needed_is_named(pruned: Pruned) -> None:
    files = MemoryFiles()
    prune(copy_of(pruned.chain.store), pruned.chain.genesis, files, 4)
    with pytest.raises(WrongArchive, match="block 5 is not in it"):
        pruned.with_archive(pruned.store, ArchivedBodies(ArchiveFolder(files)))


@pytest.mark.parametrize("space", [BUNDLES, META, RECEIPTS, BLOCKS])
def test_one_flipped_bit_is_found_with_the_archive(pruned: Pruned, space: bytes) -> None:
    chance = random.Random(space)
    rows = [(key, value) for key, value in rows_of(pruned.store).items() if key[:1] == space]
    for _flip in range(FLIPS_PER_SPACE):
        store = flipped(pruned.store, *chance.choice(rows), chance)
        with pytest.raises(ChainFault):
            pruned.with_archive(store)


@pytest.mark.parametrize("space", NOT_EXECUTED.values(), ids=NOT_EXECUTED.keys())
def test_one_flipped_bit_is_found_without_the_archive(pruned: Pruned, space: bytes) -> None:
    chance = random.Random(space)
    rows = [
        (key, value) for key, value in rows_of(pruned.store).items() if key[:1] == space and len(value) > 1
    ]
    for _flip in range(FLIPS_PER_SPACE):
        store = flipped(pruned.store, *chance.choice(rows), chance)
        with pytest.raises(ChainFault):
            pruned.without(store)


def flipped(store: KeyValueStore, key: bytes, value: bytes, chance: random.Random) -> MemoryStore:
    changed = bytearray(value)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    copy = copy_of(store)
    copy.write([(key, bytes(changed))], sync=True)
    return copy


@pytest.mark.parametrize("space", [BLOCKS, COMMITS, BUNDLES, RECEIPTS])
def test_a_missing_row_is_found_without_the_archive(pruned: Pruned, space: bytes) -> None:
    for key in [key for key in rows_of(pruned.store) if key[:1] == space]:
        store = copy_of(pruned.store)
        store.write([(key, None)], sync=True)
        with pytest.raises(ChainFault):
            pruned.without(store)


def test_receipts_that_are_more_than_an_archived_block_has_documents_are_found(pruned: Pruned) -> None:
    """Its bundles are not here, but their headers say how many documents each held."""
    store = copy_of(pruned.store)
    height = next(one.tip.height for one in pruned.chain.applied if one.receipts)
    receipts = pruned.chain.applied[height - 1].receipts
    store.write([put(RECEIPTS, height_key(height), encode((*receipts, receipts[-1])))], sync=True)
    with pytest.raises(ChainFault, match="not those of its documents"):
        pruned.without(store)


def test_more_that_is_said_to_be_archived_than_is_and_less_are_found(pruned: Pruned) -> None:
    for height in (LAST + 3, LAST - 3, 1 << 40):
        store = copy_of(pruned.store)
        store.write([archived_entry(height)], sync=True)
        with pytest.raises(ChainFault):
            pruned.with_archive(store)


def test_a_database_made_anew_from_the_archive_has_the_same_ledger(pruned: Pruned) -> None:
    """When all peers have archived old blocks, a new or damaged node begins with an archive."""
    node = pruned.chain
    ledger = Ledger(MemoryStore(), node.genesis)
    assert replay_archive(ledger, node.genesis, pruned.bodies, lambda _height: None) == LAST
    assert Hash(ledger.tip.app_hash) == node.ledger.blocks.load(LAST + 1).header.app_hash  # type: ignore[union-attr]
    assert ledger.blocks.bundles_of(2) == node.ledger.blocks.bundles_of(2)
    again = Ledger(ledger.store, node.genesis)
    assert replay_archive(again, node.genesis, pruned.bodies, lambda _height: None) == LAST


def test_no_block_that_was_not_decided_is_executed_from_an_archive(pruned: Pruned) -> None:
    other = OneNode(pruned.chain.genesis)
    for _block in range(LAST + 1):
        other.produce()
    ledger = Ledger(MemoryStore(), pruned.chain.genesis)
    files = MemoryFiles()
    prune(other.store, other.genesis, files, 4)
    mixed = ArchivedBodies(ArchiveFolder(files))
    replay_archive(ledger, other.genesis, mixed, lambda _height: None)
    with pytest.raises(WrongArchive, match="height 5: block 5: follows another block"):
        replay_archive(
            Ledger(ledger.store, other.genesis), other.genesis, pruned.bodies, lambda _height: None
        )
