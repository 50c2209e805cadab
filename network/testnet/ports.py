"""Ports on loopback for the nodes of a test network.

They are taken from below the range that the kernel gives to outgoing connections: a node that is down for a
while would else find its port taken by somebody's call when it comes back. For the same reason a user's
processes take turns: a port is given out anew only when all the others were.
"""

import fcntl
import os
import secrets
import socket
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
PORTS_PER_NODE: Final = 3
"""For other nodes, for clients, for operators."""


_LOWEST: Final = 10_000
_FIRST_OUTGOING: Final = 32_768
"""Linux' default, where /proc does not say."""
_TRIES: Final = 1_000
_DIGITS: Final = 5


def free_ports(count: int, without: Collection[int] = ()) -> list[int]:
    """Return different ports that nobody listens on now, and none of those given out before (`without`).

    All are held at once while choosing, so that none is given twice; they are free again on return, and a
    node that finds its port taken by then says so when it starts.

    Raises:
        OSError: There are not so many.
    """
    ports = range(_LOWEST, _first_outgoing())
    most = min(len(ports), _TRIES + 2 * (count + len(without)))
    found: list[int] = []
    tried = 0
    with _turn(ports) as turn, ExitStack() as held:
        while len(found) < count:
            if tried == most:
                raise OSError(f"{count} ports were wanted on {HOST}, {len(found)} of {tried} tried are free")
            tried += 1
            port = turn.next_port()
            if port in without:
                continue
            listener = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            with suppress(OSError):
                listener.bind((HOST, port))
                found.append(port)
    return found


class _Turn:
    """Whose turn it is among ports."""

    def __init__(self, ports: range, last: int) -> None:
        self._ports = ports
        self.last = last
        """The port that was tried last."""

    def next_port(self) -> int:
        self.last = self._ports[(self.last + 1 - self._ports.start) % len(self._ports)]
        return self.last


@contextmanager
def _turn(ports: range) -> Iterator[_Turn]:
    """Go on where this user's last process stopped; where no file can say that, begin anywhere."""
    file = Path(tempfile.gettempdir()) / f"packtrail-ports-{os.getuid()}"
    turn = _Turn(ports, secrets.choice(ports))
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        yield turn
        return
    with os.fdopen(descriptor, "r+b", buffering=0) as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        with suppress(ValueError):
            turn.last = int(kept.read(_DIGITS))
        yield turn
        kept.seek(0)
        kept.write(b"%0*d" % (_DIGITS, turn.last))


def _first_outgoing() -> int:
    with suppress(OSError, ValueError, IndexError):
        lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
        return max(lowest, _LOWEST + 2 * _TRIES)
    return _FIRST_OUTGOING


def addresses(names: Sequence[str], base: int) -> dict[str, tuple[str, str, str]]:
    """Return the three addresses of each node.

    Args:
        names: The nodes.
        base: First port of the first node; 0 picks free ones.
    """
    count = PORTS_PER_NODE * len(names)
    ports = list(range(base, base + count)) if base else free_ports(count)
    places = [f"{HOST}:{port}" for port in ports]
    return {name: (places[3 * at], places[3 * at + 1], places[3 * at + 2]) for at, name in enumerate(names)}
