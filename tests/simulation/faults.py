"""What goes wrong, and when: crashes, traps, partitions, slow links and disks, wrong clocks.

While a world is in trouble, a fault is drawn every now and then; each ends by itself after a while. At the
end everything is mended: all machines run, all links are whole, no message is lost.
"""

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from node.storage.memory_files import Survive
from tests.simulation.clock import US_PER_MS
from tests.simulation.disks import Trap
from tests.simulation.machine import Machine
from tests.simulation.plan import FAULT_KINDS, MAX_SKEW_MS
from tests.simulation.wire import Ambush

if TYPE_CHECKING:
    from tests.simulation.world import World


HOMES_LOST = 4
"""One of so many restores brings nothing back but the keys."""


class Faults:
    """The trouble of one world.

    Attributes:
        counts: How many faults of each kind there were; what waits on a disk counts there, when it happens.
        drawn: How many were drawn so far; those that the plan spares among them.
    """

    def __init__(self, world: "World", random: Random) -> None:
        """Prepare; `begin` begins."""
        self._world = world
        self._random = random
        self._is_on = False
        self._waits = False
        self.drawn = 0
        self.counts: Counter[str] = Counter()
        self._strikes: dict[str, Callable[[], str | None]] = {
            "crash": self._crash,
            "trap": self._trap,
            "refuse": self._refuse,
            "blackout": self._blackout,
            "cut": self._cut,
            "isolate": self._isolate,
            "one_way": self._one_way,
            "deafen": self._deafen,
            "partition": self._partition,
            "slow_link": self._slow_link,
            "slow_disk": self._slow_disk,
            "ambush": self._lie_in_wait,
            "decay": self._decay,
            "restore": self._restore,
            "lose_database": self._lose_database,
        }

    # ------------------------------------------------------------------------ on and off

    def begin(self) -> None:
        """Begin to make trouble."""
        world, plan = self._world, self._world.plan
        self._is_on = True
        mood = world.mood
        mood.loss, mood.duplicates, mood.late = plan.loss, plan.duplicates, plan.late
        for index in plan.skewed:
            self._skew(world.machines[f"v{index}"])
        self._later(self._strike)

    def end(self) -> None:
        """Mend everything; clocks stay as wrong as they are."""
        world = self._world
        self._is_on = False
        self._waits = False
        world.mood.ambush = None
        world.mood.loss = world.mood.duplicates = world.mood.late = 0.0
        world.wire.heal(list(world.machines))
        world.wire.jitter_us = min(world.wire.jitter_us, 20_000)
        for machine in world.machines.values():
            machine.disk.trap = None
            for worker in machine.workers.values():
                worker.slow_us = 0

    def reboot_later(self, machine: Machine) -> None:
        """Boot a machine that has stopped, after a while."""
        pause_ms = self._random.randrange(50, 2_500) if self._is_on else 100
        if self._is_on and "trap" in self._world.plan.faults and self._random.random() < 0.2:
            # Recovery has persistence points of its own.
            survive = self._random.choice(tuple(Survive))
            machine.set_trap(Trap(self._random.randint(1, 6), refuses=False, survive=survive))
        self._world.scheduler.after(pause_ms * US_PER_MS, machine.boot)

    def _later(self, callback: Callable[[], None]) -> None:
        pause_ms = self._random.expovariate(1 / self._world.plan.fault_interval_ms)
        self._world.scheduler.after(int(pause_ms * US_PER_MS) + 1, callback)

    def _for_a_while(self, longest_ms: int, end: Callable[[], None]) -> None:
        pause_ms = self._random.randrange(50, longest_ms)
        self._world.scheduler.after(pause_ms * US_PER_MS, end)

    def _strike(self) -> None:
        if not self._is_on:
            return
        kinds = self._world.plan.faults
        drawn = self._random.choices(kinds, [FAULT_KINDS[kind] for kind in kinds])[0]
        self.drawn += 1
        is_spared = self.drawn in self._world.plan.spared or self.drawn > self._world.plan.most_faults
        kind = None if is_spared else self._strikes[drawn]()
        if kind is not None:
            self.counts[kind] += 1
            self._world.trace("fault", kind)
        if self._world.plan.skewed and self._random.random() < 0.3:
            self._skew(self._world.machines[f"v{self._random.choice(self._world.plan.skewed)}"])
        self._later(self._strike)

    def _anyone(self) -> Machine | None:
        running = [machine for machine in self._world.machines.values() if machine.is_up]
        return self._random.choice(running) if running else None

    # --------------------------------------------------------------------------- machines

    def _crash(self) -> str | None:
        machine = self._anyone()
        if machine is None:
            return None
        survive = self._random.choice(tuple(Survive))
        machine.stop(survive, "crash", is_noticed=self._random.random() < 0.5)
        return f"crash_{survive.value}"

    def _trap(self) -> None:
        machine = self._anyone()
        if machine is not None:
            survive = self._random.choice(tuple(Survive))
            machine.set_trap(Trap(self._random.randint(1, 30), refuses=False, survive=survive))

    def _refuse(self) -> None:
        machine = self._anyone()
        if machine is not None:
            survive = self._random.choice((Survive.KEPT, Survive.TORN))
            machine.set_trap(Trap(self._random.randint(1, 30), refuses=True, survive=survive))

    def _decay(self) -> str | None:
        """A machine stops, and while it is off one of its files decays: of no more than may be wrong.

        A log may lose its end so, and with it the votes that justify a lock; only one that has them can end
        the height.
        """
        machine = self._anyone()
        if machine is None or not self._may_lose(machine):
            return None
        machine.stop(Survive.KEPT, "crash", is_noticed=True)
        return f"decay_of_{kind}" if (kind := machine.disk.decay().partition("/")[0]) else None

    def _restore(self) -> str | None:
        """Somebody brings a validator's home back from an old copy, or has none; one validator a world."""
        world = self._world
        if not world.stale:
            machine = self._anyone()
            if machine is None or not world.may_be_wrong(machine.name):
                return None
            world.stale.add(machine.name)
        machine = world.machines[min(world.stale)]
        if not machine.disk.has_backup:
            machine.disk.back_up()
            return None
        if machine.is_up:
            machine.stop(Survive.KEPT, "restore", is_noticed=self._random.random() < 0.5)
        machine.forget()
        if self.drawn % HOMES_LOST == 0:
            machine.lose_home()
            return "home_lost"
        in_place = self.drawn % 2 == 0
        machine.disk.restore(in_place=in_place)
        return "backup_put_back" if in_place else "backup_restored"

    def _lose_database(self) -> str | None:
        """A database is gone, of no more validators than may be wrong: what all have lost stays lost."""
        machine = self._anyone()
        if machine is None or not self._may_lose(machine):
            return None
        machine.stop(Survive.KEPT, "database lost", is_noticed=True)
        machine.disk.lose_database()
        machine.forget_chain()
        return "database_lost"

    def _may_lose(self, machine: Machine) -> bool:
        """Tell whether a machine may lose what it alone has; from now on it is one that may be wrong."""
        world = self._world
        votes = machine.name in world.invariants.sets.voters(world.invariants.height + 1)
        # Who does not vote may soon be admitted.
        may_be_wrong = world.may_be_wrong if votes else world.workload.may_be_wrong
        if machine.name not in world.bereft and not may_be_wrong(machine.name):
            return False
        world.bereft.add(machine.name)
        return True

    def _blackout(self) -> str | None:
        """All machines lose power at the same moment."""
        running = [machine for machine in self._world.machines.values() if machine.is_up]
        for machine in running:
            machine.stop(self._random.choice(tuple(Survive)), "blackout", is_noticed=False)
        return "blackout" if running else None

    def _slow_disk(self) -> str | None:
        machine = self._anyone()
        if machine is None:
            return None
        worker = machine.workers["disk"]
        worker.slow_us = self._random.randrange(20, 400) * US_PER_MS
        self._for_a_while(3_000, lambda: setattr(worker, "slow_us", 0))
        return "slow_disk"

    def _skew(self, machine: Machine) -> None:
        machine.wall.skew_ms = self._random.randrange(-MAX_SKEW_MS, MAX_SKEW_MS)
        self.counts["clock_jump"] += 1

    # ------------------------------------------------------------------------------ links

    def _pair(self) -> tuple[str, str]:
        one, other = self._random.sample(sorted(self._world.machines), 2)
        return one, other

    def _cut(self) -> str:
        one, other = self._pair()
        memory = self._world.wire.memory
        memory.cut(one, other)
        self._for_a_while(2_000, lambda: memory.heal(one, other))
        return "cut"

    def _isolate(self) -> str:
        lonely, _other = self._pair()
        self._part([lonely])
        return "isolate"

    def _partition(self) -> str:
        names = sorted(self._world.machines)
        self._part(self._random.sample(names, self._random.randint(1, len(names) - 1)))
        return "partition"

    def _part(self, group: list[str]) -> None:
        memory = self._world.wire.memory
        others = [name for name in sorted(self._world.machines) if name not in group]
        pairs = [(one, other) for one in group for other in others]
        for one, other in pairs:
            memory.cut(one, other)

        def heal() -> None:
            for one, other in pairs:
                memory.heal(one, other)

        self._for_a_while(2_500, heal)

    def _one_way(self) -> str:
        source, target = self._pair()
        wire = self._world.wire
        wire.hold(source, target)
        self._for_a_while(2_500, lambda: wire.let_go(source, target))
        return "one_way_partition"

    def _deafen(self) -> str:
        deaf, _other = self._pair()
        wire = self._world.wire
        others = [name for name in sorted(self._world.machines) if name != deaf]
        for name in others:
            wire.hold(name, deaf)

        def heal() -> None:
            for name in others:
                wire.let_go(name, deaf)

        self._for_a_while(2_000, heal)
        return "one_way_isolation"

    def _slow_link(self) -> str:
        name, _other = self._pair()
        slow_us = self._world.wire.slow_us
        slow_us[name] = self._random.randrange(50, 800) * US_PER_MS

        def heal() -> None:
            slow_us.pop(name, None)

        self._for_a_while(3_000, heal)
        return "slow_links"

    # ----------------------------------------------------------------------------- ambush

    def _lie_in_wait(self) -> None:
        self._waits = True

    def on_decided(self, machine: Machine, height: int) -> None:
        """A validator is about to begin the height after this one, the first to do so."""
        core = machine.core
        if not self._waits or core is None or core.consensus is None:
            return
        engine = core.consensus.engine
        if engine.height != height + 1:
            return
        names, liars = self._world.invariants.sets.names(height + 1), self._world.liars
        first, second = (engine.proposer(round_) for round_ in (1, 2))
        if first is None or second is None or (liars and names[first] not in liars):
            return
        # Either the proposer of round 1 saw nothing of round 0; or it is the silent hero, and round 2's did.
        sequel, hero = (first, None) if liars or self._random.random() < 0.5 else (second, first)
        ambush = self._split(height + 1, names, sequel, hero)
        if ambush is None:
            return
        self._waits = False
        mood = self._world.mood
        mood.ambush = Ambush(height + 1, *ambush)
        self.counts["ambush"] += 1
        self._world.trace("fault", "ambush", height + 1, *ambush)
        # Two rounds without a quorum may take two seconds, and only then another value is decided.
        self._for_a_while(4_000, self._lift)
        hero_machine = self._world.machines[ambush[0]]
        if self._random.random() < 0.25 and hero_machine.is_up:
            self._stall(hero_machine)

    def _lift(self) -> None:
        self._world.mood.ambush = None

    def _stall(self, hero: Machine) -> None:
        """The hero's disk stalls for longer than a round takes, so it signs in two at once; then it dies."""
        worker = hero.workers["disk"]
        worker.slow_us = 2_000 * US_PER_MS

        def end() -> None:
            worker.slow_us = 0
            if self._is_on and hero.is_up and hero.workers["disk"] is worker:
                hero.stop(self._random.choice((Survive.DROPPED, Survive.TORN)), "its disk has died")

        self._for_a_while(3_000, end)
        self.counts["stalled_hero"] += 1

    def _split(
        self, height: int, names: list[str], sequel: int, hero: int | None
    ) -> tuple[str, list[str]] | None:
        """Choose who is blind so that a value gets a quorum with the hero's precommit, and none without."""
        powers = self._world.invariants.sets.powers(height)
        total = sum(powers)
        if hero is None:
            hero = self._random.choice([index for index in range(len(names)) if index != sequel])
        blind = [sequel]
        others = [index for index in range(len(names)) if index not in (hero, sequel)]
        self._random.shuffle(others)
        seeing = total - powers[sequel]
        while 3 * (seeing - powers[hero]) > 2 * total and others:
            blind.append(others.pop())
            seeing -= powers[blind[-1]]
        if hero == sequel or 3 * seeing <= 2 * total:
            return None
        return names[hero], [names[index] for index in blind]
