"""A crash at every persistence point there is, counted: `python -m tests.simulation.crash_points`.

One short story is told again and again: four validators, a member, an observer, partners at work, a handful
of heights. A first run counts the persistence points that one node passes, from its first start to the end.
Then, for each point, the story is told with the power going out right before it, and what was not synced is
kept, dropped or torn at 512 bytes; or the disk refuses, as a full or a broken one does. Up to the point a run
is the same as the first, so every crash falls where it was aimed.

Three more stories have what is not in every node's life. An observer comes late and joins by a snapshot:
chunks, rows, and the step by which the new database gets its place are points, too. A validator's home was
copied: it listens, and then has it durable that it votes. A validator beside a liar keeps evidence,
and votes of heights that took more than one round.

Starting again has points of its own: after each crash, the power goes out a second time at each of the first
points of the recovery, with the same aftermath. What a killed process leaves (`kept`) is found, and is not
durable by that. So after a kill the power goes out at more points, also some later ones, when the new life
has said what rests on it; and it takes, or tears, all that neither life made durable.

After each, the world goes on and every invariant of the simulator holds: one app hash on all nodes, nothing
lost that was acknowledged, no step signed twice. What a refusing disk said reaches whoever ends the node,
word for word, and the node has asked it for nothing since.
"""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from node.identity.standing import Standing
from node.storage.memory_files import Survive
from node.storage.snapshot_files import SNAPSHOT_FOLDER
from tests.simulation.disks import NO_SPACE, Trap
from tests.simulation.invariants import Broken
from tests.simulation.joining import small_chunks
from tests.simulation.machine import Machine
from tests.simulation.outcome import quiet
from tests.simulation.plan import Plan, make_plan
from tests.simulation.signatures import SignatureBook, signatures
from tests.simulation.world import DRAIN_MS, World
from tests.support.measured import measured_commit, record

SEED: Final = 27
"""Of the story; here the first validator and the member have keys of busy partners."""
HEIGHTS: Final = 6
"""Partners work for so many heights."""
STORY_MS: Final = 20_000
"""Virtual time within which they must be decided."""
RECOVERY_POINTS: Final = 4
"""After a power cut: all that is found is durable."""
KILLED_POINTS: Final = (*range(1, 9), 12, 16, 24, 32)
"""After a kill: opening the disks passes two to eight; what follows is operation again."""
JOINER: Final = "joiner"
"""The observer again, in a story in which it comes late and joins by a snapshot."""
JOINS_AT: Final = 5
"""It comes when this height is decided."""
LISTENER: Final = "listener"
"""The validator again, whose home is a copy."""
WITNESS: Final = "witness"
"""The validator again, beside one that says two things of everything."""
LIAR: Final = 3
LIES: Final = ("propose", "prevote", "precommit", "both")
NODES: Final = ("v0", "member", "observer", JOINER, LISTENER, WITNESS)
"""A validator, both kinds of followers, and those to whom something happens."""
_MACHINES: Final = {JOINER: "observer", LISTENER: "v0", WITNESS: "v0"}
REFUSES: Final = "refuses"
"""Beside kept, dropped and torn: the disk does not lose power, it says no."""
AFTERMATHS: Final = (*(survive.value for survive in Survive), REFUSES)
_DIGITS: Final = re.compile(r"[0-9]+")


class Aim(NamedTuple):
    """Where the power goes out."""

    node: str
    """Whose."""
    point: int
    """At which of its persistence points, from 1."""
    aftermath: str
    """What becomes of unsynced data; or that the disk refuses."""
    again: int = 0
    """At which point of the recovery once more; 0 for never."""
    then: str = ""
    """What becomes of unsynced data then."""


class Told(NamedTuple):
    """What became of one run."""

    aim: Aim
    """Where the power went out."""
    failure: str
    """What broke; empty when nothing did."""
    reached: bool
    """Whether the node came to the point, and to the second one if there was one to be."""
    after: tuple[str, ...]
    """Names of the points that the node passed when it started again."""


