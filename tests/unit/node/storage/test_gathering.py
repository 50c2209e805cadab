"""Writes that are gathered become one durable batch; who gathers them reads them, and nobody else does."""

from collections.abc import Iterable

import pytest

from node.storage import gathering
from node.storage.errors import StorageFailed
from node.storage.gathering import GatheringStore
from node.storage.memory import MemoryStore
from node.storage.store import Write


class Counted(MemoryStore):
    """A store that remembers its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple[list[Write], bool]] = []
        self.is_full = False

    def write(self, batch: Iterable[Write], *, sync: bool) -> None:
        """Remember the batch, and write it; or refuse."""
        if self.is_full:
            raise StorageFailed("here", "no room")
        writes = list(batch)
        self.batches.append((writes, sync))
        super().write(writes, sync=sync)


@pytest.fixture
def disk() -> Counted:
    disk = Counted()
    disk.write([(b"a", b"1"), (b"b", b"1")], sync=True)
    disk.batches.clear()
    return disk


@pytest.fixture
def store(disk: Counted) -> GatheringStore:
    return GatheringStore(disk)


def test_without_gathering_everything_is_handed_on(disk: Counted, store: GatheringStore) -> None:
    store.write([(b"c", b"3")], sync=False)
    store.write([(b"d", b"4")], sync=True)
    assert disk.batches == [([(b"c", b"3")], False), ([(b"d", b"4")], True)]
    assert store.get(b"c") == b"3"
    assert store.get_many([b"a", b"x"]) == [b"1", None]


def test_what_is_gathered_is_read_here_alone_and_becomes_one_synced_batch(
    disk: Counted, store: GatheringStore
) -> None:
    with store.gathered():
        store.write([(b"a", b"2"), (b"b", None)], sync=True)
        store.write([(b"a", b"3"), (b"c", b"3")], sync=True)
        assert [store.get(key) for key in (b"a", b"b", b"c", b"d")] == [b"3", None, b"3", None]
        assert store.get_many([b"c", b"b", b"a"]) == [b"3", None, b"3"]
        assert disk.get_many([b"a", b"b", b"c"]) == [b"1", b"1", None]
        assert disk.batches == []
    ((writes, sync),) = disk.batches
    assert (dict(writes), sync) == ({b"a": b"3", b"b": None, b"c": b"3"}, True)
    assert store.get_many([b"a", b"b", b"c"]) == [b"3", None, b"3"]
    store.write([(b"d", b"4")], sync=True)
    assert disk.get(b"d") == b"4"


def test_nothing_gathered_is_nothing_written(disk: Counted, store: GatheringStore) -> None:
    with store.gathered():
        pass
    assert disk.batches == []


def test_an_error_leaves_nothing_of_what_was_gathered(disk: Counted, store: GatheringStore) -> None:
    def fail() -> None:
        with store.gathered():
            store.write([(b"a", b"2")], sync=True)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert disk.batches == []
    assert store.get(b"a") == b"1"
    store.write([(b"a", b"5")], sync=True)
    assert disk.get(b"a") == b"5"


def test_a_scan_or_a_pin_writes_what_is_gathered_first(disk: Counted, store: GatheringStore) -> None:
    with store.gathered():
        store.write([(b"c", b"3")], sync=True)
        assert [key for key, _value in store.scan(b"").rows] == [b"a", b"b", b"c"]
        assert len(disk.batches) == 1
        store.write([(b"d", b"4")], sync=True)
        with store.snapshot() as pinned:
            assert pinned.get(b"d") == b"4"
        store.write([(b"e", b"5")], sync=True)
    assert [sync for _writes, sync in disk.batches] == [True, True, True]


def test_what_grows_too_large_is_written_before_its_time(
    disk: Counted, store: GatheringStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MAX_GATHERED_BYTES", 3)
    with store.gathered():
        store.write([(b"a", b"22"), (b"b", None)], sync=True)
        assert disk.batches == []
        store.write([(b"c", b"33")], sync=True)
        assert disk.batches == [([(b"a", b"22"), (b"b", None), (b"c", b"33")], True)]
        store.write([(b"d", b"4")], sync=True)
    assert [sync for _writes, sync in disk.batches] == [True, True]


def test_a_disk_that_refuses_is_heard_of(disk: Counted, store: GatheringStore) -> None:
    def gather() -> None:
        with store.gathered():
            store.write([(b"a", b"2")], sync=True)
            disk.is_full = True

    with pytest.raises(StorageFailed):
        gather()
    assert store.get(b"a") == b"1"
