"""More than a third lie: then honest nodes may part, and all that is promised is who did it (I6).

Two halves of the honest, and colluders (`colluders.py`) who are a quorum with either. In some worlds the
halves are cut off from each other, in some they hear each other all the time; so the ledger forks in one
round or in different ones, at one height or for many. When all is healed, every honest node has stopped, and
holds a proof, also after it was switched off: it names more than a third of the power, and nobody honest.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.chain.commit import Commit
from contracts.chain.fork import verify_fork
from network.wire.messages import ForkMessage, Message
from node.host.applied import Applied
from node.host.forks import Fork
from node.storage.evidence import load_evidence
from node.storage.forks import load_fork
from node.storage.memory_files import Survive
from tests.simulation.cast import CHAIN_ID
from tests.simulation.colluders import Colluder, Plot
from tests.simulation.invariants import Broken
from tests.simulation.machine import Machine
from tests.simulation.outcome import Outcome, quiet, sum_up
from tests.simulation.plan import Plan, make_plan, stream
from tests.simulation.signatures import SignatureBook, signatures
from tests.simulation.world import US_PER_MS, World

SIZES: Final = {4: 0.5, 7: 0.4, 10: 0.1}
"""How many validators, and in which part of the seeds."""
HONEST_HEIGHTS: Final = 3
"""So many heights are decided before the colluders begin."""
PARTING_MS: Final = 12_000
"""Within this time they have parted the others, or have failed."""
LONGEST_APART_MS: Final = 4_000
"""For so long at most the halves go on after that without hearing of each other."""
AFTERWARDS_MS: Final = 30_000
"""Then every honest node knows within this time."""
CALM_MS: Final = 3_000
"""What is under way then has come about after this time."""


class BeyondWorld(World):
    """A world in which honest nodes may part.

    Attributes:
        forked_at: The lowest height at which two of them decided different blocks; 0 while there is none.
    """

    def __init__(self, plan: Plan, book: SignatureBook, *, is_told: bool = False) -> None:
        """Cast the colluders, and part the others into halves."""
        super().__init__(plan, book, is_told=is_told)
        random = stream(plan.seed, "beyond")
        others = [name for name in self.machines if name not in self.liars]
        random.shuffle(others)
        self._halves = halves(plan, others)
        self._is_cut = random.random() < 0.7
        self._apart_ms = random.randrange(LONGEST_APART_MS)
        self._is_switched_off = random.random() < 0.5
        self._plot = Plot(self._halves[1], forges=random.random() < 0.8, waits=random.choice((0, 0, 0, 1, 2)))
        indices = {name: at for at, name in enumerate(self.invariants.sets.names(1))}
        for name in self.liars:
            machine = self.machines[name]
            colluder = Colluder(machine, self._plot, indices)
            machine.tampering, machine.overheard = colluder, colluder.overhear
        self._blocks: dict[int, bytes] = {}
        self._told: set[str] = set()
        self.forked_at = 0

    # --------------------------------------------------------------------------------- run

    def run(self) -> None:
        """Let them part, heal what can be healed, and see who is held responsible.

        Raises:
            Broken: I6.
        """
        for machine in self.machines.values():
            machine.boot()
        self.workload.begin()
        self.scheduler.run(lambda: self.invariants.height >= HONEST_HEIGHTS, PARTING_MS * US_PER_MS)
        self._plot.is_on = True
        self._part()
        self._run_until(lambda: bool(self.forked_at), PARTING_MS)
        if self.forked_at:
            self._run_until(lambda: False, self._apart_ms)
        self.trace("heal")
        self.wire.heal(list(self.machines))
        self.workload.end()
        if not self.forked_at:
            self._check_accused()
            return
        self._check_known()
        self._check_stopped()
        if self._is_switched_off:
            self._switch_off()
            self._check_known()

    def _part(self) -> None:
        if self._is_cut:
            self.counts["halves_cut"] += 1
            for one in self._halves[0]:
                for other in self._halves[1]:
                    self.wire.memory.cut(one, other)

    def _check_known(self) -> None:
        """Every honest node has stopped, and holds a proof that says who lied."""
        if not self._run_until(lambda: all(map(self._has_proof, self._honest())), AFTERWARDS_MS):
            lacking = [machine.name for machine in self._honest() if not self._has_proof(machine)]
            raise Broken(f"I6: height {self.forked_at} has two blocks, and no proof is with {lacking}")
        self._run_until(lambda: False, CALM_MS)
        for machine in self._honest():
            self._check_proof(machine)
        self._check_accused()

    def _has_proof(self, machine: Machine) -> bool:
        return machine.core is not None and machine.core.forks.fork is not None and self._kept(machine)

    def _kept(self, machine: Machine) -> bool:
        return load_fork(machine.disk.store) is not None

    def _check_proof(self, machine: Machine) -> None:
        fork, kept = _fork_of(machine), load_fork(machine.disk.store)
        if fork is None or kept is None or kept.proof != fork.kept.proof:
            raise Broken(f"I6: {machine.name} holds another proof than its disk")
        proof = fork.kept.proof
        verify_fork(CHAIN_ID, self.invariants.sets.at(proof.height), proof)
        named = self._names((*fork.convicted, *fork.suspected))
        if not named <= self.liars.keys():
            raise Broken(f"I6: {machine.name} holds {sorted(named - self.liars.keys())} for liars")
        power = sum(self.plan.powers[int(name[1:])] for name in named)
        if 3 * power <= self.plan.total_power:
            raise Broken(f"I6: of a fork at height {proof.height} {machine.name} names {sorted(named)} alone")

    def _names(self, keys: Iterable[bytes]) -> set[str]:
        known = {self.public_key_of(role): role.name for role in self.cast.roles if role.validator_seed}
        return {known[key] for key in keys}

    def _check_accused(self) -> None:
        """Evidence on the disks of the honest is against liars alone."""
        for machine in self._honest():
            accused = self._names(kept.validator for kept in load_evidence(machine.disk.store))
            if not accused <= self.liars.keys():
                raise Broken(f"I6: {machine.name} accuses {sorted(accused - self.liars.keys())}")

    def _check_stopped(self) -> None:
        """Nobody who is honest goes on deciding."""
        before = {machine.name: machine.height for machine in self._honest()}
        self._run_until(lambda: False, CALM_MS)
        for machine in self._honest():
            if machine.height > before[machine.name]:
                raise Broken(f"I6: {machine.name} goes on, though it knows that the ledger has forked")
        forks = [fork for fork in map(_fork_of, self._honest()) if fork is not None]
        proof = forks[0].kept.proof
        self.counts.update(self._plot.counts)
        self.counts["forked"] += 1
        is_one = proof.first.round == proof.second.round
        self.counts["forked_in_one_round" if is_one else "forked_over_rounds"] += 1
        self.counts["convicted"] += max(len(fork.convicted) for fork in forks)
        self.counts["suspected"] += max(len(fork.suspected) for fork in forks)
        self.counts["heights_apart"] += self.invariants.height - self.forked_at
        if len({fork.kept.proof for fork in forks}) > 1:
            raise Broken("I6: honest nodes hold different proofs of one fork")

    def _switch_off(self) -> None:
        """All honest nodes lose power, and start again."""
        self.counts["switched_off"] += 1
        for machine in self._honest():
            machine.stop(Survive.DROPPED, "switched off", is_noticed=False)
        self._run_until(lambda: all(machine.is_up for machine in self._honest()), AFTERWARDS_MS)

    # ------------------------------------------------------------------------------ events

    def on_applied(self, machine: Machine, applied: Applied, commit: Commit) -> None:
        """A node has a block: perhaps another than the others."""
        height, found = applied.tip.height, applied.tip.block_id
        self.trace("applied", machine.name, height, found.hex()[:16], commit.round)
        if machine.name not in self.liars:
            self.invariants.height = max(self.invariants.height, height)
            if self._blocks.setdefault(height, found) != found:
                self.forked_at = min(self.forked_at or height, height)

    def on_sent(self, machine: Machine, name: str, message: Message) -> None:
        """A node sends a message; halves that parted vouch for different snapshots."""
        self.trace("send", machine.name, name, type(message).__name__)
        if isinstance(message, ForkMessage):
            self._told.add(machine.name)

    def check_opened(self, machine: Machine) -> None:
        """A node has opened its disk: a fork that it told of is there."""
        if machine.name in self._told and not self._kept(machine):
            raise Broken(f"I6: {machine.name} told of a fork and has no proof any more")

    def watch_engine(self, machine: Machine) -> None:
        """Look over the shoulder of engines; colluders do not look for forks."""
        if machine.name not in self.liars:
            super().watch_engine(machine)
        elif machine.core is not None:
            forks = machine.core.forks
            forks._take = lambda _found: None  # type: ignore[method-assign]

    def diverged(self, machine: Machine, reason: str) -> None:
        """A node stops: in a world like this for one reason alone."""
        self.trace("diverged", machine.name)
        if machine.name in self.liars or self.forked_at:
            return
        fork = _fork_of(machine)
        if fork is None:
            raise Broken(f"I6: {machine.name} stops, though there is no fork: {reason}")
        # One decided a block, and had fetched another one by then: both have their quorum.
        proof = fork.kept.proof
        verify_fork(CHAIN_ID, self.invariants.sets.at(proof.height), proof)
        self.forked_at = proof.height


def _fork_of(machine: Machine) -> Fork | None:
    return None if machine.core is None else machine.core.forks.fork


def halves(plan: Plan, others: list[str]) -> tuple[list[str], list[str]]:
    """Part the honest so that each half makes a quorum with the colluders; who does not vote is in either."""
    lying = sum(plan.powers[index] for index in plan.liars)
    found: tuple[list[str], list[str]] = ([], [])
    powers = [lying, lying]
    for name in others:
        power = plan.powers[int(name[1:])] if name.startswith("v") else 0
        at = int(powers[1] < powers[0])
        found[at].append(name)
        powers[at] += power
    return found


def beyond_plan(seed: int) -> Plan:
    """Return a world with colluders, and otherwise little trouble."""
    random, drawn = stream(seed, "beyond plan"), make_plan(seed)
    size = random.choices(tuple(SIZES), tuple(SIZES.values()))[0]
    fewest = next(count for count in range(size) if 3 * (count + (size - count) // 2) > 2 * size)
    return msgspec.structs.replace(
        drawn,
        powers=(1,) * size,
        liars=tuple(sorted(random.sample(range(size), random.randint(fewest, size - 2)))),
        skewed=(),
        governs=False,
        shares_lane=False,
        joins_at=0,
        loss=0.0,
        late=0.0,
        duplicates=0.0,
        documents_per_second=10,
    )


def run_beyond(seed: int, *, is_told: bool = False) -> Outcome:
    """Run one seed's world, and say what became of it."""
    return run_beyond_plan(beyond_plan(seed), is_told=is_told)


def run_beyond_plan(plan: Plan, *, is_told: bool = False) -> Outcome:
    """Run a world, and say what became of it.

    Args:
        plan: What the world is like.
        is_told: Print what happens in it, and the traceback of a failure.
    """
    book = SignatureBook()
    with quiet(), signatures(book.note, real=plan.real_signatures):
        return sum_up(BeyondWorld(plan, book, is_told=is_told), is_told=is_told)
