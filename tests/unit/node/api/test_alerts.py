"""Alerts over HTTP: running clocks, and what a partner was told of."""

from contracts.ledger.receipt import ACCEPTED
from contracts.records.custody import shipment_id
from contracts.records.holds import Suspect, SuspectGround
from contracts.records.recall import Quantities, RespondToRecall, recall_id
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import MAKER, PHARMACY, REGULATOR, WHOLESALER
from tests.unit.node.api.harness import serving
from tests.unit.node.api.test_recalls import opening


def do(node, party, record) -> bytes:
    receipt = node.record(party, record)
    assert receipt.code == ACCEPTED, receipt
    return receipt.document_id


def suspicion(node: OneNode, serial: str) -> Suspect:
    reason = next(iter(SuspectGround))
    return Suspect(node.head(PHARMACY), reason, (pack_key(serial),))


async def test_running_clocks_end_when_the_duty_is_done() -> None:
    node = OneNode()
    do(node, MAKER, node.commission(["A1", "A2", "B1"]))
    first = shipment_id(do(node, MAKER, node.ship(MAKER, PHARMACY, [pack_key("A1")])), 0)
    second = shipment_id(do(node, MAKER, node.ship(MAKER, PHARMACY, [pack_key("A2")])), 0)
    do(node, PHARMACY, node.receive(PHARMACY, first))
    do(node, PHARMACY, suspicion(node, "A1"))
    async with serving(node) as api:
        found = (await api.get("/v1/alerts", "pharmacy")).json
        assert [(clock["duty"], clock["about"]) for clock in found["clocks"]] == [("receive", second.hex())]
        (clock,) = (await api.get("/v1/alerts", "maker")).json["clocks"]
        assert (clock["duty"], clock["about"][-2:], clock["is_overdue"]) == ("answer_suspicion", "A1", False)
        recall = recall_id(do(node, MAKER, opening(node)), 0)
        duties = [clock["duty"] for clock in (await api.get("/v1/alerts", "pharmacy")).json["clocks"]]
        assert sorted(duties) == ["answer_recall", "receive"]
        do(node, PHARMACY, RespondToRecall(node.head(PHARMACY), recall, Quantities(1, 0, 0, 0, 0)))
        node.wall.ms += 400 * 86_400_000
        node.produce()
        (late,) = (await api.get("/v1/alerts", "pharmacy")).json["clocks"]
        assert (late["duty"], late["is_overdue"]) == ("receive", True)
        duties = [clock["duty"] for clock in (await api.get("/v1/alerts", "maker")).json["clocks"]]
        assert sorted(duties) == ["answer_suspicion", "collect"]
        assert [clock["duty"] for clock in (await api.get("/v1/alerts", "wholesaler")).json["clocks"]] == [
            "answer_recall"
        ]
        path = f"/v1/alerts?partner={REGULATOR.gln}"
        assert (await api.get(path, "inspector")).json["clocks"] == []


async def test_alerts_page_by_page() -> None:
    node = OneNode()
    do(node, MAKER, node.commission(["A1", "A2", "B1"]))
    keys = [pack_key(serial) for serial in ("A1", "A2", "B1")]
    sent = shipment_id(do(node, MAKER, node.ship(MAKER, PHARMACY, keys)), 0)
    do(node, PHARMACY, node.receive(PHARMACY, sent))
    for serial in ("A1", "A2", "B1"):
        do(node, PHARMACY, suspicion(node, serial))
    async with serving(node) as api:
        first = (await api.get("/v1/alerts?limit=2", "maker")).json
        rest = (await api.get(f"/v1/alerts?limit=2&after={first['next']}", "maker")).json
        shown = [alert["items"][0][-2:] for page in (first, rest) for alert in page["alerts"]]
        assert (shown, rest["next"]) == (["B1", "A2", "A1"], None)
        assert {alert["kind"] for alert in first["alerts"]} == {"suspicion_raised"}
        assert first["alerts"][0]["partner"] == PHARMACY.gln
        assert (await api.get("/v1/alerts?after=AAAA", "maker")).code == "invalid_cursor"
        assert (await api.get(f"/v1/alerts?partner={MAKER.gln}", "wholesaler")).code == "forbidden"
        assert (await api.get("/v1/alerts?partner=9999999999994")).code == "unknown_partner"
        assert (await api.get("/v1/alerts", "all")).code == "invalid_parameter"
        assert (await api.get(f"/v1/alerts?partner={WHOLESALER.gln}")).json["alerts"] == []
