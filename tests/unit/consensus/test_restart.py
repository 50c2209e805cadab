"""After a restart a log gives the same engine, a signer's record a safe one, and nothing is signed twice."""

from typing import get_args

import pytest

from consensus.effects import (
    Append,
    ArmTimer,
    BuildValue,
    CheckValue,
    Decide,
    FetchValue,
    Input,
    Send,
    Sign,
    StartHeight,
)
from consensus.engine import Engine
from consensus.values import NO_VALUE, RoundValue, Step, Timer
from contracts.primitives.encoding import Decoder, encode
from tests.unit.consensus.driver import Driver, a_start, replayed, value

A, B = value("A"), value("B")
POLKA = RoundValue(A, 0)


def eventful(node: Driver) -> None:
    """Two rounds with a lock, a lie, a fetch, a skipped round and a late answer."""
    node.propose(0, "A")
    node.prevote(0, "A", 2)
    node.check(0, "A", have=False)
    node.prevote(0, "B", 2)
    node.check(0, "A")
    node.prevote(0, "A", 1)
    node.precommit(0, "nil", 1, 2)
    node.timeout(Timer.PRECOMMIT, 0)
    node.propose(1, "B")
    node.precommit(1, "nil", 2)
    node.prevote(3, "nil", 1, 2)
    node.timeout(Timer.RESEND, 3)


def status(engine: Engine):
    names = ("height", "round", "step", "locked", "valid", "own_index", "last_commit", "outstanding")
    return [getattr(engine, name) for name in names]


class TestReplay:
    @pytest.mark.parametrize("own", [0, 1, 3, None])
    def test_gives_the_same_engine_and_the_same_effects(self, own) -> None:
        live = Driver(a_start(own=own))
        said = list(live.effects)
        put = live.put

        def recording(*inputs):
            effects = put(*inputs)
            said.extend(effects)
            return effects

        live.put = recording
        eventful(live)
        engine, effects = replayed(live.log)
        assert status(engine) == status(live.engine)
        again = [effect for effect in effects if not isinstance(effect, Append)]
        # A resend is not logged: it changes nothing. All else is said again, in the same order.
        resent = [at for at, effect in enumerate(said) if isinstance(effect, Send)]
        kept = [effect for at, effect in enumerate(said) if at not in resent and at - 1 not in resent]
        assert again == kept
        assert [effect.input for effect in effects if isinstance(effect, Append)] == live.log

    def test_goes_on_as_if_nothing_had_happened(self) -> None:
        live = Driver(a_start())
        eventful(live)
        again = Driver()
        again.engine, _ = replayed(live.log)
        again.height = 1
        for node in (live, again):
            node.propose(3, "A", 0)
            node.prevote(3, "A", 1, 2)
            node.precommit(3, "A", 1, 2)
        assert live.effects == again.effects
        assert live.of(Decide)

    def test_of_any_prefix_gives_what_the_engine_was_then(self) -> None:
        live = Driver(a_start())
        snapshots = {1: status(live.engine)}
        put = live.put

        def recording(*inputs):
            effects = put(*inputs)
            snapshots[len(live.log)] = status(live.engine)
            return effects

        live.put = recording
        eventful(live)
        for length, expected in snapshots.items():
            assert status(replayed(live.log[:length])[0]) == expected

    def test_inputs_survive_the_log(self) -> None:
        node = Driver(a_start())
        eventful(node)
        node.certificate(0, "A", 1, 2, 3)
        node.start(a_start(height=2, bundles=False, own=2))
        node.bundles()
        node.built(0, "B")
        decoder: Decoder[Input] = Decoder(Input)
        assert {type(event) for event in node.log} == set(get_args(Input))
        for event in node.log:
            assert decoder.decode(encode(event)) == event


class TestOutstanding:
    """What the host owes after a replay."""

    def test_a_signature_not_handed_back(self) -> None:
        node = Driver(a_start(), hand_back=False)
        node.propose_ok(0, "A")
        (sign,) = node.of(Sign)
        engine, _ = replayed(node.log)
        assert sign in engine.outstanding
        node.put(node.own(sign))
        assert not any(isinstance(effect, Sign) for effect in node.engine.outstanding)

    def test_several_signatures_in_order(self) -> None:
        node = Driver(a_start(own=1), hand_back=False)
        node.built(0, "A")
        node.timeout(Timer.PROPOSE, 0)
        node.prevote(0, "nil", 0, 2, 3)
        signs = [effect for effect in node.engine.outstanding if isinstance(effect, Sign)]
        assert [sign.step for sign in signs] == [Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT]
        node.put(node.own(signs[0]), node.own(signs[2]))
        left = [effect for effect in node.engine.outstanding if isinstance(effect, Sign)]
        assert [sign.step for sign in left] == [Step.PREVOTE]

    def test_signatures_of_rounds_long_gone_are_no_longer_owed(self) -> None:
        node = Driver(a_start(), hand_back=False)
        for round_ in range(3):
            node.timeout(Timer.PROPOSE, round_)
            node.prevote(round_ + 1, "nil", 1, 2)
        signs = [effect for effect in node.engine.outstanding if isinstance(effect, Sign)]
        assert [sign.round for sign in signs] == [2]

    def test_a_block_to_build(self) -> None:
        node = Driver(a_start(own=1))
        assert BuildValue(1, 0, 0) in node.engine.outstanding
        node.built(0, "A")
        assert not any(isinstance(effect, BuildValue) for effect in node.engine.outstanding)

    def test_no_block_once_it_is_too_late(self) -> None:
        node = Driver(a_start(own=1))
        node.timeout(Timer.PROPOSE, 0)
        assert not any(isinstance(effect, BuildValue) for effect in node.engine.outstanding)

    def test_checks_and_fetches(self) -> None:
        node = Driver(a_start())
        node.propose(0, "A")
        assert CheckValue(1, 0, A, -1) in node.engine.outstanding
        node.check(0, "A", have=False)
        assert FetchValue(1, 0, A, (1,)) in node.engine.outstanding
        assert CheckValue(1, 0, A, -1) not in node.engine.outstanding

    def test_timers(self) -> None:
        node = Driver(a_start())
        assert node.engine.outstanding == (
            ArmTimer(Timer.PROPOSE, 1, 0, 1_000),
            ArmTimer(Timer.RESEND, 1, 0, 1_000),
        )

    def test_the_decision_itself(self) -> None:
        node = Driver(a_start())
        node.propose_ok(0, "A")
        node.precommit(0, "A", 1, 2, 3)
        engine, _ = replayed(node.log)
        assert engine.outstanding == tuple(node.of(Decide))


