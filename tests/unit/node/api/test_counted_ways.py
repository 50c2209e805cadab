"""Each way in with each outcome, through the real gateway: a document counts once, by one of four words."""

import dataclasses
from typing import NoReturn

import pytest

from node.api.metrics import OUTCOMES
from node.config.schema import ApiSection
from node.host.submitted import Submitted, TooBusy
from tests.support.gateway import Desk
from tests.support.parties import MAKER, WHOLESALER
from tests.unit.node.api.harness import Api, serving
from tests.unit.node.api.samples import commission
from tests.unit.node.api.test_counted import counted
from tests.unit.node.api.test_stream import PATH as STREAM
from tests.unit.node.api.test_stream import line
from tests.unit.node.epcis.desk import made, post, sold
from tests.unit.node.epcis.files import aggregated, case, commissioned, file, pack, pallet, shipped

WAYS = ("document", "stream", "file", "draft")
LATE_MS = 3_600_000
JSON = {"Content-Type": "application/json"}
NEW, KNOWN = line(commission("NEW")), line(commission("P1"))
BODIES = {
    "document": {"kept": NEW, "refused": KNOWN, "invalid": b"nonsense", "busy": NEW},
    "stream": {"kept": NEW, "refused": KNOWN, "invalid": b"nonsense", "busy": NEW},
    "file": {
        "kept": file(commissioned([pack("NEW")])),
        "refused": file(aggregated("ADD", case("C1"), [pack("NONE")])),
        "invalid": b"nonsense",
        "busy": file(commissioned([pack("NEW")])),
    },
}
"""What the maker hands in. P1 is on its way to the wholesaler, NONE is nowhere."""
PATHS = {"document": "/v1/documents", "stream": STREAM, "file": "/v1/epcis/capture"}


async def drafted(outcome: str) -> tuple[Desk, str]:
    """Return a desk with the wholesaler's draft of a receipt; an invalid one names no shipment yet."""
    desk = await (made() if outcome == "invalid" else sold())
    (draft,) = (await post(desk, WHOLESALER, shipped([pallet(1)], MAKER, WHOLESALER))).drafts
    if outcome == "refused":
        # Whoever confirms has a clock that runs an hour ahead of the network's.
        desk.drafting._parts = dataclasses.replace(desk.parts, now_ms=lambda: desk.node.wall.ms + LATE_MS)
    return desk, draft


def busy(_submitted: Submitted) -> NoReturn:
    raise TooBusy


async def hand_in(api: Api, way: str, outcome: str, draft: str) -> None:
    if way == "draft":
        await api.ask("POST", f"/v1/drafts/{draft}:confirm", bearer="wholesaler")
    else:
        headers = {} if way == "stream" else JSON
        await api.ask("POST", PATHS[way], bearer="maker", body=BODIES[way][outcome], headers=headers)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("way", WAYS)
async def test_one_document_is_counted_once(way: str, outcome: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, draft = await drafted(outcome)
    settings = ApiSection()
    if outcome == "busy":
        monkeypatch.setattr(desk.node.submissions, "submit", busy)
        # A stream waits for room so long.
        settings = ApiSection(wait_ms=100)
    gateway = {"captures": desk.captures, "drafts": desk.drafting}
    async with serving(desk.node, settings=settings, **gateway) as api:
        await hand_in(api, way, outcome, draft)
        assert await counted(api) == {outcome: 1}
