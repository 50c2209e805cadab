"""The wish to be connected to a node: when to dial again, with a growing, capped and jittered pause."""

from collections.abc import Callable

from network.peer.config import PeerConfig
from network.transport.base import Address, Timer

_MAX_DOUBLINGS = 16


class Link:
    """One node that this node dials.

    Attributes:
        name: The node's name in genesis.
        address: Where it listens.
        attempt: The attempt or the pause that is under way; None while a session is open.
        deadline: When the attempt is given up.
    """

    def __init__(self, name: str, address: Address, config: PeerConfig, jitter: Callable[[], float]) -> None:
        """Begin without failures; `jitter` returns numbers from 0 up to 1."""
        self.name = name
        self.address = address
        self.attempt: Timer | None = None
        self.deadline: Timer | None = None
        self._config = config
        self._jitter = jitter
        self._failures = 0

    def pause_ms(self) -> int:
        """Count a failure and return how long to wait: half of the doubled pause, and a random part more.

        Nodes that lost each other at the same moment so do not dial at the same moment.
        """
        whole = min(
            self._config.dial_cap_ms, self._config.dial_base_ms << min(self._failures, _MAX_DOUBLINGS)
        )
        self._failures += 1
        return whole // 2 + int(self._jitter() * (whole - whole // 2))

    def lasted(self, session_ms: int) -> None:
        """Forget earlier failures if the session that has ended was a stable one."""
        if session_ms >= self._config.stable_ms:
            self._failures = 0

    def stop(self) -> None:
        """Call off what is under way."""
        for timer in (self.attempt, self.deadline):
            if timer is not None:
                timer.cancel()
        self.attempt = self.deadline = None
