"""Twins: two nodes with one key, and every small schedule to a bound.

Four validators of equal power; one of them runs twice, so five honest programs share four keys, and the
doubled key says two things for a step whenever the two halves hear different things. In each of the first
rounds the five are parted into two sides that hear nothing of each other; then everybody hears everybody
again. All ways to part them, round by round (or phase by phase), are run, with each validator as the doubled
one: it is then leader of other rounds. The idea is that of Bano et al., "Twins: BFT Systems Made Robust".

Nobody may decide differently, evidence may convict the doubled key alone, and once healed everybody decides.

    python -m tests.simulation.twins --rounds 3           # 16,384 schedules, a side per round
    python -m tests.simulation.twins --phases --sample 20000 --rounds 2
"""

import argparse
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from random import Random
from typing import Final

import msgspec

from consensus.effects import (
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
    Timeout,
    ValueBuilt,
    ValueChecked,
    VoteReceived,
)
from consensus.engine import Engine
from consensus.values import Step, Timer
from contracts.chain.votes import BlockId, Proposal, VoteType
from tests.unit.consensus.driver import a_proposal, a_start, a_vote

VALIDATORS: Final = 4
PROCESSES: Final = VALIDATORS + 1
PARTINGS: Final = 1 << (PROCESSES - 1)
"""Ways to part five into two sides: the first is always on the first side, and a side may be empty."""
PHASES: Final = 3
"""Proposal, prevotes, precommits."""
PATIENCE: Final = 10
"""Rounds after healing in which everybody decides."""
_MAX_STEPS: Final = 20_000

Message = ProposalReceived | VoteReceived
Schedule = tuple[int, ...]
"""A parting for each phase of each round, one after the other; bit i - 1 says on which side process i is."""


class Process:
    """One program: an engine, and the least of a host."""

    def __init__(self, world: "World", place: int, index: int) -> None:
        self.world = world
        self.place = place
        self.index = index
        self.engine = Engine()
        self.timers: dict[Timer, ArmTimer] = {}
        self.held: set[bytes] = set()
        self.fetches: dict[bytes, FetchValue] = {}
        self.decided: BlockId | None = None

    def put(self, *inputs: Input) -> None:
        """Hand in inputs, own messages and answers to questions included."""
        pending = deque(inputs)
        while pending:
            event = pending.popleft()
            if isinstance(event, ProposalReceived):
                self.held.add(event.proposal.block_id)
            effects = self.engine.handle(event)
            pending.extendleft(reversed([answer for effect in effects for answer in self._carry_out(effect)]))

    def _carry_out(self, effect: Effect) -> Iterator[Input]:  # noqa: C901 - one line per effect
        match effect:
            case Sign():
                message = self._message(effect)
                self.world.send(self, [message])
                yield message
            case Send(proposals=proposals, votes=votes):
                self.world.send(self, [*map(ProposalReceived, proposals), *map(VoteReceived, votes)])
            case ArmTimer(timer=timer):
                self.timers[timer] = effect
            case CancelTimer(timer=timer):
                self.timers.pop(timer, None)
            case FetchValue(block_id=block_id):
                self.fetches[block_id] = effect
            case CancelFetch(block_id=block_id):
                self.fetches.pop(block_id, None)
            case BuildValue(height=height, round=round_):
                block_id = self.world.new_value()
                self.held.add(block_id)
                yield ValueBuilt(height, round_, block_id)
            case CheckValue(height=height, round=round_, block_id=block_id):
                have = block_id in self.held
                yield ValueChecked(height, round_, block_id, valid=True, have=have, timely=True)
            case Decide(block_id=block_id):
                self.decided = block_id
                self.timers.clear()
                self.world.on_decided(block_id)
            case ReportEvidence(evidence=evidence):
                first = evidence.first
                author = first.proposer if isinstance(first, Proposal) else first.validator
                assert author == self.world.doubled, f"validator {author} is convicted, and is honest"
                self.world.counts["evidence"] += 1
            case ReportDivergence():
                raise AssertionError(effect)

    def _message(self, sign: Sign) -> Message:
        if sign.step is Step.PROPOSE:
            return ProposalReceived(a_proposal(sign.round, sign.block_id, sign.valid_round, self.index))
        kind = VoteType.PREVOTE if sign.step is Step.PREVOTE else VoteType.PRECOMMIT
        return VoteReceived(a_vote(kind, sign.round, sign.block_id, self.index))

    def fetch(self) -> None:
        """Get what was asked for: somebody has it."""
        for block_id, wanted in tuple(self.fetches.items()):
            self.held.add(block_id)
            self.fetches.pop(block_id, None)
            self.put(ValueChecked(wanted.height, wanted.round, block_id, valid=True, have=True, timely=True))