class TestSignersRecord:
    """The log is lost: only what was signed last is known."""

    def resumed(self, step: Step, round_: int = 1, block_id=B, own: int = 0, **fields) -> Driver:
        signed = Sign(
            1, round_, step, block_id, -1, fields.get("locked", NO_VALUE), fields.get("valid", NO_VALUE)
        )
        return Driver(a_start(own=own, bundles=False, signed=signed))

    @pytest.mark.parametrize("step", [Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT])
    def test_stands_where_it_signed_last(self, step) -> None:
        node = self.resumed(step, locked=POLKA, valid=POLKA)
        assert node.at == (1, step.name)
        assert (node.locked, node.valid) == (("A", 0), ("A", 0))
        assert node.of(Sign) + node.of(BuildValue) == []
        armed = {timer.timer for timer in node.of(ArmTimer)}
        assert armed == ({Timer.RESEND, Timer.PROPOSE} if step is Step.PROPOSE else {Timer.RESEND})

    def test_never_proposes_a_second_value(self) -> None:
        node = self.resumed(Step.PROPOSE, own=2)
        assert node.engine.proposer(1) == 2
        assert node.built(1, "A") == []
        assert node.timeout(Timer.PROPOSE, 1)
        assert node.signed == [("PREVOTE", 1, "nil")]

    def test_never_prevotes_again(self) -> None:
        node = self.resumed(Step.PREVOTE)
        node.propose_ok(1, "A")
        assert node.timeout(Timer.PROPOSE, 1) == []
        assert node.at == (1, "PREVOTE")
        node.prevote(1, "A", 1, 2, 3)
        assert node.signed == [("PRECOMMIT", 1, "A")]

    def test_never_precommits_again_but_learns_the_valid_value(self) -> None:
        node = self.resumed(Step.PRECOMMIT, block_id=value("nil"))
        node.propose_ok(1, "A")
        node.prevote(1, "A", 1, 2, 3)
        assert node.of(Sign) == []
        assert node.valid == ("A", 1)
        node.precommit(1, "nil", 1, 2, 3)
        node.timeout(Timer.PRECOMMIT, 1)
        assert node.at == (2, "PROPOSE")

    def test_never_signs_in_an_earlier_round(self) -> None:
        node = self.resumed(Step.PREVOTE, round_=5)
        node.propose_ok(2, "A")
        node.prevote(3, "nil", 1, 2, 3)
        assert node.of(Sign) == []
        assert node.engine.round == 5

    def test_keeps_its_lock(self) -> None:
        node = self.resumed(Step.PRECOMMIT, locked=POLKA, valid=POLKA)
        node.precommit(1, "nil", 1, 2, 3)
        node.timeout(Timer.PRECOMMIT, 1)
        node.propose(2, "B")
        assert node.signed == [("PREVOTE", 2, "nil")]

    def test_its_own_message_comes_back_as_an_input(self) -> None:
        node = self.resumed(Step.PREVOTE, block_id=A)
        node.propose_ok(1, "A")
        node.prevote(1, "A", 0)
        node.prevote(1, "A", 1, 2)
        assert node.locked == ("A", 1)

    def test_of_an_earlier_height_does_not_matter(self) -> None:
        signed = Sign(1, 7, Step.PRECOMMIT, A, -1, POLKA, POLKA)
        node = Driver(a_start(height=2, signed=signed, bundles=False))
        assert node.at == (-1, "IDLE")
        assert node.locked == ("nil", -1)
        assert node.engine.own_index == 0

    def test_of_a_later_height_forbids_voting(self) -> None:
        signed = Sign(3, 0, Step.PROPOSE, A, -1, NO_VALUE, NO_VALUE)
        node = Driver(a_start(own=1, height=1, signed=signed))
        assert node.engine.own_index is None
        node.propose_ok(0, "A")
        node.prevote(0, "A", 0, 2, 3)
        node.precommit(0, "A", 0, 2, 3)
        assert node.of(Decide)
        assert node.of(Sign) + node.of(BuildValue) == []
        node.start(a_start(own=1, height=4, signed=signed))
        assert node.engine.own_index == 1

    def test_is_part_of_what_a_log_begins_with(self) -> None:
        node = self.resumed(Step.PREVOTE, locked=POLKA, valid=POLKA)
        node.prevote(1, "nil", 1, 2, 3)
        assert isinstance(node.log[0], StartHeight)
        assert status(replayed(node.log)[0]) == status(node.engine)
