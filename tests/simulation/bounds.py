"""I8: what nodes hold for others, looked at all the time.

The queues and their bounds are those that the node's own metrics show (docs/limits.md). Some worlds have
small pools, so that their bound is reached.
"""

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from consensus.limits import MAX_FUTURE_ROUNDS
from node.health import queues
from tests.simulation.invariants import Broken

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

_LOOK_US: Final = 200_000
_MOST_FILES: Final = 4
"""The log, the outbox, the signer's record, and one that is being replaced."""


class Bounds:
    """Looks at every node of one world, now and then."""

    def __init__(self, world: "World") -> None:
        """Prepare; `begin` begins."""
        self._world = world

    def begin(self) -> None:
        """Look now, and again after a while.

        Raises:
            Broken: Something is beyond its bound.
        """
        for machine in self._world.machines.values():
            _check_queues(machine)
            _check_files(machine)
            _check_votes(machine)
        self._world.scheduler.after(_LOOK_US, self.begin)


def _check_queues(machine: "Machine") -> None:
    if machine.core is None or machine.postbox is None:
        return
    for queue in queues(machine.core, machine.postbox.peers):
        if queue.bytes > queue.most_bytes:
            held = f"{queue.bytes} bytes of {queue.name}, {queue.most_bytes} at most"
            raise Broken(f"I8: {machine.name} holds {held}")
    if too_long := machine.postbox.peers.counters.too_long:
        raise Broken(f"I8: {machine.name} has answers that are too long to be sent: {dict(too_long)}")


def _check_files(machine: "Machine") -> None:
    if machine.disk.files.open_files > _MOST_FILES:
        raise Broken(f"I8: {machine.name} has {machine.disk.files.open_files} files open")


def _check_votes(machine: "Machine") -> None:
    """Of each author, votes of few rounds to come are kept; one more when a quorum certified that round."""
    if machine.core is None or machine.core.consensus is None:
        return
    engine = machine.core.consensus.engine
    rounds: dict[int, set[int]] = defaultdict(set)
    for vote in engine.votes:
        if vote.round > engine.round:
            rounds[vote.validator].add(vote.round)
    for author, ahead in rounds.items():
        if len(ahead) > MAX_FUTURE_ROUNDS + 1:
            raise Broken(f"I8: {machine.name} keeps votes of {author} for {len(ahead)} rounds to come")
