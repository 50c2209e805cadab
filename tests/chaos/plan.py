"""What happens next, drawn from a seed."""

import random
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")


class Kind(StrEnum):
    """Something that happens to nodes."""

    KILL = "kill"
    """SIGKILL; after a while they are started."""
    PAUSE = "pause"
    """SIGSTOP; after a while they go on."""
    CUT = "cut"
    """Nothing comes through to them or from them, for too short a while to end a conversation."""
    LONG_CUT = "long cut"
    """The same, until every conversation has been given up, and new ones fail."""
    RESET = "reset"
    """All their connections end at once; nothing hinders new ones."""
    RESTART = "restart"
    """They are stopped in order, and started."""
    DELETE = "delete home"
    """A validator is stopped, its data folder deleted, and it is started: it fetches everything anew. It
    begins an empty signer's record before, and votes when it has listened."""
    DELETE_OBSERVER = "delete observer"
    """The same happens to an observer, which signs nothing."""


class Fault(msgspec.Struct, frozen=True):
    """One thing that happens."""

    kind: Kind
    """What."""
    nodes: tuple[str, ...]
    """To whom."""
    seconds: int
    """For how long."""

    @property
    def label(self) -> str:
        """What, and to how many."""
        return label(self.kind, len(self.nodes))


PAUSE_S: Final = 10
"""How long nodes stand still."""
CUT_S: Final = (4, 8)
"""How long, at least and at most, nodes are without network for a moment: less than the 10 s after which a
silent conversation ends."""
LONG_CUT_S: Final = 25
"""How long they are when conversations must end."""
MOST_DEAD_S: Final = 6
"""How long killed nodes are dead at most."""
COUNTS: Final[Mapping[Kind, Mapping[int, int]]] = {
    Kind.KILL: {1: 12, 2: 6, 3: 2, 7: 1},
    Kind.PAUSE: {1: 12, 2: 9},
    Kind.CUT: {1: 12, 2: 6, 3: 2, 7: 1},
    Kind.LONG_CUT: {1: 12, 2: 6, 3: 2, 7: 1},
    Kind.RESET: {1: 12, 2: 6, 3: 2, 7: 1},
    Kind.RESTART: {1: 12, 2: 9},
    Kind.DELETE: {1: 1},
    Kind.DELETE_OBSERVER: {1: 1},
}
"""To how many nodes something happens at once, and how often that is chosen: three stop the network."""
OFTEN: Final[Mapping[Kind, int]] = {
    Kind.KILL: 8,
    Kind.PAUSE: 6,
    Kind.CUT: 4,
    Kind.LONG_CUT: 4,
    Kind.RESET: 4,
    Kind.RESTART: 4,
    Kind.DELETE: 1,
    Kind.DELETE_OBSERVER: 1,
}
"""How often each kind is chosen."""
ENDING: Final = (Kind.KILL, Kind.RESTART, Kind.DELETE)
"""What ends the process of a validator."""
PAIRS: Final = tuple((kind, count) for kind, counts in COUNTS.items() for count in counts)
"""All that can happen: what, and to how many."""


def label(kind: Kind, count: int) -> str:
    """Name what happens to so many nodes."""
    return f"{kind} {count}"


def draw(seed: int, validators: Sequence[str], observers: Sequence[str]) -> Iterator[Fault]:
    """Draw faults for ever: each of `PAIRS` once at first, in some order, then by chance.

    Six minutes see them all; what chance alone seldom chooses is then in no long run by luck. From then on
    the process of the last validator is never ended, so that one lives long enough to tell whether it grows.
    """
    source = random.Random(seed)
    first = list(PAIRS)
    source.shuffle(first)
    for kind, count in first:
        yield _fault(source, kind, count, observers if kind == Kind.DELETE_OBSERVER else validators)
    while True:
        kind = _choose(source, OFTEN)
        nodes = observers if kind == Kind.DELETE_OBSERVER else validators
        if kind in ENDING:
            nodes = nodes[:-1]
        count = _choose(
            source, {count: often for count, often in COUNTS[kind].items() if count <= len(nodes)}
        )
        yield _fault(source, kind, count, nodes)


def _choose(source: random.Random, weights: Mapping[T, int]) -> T:
    return source.choices(list(weights), list(weights.values()))[0]


def _fault(source: random.Random, kind: Kind, count: int, nodes: Sequence[str]) -> Fault:
    chosen = tuple(sorted(source.sample(nodes, count)))
    match kind:
        case Kind.KILL:
            return Fault(kind, chosen, source.randint(1, MOST_DEAD_S))
        case Kind.PAUSE:
            return Fault(kind, chosen, PAUSE_S)
        case Kind.CUT:
            return Fault(kind, chosen, source.randint(*CUT_S))
        case Kind.LONG_CUT:
            return Fault(kind, chosen, LONG_CUT_S)
        case _:
            return Fault(kind, chosen, 0)
