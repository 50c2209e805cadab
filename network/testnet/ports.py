"""Ports on loopback for the nodes of a test network."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

HOST: Final = "127.0.0.1"
PORTS_PER_NODE: Final = 3
"""For other nodes, for clients, for operators."""


def free_ports(count: int) -> list[int]:
    """Return different ports that nobody listens on now.

    All are held at once while choosing, so that none is given twice; they are free again on return, and a
    node that finds its port taken by then says so when it starts.
    """
    with ExitStack() as held:
        found = []
        for _ in range(count):
            listener = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            listener.bind((HOST, 0))
            found.append(int(listener.getsockname()[1]))
        return found


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