class Story(World):
    """The short world.

    Attributes:
        points: Names of the points that the node passed, each with the number of its life.
        spared: Numbers of the points at files of snapshots that the node makes: a full disk there ends none.
    """

    def __init__(self, plan: Plan, book: SignatureBook, aim: Aim) -> None:
        """Prepare a run; point 0 is never reached."""
        super().__init__(plan, book)
        self._aim = aim
        self._lives = 0
        self.points: list[tuple[int, str]] = []
        self.spared: set[int] = set()
        machine = self.machines[name_of(aim.node)]
        if aim.node == LISTENER:
            Standing(machine.disk.files).suspend()
        machine.disk.on_point = partial(self._pass, machine)
        if aim.point:
            machine.set_trap(_trap(aim.point, aim.aftermath))

    def _pass(self, machine: Machine, name: str) -> None:
        self.points.append((self._lives, name))
        if SNAPSHOT_FOLDER in name and not machine.is_joining:
            self.spared.add(len(self.points))

    def run(self) -> None:
        """Tell it.

        Raises:
            AssertionError: An invariant does not hold.
        """
        for machine in self._awaited():
            self.scheduler.after(1, machine.boot)
        self.workload.begin()
        if not self._run_until(lambda: self.invariants.height >= HEIGHTS, STORY_MS):
            raise Broken(f"I7: the story stands still: {self._standing()}")
        self.workload.end()
        if not self._run_until(self._is_over, DRAIN_MS):
            raise Broken(f"I3: what was promised is not in the chain: {self._standing()}")
        self._check_end()
        tips = {each.ledger.tip.app_hash for each in self.machines.values() if each.ledger is not None}
        if len(tips) != 1:
            raise Broken(f"I2: {len(tips)} app hashes at the end")

    def _is_over(self) -> bool:
        """Everybody is up, at one height above the story's, nothing waits, and who listened votes again."""
        heights = {machine.height for machine in self.machines.values()}
        return (
            all(machine.is_up for machine in self.machines.values())
            and len(heights) == 1
            and min(heights) > HEIGHTS
            and self._is_drained()
            and not any(map(_listens, self.machines.values()))
        )

    def on_stopped(self, machine: Machine) -> None:
        """The power went out; set the second trap, if there is to be one, and start again."""
        self._lives += 1
        if self._lives == 1 and self._aim.again:
            machine.set_trap(_trap(self._aim.again, self._aim.then))
        super().on_stopped(machine)


def _listens(machine: Machine) -> bool:
    """Tell whether it is a validator that does not know from which height on it may vote."""
    consensus = None if machine.core is None else machine.core.consensus
    return consensus is not None and consensus.rejoining.votes_from is None


def _trap(points: int, aftermath: str) -> Trap:
    refuses = aftermath == REFUSES
    return Trap(points, refuses=refuses, survive=Survive.KEPT if refuses else Survive(aftermath))


def name_of(node: str) -> str:
    """Return the name of the machine that is meant."""
    return _MACHINES.get(node, node)


def story_plan(node: str) -> Plan:
    """Return the story's world: nothing goes wrong in it but what is aimed at a node."""
    return msgspec.structs.replace(
        make_plan(SEED),
        powers=(1, 1, 1, 1),
        has_member=True,
        has_observer=True,
        liars=(LIAR,) if node == WITNESS else (),
        behaviours=LIES,
        skewed=(),
        real_signatures=False,
        governs=False,
        shares_lane=False,
        faults=("crash",),
        latency_us=2_000,
        jitter_us=2_000,
        documents_per_second=25,
        segment_bytes=2 * 1024,
        joins_at=JOINS_AT if node == JOINER else 0,
    )


def tell(aim: Aim) -> Told:
    """Tell the story once."""
    book, plan = SignatureBook(), story_plan(aim.node)
    with quiet(), signatures(book.note, real=False), small_chunks(plan):
        story = Story(plan, book, aim)
        failure = ""
        try:
            story.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            failure = f"{type(error).__name__}: {error}"
    expected = bool(aim.point) + bool(aim.again)
    is_spared = aim.aftermath == REFUSES and aim.point in story.spared
    after = tuple(name for life, name in story.points if life == 1)
    if not failure and aim.aftermath == REFUSES:
        failure = _unheard(story, aim)
    return Told(aim, failure, is_spared or story._lives >= expected, after)


def _unheard(story: Story, aim: Aim) -> str:
    """Say what is wrong with how a node ended whose disk refused; empty when nothing is.

    The disk names the operation and the file. That, the reason and nothing else must reach whoever ends the
    node, and the node asks its disk for nothing more. A full disk at a snapshot that the node makes ends
    nobody; if it writes anything else, that does.
    """
    passed = [name for life, name in story.points if life == 0]
    refused, more = passed[aim.point - 1 : aim.point], passed[aim.point :]
    said = story.machines[name_of(aim.node)].said
    if aim.point in story.spared:
        heard = [text for text in said if refused[0] in text]
        return f"the disk was full at {refused}, and that ended the node: {heard}" if heard else ""
    if said != [f"{name}: {NO_SPACE}" for name in refused]:
        return f"the disk refused at {refused}, and who ends the node heard {said}"
    if more:
        return f"the disk refused at {refused}, and the node went on to {more[0]!r}"
    return ""


