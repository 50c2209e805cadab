"""Evidence in blocks: what may stand there, what it leaves behind, and what it cannot do twice."""

from typing import Any

import msgspec
import pytest

from contracts.chain.evidence import Evidence, OffenceKind, evidence_hash
from contracts.chain.votes import MAX_HEIGHT, MAX_ROUND, NIL, VoteType
from contracts.ledger.block import InvalidBlock, check_block
from contracts.primitives.encoding import encode
from contracts.rules.convicting import (
    MAX_BLOCK_EVIDENCE,
    MAX_EVIDENCE_BYTES,
    MAX_OFFENCES,
    choose_evidence,
    convict,
    evidence_fault,
    is_over,
)
from contracts.rules.events import EventKind
from contracts.state.directory import partner
from contracts.state.evidence import (
    MARKS_PER_LIMIT,
    MAX_MARKS,
    MAX_PAST_SETS,
    Moment,
    lowest_height,
    note_set,
    note_time,
    voters_at,
    window,
)
from contracts.state.evidence_rows import Offence
from contracts.state.governing import sets
from contracts.state.layout import CONVICTIONS, EVIDENCE_WINDOW, PARAMETERS, PAST_SETS, SOLE_KEY, height_key
from contracts.state.view import Overlay
from tests.support.evidence import ONE, OTHER, two_proposals, two_votes
from tests.vectors.chain import ChainMaker
from tests.vectors.network import CHAIN_ID, VALIDATORS, public_key, seed

change = msgspec.structs.replace


class Liar:
    """A validator of the vectors' network, and what it may say."""

    def __init__(self, chain: ChainMaker, name: str) -> None:
        self.key, self.seed = public_key(f"vote of {name}"), seed(f"vote of {name}")
        index = chain.tip.validators.index_of(self.key)
        assert index is not None
        self.index = index

    def votes(self, height: int, **said: Any) -> Evidence:
        return two_votes(CHAIN_ID, self.seed, height, self.index, **said)

    def proposals(self, height: int, **said: Any) -> Evidence:
        return two_proposals(CHAIN_ID, self.seed, height, self.index, **said)


@pytest.fixture
def chain() -> ChainMaker:
    """A chain of three empty blocks: the next one takes evidence about heights 1 to 3."""
    made = ChainMaker()
    for _ in range(3):
        made.make([])
    return made


@pytest.fixture
def liar(chain: ChainMaker) -> Liar:
    return Liar(chain, "node-b")


def in_order(*pieces: Evidence) -> tuple[Evidence, ...]:
    return tuple(sorted(pieces, key=evidence_hash))


def refusal(chain: ChainMaker, *pieces: Evidence) -> str:
    """Return why a block with these pieces, in this order, is invalid."""
    block, _bundles = chain.build([], evidence=pieces)
    with pytest.raises(InvalidBlock) as caught:
        check_block(chain.tip, block, Overlay(chain))
    return str(caught.value)


def next_moment(chain: ChainMaker) -> Moment:
    return Moment(chain.tip.height + 1, chain.tip.time_ms + 1_000)


# ------------------------------------------------------------------------------ what may stand there


def test_a_block_carries_evidence_and_convicts(chain: ChainMaker, liar: Liar) -> None:
    before = chain.tip.receipts_root
    made = chain.make([], evidence=(liar.votes(2, kind=VoteType.PRECOMMIT, round_=3, values=(NIL, ONE)),))
    state = Overlay(chain)
    row = state.require(CONVICTIONS, liar.key)
    assert (row.count, row.offences) == (1, (Offence(2, 3, OffenceKind.PRECOMMIT, 4),))
    (event,) = made.result.events
    assert (event.kind, event.record, event.subject) == (EventKind.VALIDATOR_CONVICTED, 0, liar.key)
    told = {partner(state, number).gln for number in event.concerned}
    assert told >= {entry.partner for entry in sets(state).current if entry.partner}
    # No document made it: it stands in no receipt.
    assert made.result.receipts == ()
    assert chain.tip.receipts_root == before
    assert [key[:1] for key, _value in made.result.writes] == [CONVICTIONS.prefix]


