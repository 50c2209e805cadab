"""A few engines, an adversary that schedules everything, and no time: the widest test of agreement.

The world draws its next step at random: deliver, lose or repeat a message, fire a timer, answer a question,
crash a node and replay its log, let a liar speak. It keeps what every host must keep (log, signer's record)
and checks at every step that no honest node signs two things for one step, and that nobody decides
differently. Afterwards it heals: nothing is lost any more, and everybody must decide within a few rounds.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

from consensus.effects import (
    Append,
    ArmTimer,
    BuildValue,
    CancelFetch,
    CancelTimer,
    CheckValue,
    Decide,
    Effect,
    FetchValue,
    Input,
    ProposalReceived,
    ReportDivergence,
    ReportEvidence,
    Send,
    Sign,
    StartHeight,
    Timeout,
    ValueBuilt,
    ValueChecked,
    VoteReceived,
)
from consensus.engine import Engine
from consensus.proposer import signers_of
from consensus.values import NO_VALUE, Step, Timer
from contracts.chain.commit import NO_COMMIT, Commit
from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import NIL, NO_ROUND, BlockId, VoteType
from tests.unit.consensus.driver import TIMING, a_proposal, a_vote, validators
from tests.unit.consensus.liar import lie

Message = ProposalReceived | VoteReceived


class Node:
    """An honest node: its engine and what its host keeps."""

    def __init__(self, world: "World", index: int) -> None:
        self.world = world
        self.index = index
        self.engine = Engine()
        self.log: list[Input] = []
        self.signatures: dict[tuple[int, int, Step], tuple[bytes, int]] = {}
        self.record: Sign | None = None
        self.timers: dict[Timer, ArmTimer] = {}
        self.questions: list[CheckValue | FetchValue | BuildValue] = []
        self.held: set[bytes] = set()
        self.commits: dict[int, Commit] = {0: NO_COMMIT}
        self.evidence: list[ReportEvidence] = []
        self.highest = (0, NO_ROUND, Step.IDLE)
        self.locked = NO_VALUE

    @property
    def height(self) -> int:
        return self.engine.height

    def start(self, *, restored: bool = False) -> None:
        """Start the height above the last commit; `restored`: without log, from the signer's record."""
        height = len(self.commits)
        everyone = self.world.validators
        carried = self.world.carried.get(self.world.decisions.get(height - 1, NIL), NO_COMMIT)
        self.log = []
        self.handle(
            StartHeight(
                height,
                everyone.validators,
                everyone.validators[self.index].public_key,
                TIMING,
                signers_of(carried, everyone),
                self.world.random.random() < 0.5,
                self.world.random.random() < 0.5,
                self.commits[height - 1],
                everyone.validators if height > 1 else (),
                self.record if restored else None,
            )
        )
        if restored and self.record is not None and self.record.height == height:
            self.world.deliver(self.index, self._message(self.record))

    def restart(self, *, lose_log: bool) -> None:
        """Lose everything but log, record, blocks; come back."""
        before, log = self.engine, self.log
        self.engine = Engine()
        self.timers.clear()
        self.questions.clear()
        if lose_log:
            self.highest = (0, NO_ROUND, Step.IDLE)  # as far as it remembers
            self.start(restored=True)
            return
        for event in log:
            self.engine.handle(event)
        for name in ("height", "round", "step", "locked", "valid", "last_commit", "outstanding"):
            assert getattr(self.engine, name) == getattr(before, name), name
        self.carry_out(self.engine.outstanding)

    def handle(self, event: Input) -> None:
        effects = self.engine.handle(event)
        self.check_invariants()
        self.carry_out(effects)

    def check_invariants(self) -> None:
        """The first two of SPEC.md; what was signed is compared when it is."""
        engine = self.engine
        now = (engine.height, engine.round, engine.step)
        assert now >= self.highest, "a step back"
        assert engine.valid.round >= engine.locked.round
        if now[0] == self.highest[0]:
            assert engine.locked.round >= self.locked.round, "unlocked"
        self.highest, self.locked = now, engine.locked

    def carry_out(self, effects: Sequence[Effect]) -> None:
        """Carry out effects in order; own messages come back once all of them are done."""
        self.log += [effect.input for effect in effects if isinstance(effect, Append)]
        for effect in effects:
            self._carry_out(effect)
        for effect in effects:
            if isinstance(effect, Sign):
                self.world.deliver(self.index, self._message(effect))

    def _carry_out(self, effect: Effect) -> None:  # noqa: C901
        match effect:
            case Sign():
                self.sign(effect)
            case Send(proposals=proposals, votes=votes):
                self.world.broadcast(self.index, [ProposalReceived(each) for each in proposals])
                self.world.broadcast(self.index, [VoteReceived(each) for each in votes])
            case ArmTimer(timer=timer):
                self.timers[timer] = effect
            case CancelTimer(timer=timer):
                self.timers.pop(timer, None)
            case BuildValue() | CheckValue() | FetchValue():
                self.questions.append(effect)
            case CancelFetch(block_id=block_id):
                self.questions = [
                    each
                    for each in self.questions
                    if not (isinstance(each, FetchValue) and each.block_id == block_id)
                ]
            case Decide():
                self.world.decided(self, effect)
                self.commits[effect.height] = effect.commit
                self.timers.clear()
                self.questions.clear()
            case ReportEvidence():
                self.evidence.append(effect)
            case Append():
                pass
            case ReportDivergence():
                raise AssertionError(effect)

    def sign(self, sign: Sign) -> None:
        """Sign once per step; the same again gets the same signature, another or an older one none."""
        step = (sign.height, sign.round, sign.step)
        content = (sign.block_id, sign.valid_round)
        assert self.signatures.setdefault(step, content) == content, f"{self.index} double signs {step}"
        newest = self.record
        assert newest is None or (newest.height, newest.round, newest.step) <= step, "signs an older step"
        self.record = sign
        self.world.broadcast(self.index, [self._message(sign)])

    def _message(self, sign: Sign) -> Message:
        if sign.step is Step.PROPOSE:
            return ProposalReceived(
                a_proposal(sign.round, sign.block_id, sign.valid_round, self.index, sign.height)
            )
        kind = VoteType.PREVOTE if sign.step is Step.PREVOTE else VoteType.PRECOMMIT
        return VoteReceived(a_vote(kind, sign.round, sign.block_id, self.index, sign.height))

    def answer(self, question: CheckValue | FetchValue | BuildValue) -> None:
        """Answer a question; bundles may be missing until fetched, clocks may be wrong."""
        self.questions.remove(question)
        random = self.world.random
        match question:
            case BuildValue(height=height, round=round_):
                self.handle(ValueBuilt(height, round_, self.world.new_value(self)))
            case CheckValue(height=height, round=round_, block_id=block_id):
                if random.random() < 0.7:
                    self.held.add(block_id)
                timely = self.world.healed or random.random() < 0.8
                self.handle(
                    ValueChecked(
                        height, round_, block_id, valid=True, have=block_id in self.held, timely=timely
                    )
                )
            case FetchValue(height=height, round=round_, block_id=block_id):
                self.held.add(block_id)
                self.handle(ValueChecked(height, round_, block_id, valid=True, have=True, timely=True))


