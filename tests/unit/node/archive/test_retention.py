"""How much stays: days, blocks, what joiners need, and what open recalls are reckoned from."""

import pytest

from contracts.records.recall import CloseRecall, OpenRecall
from node.archive.retention import DAY_MS, last_to_archive
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.recall_floor import floor_of_open_recalls
from tests.support.archives import old_chain, prune
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, REGULATOR, build_test_genesis
from tests.unit.node.api.test_recalls import opening


@pytest.fixture(scope="module")
def chain() -> OneNode:
    return old_chain()


def test_a_new_database_has_nothing_to_archive(chain: OneNode) -> None:
    assert last_to_archive(MemoryStore(), 0, 1, []).last == 0
    assert last_to_archive(OneNode(chain.genesis).store, 0, 1, []).last == 0


def test_blocks_and_days_are_kept_whatever_keeps_more(chain: OneNode) -> None:
    head = chain.ledger.tip.height
    assert last_to_archive(chain.store, 0, 3, []) == (head - 3, "the newest 3 blocks are kept")
    # All of it was made within a day.
    found = last_to_archive(chain.store, 1, 3, [])
    assert (found.last, found.reason) == (0, "1 days are kept")
    assert last_to_archive(chain.store, 0, 99, []).last < 0


def test_days_are_those_of_block_time() -> None:
    node = OneNode(build_test_genesis())
    for _day in range(10):
        node.record(MAKER, node.commission([f"D{node.ledger.tip.height}"]))
        node.wall.ms += DAY_MS
    # Block h was made h days ago, counted from the last one, and a second for each block.
    for days in range(1, 10):
        assert last_to_archive(node.store, days, 1, []).last == 10 - days
    prune(node.store, node.genesis, MemoryFiles(), 4)
    assert last_to_archive(node.store, 8, 1, []).last == 4
    assert last_to_archive(node.store, 3, 1, []).last == 7


def test_who_joins_by_an_old_snapshot_finds_the_blocks_after_it(chain: OneNode) -> None:
    found = last_to_archive(chain.store, 0, 1, [6, 9])
    assert found.last == 6
    assert "joins by this node's oldest snapshot" in found.reason


def test_what_an_open_recall_is_reckoned_from_stays_until_it_is_closed() -> None:
    node = OneNode(build_test_genesis())
    for _block in range(3):
        node.produce()
    node.record(MAKER, node.commission(["A1", "A2"]))
    for _block in range(3):
        node.produce()
    assert floor_of_open_recalls(node.store) is None
    opened = opening(node)
    assert isinstance(opened, OpenRecall)
    node.record(MAKER, opened)
    node.produce()
    floor = floor_of_open_recalls(node.store)
    assert floor is not None
    assert floor.height == 4
    found = last_to_archive(node.store, 0, 1, [])
    assert (found.last, found.reason) == (3, f"recall {floor.recall.hex()} is open, and reckoned from it")
    assert last_to_archive(node.store, 0, 1, [], despite_recalls=True).last == node.ledger.tip.height - 1
    files = MemoryFiles()
    prune(node.store, node.genesis, files, node.ledger.tip.height - 1)
    again = floor_of_open_recalls(node.store)
    assert again is not None
    # Its own records are archived: what it needs cannot be told any more, so nothing more goes.
    assert again.height == node.ledger.tip.height
    node.record(REGULATOR, CloseRecall(node.head(REGULATOR, stated=False), floor.recall))
    assert floor_of_open_recalls(node.store) is None
