"""Candidates: nobody fills their room, and what is asked for is always taken."""

from contracts.chain.commit import NO_COMMIT
from contracts.chain.header import Block, Header
from node.host.candidates import MAX_CANDIDATE_BYTES, MAX_CANDIDATES, MAX_PER_AUTHOR, Candidates


def block(height: int) -> Block:
    empty = bytes(32)
    header = Header(1, "test", height, 1, *(empty,) * 9, b"", empty)
    return Block(header, (), NO_COMMIT, ())


def name(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_an_author_has_few_candidates_per_round() -> None:
    candidates = Candidates()
    for number in range(10):
        taken = candidates.add(name(number), block(5), b"", (5, 0, 0))
        assert (taken is not None) == (number < MAX_PER_AUTHOR)
    assert candidates.add(name(10), block(5), b"", (5, 0, 1)) is not None
    assert candidates.add(name(11), block(5), b"", (5, 1, 0)) is not None
    assert candidates.add(name(0), block(5), b"", (5, 0, 0)) is candidates.get(name(0))


def test_what_the_engine_asks_for_is_taken_beyond_that() -> None:
    candidates = Candidates()
    for number in range(10):
        assert candidates.add(name(number), block(5), b"") is not None


def test_when_full_the_oldest_goes_that_nobody_vouched_for() -> None:
    candidates = Candidates()
    for number in range(MAX_CANDIDATES):
        made = candidates.add(name(number), block(5), b"")
        assert made is not None
        made.is_durable = number != 7
    assert candidates.add(name(1_000), block(5), b"") is not None
    assert candidates.get(name(7)) is None
    assert candidates.get(name(0)) is not None
    newest = candidates.get(name(1_000))
    assert newest is not None
    newest.is_durable = True
    assert candidates.add(name(1_001), block(5), b"") is None


def test_a_decided_height_is_forgotten_with_what_was_charged_for_it() -> None:
    candidates = Candidates()
    for number in range(MAX_PER_AUTHOR):
        candidates.add(name(number), block(5), b"", (5, 0))
        candidates.add(name(10 + number), block(6), b"", (6, 0))
    candidates.forget_until(5)
    assert {bytes(key) for key, _candidate in candidates} == {name(10), name(11)}
    assert candidates.add(name(20), block(6), b"", (6, 0)) is None
    assert candidates.add(name(21), block(5), b"", (5, 0)) is not None


def test_their_bytes_are_bounded_and_what_is_asked_for_is_taken_beyond_that() -> None:
    candidates = Candidates()
    half = bytes(MAX_CANDIDATE_BYTES // 2)
    for number in range(5):
        assert candidates.add(name(number), block(5), half, (5, number)) is not None
        assert candidates.bytes <= MAX_CANDIDATE_BYTES
    assert [candidates.get(name(number)) is not None for number in range(5)] == [False] * 3 + [True] * 2
    for _key, candidate in candidates:
        candidate.is_durable = True
    assert candidates.add(name(6), block(5), half, (5, 6)) is None
    assert candidates.add(name(7), block(6), half) is not None
    candidates.forget_until(5)
    assert candidates.bytes == len(half)
