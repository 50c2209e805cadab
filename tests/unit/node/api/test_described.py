"""The API keeps to its own OpenAPI document: schemathesis makes requests from it and compares the answers.

Requests that are right by the document and requests that are not; each answer must be of a documented status,
media type and form, and never a 500.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from node.api.openapi import describe
from tests.support.gateway import Desk
from tests.unit.node.api.harness import PATIENCE_S, Api, serving
from tests.unit.node.api.samples import commission, pack_text, ship

T = TypeVar("T")

EXAMPLES = 6
SEED = 20_261_122
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson")
def _ndjson(_context: object, value: Any) -> bytes:
    """Return a stream of one line."""
    return value if isinstance(value, bytes) else msgspec.json.encode(value) + b"\n"


class Served:
    """A node on a loop of its own thread, for a client that blocks."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._stack = AsyncExitStack()
        self._thread.start()
        self.api = self.run(self._start())

    async def _start(self) -> Api:
        desk = Desk()
        api = await self._stack.enter_async_context(
            serving(desk.node, captures=desk.captures, drafts=desk.drafting)
        )
        assert (await api.submit(commission("A1", "B1"))).status == 200
        assert (await api.submit(ship(pack_text("A1")))).status == 200
        return api

    def run(self, job: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(job, self._loop).result(PATIENCE_S)

    def close(self) -> None:
        self.run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    found = Served()
    yield found
    found.close()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_answer_is_as_described(served: Served, mode: GenerationMode) -> None:
    base = str(served.api.url("")).rstrip("/")
    schema = schemathesis.openapi.from_dict(describe("0", served.api.servers.apps.endpoints))
    asked = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path == "/v1/events":
            # It never ends.
            continue

        @seed(SEED)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            headers = {"Authorization": "Bearer all"}
            case.call_and_validate(base_url=base, headers=headers, timeout=PATIENCE_S, checks=CHECKS)

        try:
            ask()
        except Unsatisfiable:
            # Where nothing is asked nothing can be wrong.
            assert mode is GenerationMode.NEGATIVE
            continue
        asked += 1
    assert asked > 15
