"""Check the checker: with a rule broken on purpose, the adversary finds a fork, a lost lock or standstill."""

import msgspec
import pytest

from consensus import multiplexer, round_machine
from consensus.round_machine import FreshProposal, Reproposal, Transition
from consensus.values import NO_VALUE, Step
from consensus.vote_keeper import RoundVotes
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import NO_ROUND, BlockId
from tests.unit.consensus.world import World

STEPS = 1_500


def a_half_is_a_quorum(patch) -> None:
    patch.setattr(ValidatorSet, "is_quorum", lambda validators, power: power * 2 >= validators.total_power)


def one_validator_counts_twice(patch) -> None:
    patch.setattr(RoundVotes, "of", lambda _votes, _kind, _validator: ())


def a_nil_polka_unlocks(patch) -> None:
    polka_nil = round_machine._polka_nil

    def unlocking(state):
        transition = polka_nil(state)
        if transition is None:
            return None
        unlocked = msgspec.structs.replace(transition.state, locked=NO_VALUE)
        return Transition(unlocked, transition.outputs)

    patch.setattr(round_machine, "_polka_nil", unlocking)


def an_older_polka_releases_and_a_newer_one_does_not(patch) -> None:
    def turned_round(state, event):
        if state.step is not Step.PROPOSE or not 0 <= event.valid_round < state.round:
            return None
        allows = state.locked.round >= event.valid_round or state.locked.block_id == event.block_id
        return round_machine._answer(state, event.block_id, event.judgement, lock_allows=allows)

    patch.setattr(round_machine, "_reproposal", turned_round)


def locks_are_forgotten(patch) -> None:
    answer = round_machine._answer
    patch.setattr(
        round_machine,
        "_answer",
        lambda state, block_id, judgement, lock_allows: answer(state, block_id, judgement, lock_allows=True),
    )


def a_valid_round_is_taken_at_its_word(patch) -> None:
    def proposed(round_, proposals, _votes, values):
        for proposal in proposals.of(round_):
            block_id = BlockId(proposal.block_id)
            if proposal.valid_round == NO_ROUND:
                yield FreshProposal(block_id, values.judge_fresh(round_, block_id))
            else:
                yield Reproposal(block_id, proposal.valid_round, values.judge(block_id))

    patch.setattr(multiplexer, "_proposed", proposed)


def is_caught(seeds: int) -> bool:
    for seed in range(seeds):
        world = World(seed, liars=(seed % 4,))
        try:
            for _ in range(STEPS):
                world.step()
            world.heal()
        except AssertionError:
            return True
    return False


@pytest.mark.parametrize(
    "plant",
    [
        a_half_is_a_quorum,
        one_validator_counts_twice,
        a_nil_polka_unlocks,
        an_older_polka_releases_and_a_newer_one_does_not,
    ],
)
def test_it_is_caught(plant, monkeypatch) -> None:
    plant(monkeypatch)
    assert is_caught(40)


@pytest.mark.slow
@pytest.mark.parametrize("plant", [locks_are_forgotten, a_valid_round_is_taken_at_its_word])
def test_it_is_caught_in_the_end(plant, monkeypatch) -> None:
    plant(monkeypatch)
    assert is_caught(3_000)
