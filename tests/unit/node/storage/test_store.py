"""The contract of `KeyValueStore`, held by LevelDB and by its twin in memory."""

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.storage.errors import StorageFailed
from node.storage.leveldb import LevelOptions, open_level
from node.storage.memory import MemoryStore
from node.storage.store import (
    META,
    STATE,
    KeyValueStore,
    Page,
    Space,
    delete,
    prefix_end,
    put,
    put_all,
)


def make(kind: str, folder: Path) -> KeyValueStore:
    return MemoryStore() if kind == "memory" else open_level(folder / "database", LevelOptions(), create=True)


@pytest.fixture(params=["leveldb", "memory"])
def store(request, tmp_path):
    made = make(request.param, tmp_path)
    yield made
    made.close()


def test_reads_what_was_written(store):
    store.write([(b"a", b"1"), (b"b", b"")], sync=True)
    assert store.get(b"a") == b"1"
    assert store.get(b"b") == b""
    assert store.get(b"c") is None
    assert store.get_many([b"b", b"c", b"a", b"a"]) == [b"", None, b"1", b"1"]


def test_a_batch_deletes_and_the_last_write_to_a_key_wins(store):
    store.write([(b"a", b"1"), (b"b", b"1")], sync=False)
    store.write([(b"a", None), (b"b", None), (b"b", b"2"), (b"c", b"3"), (b"c", None)], sync=False)
    assert store.get_many([b"a", b"b", b"c"]) == [None, b"2", None]


def test_deleting_what_is_not_there_is_allowed(store):
    store.write([(b"a", None)], sync=True)
    assert store.get(b"a") is None


def test_a_batch_that_cannot_be_built_changes_nothing(store):
    def batch():
        yield b"a", b"1"
        raise LookupError

    with pytest.raises(LookupError):
        store.write(batch(), sync=True)
    assert store.get(b"a") is None


@pytest.fixture
def alphabet(store):
    store.write([(b"p" + letter, letter) for letter in (b"a", b"b", b"c", b"d")], sync=False)
    store.write([(b"o", b"-"), (b"q", b"-"), (b"p", b"prefix")], sync=False)
    return store


@pytest.mark.parametrize(
    ("start", "limit", "reverse", "keys", "resume"),
    [
        (None, 9, False, [b"p", b"pa", b"pb", b"pc", b"pd"], None),
        (None, 5, False, [b"p", b"pa", b"pb", b"pc", b"pd"], None),
        (None, 2, False, [b"p", b"pa"], b"pb"),
        (b"pb", 2, False, [b"pb", b"pc"], b"pd"),
        (b"pbx", 9, False, [b"pc", b"pd"], None),
        (b"a", 1, False, [b"p"], b"pa"),
        (b"z", 9, False, [], None),
        (None, 9, True, [b"pd", b"pc", b"pb", b"pa", b"p"], None),
        (None, 2, True, [b"pd", b"pc"], b"pc"),
        (b"pc", 2, True, [b"pb", b"pa"], b"pa"),
        (b"pa", 2, True, [b"p"], None),
        (b"p", 2, True, [], None),
        (b"a", 2, True, [], None),
        (b"z", 1, True, [b"pd"], b"pd"),
    ],
)
def test_a_scan_returns_a_bounded_page(alphabet, start, limit, reverse, keys, resume):
    page = alphabet.scan(b"p", start=start, limit=limit, reverse=reverse)
    assert [key for key, _value in page.rows] == keys
    assert page.resume == resume


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("prefix", [b"p", b"", b"x"])
def test_a_scan_resumed_to_its_end_misses_and_repeats_nothing(alphabet, prefix, reverse):
    found, start = [], None
    for _page in range(10):
        page = alphabet.scan(prefix, start=start, limit=2, reverse=reverse)
        found.extend(page.rows)
        start = page.resume
        if start is None:
            break
    assert found == alphabet.scan(prefix, reverse=reverse).rows
    assert found == sorted(found, reverse=reverse)


def test_a_scan_of_prefix_ff_reaches_the_end(store):
    store.write([(b"\xfe", b""), (b"\xff", b"1"), (b"\xff\xff", b"2")], sync=False)
    assert store.scan(b"\xff") == Page([(b"\xff", b"1"), (b"\xff\xff", b"2")], None)
    assert store.scan(b"\xff", reverse=True) == Page([(b"\xff\xff", b"2"), (b"\xff", b"1")], None)