def test_every_kind_of_lie_convicts_and_several_liars_at_once(chain: ChainMaker) -> None:
    liars = [Liar(chain, name) for name in VALIDATORS]
    pieces = in_order(
        liars[0].proposals(1),
        liars[1].votes(1),
        liars[2].votes(2, kind=VoteType.PRECOMMIT),
        liars[3].proposals(3, round_=2, values=((ONE, 0), (ONE, 1))),
        liars[0].votes(3),
    )
    made = chain.make([], evidence=pieces)
    assert [event.record for event in made.result.events] == [0, 1, 2, 3, 4]
    assert [event.subject for event in made.result.events] == [
        chain.tip.validators.validators[
            piece.first.validator if hasattr(piece.first, "validator") else piece.first.proposer
        ].public_key
        for piece in pieces
    ]
    assert Overlay(chain).require(CONVICTIONS, liars[0].key).count == 2


def test_a_height_counts_once_whatever_shows_it(chain: ChainMaker, liar: Liar) -> None:
    same = (
        liar.votes(2),
        liar.votes(2, values=(NIL, OTHER)),
        liar.votes(2, kind=VoteType.PRECOMMIT),
        liar.votes(2, round_=1),
        liar.proposals(2),
    )
    fault = f"evidence: validator {liar.key.hex()} was convicted of height 2 already"
    assert refusal(chain, *in_order(*same[:2])) == fault
    for piece in same:
        # Whichever comes first: afterwards none of them convicts any more.
        fresh = ChainMaker()
        for _ in range(3):
            fresh.make([])
        fresh.make([], evidence=(piece,))
        assert {refusal(fresh, other) for other in same} == {fault}
        assert choose_evidence(Overlay(fresh), CHAIN_ID, next_moment(fresh), same) == ()


def test_evidence_stands_by_ascending_hash_each_once(chain: ChainMaker, liar: Liar) -> None:
    pieces = in_order(liar.votes(1), liar.votes(2))
    assert refusal(chain, *pieces[::-1]) == "evidence: not by ascending hash, each once"
    assert refusal(chain, pieces[0], pieces[0]) == "evidence: not by ascending hash, each once"
    chain.make([], evidence=pieces)


def test_what_convicts_nobody_is_in_no_block(chain: ChainMaker, liar: Liar) -> None:
    other = Liar(chain, "node-c")
    good = liar.votes(2)
    nothing = "evidence: of height 2: it proves nothing"
    for piece in (
        two_votes(CHAIN_ID, other.seed, 2, liar.index),
        two_votes("vectors-2", liar.seed, 2, liar.index),
        two_proposals(CHAIN_ID, other.seed, 2, liar.index),
        type(good)(good.second, good.first),
        type(good)(good.first, good.first),
        type(good)(good.first, other.votes(2).second),
        type(good)(good.first, liar.votes(3).second),
        type(good)(good.first, liar.votes(2, round_=1).second),
        type(good)(good.first, liar.votes(2, kind=VoteType.PRECOMMIT).second),
        change(good, first=change(good.first, signature=good.second.signature)),
        liar.votes(2, values=(ONE, b"\3" * 31)),
        liar.proposals(2, values=((ONE, 0), (OTHER, 0))),
    ):
        assert refusal(chain, piece) == nothing
    stranger = two_votes(CHAIN_ID, liar.seed, 2, 4)
    assert refusal(chain, stranger) == "evidence: no validator 4 voted at height 2"


def test_only_heights_below_the_block_and_in_the_window(chain: ChainMaker, liar: Liar) -> None:
    for height in (0, -1, 4, 5, MAX_HEIGHT):
        assert refusal(chain, liar.votes(height)) == f"evidence: about height {height}, where 1 to 3 may be"


def test_a_block_has_bounds(chain: ChainMaker, liar: Liar) -> None:
    pieces = in_order(*(liar.votes(2, round_=at) for at in range(MAX_BLOCK_EVIDENCE + 1)))
    assert (
        refusal(chain, *pieces) == f"evidence: {MAX_BLOCK_EVIDENCE + 1} pieces, at most {MAX_BLOCK_EVIDENCE}"
    )
    longest = two_proposals(
        CHAIN_ID, liar.seed, MAX_HEIGHT, 127, round_=MAX_ROUND, values=((ONE, 1 << 20), (OTHER, 1 << 20))
    )
    assert len(encode(longest)) <= MAX_EVIDENCE_BYTES
    bloated = change(liar.votes(2), second=change(liar.votes(2).second, signature=bytes(200)))
    size = len(encode(bloated))
    assert refusal(chain, bloated) == f"evidence: a piece of {size} bytes, at most {MAX_EVIDENCE_BYTES}"