class World:
    """Five processes under one schedule."""

    def __init__(self, doubled: int, rounds: int, schedule: Schedule) -> None:
        self.doubled = doubled
        self.rounds = rounds
        self.schedule = schedule
        self.healed = False
        self.values = 0
        self.decisions: set[BlockId] = set()
        self.counts: Counter[str] = Counter()
        self.queue: deque[tuple[Process, Message]] = deque()
        indices = [*range(VALIDATORS), doubled]
        self.processes = [Process(self, place, index) for place, index in enumerate(indices)]
        for process in self.processes:
            process.put(a_start(own=process.index))

    def send(self, sender: Process, messages: Sequence[Message]) -> None:
        """Send to everybody on the sender's side."""
        for message in messages:
            sides = 0 if self.healed else self._sides(message)
            own = _side(sides, sender.place)
            for process in self.processes:
                if process is not sender and _side(sides, process.place) == own:
                    self.queue.append((process, message))

    def _sides(self, message: Message) -> int:
        if isinstance(message, ProposalReceived):
            round_, phase = message.proposal.round, 0
        else:
            round_, phase = message.vote.round, int(message.vote.type)
        return self.schedule[PHASES * round_ + phase] if round_ < self.rounds else 0

    def new_value(self) -> BlockId:
        """Return a block that nobody else proposes."""
        self.values += 1
        return BlockId(self.values.to_bytes(32, "big"))

    def on_decided(self, block_id: BlockId) -> None:
        """Somebody decides."""
        self.decisions.add(block_id)
        assert len(self.decisions) == 1, f"a fork under {self.name}"

    @property
    def name(self) -> str:
        """What replays this run."""
        return (
            f"--doubled {self.doubled} --rounds {self.rounds} --schedule {','.join(map(str, self.schedule))}"
        )

    def run(self) -> None:
        """Run to the end: everybody has decided."""
        for _ in range(_MAX_STEPS):
            if self.queue:
                process, message = self.queue.popleft()
                process.put(message)
            elif all(process.decided for process in self.processes):
                return
            elif not self._fire():
                self._heal()
        raise AssertionError(f"nobody decides under {self.name}")

    def _fire(self) -> bool:
        """Let the timers fire that fire first: those of the lowest round, and of the earliest step there."""
        waiting = [
            (armed.round, timer, process)
            for process in self.processes
            for timer, armed in process.timers.items()
            if timer in (Timer.PROPOSE, Timer.PREVOTE, Timer.PRECOMMIT)
        ]
        if not waiting:
            return False
        first = min(entry[:2] for entry in waiting)
        for round_, timer, process in waiting:
            if (round_, timer) == first and timer in process.timers:
                del process.timers[timer]
                process.put(Timeout(timer, 1, round_))
        return True

    def _heal(self) -> None:
        """Nothing moves any more, or all is whole already: everybody hears everybody, and repeats itself."""
        self.healed = True
        highest = max(process.engine.round for process in self.processes)
        assert highest <= self.rounds + PATIENCE, f"no decision in {PATIENCE} rounds under {self.name}"
        for process in self.processes:
            process.fetch()
            armed = process.timers.pop(Timer.RESEND, None)
            if armed is not None:
                process.put(Timeout(Timer.RESEND, 1, armed.round))
            elif process.decided:
                # Its host keeps sending what decided; to a node that is behind, block sync brings it.
                self.send(process, _messages(process.engine.messages_for(-1)))


def _side(sides: int, place: int) -> int:
    return sides >> (place - 1) & 1 if place else 0


def _messages(send: Send) -> list[Message]:
    return [*map(ProposalReceived, send.proposals), *map(VoteReceived, send.votes)]


def by_rounds(rounds: int) -> Iterator[Schedule]:
    """Every way to part the five, round by round."""
    for sides in product(range(PARTINGS), repeat=rounds):
        yield tuple(side for side in sides for _ in range(PHASES))


def by_phases(rounds: int, sample: int, seed: int) -> Iterator[Schedule]:
    """Every way to part the five, phase by phase, or so many of them drawn at random."""
    length = PHASES * rounds
    if not sample:
        yield from product(range(PARTINGS), repeat=length)
        return
    random = Random(f"twins {seed}")
    for _ in range(sample):
        yield tuple(random.randrange(PARTINGS) for _ in range(length))


def run_all(schedules: Iterable[Schedule], rounds: int, doubled: Sequence[int]) -> Counter[str]:
    """Run schedules with each of some validators doubled; return what was counted."""
    counts: Counter[str] = Counter()
    for schedule in schedules:
        for index in doubled:
            world = World(index, rounds, schedule)
            world.run()
            counts += world.counts
            counts["schedules"] += 1
            counts["rounds"] += max(process.engine.round for process in world.processes) + 1
            counts["healed"] += world.healed
    return counts


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for; a fork or a standstill ends it with the arguments that replay it."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.twins", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="in how many rounds the five are parted")
    parser.add_argument("--phases", action="store_true", help="part them anew in every phase")
    parser.add_argument("--sample", type=int, default=0, help="draw so many schedules; 0 runs all")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--doubled", type=int, help="one doubled validator, instead of all four in turn")
    parser.add_argument("--schedule", help="replay this one: partings, separated by commas")
    options = parser.parse_args(arguments)
    doubled = range(VALIDATORS) if options.doubled is None else (options.doubled,)
    began = time.monotonic()
    if options.schedule:
        schedules: Iterable[Schedule] = [tuple(map(int, options.schedule.split(",")))]
    elif options.phases:
        schedules = by_phases(options.rounds, options.sample, options.seed)
    else:
        schedules = by_rounds(options.rounds)
    counts = run_all(schedules, options.rounds, doubled)
    summary = {**counts, "seconds": round(time.monotonic() - began, 1)}
    print(msgspec.json.encode(summary).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