class World:
    """The network and its adversary."""

    def __init__(
        self,
        seed: int,
        powers: Sequence[int] = (1, 1, 1, 1),
        liars: Sequence[int] = (),
        lose_logs: bool = False,
    ) -> None:
        self.random = Random(seed)
        self.validators = ValidatorSet(validators(*powers))
        self.liars = tuple(liars)
        self.lose_logs = lose_logs
        self.nodes = {index: Node(self, index) for index in range(len(powers)) if index not in liars}
        self.pool: list[tuple[int, Message]] = []
        self.decisions: dict[int, bytes] = {}
        self.values: list[BlockId] = []
        self.carried: dict[bytes, Commit] = {}  # by block: the commit of the block before that it holds
        self.healed = False
        # The adversary's temper: how much is lost and repeated, how impatient the clocks are.
        self.loss = self.random.choice((0.0, 0.1, 0.3))
        self.repeats = self.random.choice((0.0, 0.1))
        self.patience = self.random.choice((0.7, 0.8, 0.84))
        self.zeal = self.random.choice((0.02, 0.1, 0.2))
        # A node that alone may hear precommits: it decides, and the others go on without knowing.
        self.favourite = self.random.choice((None, *self.nodes)) if liars else None
        self.counts: Counter[str] = Counter()
        for node in self.nodes.values():
            node.start()

    # --------------------------------------------------------------------------------------- the network

    def broadcast(self, sender: int, messages: Sequence[Message]) -> None:
        for message in messages:
            for index in self.nodes:
                if index == sender:
                    continue
                if len(self.pool) >= 300 and not self.healed:  # a full link loses, too
                    self.pool[self.random.randrange(300)] = (index, message)
                else:
                    self.pool.append((index, message))

    def deliver(self, index: int, message: Message) -> None:
        self.nodes[index].handle(message)

    def new_value(self, node: Node) -> BlockId:
        block_id = BlockId(len(self.values).to_bytes(32, "big"))
        self.values.append(block_id)
        self.carried[block_id] = node.engine.last_commit
        node.held.add(block_id)
        return block_id

    def decided(self, node: Node, decide: Decide) -> None:
        assert self.decisions.setdefault(decide.height, decide.block_id) == decide.block_id, "a fork"
        assert decide.block_id in node.held, "decided what is not held"
        signers = [entry.validator for entry in decide.commit.signatures]
        assert signers == sorted(set(signers))
        assert self.validators.is_quorum(self.validators.power_of(signers))

    # ------------------------------------------------------------------------------------- the adversary

    def step(self) -> None:
        """One random event."""
        node = self.random.choice(list(self.nodes.values()))
        if self.liars and self.random.random() < self.zeal:
            lie(self, self.random.choice(self.liars))
            return
        draw = self.random.random()
        if self.pool and draw < self.patience:
            self.take_message()
        elif draw < 0.93 and node.questions:
            node.answer(self.random.choice(node.questions))
        elif draw < 0.97 and node.timers:
            timer = self.random.choice(list(node.timers))
            if timer is not Timer.RESEND or self.random.random() < 0.1:
                self.fire(node, timer)
        elif draw > 0.995 and node.engine.step is not Step.DECIDED:
            lose_log = self.lose_logs and self.random.random() < 0.5
            node.restart(lose_log=lose_log)
            self.counts["restarted"] += 1
        self.go_on(node)

    def take_message(self) -> None:
        at = self.random.randrange(len(self.pool))
        index, message = self.pool[at]
        fate = self.random.random()
        if fate > self.repeats:
            self.pool[at] = self.pool[-1]
            self.pool.pop()
        else:
            self.counts["repeated"] += 1
        loss = 0.9 if self._is_withheld(index, message) else self.loss
        if fate < 1 - loss:
            self.deliver(index, message)
            self.counts["delivered"] += 1
        else:
            self.counts["lost"] += 1

    def _is_withheld(self, index: int, message: Message) -> bool:
        if self.favourite is None or index == self.favourite:
            return False
        return isinstance(message, VoteReceived) and message.vote.type is VoteType.PRECOMMIT

    def fire(self, node: Node, timer: Timer) -> None:
        armed = node.timers.pop(timer)
        self.counts[f"timeout {timer.name}"] += 1
        node.handle(Timeout(timer, armed.height, armed.round))

    def go_on(self, node: Node) -> None:
        """Start the next height of a node that decided."""
        if node.engine.step is Step.DECIDED:
            node.commits[node.height] = node.engine.last_commit
            node.start()

    # ------------------------------------------------------------------------------------------- healing

    def heal(self, rounds: int = 10) -> None:
        """Lose nothing any more, fire timers only when nothing else is left; all decide in a few rounds."""
        self.healed = True
        self.pool.clear()  # What was under way is lost; what matters is sent again.
        target = max(node.height for node in self.nodes.values())
        if target in self.decisions:
            target += 1
        start = max(node.engine.round for node in self.nodes.values())
        for _ in range(100 * rounds):
            self._drain()
            self._bring_up()
            behind = [node for node in self.nodes.values() if target not in node.commits]
            if not behind:
                self.counts["healed"] += 1
                return
            if any(node.height == target and node.engine.round > max(start, 0) + rounds for node in behind):
                raise AssertionError(f"no decision within {rounds} rounds")
            for node in behind:
                self._let_time_pass(node)
        raise AssertionError("nothing moves")

    def _let_time_pass(self, node: Node) -> None:
        if Timer.RESEND in node.timers:
            self.fire(node, Timer.RESEND)
        self._drain()
        for timer in [timer for timer in node.timers if timer is not Timer.RESEND]:
            if timer in node.timers:
                self.fire(node, timer)

    def _bring_up(self) -> None:
        """Block sync: a node that is behind gets the blocks and commits it missed, then starts anew."""
        for node in self.nodes.values():
            top = max(self.nodes.values(), key=lambda each: len(each.commits))
            if len(node.commits) < len(top.commits):
                for height in range(len(node.commits), len(top.commits)):
                    node.commits[height] = top.commits[height]
                node.timers.clear()
                node.questions.clear()
                node.start()
            self.go_on(node)

    def _drain(self) -> None:
        while self.pool or any(node.questions for node in self.nodes.values()):
            pool, self.pool = self.pool, []
            for index, message in pool:
                self.deliver(index, message)
            for node in self.nodes.values():
                for question in tuple(node.questions):
                    if question in node.questions:
                        node.answer(question)
