"""Running a world from its seed, and what became of it."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import structlog

from tests.simulation.joining import small_chunks
from tests.simulation.plan import Plan, make_plan
from tests.simulation.signatures import SignatureBook, signatures
from tests.simulation.world import World


class Outcome(msgspec.Struct):
    """What became of a seed."""

    seed: int
    """The seed."""
    failure: str
    """What broke; empty when nothing did."""
    heights: int
    """Heights decided."""
    rounds: int
    """Rounds beyond the first that heights needed."""
    restarts: int
    """How often machines stopped."""
    documents: int
    """Documents in the chain."""
    items: int
    """Items at the end."""
    evidence: int
    """Lies that were reported."""
    validators: int
    """How many there were at the beginning."""
    faults: dict[str, int]
    """Faults by kind."""
    lies: dict[str, int]
    """What liars did, by behaviour."""
    repairs: dict[str, int]
    """What was mended after faults, by kind."""
    messages: dict[str, int]
    """What became of messages, by kind."""
    changes: dict[str, int]
    """How partners changed who votes, by kind."""
    drawn: int
    """Faults that were drawn."""
    events: int
    """What happened in virtual time: see `Scheduler.events`."""
    inputs: int
    """What engines were told."""
    seconds: float
    """Time of the processor that it took; no two runs are alike in this."""
    virtual_ms: int
    """How long it took in the world."""
    trace: str
    """Hash of everything that happened."""


def run_seed(seed: int, *, is_told: bool = False) -> Outcome:
    """Run one seed's world and say what became of it."""
    return run_plan(make_plan(seed), is_told=is_told)


def run_plan(plan: Plan, *, is_told: bool = False) -> Outcome:
    """Run a world and say what became of it.

    Args:
        plan: What the world is like.
        is_told: Print what happens in it, and the traceback of a failure.
    """
    book = SignatureBook()
    with quiet(), signatures(book.note, real=plan.real_signatures), small_chunks(plan):
        return sum_up(World(plan, book, is_told=is_told), is_told=is_told)


def sum_up(world: World, *, is_told: bool) -> Outcome:
    """Run a world that was made, and say what became of it; raise what broke instead if it `is_told`."""
    began = time.process_time()
    failure = ""
    try:
        world.run()
    except Exception as error:
        if is_told:
            raise
        failure = f"{type(error).__name__}: {error}"
    return _sum_up(world, failure, time.process_time() - began)


def _sum_up(world: World, failure: str, seconds: float) -> Outcome:
    decided = world.invariants.decided.values()
    lies: Counter[str] = Counter()
    for name in world.liars:
        tampering = world.machines[name].tampering
        lies.update({} if tampering is None else tampering.counts)
    repairs, fired = Counter[str](), Counter[str]()
    for machine in world.machines.values():
        repairs.update(machine.repairs)
        fired.update(machine.disk.fired)
        repairs["torn_tail_cut"] += machine.disk.tails
    return Outcome(
        seed=world.plan.seed,
        failure=failure,
        heights=world.invariants.height,
        rounds=sum(block.round for block in decided),
        restarts=world.stops,
        documents=sum(len(block.receipts) for block in decided),
        items=world.items,
        evidence=sum(world.invariants.evidence.values()),
        validators=world.plan.size,
        faults=_counted(world.faults.counts + fired + world.counts),
        lies=_counted(lies),
        repairs=_counted(repairs),
        messages=_counted(Counter(world.mood.counts)),
        changes=_counted(world.changes),
        drawn=world.faults.drawn,
        events=world.scheduler.events,
        inputs=world.inputs,
        seconds=seconds,
        virtual_ms=world.scheduler.now_ms,
        trace=world.trace_hash,
    )


def _counted(counts: Counter[str]) -> dict[str, int]:
    return {kind: count for kind, count in sorted(counts.items()) if count}


@contextmanager
def quiet() -> Iterator[None]:
    """Have nodes log nothing."""
    kept = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**kept)


def _drop(_logger: object, _name: str, _event: object) -> str:
    raise structlog.DropEvent
