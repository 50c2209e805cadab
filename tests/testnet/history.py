"""What clients were told, and whether every node holds it: nothing acknowledged is ever lost, or told twice.

A client is told one of two things. `committed`: the document is in the block of this height, with this
receipt. `pending`: the document is kept and will be in a block. Any other end of a request promises nothing.
"""

import http.client
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from tests.testnet.client import Client, Reply, until

_PROMISES: Final = (
    http.client.ACCEPTED,
    http.client.SERVICE_UNAVAILABLE,
    http.client.GATEWAY_TIMEOUT,
)
"""Answers that name a document which the node keeps."""


class Told(NamedTuple):
    """What a client was told of one document."""

    document: str
    """Its id."""
    height: int | None
    """Where it stands; None when it was only promised."""
    receipt: Any
    """The verdict on it; None when it was only promised."""
    node: str
    """Who told it; empty where nobody asks."""


class History:
    """Everything that clients were told, by any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, Told] = {}

    def note(self, reply: Reply, node: str = "") -> bool:
        """Take down what an answer of a node promises; return False when it promises nothing."""
        told = _promise_of(reply, node)
        if told is None:
            return False
        with self._lock:
            self._told[told.document] = told
        return True

    def lose_outbox(self, node: str, find: Callable[[str], Any]) -> int:
        """Settle what a node has only promised before its outbox is deleted; count what is forgotten.

        What stands in a block that another node has must stay there, as that node says. Of the rest nobody
        else had to know anything: it is forgotten.

        Args:
            node: It does not run.
            find: Returns a document of the chain by its id, as another node has it, or None.
        """
        with self._lock:
            promised = [told for told in self._told.values() if told.node == node and told.height is None]
        found = {told.document: find(told.document) for told in promised}
        with self._lock:
            for identifier, document in found.items():
                if document is None:
                    del self._told[identifier]
                else:
                    place = document["height"], document["receipt"]
                    self._told[identifier] = Told(identifier, *place, node)
        return sum(document is None for document in found.values())

    @property
    def committed(self) -> int:
        """How many documents a client was told to be committed."""
        with self._lock:
            return sum(told.height is not None for told in self._told.values())

    @property
    def promised(self) -> int:
        """How many documents a client was told of at all."""
        with self._lock:
            return len(self._told)

    def check(self, clients: Mapping[str, Client], every: int = 1) -> int:
        """Every node must hold every document that was told of, at one height with one receipt; count them.

        Args:
            clients: By node.
            every: Ask for every so many-th document only.
        """
        with self._lock:
            documents = list(self._told.values())[::every]
        faults = [fault for told in documents for fault in _faults(told, clients)]
        assert not faults, faults
        return len(documents)


def _promise_of(reply: Reply, node: str) -> Told | None:
    if reply.status == http.client.OK:
        body = reply.body
        return Told(body["document"], body["height"], body["receipt"], node)
    if reply.status in _PROMISES and "document" in reply.body:
        return Told(reply.body["document"], None, None, node)
    return None


def _faults(told: Told, clients: Mapping[str, Client]) -> list[str]:
    identifier = told.document
    expected = None if told.height is None else (told.height, told.receipt)
    faults: list[str] = []
    for name, client in clients.items():
        if expected is not None and expected[0] < client.history_from():
            continue
        document = until(lambda client=client: client.document(identifier), f"{name} holds {identifier}")
        place = (document["height"], document["receipt"])
        # Of a promised document the first node says where it went, and the others must say the same.
        expected = expected or place
        if place != expected:
            faults.append(f"{name} has {identifier} as {place}, not as {expected}")
    return faults
