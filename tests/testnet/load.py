"""Clients that work: each brings logistic units of its partner to life at that partner's node."""

import http.client
import itertools
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from contracts.gs1.dates import format_timestamp
from contracts.gs1.keys import check_digit
from tests.testnet.client import NO_ANSWER, Client
from tests.testnet.history import History

UNITS: Final = 2
"""Logistic units in a document."""
MAX_DOCUMENTS: Final = 100_000
"""Most documents of one client."""
PAUSE_S: Final = 0.05
"""Between two documents of a client: what is told is checked on every node afterwards."""
_TOO_MUCH: Final = (http.client.TOO_MANY_REQUESTS, http.client.SERVICE_UNAVAILABLE)
"""What a node may say that takes nothing in just now."""
_numbers = itertools.count(1)


def units(prefix: str, count: int) -> list[str]:
    """Return logistic units of a partner that nobody has used before.

    Args:
        prefix: The partner's company prefix.
        count: How many.
    """
    width = 16 - len(prefix)
    bodies = [f"3{prefix}{next(_numbers):0{width}d}" for _ in range(count)]
    return [f"(00){body}{check_digit(body)}" for body in bodies]


def birth(at_ms: int, items: list[str]) -> dict[str, object]:
    """Return the record by which logistic units come to life."""
    return {"record": "commission_logistic_units", "at": format_timestamp(at_ms), "ssccs": items}


class Load:
    """One client per node, from `with` to its end; every answer goes into the history."""

    def __init__(
        self,
        clients: Mapping[str, Client],
        prefixes: Mapping[str, str],
        history: History,
        pause_s: float = PAUSE_S,
    ) -> None:
        """Prepare.

        Args:
            clients: By node.
            prefixes: The company prefix of each node's partner.
            history: Told everything.
            pause_s: Between two documents of a client.
        """
        self._history = history
        self._pause_s = pause_s
        self._stopping = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [
            threading.Thread(
                target=self._guarded, args=(name, client, prefixes[name]), name=f"load on {name}"
            )
            for name, client in clients.items()
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        assert not self._failures, self._failures

    def _guarded(self, name: str, client: Client, prefix: str) -> None:
        try:
            self._work(name, client, prefix)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test must hear of it
            self._failures.append(error)

    def _work(self, name: str, client: Client, prefix: str) -> None:
        at_ms = client.now_ms()
        for number in range(MAX_DOCUMENTS):
            if self._stopping.is_set():
                return
            record = birth(at_ms, units(prefix, UNITS))
            # Every third client does not wait for the block.
            reply = client.submit([record], wait=number % 3 != 0)
            promised = self._history.note(reply, name)
            assert promised or reply.status in (NO_ANSWER, *_TOO_MUCH), reply
            self._stopping.wait(self._pause_s)
