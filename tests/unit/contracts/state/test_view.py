"""The overlay: rows over a reader, documents that are undone, bytes at the end."""

import pytest

from contracts.primitives.encoding import MalformedBytes, encode
from contracts.state.layout import COUNTERS, LANES, LOTS, PARTNER_NUMBERS
from contracts.state.rows import LotRow
from contracts.state.view import TOMBSTONE, DirectoryCache, Overlay, of_directory
from tests.scenarios.law.world import CountingReader

LOT = LotRow(b"", b"", 20_000, 0, 1, 1, (), ())
OTHER = LotRow(b"", b"", 1, 0, 1, 1, (), ())
THIRD = LotRow(b"", b"", 2, 0, 1, 1, (), ())


def reader(**lots: LotRow) -> CountingReader:
    return CountingReader({LOTS.prefix + name.encode(): encode(row) for name, row in lots.items()})


def test_a_row_is_read_and_decoded_once() -> None:
    base = reader(a=LOT)
    state = Overlay(base)
    first = state.read(LOTS, b"a")
    assert first == LOT
    assert state.read(LOTS, b"a") is first
    assert state.read(LOTS, b"b") is None
    assert state.read(LOTS, b"b") is None
    assert base.reads == [LOTS.prefix + b"a", LOTS.prefix + b"b"]


def test_what_is_written_is_read_back_before_it_is_stored() -> None:
    base = reader(a=LOT)
    state = Overlay(base)
    state.write(LOTS, b"a", OTHER)
    state.delete(LOTS, b"a")
    state.write(LOTS, b"b", LOT)
    assert state.read(LOTS, b"a") is None
    assert state.read(LOTS, b"b") == LOT
    assert base.rows == reader(a=LOT).rows


def test_changes_stand_in_key_order_and_deletions_are_tombstones() -> None:
    state = Overlay(reader(a=LOT, z=LOT))
    state.write(LOTS, b"c", LOT)
    state.write(LOTS, b"b", LOT)
    state.delete(LOTS, b"a")
    state.write(COUNTERS, b"n", 7)
    keys = [COUNTERS.prefix + b"n", *(LOTS.prefix + name for name in (b"a", b"b", b"c"))]
    assert state.changes() == tuple(zip(keys, (encode(7), TOMBSTONE, encode(LOT), encode(LOT)), strict=True))


def test_a_write_equal_to_what_is_there_is_dropped() -> None:
    state = Overlay(reader(a=LOT, b=LOT))
    state.write(LOTS, b"a", LotRow(b"", b"", 20_000, 0, 1, 1, (), ()))
    state.write(LOTS, b"b", OTHER)
    state.write(LOTS, b"b", LOT)
    state.write(LOTS, b"c", LOT)
    state.delete(LOTS, b"c")
    state.delete(LOTS, b"d")
    assert state.changes() == ()


def test_rollback_undoes_what_was_written_since_the_last_document() -> None:
    state = Overlay(reader(a=LOT))
    state.write(COUNTERS, b"n", 1)
    state.keep()
    state.write(COUNTERS, b"n", 2)
    state.write(COUNTERS, b"n", 3)
    state.delete(LOTS, b"a")
    state.create_all(LANES, [b"x", b"y"], 9)
    state.rollback()
    state.rollback()
    assert state.read(COUNTERS, b"n") == 1
    assert state.read(LOTS, b"a") == LOT
    assert state.read(LANES, b"x") is None
    assert state.changes() == ((COUNTERS.prefix + b"n", encode(1)),)


def test_many_keys_are_created_with_one_row() -> None:
    base = reader(c=LOT)
    state = Overlay(base)
    keys = [b"a", b"b"]
    assert state.first_present(LOTS, [*keys, b"c"]) == b"c"
    assert state.first_present(LOTS, keys) is None
    state.create_all(LOTS, keys, LOT)
    assert state.first_present(LOTS, [b"z", b"b"]) == b"b"
    assert state.read(LOTS, b"a") is LOT
    assert state.changes() == tuple((LOTS.prefix + key, encode(LOT)) for key in keys)


def test_an_overlay_reads_another_one() -> None:
    base = reader(a=LOT)
    pending = Overlay(base)
    pending.write(LOTS, b"b", LOT)
    pending.delete(LOTS, b"a")
    tried = Overlay(pending)
    assert tried.read(LOTS, b"b") == LOT
    assert tried.read(LOTS, b"a") is None
    tried.write(LOTS, b"b", THIRD)
    assert pending.read(LOTS, b"b") == LOT
    assert tried.changes() == ((LOTS.prefix + b"b", encode(THIRD)),)
    assert Overlay(tried).get(LOTS.prefix + b"none") is None


