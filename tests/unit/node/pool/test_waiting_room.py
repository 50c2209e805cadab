"""The waiting room: what may be between submission and commit, by memory, by time, and by shares."""

import pytest

from node.pool.waiting_room import PACE_MS, WAIT_MS, Load, RoomLimits, WaitingRoom

A, B = b"lane a", b"lane b"
LIMITS = RoomLimits(bytes=1_000, documents=100, weight=1_000, least_documents=10, least_weight=100)
ONE = Load(1, 10, 1)


def room(*lanes: bytes, limits: RoomLimits = LIMITS) -> WaitingRoom:
    return WaitingRoom(limits, lanes or (A,), 0)


def fill(found: WaitingRoom, lane: bytes, load: Load, most: int = 1_000) -> tuple[int, str]:
    """Let loads in until there is no room; return how many came in, and what was full."""
    for count in range(most):
        full = found.full(lane, load)
        if full:
            return count, full
        found.enter(lane, load)
    return most, ""


@pytest.mark.parametrize(
    ("load", "count", "full"),
    [(Load(1, 1, 1), 10, "documents"), (Load(1, 300, 1), 3, "bytes"), (Load(1, 1, 30), 3, "weight")],
)
def test_every_measure_is_a_bound(load: Load, count: int, full: str) -> None:
    assert fill(room(), A, load) == (count, full)


def test_what_was_refused_leaves_room() -> None:
    found = room()
    fill(found, A, ONE)
    found.leave(A, ONE)
    assert fill(found, A, ONE) == (1, "documents")
    assert found.total == Load(10, 100, 10)


def test_one_that_is_larger_than_the_room_comes_in_alone() -> None:
    found = room()
    large = Load(1, 2_000, 2_000)
    assert fill(found, A, large) == (1, "bytes")
    assert found.full(A, ONE) == "bytes"


def test_a_lane_below_its_share_gets_in_and_all_together_hold_at_most_twice_the_bound() -> None:
    found = room(A, B)
    assert fill(found, A, ONE) == (10, "documents")
    assert fill(found, B, ONE) == (5, "documents")
    assert fill(found, A, ONE) == (0, "documents")
    assert found.total.documents <= 2 * found.bound().documents


def test_the_bound_follows_what_the_chain_takes() -> None:
    found = room(limits=RoomLimits(1 << 20, documents=100, weight=1_000, least_documents=10))
    ids = [b"%d" % number for number in range(50)]
    now_ms = 0
    for _ in range(8):
        for identifier in ids[:8]:
            found.enter(A, ONE)
            found.keep(identifier, A, ONE)
        now_ms += PACE_MS
        found.settle(ids[:8], now_ms)
    assert found.documents_per_second == pytest.approx(8, abs=1)
    assert found.bound().documents == pytest.approx(8 * WAIT_MS // 1_000, abs=5)
    assert found.total == Load()
    for _ in range(10):
        found.enter(A, ONE)
        found.keep(b"slow", A, ONE)
        now_ms += 60_000
        found.settle([b"slow"], now_ms)
    assert found.bound().documents == 10


def test_caps_hold_however_quick_the_chain_is() -> None:
    found = room()
    for step in range(1, 8):
        for number in range(500):
            found.enter(A, ONE)
            found.keep(b"%d" % number, A, ONE)
        found.settle([b"%d" % number for number in range(500)], step * PACE_MS)
    assert found.bound() == Load(100, 1_000, 1_000)


def test_documents_of_others_and_of_idle_times_change_nothing() -> None:
    found = room()
    found.settle([b"somebody's"], PACE_MS)
    found.settle([], 10 * PACE_MS)
    assert (found.total, found.documents_per_second) == (Load(), 0.0)