def kind_of(name: str) -> str:
    """Return a point's name without its numbers: what all points of its kind have in common."""
    return _DIGITS.sub("#", name)


def points_of(node: str) -> list[str]:
    """Return the names of the points that a node passes when nothing goes wrong."""
    book, plan = SignatureBook(), story_plan(node)
    with quiet(), signatures(book.note, real=False), small_chunks(plan):
        story = Story(plan, book, Aim(node, 0, Survive.KEPT.value))
        story.run()
    return [name for _life, name in story.points]


def aims(names: dict[str, list[str]], every: int) -> list[Aim]:
    """Return one crash per point and aftermath; of the points, every so many-th."""
    return [
        Aim(node, point, aftermath)
        for node, passed in names.items()
        for point in range(1, len(passed) + 1, every)
        for aftermath in AFTERMATHS
    ]


def second_aims(told: list[Told]) -> Iterator[Aim]:
    """Yield, for each crash, one more at each of the first points of the recovery."""
    for run in told:
        aim, passed = run.aim, len(run.after)
        if aim.aftermath == Survive.KEPT.value:
            for at, again in enumerate(KILLED_POINTS, aim.point):
                if again <= passed:
                    then = (Survive.DROPPED, Survive.TORN)[at % 2]
                    yield aim._replace(again=again, then=then.value)
        elif aim.aftermath != REFUSES:
            for again in range(1, min(passed, RECOVERY_POINTS) + 1):
                yield aim._replace(again=again, then=aim.aftermath)


def main(arguments: list[str]) -> int:
    """Run them all, print a table; 1 when anything broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.crash_points", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="of the points, every so many-th")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at the same time")
    parser.add_argument("--record", type=Path, help="keep the table in this file, with the commit")
    options = parser.parse_args(arguments)
    began, commit = time.monotonic(), measured_commit()
    names = {node: points_of(node) for node in NODES}
    with ProcessPoolExecutor(options.jobs) as pool:
        first = list(pool.map(tell, aims(names, options.every), chunksize=8))
        second = list(pool.map(tell, second_aims(first), chunksize=8))
    failed = [run for run in (*first, *second) if run.failure or not run.reached]
    for run in failed:
        name = names[run.aim.node][run.aim.point - 1]
        again = f", again {run.aim.again}, {run.aim.then}" if run.aim.again else ""
        print(f"{run.aim.node}, point {run.aim.point} ({name}), {run.aim.aftermath}{again}:")
        print(f"  {run.failure or 'it never came to the point'}")
    lines = _table(names, first, second)
    summary = {
        "points": {node: len(passed) for node, passed in names.items()},
        "crashes": len(first),
        "crashes_in_recovery": len(second),
        "failed": len(failed),
        "seconds": round(time.monotonic() - began, 1),
    }
    lines.append(msgspec.json.encode(summary).decode())
    print("\n".join(lines))
    if options.record is not None:
        record(
            options.record, " ".join(("python -m tests.simulation.crash_points", *arguments)), commit, lines
        )
    return bool(failed)


def _table(names: dict[str, list[str]], first: list[Told], second: list[Told]) -> list[str]:
    """Lay out how many crashes of each kind fell on each kind of point."""
    hits: dict[tuple[str, str], Counter[str]] = {}
    for run in first:
        place = (run.aim.node, kind_of(names[run.aim.node][run.aim.point - 1]))
        hits.setdefault(place, Counter())[run.aim.aftermath] += 1
    for run in second:
        place = (run.aim.node, kind_of(names[run.aim.node][run.aim.point - 1]))
        hits.setdefault(place, Counter())["again"] += 1
    columns = (*AFTERMATHS, "again")
    lines = [f"{'node':9} {'right before':34}" + "".join(f"{column:>9}" for column in columns)]
    for (node, kind), counts in sorted(hits.items()):
        lines.append(f"{node:9} {kind:34}" + "".join(f"{counts[column]:9}" for column in columns))
    total = Counter(run.aim.aftermath for run in first)
    total["again"] = len(second)
    lines.append(f"{'':9} {'all':34}" + "".join(f"{total[column]:9}" for column in columns))
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
