"""Observers that join by a snapshot, and what must be true of them (ADR 20).

A machine that has nothing yet begins a life in which only `node.host.joining` runs, as `node/joining.py` has
a process do; its database grows beside its place and is moved there complete, which is a persistence point
like any other. Then a node opens it. What it joined with is compared with what the state was on the node that
had the snapshot's height first: block, app hash, and every row.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec

from network.sync.snapshots import SnapshotConfig
from node.host.joining import Joining, JoiningPlace
from node.storage import chunks
from node.storage.chunks import SECTIONS
from node.storage.head import Head
from node.storage.snapshot_files import SnapshotFiles
from node.storage.store import MAX_SCAN_ROWS, Reader
from tests.simulation.clock import Life, NodeClock
from tests.simulation.invariants import Broken
from tests.simulation.plan import Plan

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

IMPATIENT: Final = SnapshotConfig(
    settle_ms=500,
    trust_ms=4_000,
    ask_ms=300,
    answer_ms=800,
    hurry_ms=300,
    rest_ms=1_000,
    stuck_ms=2_000,
    progress_ms=5_000,
)
"""As the whole network is."""
SMALL_CHUNK_BYTES: Final = 2 * 1024
"""A small state has some chunks then."""


@contextmanager
def small_chunks(plan: Plan) -> Iterator[None]:
    """Have every node cut snapshots into small chunks, where somebody joins by one."""
    kept = chunks.CHUNK_BYTES
    chunks.CHUNK_BYTES = SMALL_CHUNK_BYTES if plan.joins_at else kept  # type: ignore[misc]
    try:
        yield
    finally:
        chunks.CHUNK_BYTES = kept  # type: ignore[misc]


def begin_joining(machine: "Machine", life: Life, ended: Callable[[Head | str], None]) -> Joining:
    """Return what fetches a snapshot for a machine with an empty disk."""
    world, disk = machine.world, machine.disk
    place = JoiningPlace(world.cast.genesis, disk.begin_joining(), SnapshotFiles(disk.files))
    clock = NodeClock(world.scheduler, life)
    return Joining(place, clock, machine.workers["disk"], ended, IMPATIENT)


def state_of(reader: Reader) -> bytes:
    """Return a hash of every row that a snapshot holds."""
    found = hashlib.blake2b(digest_size=16)
    for section in SECTIONS:
        start: bytes | None = None
        while True:
            page = reader.scan(section, start=start, limit=MAX_SCAN_ROWS)
            found.update(msgspec.msgpack.encode(page.rows))
            start = page.resume
            if start is None:
                break
    return found.digest()


class Joined:
    """What is known of states at the heights of snapshots, and who joined with which."""

    def __init__(self, world: "World", interval: int) -> None:
        """Watch a world in which snapshots are made at every height that `interval` divides."""
        self._world = world
        self._interval = interval
        self._states: dict[int, bytes] = {}

    def on_applied(self, machine: "Machine", height: int) -> None:
        """The first node has a height."""
        if self._world.plan.joins_at and height % self._interval == 0:
            self._states[height] = state_of(machine.disk.store)

    def check(self, machine: "Machine", head: Head) -> None:
        """Compare what a machine joined with.

        Raises:
            Broken: I2.
        """
        decided = self._world.invariants.decided.get(head.height)
        if decided is None or (decided.block_id, decided.app_hash) != (head.block_id, head.app_hash):
            raise Broken(f"I2: {machine.name} joins at height {head.height} with another block or app hash")
        if self._states.get(head.height) != state_of(machine.disk.store):
            raise Broken(f"I2: {machine.name} joins with another state than that of height {head.height}")