def test_an_overlay_on_another_caches_nothing_that_is_only_pending() -> None:
    key = PARTNER_NUMBERS.prefix + b"gln"
    base, cache = CountingReader({key: encode(1)}), DirectoryCache()
    pending = Overlay(base, cache)
    pending.write(PARTNER_NUMBERS, b"gln", 2)
    assert Overlay(pending, cache).read(PARTNER_NUMBERS, b"gln") == 2
    assert Overlay(base, cache).read(PARTNER_NUMBERS, b"gln") == 1
    assert Overlay(pending, cache).read(PARTNER_NUMBERS, b"gln") == 2


def test_a_row_that_another_names_must_be_there() -> None:
    with pytest.raises(LookupError, match="lots: no row under 61"):
        Overlay(reader()).require(LOTS, b"a")


def test_damaged_bytes_are_not_read_as_a_row() -> None:
    state = Overlay(CountingReader({LOTS.prefix + b"a": b"\x93\x01\x02"}))
    with pytest.raises(MalformedBytes, match="LotRow"):
        state.read(LOTS, b"a")


def test_directory_rows_are_kept_across_blocks_until_they_are_written() -> None:
    key = PARTNER_NUMBERS.prefix + b"gln"
    base = CountingReader({key: encode(1)})
    cache = DirectoryCache()
    assert Overlay(base, cache).read(PARTNER_NUMBERS, b"gln") == 1
    assert Overlay(base, cache).read(PARTNER_NUMBERS, b"gln") == 1
    assert base.reads == [key]
    state = Overlay(base, cache)
    state.write(PARTNER_NUMBERS, b"gln", 2)
    assert state.read(PARTNER_NUMBERS, b"gln") == 2
    # Another overlay still sees what is stored, until the block is committed.
    assert Overlay(base, cache).read(PARTNER_NUMBERS, b"gln") == 1
    base.rows.update(state.changes())
    cache.forget(state.changes())
    assert Overlay(base, cache).read(PARTNER_NUMBERS, b"gln") == 2


def test_what_nobody_registered_takes_no_room_in_the_cache() -> None:
    base = CountingReader({})
    cache = DirectoryCache()
    for number in range(100):
        assert Overlay(base, cache).read(PARTNER_NUMBERS, number.to_bytes(6, "big")) is None
    assert not cache.rows


KEY = PARTNER_NUMBERS.prefix + b"gln"


class Doubled:
    """A question of the directory that counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0
        self.ask = of_directory(self._answer)

    def _answer(self, state: Overlay, key: bytes) -> int | None:
        self.times += 1
        found = state.read(PARTNER_NUMBERS, key)
        return None if found is None else 2 * found


def test_what_follows_from_the_directory_is_asked_once_until_a_block_changes_it() -> None:
    base, cache, doubled = CountingReader({KEY: encode(1)}), DirectoryCache(), Doubled()
    assert [doubled.ask(Overlay(base, cache), b"gln") for _ in range(3)] == [2, 2, 2]
    assert doubled.times == 1
    other = ((LOTS.prefix + b"a", encode(LOT)),)
    assert not cache.forget(other)
    assert doubled.ask(Overlay(base, cache), b"gln") == 2
    assert doubled.times == 1
    changed = ((KEY, encode(5)), *other)
    base.rows.update(changed)
    assert cache.forget(changed)
    assert doubled.ask(Overlay(base, cache), b"gln") == 10


def test_what_is_not_registered_is_asked_again() -> None:
    base, cache, doubled = CountingReader({}), DirectoryCache(), Doubled()
    assert doubled.ask(Overlay(base, cache), b"gln") is None
    assert doubled.ask(Overlay(base, cache), b"gln") is None
    assert doubled.times == 2
    assert not cache.answers


def test_an_answer_follows_what_a_document_writes_and_what_is_undone() -> None:
    base, cache, doubled = CountingReader({KEY: encode(1)}), DirectoryCache(), Doubled()
    state = Overlay(base, cache)
    assert doubled.ask(state, b"gln") == 2
    state.write(PARTNER_NUMBERS, b"gln", 3)
    assert doubled.ask(state, b"gln") == 6
    # Nobody else sees what is not committed yet.
    assert doubled.ask(Overlay(base, cache), b"gln") == 2
    assert doubled.ask(Overlay(state, cache), b"gln") == 6
    state.rollback()
    assert doubled.ask(state, b"gln") == 2
    state.create_all(PARTNER_NUMBERS, [b"new"], 4)
    assert doubled.ask(state, b"new") == 8
    state.rollback()
    assert doubled.ask(state, b"new") is None
    assert doubled.ask(Overlay(base, cache), b"gln") == 2


def test_an_overlay_from_before_a_block_says_nothing_old_to_those_after_it() -> None:
    base, cache, doubled = CountingReader({KEY: encode(1)}), DirectoryCache(), Doubled()
    old = Overlay(base, cache)
    assert old.read(PARTNER_NUMBERS, b"gln") == 1
    changed = ((KEY, encode(5)),)
    base.rows.update(changed)
    cache.forget(changed)
    assert doubled.ask(old, b"gln") == 2
    assert doubled.ask(Overlay(base, cache), b"gln") == 10
