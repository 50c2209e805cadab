"""A node that began with a snapshot archives what came after it; its archive proves itself all the same."""

import pytest

from node.archive.folder import ArchiveFolder
from node.archive.restoring import ArchivedBodies, restore
from node.archive.verifying import verify_segment
from node.host.verify_chain import verify_chain
from node.host.verify_headers import verify_headers
from node.storage.archived import archived_height, bodies_from
from node.storage.head import Head
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.store import BLOCKS
from tests.support.archives import prune, rows_of
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis
from tests.support.snapshots import VALIDATORS, Holder, Late
from tests.unit.node.host.test_snapshots import BASE, follow, grow

HEADS = 8
"""Blocks after the snapshot."""


@pytest.fixture(scope="module")
def joined() -> Late:
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, BASE + 2)
    holder.vouched_by(1)
    late = Late(holder.node, {"alder": holder.answer})
    assert isinstance(late.run(), Head)
    grow(holder.node, HEADS - 2)
    follow(late, holder)
    return late


def test_it_archives_verifies_and_restores_what_it_has(joined: Late) -> None:
    store, files = MemoryStore(), MemoryFiles()
    store.write(rows_of(joined.store).items(), sync=True)
    done = prune(store, joined.genesis, files, BASE + 6)
    assert (done.first, done.last) == (BASE + 1, BASE + 6)
    folder = ArchiveFolder(files)
    manifests = folder.manifests()
    assert manifests[0].first == BASE + 1
    for manifest in manifests:
        verify_segment(joined.genesis, manifest, folder.read(manifest))

    def told(_height: int) -> None:
        """Nobody listens."""

    bodies = ArchivedBodies(folder)
    found = verify_chain(
        *(store, joined.genesis, MemoryStore(), told),
        snapshots=joined.snapshots,
        archive=bodies,
    )
    assert (found.first, found.archived) == (BASE + 1, BASE + 6)
    headers = verify_headers(store, joined.genesis, told)
    assert (headers.first, headers.app_hash) == (BASE + 1, found.app_hash)
    assert restore(store, joined.genesis, folder, 1, told) == 0
    assert (archived_height(store), bodies_from(store)) == (0, BASE + 1)
    assert rows_of(store) == rows_of(joined.store)
    assert len([key for key in rows_of(store) if key[:1] == BLOCKS]) == HEADS + 1