def test_evidence_is_under_the_root_of_the_header(chain: ChainMaker, liar: Liar) -> None:
    block, _bundles = chain.build([], evidence=(liar.votes(2),))
    with pytest.raises(InvalidBlock, match=r"^evidence_root: not of the evidence$"):
        check_block(chain.tip, change(block, evidence=(liar.votes(3),)), Overlay(chain))
    with pytest.raises(InvalidBlock, match=r"^evidence_root: not of the evidence$"):
        check_block(chain.tip, change(block, evidence=()), Overlay(chain))


def test_checking_writes_nothing(chain: ChainMaker, liar: Liar) -> None:
    state, pieces = Overlay(chain), (liar.votes(2),)
    assert evidence_fault(state, CHAIN_ID, next_moment(chain), pieces) is None
    assert choose_evidence(state, CHAIN_ID, next_moment(chain), pieces) == pieces
    assert state.changes() == ()


def test_what_was_never_checked_stops_the_node(chain: ChainMaker, liar: Liar) -> None:
    stranger = two_votes(CHAIN_ID, liar.seed, 2, 4)
    with pytest.raises(LookupError, match="names no validator of it"):
        convict(Overlay(chain), next_moment(chain), stranger)


# ------------------------------------------------------------------------------ what a proposer picks


def test_a_proposer_brings_the_oldest_offences_and_nothing_that_fails(chain: ChainMaker) -> None:
    liars = [Liar(chain, name) for name in VALIDATORS]
    for _ in range(9):
        chain.make([])
    known = [each.votes(height) for height in range(12, 0, -1) for each in liars]
    bad = [two_votes(CHAIN_ID, liars[0].seed, 2, 1), liars[0].votes(13), liars[1].proposals(1)]
    chosen = choose_evidence(Overlay(chain), CHAIN_ID, next_moment(chain), [*bad, *known])
    assert len(chosen) == MAX_BLOCK_EVIDENCE
    assert max(piece.first.height for piece in chosen) == MAX_BLOCK_EVIDENCE // len(liars)
    assert list(chosen) == sorted(chosen, key=evidence_hash)
    chain.make([], evidence=chosen)
    left = choose_evidence(Overlay(chain), CHAIN_ID, next_moment(chain), known)
    assert {piece.first.height for piece in left} == {9, 10, 11, 12}
    chain.make([], evidence=left)


def test_a_key_is_convicted_so_often_and_no_more(chain: ChainMaker, liar: Liar) -> None:
    while chain.tip.height <= MAX_OFFENCES + 1:
        chain.make([])
    pieces = [liar.votes(height) for height in range(1, MAX_OFFENCES + 2)]
    chain.make([], evidence=in_order(*pieces[:MAX_OFFENCES]))
    fault = f"evidence: validator {liar.key.hex()} was convicted of {MAX_OFFENCES} heights already"
    assert refusal(chain, pieces[-1]) == fault
    assert len(Overlay(chain).require(CONVICTIONS, liar.key).offences) == MAX_OFFENCES
    # What is past the window makes room.
    later = limit(Overlay(chain), heights=chain.tip.height - 1)
    assert evidence_fault(later, CHAIN_ID, next_moment(chain), (pieces[-1],)) is None
    convict(later, next_moment(chain), pieces[-1])
    row = later.require(CONVICTIONS, liar.key)
    assert (row.count, len(row.offences)) == (MAX_OFFENCES + 1, MAX_OFFENCES)
    assert window(later).floor == 2


def test_a_piece_is_over_when_no_block_can_carry_it_any_more(chain: ChainMaker, liar: Liar) -> None:
    moment = next_moment(chain)
    state = Overlay(chain)
    assert not is_over(state, moment, liar.votes(2))
    assert not is_over(state, moment, liar.votes(moment.height))
    assert is_over(state, moment, two_votes(CHAIN_ID, liar.seed, 2, 9))
    assert is_over(state, moment, liar.votes(0))
    chain.make([], evidence=(liar.votes(2),))
    assert is_over(Overlay(chain), next_moment(chain), liar.proposals(2))
    assert is_over(limit(Overlay(chain), heights=1), next_moment(chain), liar.votes(3))


