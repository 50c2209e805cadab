"""Excursions of a lot over HTTP: every session in breach that goods of it went through, and no other."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from contracts.gs1.keys import parse_item
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.record import Record
from contracts.records.supply import Pack, Unpack
from node.api import lot_excursions
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import MAKER, PACK, PACK_GTIN, Party
from tests.unit.node.api.harness import Api, serving

PALLET = parse_item("(00)040123450000000016")
OTHER_PALLET = parse_item("(00)040123450000000023")
LOGGER = b"\x03L1"


class Cellar:
    """A pallet of one pack of lot L-1 with a logger on it; packs of lots L-2 to L-4 stand beside it."""

    def __init__(self) -> None:
        self.node = OneNode()
        self.do(StorageProfile(self.node.head(MAKER), PACK, 200, 800, 60, 60, 7_200))
        for number in (1, 2, 3, 4):
            made = self.node.commission([f"S{number}"])
            self.do(msgspec.structs.replace(made, lot=b"L-%d" % number))
        self.packs(PALLET, "S1")
        self.do(LoggerOn(self.node.head(MAKER), LOGGER, PALLET))

    def do(self, *records: Record, party: Party = MAKER) -> None:
        receipt = self.node.record(party, *records)
        assert receipt.code == "accepted", receipt

    def packs(self, parent: bytes, serial: str) -> None:
        self.do(Pack(self.node.head(MAKER), parent, (pack_key(serial),)))

    def warms(self) -> None:
        """Let the logger say that it is too warm, for longer than the product may bear."""
        second = self.node.ledger.tip.time_ms // 1_000
        warm = tuple((second + at, 900) for at in (0, 30, 90))
        self.do(Readings(self.node.head(MAKER), LOGGER, warm))


@pytest.fixture
def cellar() -> Cellar:
    return Cellar()


@pytest.fixture
async def api(cellar: Cellar) -> AsyncIterator[Api]:
    async with serving(cellar.node) as found:
        yield found


async def excursions(api: Api, lot: str, query: str = "") -> list[dict[str, Any]]:
    reply = await api.get(f"/v1/lots/{PACK_GTIN}/{lot}/excursions{query}")
    assert reply.status == 200, reply.body
    assert (reply.json["gtin"], reply.json["lot"]) == (PACK_GTIN, lot)
    return reply.json["excursions"]


async def test_lots_that_were_inside_and_no_others(api: Api, cellar: Cellar) -> None:
    node = cellar.node
    assert await excursions(api, "L-1") == []
    # One that goes in later, and one that goes in inside a case and comes out again in one document.
    cellar.packs(PALLET, "S2")
    inner = Pack(node.head(MAKER), OTHER_PALLET, (pack_key("S3"),))
    outer = Pack(node.head(MAKER), PALLET, (OTHER_PALLET,))
    out = Unpack(node.head(MAKER), PALLET, (OTHER_PALLET,))
    cellar.do(inner, outer, out, Unpack(node.head(MAKER), OTHER_PALLET, (pack_key("S3"),)))
    cellar.warms()
    (told,) = await excursions(api, "L-1")
    assert (told["session"], told["standing"], told["logger"]) == (1, "breached", "(8004)L1")
    assert (told["on"], told["until"], told["readings"]) == ("(00)040123450000000016", None, 3)
    assert (told["low"], told["high"], told["outside_s"]) == (200, 800, 90)
    assert told["since"] < told["in_breach_from"]
    assert told["installed_by"] == MAKER.gln
    assert await excursions(api, "L-2") == [told]
    assert await excursions(api, "L-3") == [told]
    assert await excursions(api, "L-4") == []


async def test_what_its_maker_cleared_is_shown_as_that(api: Api, cellar: Cellar) -> None:
    cellar.warms()
    cellar.do(ClearSession(cellar.node.head(MAKER), 1, PACK))
    (told,) = await excursions(api, "L-1")
    assert told["standing"] == "cleared"


async def test_page_by_page_the_newest_first(
    api: Api, cellar: Cellar, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = cellar.node
    for session in (1, 2, 3):
        if session != 2:
            cellar.warms()
        node.wall.ms += 200_000
        cellar.do(LoggerOff(node.head(MAKER), LOGGER))
        node.wall.ms += 200_000
        cellar.do(LoggerOn(node.head(MAKER), LOGGER, PALLET))
    path = f"/v1/lots/{PACK_GTIN}/L-1/excursions"
    assert [one["session"] for one in await excursions(api, "L-1")] == [3, 1]
    page = (await api.get(f"{path}?limit=1")).json
    assert [one["session"] for one in page["excursions"]] == [3]
    rest = (await api.get(f"{path}?limit=1&after={page['next']}")).json
    assert [one["session"] for one in rest["excursions"]] == [1]
    monkeypatch.setattr(lot_excursions, "MAX_SCANNED", 1)
    seen, after = [], ""
    for _page in range(6):
        page = (await api.get(f"{path}{after}")).json
        seen += [one["session"] for one in page["excursions"]]
        if page["next"] is None:
            break
        after = f"?after={page['next']}"
    assert (seen, page["next"]) == ([3, 1], None)


async def test_who_may_ask_and_what_is_wrong(api: Api) -> None:
    path = f"/v1/lots/{PACK_GTIN}/L-1/excursions"
    assert (await api.get(path, "maker")).status == 200
    assert (await api.get(path, "wholesaler")).code == "forbidden"
    assert (await api.get(f"/v1/lots/{PACK_GTIN}/L-9/excursions")).code == "unknown_lot"
    assert (await api.get("/v1/lots/123/L-1/excursions")).code == "invalid_identifier"
    assert (await api.get(f"{path}?after=!")).code == "invalid_cursor"
