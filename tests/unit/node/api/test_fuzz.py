"""Whatever a client sends, it gets a documented answer: never a 500, never a connection cut."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.unit.node.api.harness import Api, serving
from tests.unit.node.api.samples import commission, pack_text, path_names, ship

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
words = st.sampled_from(
    [
        *("records", "record", "at", "items", "nonce", "partner", "commission", "ship", "receive", "serials"),
        *("shipment", "mode", "references", "type", "value", "hash", "lot", "gtin", "expiry", "premises"),
    ]
)
values = st.recursive(
    scalars | words,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=20,
)
segments = st.text(
    st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=30
) | st.sampled_from([pack_text("A1"), "00" * 32, "1", "0614141010004", "..", "%", "(01)"])


class Fuzzed:
    """A served node and the loop it is served on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, api: Api) -> None:
        self.loop = loop
        self.api = api

    def ask(self, method: str, path: str, **more: Any) -> tuple[int, bytes]:
        reply = self.loop.run_until_complete(self.api.ask(method, path, **more))
        if reply.status >= 400:
            assert reply.code
        return reply.status, reply.body


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    loop = asyncio.new_event_loop()
    stack = contextlib.AsyncExitStack()

    async def start() -> Api:
        api = await stack.enter_async_context(serving())
        assert (await api.submit(commission("A1", "B1"))).status == 200
        return api

    api = loop.run_until_complete(start())
    with capture_logs() as logs:
        yield Fuzzed(loop, api)
    loop.run_until_complete(stack.aclose())
    loop.close()
    assert [entry for entry in logs if entry["event"] == "request_failed"] == []


def quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


@FUZZ
@given(st.data())
def test_any_path_and_query(fuzzed: Fuzzed, data: st.DataObject) -> None:
    endpoints = [entry for entry in fuzzed.api.servers.apps.endpoints if entry.path != "/v1/events"]
    endpoint = data.draw(st.sampled_from(endpoints))
    path = endpoint.path
    for name in path_names(path):
        path = path.replace(f"{{{name}}}", quoted(data.draw(segments)))
    names = st.sampled_from([entry.name for entry in endpoint.parameters] or ["x"]) | st.text(max_size=5)
    query = data.draw(st.dictionaries(names, st.text(max_size=10), max_size=3))
    text = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in query.items())
    status, body = fuzzed.ask(endpoint.method, f"{path}?{text}" if text else path, bearer="all", body=b"")
    # A capture has nothing behind it on this node.
    assert status != 500, body


@FUZZ
@given(values.map(msgspec.json.encode) | st.binary(max_size=200))
def test_any_document(fuzzed: Fuzzed, body: bytes) -> None:
    status, answer = fuzzed.ask("POST", "/v1/documents", bearer="maker", body=body)
    assert status in {400, 409, 413, 202}, answer


@FUZZ
@given(st.data())
def test_documents_with_one_field_that_is_anything(fuzzed: Fuzzed, data: st.DataObject) -> None:
    record = data.draw(st.sampled_from([commission("C1"), ship(pack_text("A1"), references=[], deadline="")]))
    field = data.draw(st.sampled_from(sorted(record)))
    body = msgspec.json.encode({"records": [{**record, field: data.draw(values)}]})
    status, answer = fuzzed.ask("POST", "/v1/documents", bearer="maker", body=body)
    assert status in {400, 409, 202}, answer


@FUZZ
@given(st.lists(values.map(msgspec.json.encode) | st.binary(max_size=60), max_size=6))
def test_any_stream(fuzzed: Fuzzed, lines: list[bytes]) -> None:
    body = b"\n".join(lines)
    status, answer = fuzzed.ask("POST", "/v1/documents:stream", bearer="maker", body=body)
    assert status == 200
    expected = len([line for line in body.split(b"\n") if line.strip()])
    assert len(answer.splitlines()) == expected


@FUZZ
@given(
    st.sampled_from(
        ["Authorization", "Idempotency-Key", "Content-Type", "Content-Encoding", "Last-Event-ID"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=300),
)
def test_any_header(fuzzed: Fuzzed, name: str, value: str) -> None:
    body = msgspec.json.encode({"records": [commission("A1")]})
    bearer = None if name == "Authorization" else "maker"
    with contextlib.suppress(ValueError):
        status, answer = fuzzed.ask("POST", "/v1/documents", bearer=bearer, body=body, headers={name: value})
        assert status in {400, 401, 409, 415, 422, 200, 202}, answer