# ------------------------------------------------------------------------------ the window


def limit(state: Overlay, heights: int | None = None, age_ms: int | None = None) -> Overlay:
    """Return the state with other limits of age."""
    row = state.require(PARAMETERS, SOLE_KEY)
    lifetime, claimed, old_heights, old_age = row.tolerances
    tolerances = (lifetime, claimed, heights or old_heights, age_ms or old_age)
    state.write(PARAMETERS, SOLE_KEY, change(row, tolerances=tolerances))
    return state


def test_both_limits_bind_to_the_height_and_to_the_millisecond() -> None:
    fresh = ChainMaker()
    begin_ms = fresh.tip.time_ms
    state = limit(Overlay(fresh), heights=10, age_ms=3_200)
    assert lowest_height(state, Moment(11, begin_ms + 3_200)) == 1
    assert lowest_height(state, Moment(12, begin_ms + 3_200)) == 2
    # No mark is young enough: nothing before this block is.
    assert lowest_height(state, Moment(11, begin_ms + 3_201)) == 11
    assert not note_time(state, Moment(1, begin_ms + 99))
    assert note_time(state, Moment(2, begin_ms + 100))
    assert window(state).marks == ((0, begin_ms), (2, begin_ms + 100))
    assert lowest_height(state, Moment(11, begin_ms + 3_201)) == 2
    assert lowest_height(state, Moment(11, begin_ms + 3_301)) == 11


def test_marks_are_few_and_forgotten_in_time() -> None:
    fresh = ChainMaker()
    begin_ms, age_ms = fresh.tip.time_ms, 64_000
    state = limit(Overlay(fresh), age_ms=age_ms)
    for height in range(1, 400):
        note_time(state, Moment(height, begin_ms + height * 1_000))
        assert len(window(state).marks) <= MARKS_PER_LIMIT + 1
        lowest = lowest_height(state, Moment(height + 1, begin_ms + (height + 1) * 1_000))
        # At most one mark's distance is lost of the 64 blocks that are young enough.
        assert height + 1 - 64 <= lowest <= max(1, height + 1 - 64 + 3)
    limit(state, age_ms=1)
    for height in range(400, 900):
        note_time(state, Moment(height, begin_ms + height * 1_000))
    assert len(window(state).marks) == 1
    limit(state, age_ms=1_000_000_000)
    assert lowest_height(state, Moment(900, begin_ms + 900_000)) == 899


def test_a_limit_that_changes_leaves_a_bounded_number_of_marks() -> None:
    fresh = ChainMaker()
    state, time_ms, height = Overlay(fresh), fresh.tip.time_ms, 0
    for power in range(10, 40):
        limit(state, age_ms=1 << power)
        for _ in range(MARKS_PER_LIMIT):
            height, time_ms = height + 1, time_ms + (1 << power) // MARKS_PER_LIMIT
            note_time(state, Moment(height, time_ms))
            marks = window(state).marks
            assert len(marks) <= MAX_MARKS
            assert lowest_height(state, Moment(height + 1, time_ms + 1)) >= marks[0][0]


def test_sets_are_remembered_while_their_heights_are_in_the_window() -> None:
    fresh = ChainMaker()
    state = Overlay(fresh)
    voters = sets(state).current
    for first in range(3, 3 + 2 * MAX_PAST_SETS):
        note_set(state, first, voters[first % 2 :])
        row = window(state)
        assert len(row.sets) <= MAX_PAST_SETS
        kept = {key[1:] for key, value in state.changes() if key[:1] == PAST_SETS.prefix and value}
        assert kept | {height_key(1)} >= {height_key(each) for each in row.sets}
        assert max(row.floor, 1) == max(row.sets[0], 1)
        for height in range(row.sets[0], first + 3):
            at = max(each for each in row.sets if each <= height)
            assert voters_at(state, height) == (voters if at == 1 else voters[at % 2 :])
    state.write(EVIDENCE_WINDOW, SOLE_KEY, change(window(state), floor=first))
    note_set(state, first + 1, voters)
    assert window(state).sets == (first, first + 1)
    gone = [key for key, value in state.changes() if key[:1] == PAST_SETS.prefix and not value]
    assert gone == [PAST_SETS.prefix + height_key(1)]
