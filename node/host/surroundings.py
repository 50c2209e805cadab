"""What a node's parts are given of the world: time, threads and peers; a simulator gives its own."""

from dataclasses import dataclass
from typing import Protocol

from network.peer.face import PeerNetwork
from network.transport.base import Clock
from node.host.worker import Worker


class WallClock(Protocol):
    """The time of day, as the ledger counts it."""

    def now_ms(self) -> int:
        """Return ms since 1970-01-01 UTC; on a test network, with genesis' clock offset added."""
        ...


@dataclass(frozen=True)
class Surroundings:
    """The world around a node's parts."""

    clock: Clock
    """Timers; moves only forward."""
    wall: WallClock
    """Time of day."""
    network: PeerNetwork
    """Messages to peers."""
    writer: Worker
    """Runs what reads and writes the chain."""
    disk: Worker
    """Runs what appends to the log and signs."""