def test_a_scan_of_no_rows_is_refused(store):
    with pytest.raises(ValueError, match="0 rows"):
        store.scan(b"", limit=0)


def test_a_snapshot_stays_at_its_moment(store):
    store.write([(b"a", b"1"), (b"b", b"1")], sync=False)
    with store.snapshot() as before:
        store.write([(b"a", b"2"), (b"b", None), (b"c", b"3")], sync=False)
        with store.snapshot() as after:
            store.write([(b"a", b"4")], sync=False)
            assert before.get_many([b"a", b"b", b"c"]) == [b"1", b"1", None]
            assert before.scan(b"").rows == [(b"a", b"1"), (b"b", b"1")]
            assert after.scan(b"", reverse=True).rows == [(b"c", b"3"), (b"a", b"2")]
            assert after.get(b"b") is None
    assert store.get(b"a") == b"4"


def test_a_closed_store_refuses_and_closes_twice(store):
    store.close()
    store.close()
    for use in (
        lambda: store.get(b"a"),
        lambda: store.get_many([b"a"]),
        lambda: store.scan(b""),
        lambda: store.write([], sync=False),
        store.snapshot,
    ):
        with pytest.raises(StorageFailed, match="closed"):
            use()


def test_a_snapshot_may_be_closed_twice(store):
    snapshot = store.snapshot()
    snapshot.close()
    snapshot.close()


def test_threads_read_while_one_writes(store):
    store.write([(b"%03d" % at, b"0") for at in range(200)], sync=False)
    torn = []

    def read():
        for _ in range(30):
            with store.snapshot() as snapshot:
                values = {value for _key, value in snapshot.scan(b"", limit=200).rows}
                if len(values) != 1:
                    torn.append(values)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(60):
        store.write([(b"%03d" % at, b"%d" % turn) for at in range(200)], sync=False)
    for reader in readers:
        reader.join()
    assert not torn


KEYS = st.binary(max_size=3)
BATCHES = st.lists(st.lists(st.tuples(KEYS, st.none() | st.binary(max_size=3)), max_size=6), max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    batches=BATCHES,
    prefix=st.binary(max_size=2),
    start=st.none() | KEYS,
    limit=st.integers(1, 5),
    reverse=st.booleans(),
)
def test_leveldb_and_its_twin_answer_alike(tmp_path_factory, batches, prefix, start, limit, reverse):
    level = make("leveldb", tmp_path_factory.mktemp("twin"))
    memory = make("memory", Path())
    for batch in batches:
        level.write(batch, sync=False)
        memory.write(batch, sync=False)
    expected = level.scan(prefix, start=start, limit=limit, reverse=reverse)
    assert memory.scan(prefix, start=start, limit=limit, reverse=reverse) == expected
    with memory.snapshot() as snapshot:
        assert snapshot.scan(prefix, start=start, limit=limit, reverse=reverse) == expected
    level.close()


@pytest.mark.parametrize(
    ("prefix", "end"),
    [(b"", None), (b"a", b"b"), (b"a\xff", b"b"), (b"\xff\xff", None), (b"a\x00", b"a\x01")],
)
def test_prefix_end(prefix, end):
    assert prefix_end(prefix) == end


def test_spaces_do_not_see_each_other(store):
    store.write([put(STATE, b"k", b"s"), put(META, b"k", b"m"), *put_all(STATE, [(b"j", b"1")])], sync=False)
    state, meta = Space(store, STATE), Space(store, META)
    assert (state.get(b"k"), meta.get(b"k")) == (b"s", b"m")
    assert state.get_many([b"j", b"k", b"l"]) == [b"1", b"s", None]
    assert state.scan().rows == [(b"j", b"1"), (b"k", b"s")]
    assert state.scan(reverse=True).rows == [(b"k", b"s"), (b"j", b"1")]
    page = state.scan(limit=1)
    assert page.resume == b"k"
    assert state.scan(start=page.resume) == Page([(b"k", b"s")], None)
    store.write([delete(STATE, b"k"), *put_all(STATE, [(b"j", None)])], sync=False)
    assert state.scan().rows == []
    assert meta.get(b"k") == b"m"
