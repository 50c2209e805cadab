"""Running a world from its seed, and what became of it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import structlog

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
    faults: dict[str, int]
    """Faults by kind."""
    events: int
    """Things that happened."""
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
    with quiet(), signatures(book.note, real=plan.real_signatures):
        world = World(plan, book, is_told=is_told)
        failure = ""
        try:
            world.run()
        except Exception as error:
            if is_told:
                raise
            failure = f"{type(error).__name__}: {error}"
        return _sum_up(world, failure)


def _sum_up(world: World, failure: str) -> Outcome:
    decided = world.invariants.decided.values()
    faults = Counter(world.faults.counts)
    faults.update({kind: count for kind, count in world.mood.counts.items() if count})
    for liar in world.liars.values():
        faults.update({f"liar_{kind}": count for kind, count in liar.counts.items() if count})
    return Outcome(
        seed=world.plan.seed,
        failure=failure,
        heights=world.invariants.height,
        rounds=sum(block.round for block in decided),
        restarts=world.stops,
        documents=sum(len(block.receipts) for block in decided),
        items=world.items,
        evidence=sum(world.invariants.evidence.values()),
        faults=dict(sorted(faults.items())),
        events=world.scheduler.events,
        virtual_ms=world.scheduler.now_ms,
        trace=world.trace_hash,
    )


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
