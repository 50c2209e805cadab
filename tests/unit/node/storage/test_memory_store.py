"""What the store in memory forgets in a crash."""

import pytest

from node.storage.errors import StorageFailed
from node.storage.memory import MemoryStore


def test_a_crash_keeps_synced_batches_and_a_prefix_of_the_others():
    store = MemoryStore()
    store.write([(b"a", b"1")], sync=False)
    store.write([(b"b", b"1")], sync=True)
    store.write([(b"a", b"2"), (b"c", b"2")], sync=False)
    store.write([(b"b", None)], sync=False)
    expected = [
        {b"a": b"1", b"b": b"1"},
        {b"a": b"2", b"b": b"1", b"c": b"2"},
        {b"a": b"2", b"c": b"2"},
    ]
    for survived, rows in enumerate(expected):
        after = store.crash(lambda count, survived=survived: min(survived, count - 1))
        assert dict(after.scan(b"").rows) == rows
        assert dict(after.crash(lambda _count: 0).scan(b"").rows) == rows


def test_a_store_with_an_open_snapshot_does_not_close():
    store = MemoryStore()
    snapshot = store.snapshot()
    with pytest.raises(StorageFailed, match="1 snapshots"):
        store.close()
    snapshot.close()
    store.close()
