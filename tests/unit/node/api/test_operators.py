"""The operators' port: alive, ready, metrics, log level."""

import re
from typing import Any

import pytest

from contracts.chain.evidence import OffenceKind
from node.api.status import QueueStatus
from tests.unit.node.api.harness import Api, series
from tests.unit.node.api.samples import commission


async def test_alive(api: Api) -> None:
    reply = await api.get("/livez", None, operators=True)
    assert (reply.status, reply.json) == (200, {"alive": True})


async def test_ready(api: Api) -> None:
    reply = await api.get("/readyz", None, operators=True)
    assert (reply.status, reply.json) == (200, {"ready": True, "height": 0, "checks": []})
    for query in ("?verbose", "?verbose=1"):
        reply = await api.get(f"/readyz{query}", None, operators=True)
        assert [check["name"] for check in reply.json["checks"]] == ["storage", "quorum"]


async def test_not_ready_says_why(api: Api) -> None:
    api.standing.failing = ("quorum",)
    reply = await api.get("/readyz", None, operators=True)
    assert reply.status == 503
    assert reply.json["checks"] == [{"name": "quorum", "ok": False, "detail": "as the test says"}]


async def test_metrics_begin_at_zero_and_count(api: Api) -> None:
    before = await series(api)
    assert before['packtrail_documents_submitted_total{outcome="kept"}'] == 0
    posted = 'packtrail_http_requests_total{method="POST",path="/v1/documents",status="2xx"}'
    assert before[posted] == 0
    words = ("proposal", "prevote", "precommit")
    assert {before[f'packtrail_evidence_total{{type="{word}"}}'] for word in words} == {0}
    assert before["packtrail_dials_failed_total"] == 0
    api.standing.evidence[OffenceKind.PREVOTE] = 2
    api.standing.refused["malformed"] = 3
    api.standing.ended["slow"] = 4
    api.standing.failed_dials = 5
    api.standing.queues = (QueueStatus("pool", 6, 7),)
    api.standing.dropped["inputs"] = 8
    await api.submit(commission("A1"))
    await api.submit(commission("A1"))
    await api.get("/v1/nothing")
    text = (await api.get("/metrics", None, operators=True)).body.decode()
    after = await series(api)
    assert after[posted] == 1
    assert after['packtrail_documents_submitted_total{outcome="kept"}'] == 1
    assert after['packtrail_documents_submitted_total{outcome="refused"}'] == 1
    assert after['packtrail_http_requests_total{method="other",path="unmatched",status="4xx"}'] == 1
    assert after['packtrail_evidence_total{type="prevote"}'] == 2
    assert after['packtrail_bundles_refused_total{reason="malformed"}'] == 3
    assert after['packtrail_sessions_ended_total{reason="slow"}'] == 4
    assert after["packtrail_dials_failed_total"] == 5
    assert after['packtrail_queue_bytes{queue="pool"}'] == 6
    assert after['packtrail_queue_most_bytes{queue="pool"}'] == 7
    assert after['packtrail_messages_dropped_total{reason="inputs"}'] == 8
    assert after['packtrail_messages_dropped_total{reason="requests"}'] == 0
    assert after['packtrail_waiting{measure="bytes"}'] == 0
    assert after['packtrail_waiting_most{measure="bytes"}'] > 0
    assert after["packtrail_gate_places"] > 0
    assert after["packtrail_height"] == api.node.chain.tip.height
    assert after["packtrail_pool_oldest_seconds"] == 0
    assert after['packtrail_peers{role="validator"}'] == 1
    assert after['packtrail_ready{check="storage"}'] == 1
    # Names of series never grow with what clients ask for.
    assert not re.search("/v1/nothing", text)


@pytest.mark.parametrize(
    ("body", "status", "levels"),
    [
        (b'{"level":"debug"}', 200, ["debug"]),
        (b'{"level":"loud"}', 400, []),
        (b"", 400, []),
        (b"x" * 5_000, 413, []),
    ],
)
async def test_the_log_level(api: Api, body: bytes, status: int, levels: list[Any]) -> None:
    reply = await api.ask("POST", "/log-level", bearer="operator", body=body, operators=True)
    assert reply.status == status
    assert api.levels == levels


async def test_clients_and_operators_have_different_ports(api: Api) -> None:
    assert (await api.get("/metrics")).status == 404
    assert (await api.get("/v1/status", operators=True)).status == 404
