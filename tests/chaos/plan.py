"""What happens next, drawn from a seed."""

import random
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec


class Kind(StrEnum):
    """Something that happens to nodes."""

    KILL = "kill"
    """SIGKILL; after a while they are started."""
    PAUSE = "pause"
    """SIGSTOP; after a while they go on."""
    CUT = "cut"
    """Nothing comes through to them or from them, for a while."""
    RESTART = "restart"
    """They are stopped in order, and started."""
    DELETE = "delete home"
    """A node is stopped, its data folder deleted, and it is started: it fetches everything anew. A validator
    begins an empty signer's record before, and votes when it has listened."""


class Fault(msgspec.Struct, frozen=True):
    """One thing that happens."""

    kind: Kind
    """What."""
    nodes: tuple[str, ...]
    """To whom."""
    seconds: int
    """For how long."""


PAUSE_S: Final = 10
"""How long nodes stand still."""
MANY: Final = ((1, 12), (2, 6), (3, 2), (7, 1))
"""To how many validators something happens at once, and how often that is chosen: three stop the network."""


def draw(seed: int, validators: Sequence[str], observers: Sequence[str]) -> Iterator[Fault]:
    """Draw faults for ever: every kind once at first, in some order, so that a short run sees them all."""
    source = random.Random(seed)
    first = list(Kind)
    source.shuffle(first)
    for kind in first:
        yield _draw(source, kind, validators, observers)
    while True:
        kind = source.choices(list(Kind), (4, 3, 4, 2, 1))[0]
        yield _draw(source, kind, validators, observers)


def _draw(source: random.Random, kind: Kind, validators: Sequence[str], observers: Sequence[str]) -> Fault:
    if kind == Kind.DELETE:
        return Fault(kind, (source.choice((source.choice(observers), source.choice(validators))),), 0)
    counts, weights = zip(*MANY, strict=True)
    count = source.choices(counts, weights)[0]
    if kind in (Kind.PAUSE, Kind.RESTART):
        count = min(count, 2)
    nodes = tuple(sorted(source.sample(validators, count)))
    match kind:
        case Kind.KILL:
            return Fault(kind, nodes, source.randint(1, 6))
        case Kind.RESTART:
            return Fault(kind, nodes, 0)
        case _:
            return Fault(kind, nodes, PAUSE_S)
