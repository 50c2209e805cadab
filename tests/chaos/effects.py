"""Whether a fault of the network did anything: a cut that nobody notices proves nothing."""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tests.chaos.plan import Fault, Kind
from tests.testnet.running import Running

SETTLE_S: Final = 2
"""After a cut; then what was under way before has been dealt with."""
MOST_LATE: Final = 1
"""Blocks that a node without others may add after that: one whose votes it had, and had not yet counted."""
LONG_S: Final = 10
"""From then on those that still have a quorum must be ahead of one that is cut off."""
_ENDED: Final = "packtrail_sessions_ended_total{"
_BY_RELAYS: Final = (Kind.CUT, Kind.LONG_CUT, Kind.RESET)
_ENDING: Final = (Kind.LONG_CUT, Kind.RESET)
"""What must end conversations."""


class Looks(msgspec.Struct, frozen=True):
    """What nodes say of themselves while a fault of the network is done to some of them."""

    early: Mapping[str, int]
    """Their heights when it had begun and the nodes had settled."""
    late: Mapping[str, int]
    """Their heights when it was to end."""
    ended: Mapping[str, int]
    """How many conversations those that it was done to had ended more when all had recovered."""


class Watch:
    """Looks at a network before, during and after one fault."""

    def __init__(self, network: Running, fault: Fault) -> None:
        """Look before."""
        self._network = network
        self._fault = fault
        self._early: Mapping[str, int] = {}
        self._late: Mapping[str, int] = {}
        self._before = self._ended()

    def wait(self, wait: Callable[[float], None]) -> None:
        """Wait while the fault lasts, and look when the nodes have settled, and at its end."""
        if self._fault.kind not in _BY_RELAYS or self._fault.seconds <= SETTLE_S:
            wait(self._fault.seconds)
            return
        wait(SETTLE_S)
        self._early = self._heights()
        wait(self._fault.seconds - SETTLE_S)
        self._late = self._heights()

    def missing(self) -> tuple[str, ...]:
        """Return what should have come of the fault, and did not, after everybody has recovered."""
        after = self._ended()
        ended = {name: count - self._before[name] for name, count in after.items()}
        looks = Looks(self._early, self._late, ended)
        return missing(self._fault, self._network.validators, looks)

    def _heights(self) -> Mapping[str, int]:
        clients = self._network.clients(*self._network.validators)
        return {name: client.height() for name, client in clients.items()}

    def _ended(self) -> Mapping[str, int]:
        if self._fault.kind not in _ENDING:
            return {}
        return {name: _sum(self._network, name) for name in self._fault.nodes}


def missing(fault: Fault, validators: list[str], looks: Looks) -> tuple[str, ...]:
    """Return, in sentences, what a fault of the network should have done to whom, and did not.

    Args:
        fault: What was done.
        validators: All of them, each with the same power.
        looks: What was seen; heights only if it lasted.
    """
    rest = [name for name in validators if name not in fault.nodes]
    has_quorum = 3 * len(rest) > 2 * len(validators)
    alone = fault.nodes if has_quorum else validators
    wrong = [
        f"{name} went on from height {looks.early[name]} to {looks.late[name]}"
        for name in alone
        if looks.early and looks.late[name] > looks.early[name] + MOST_LATE
    ]
    if looks.late and has_quorum and fault.seconds >= LONG_S:
        ahead = max(looks.late[name] for name in rest)
        wrong += [
            f"{name} was as high as the others, {ahead}" for name in fault.nodes if looks.late[name] >= ahead
        ]
    enough = len(validators) // 2
    wrong += [
        f"{name} ended {count} conversations, of at least {enough}"
        for name, count in looks.ended.items()
        if count < enough
    ]
    return tuple(wrong)


def _sum(network: Running, name: str) -> int:
    """Return how many conversations a node has ended since its start, for whatever reason."""
    text = network.operators(name).ask("GET", "/metrics").data.decode()
    return sum(int(float(line.rpartition(" ")[2])) for line in text.splitlines() if line.startswith(_ENDED))
