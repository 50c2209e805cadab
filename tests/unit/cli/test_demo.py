"""The demonstration without nodes: the gateway reads its documents, its story insists on what must happen."""

import itertools
import os

import pytest

from cli.demo.checks import check_recorded, journey_of, prove, same_height
from cli.demo.documents import production_file, shipping_file
from cli.demo.goods import CASE_GTIN, PACK_GTIN, PREFIX, case_item, draw_goods, pack_item, sgln_urn
from cli.demo.recall import run_recall
from cli.demo.story import MAKER, PHARMACY, VILLAGE, WHOLESALER, Refusal, Story
from cli.failures import CommandError
from cli.http import NodeClient
from contracts.gs1.keys import check_digit, parse_item
from node.epcis.reader import read_document
from tests.unit.cli.fake_node import Reply, problem

NOW = 1_790_000_000_000
PLACES = (MAKER.gln, MAKER.premises, WHOLESALER.gln, WHOLESALER.premises)


@pytest.fixture
def goods():
    return draw_goods(os.urandom, "2028-06-30")


def test_identifiers_are_valid_and_new(goods):
    other = draw_goods(os.urandom, "2028-06-30")
    for gtin in (PACK_GTIN, CASE_GTIN):
        assert gtin[1:8] == PREFIX
        assert check_digit(gtin[:-1]) == int(gtin[-1])
    assert parse_item(f"(00){goods.pallet}") != parse_item(f"(00){other.pallet}")
    assert not {*goods.cases[0].packs} & {*other.cases[0].packs}
    assert sgln_urn(MAKER.premises) == "urn:epc:id:sgln:9521101.00001.0"


def test_production_is_read_as_meant(goods):
    document = read_document(production_file(goods, MAKER.premises, NOW), "application/xml")
    packs, cases, *packings = document.events
    expected = [parse_item(pack_item(serial)) for case in goods.cases for serial in case.packs]
    assert document.refused == ()
    assert list(packs.epcs.items) == expected
    assert (packs.ilmd.lot, cases.ilmd.lot) == (goods.lot, goods.lot)
    assert [packing.parent for packing in packings] == [
        *(parse_item(case_item(case)) for case in goods.cases),
        parse_item(f"(00){goods.pallet}"),
    ]
    assert list(packings[-1].children.items) == [parse_item(case_item(case)) for case in goods.cases]
    times = [event.time_ms for event in document.events]
    assert times == sorted(times)
    assert max(times) < NOW


def test_shipping_is_read_as_meant(goods):
    (event,) = read_document(shipping_file(goods, PLACES, NOW), "application/ld+json").events
    assert event.biz_step == "shipping"
    assert event.epcs.items == (parse_item(f"(00){goods.pallet}"),)
    owners = [entry.place.uri for entry in event.destinations if entry.kind == "owning_party"]
    assert owners == [sgln_urn(WHOLESALER.gln)]


class Ledger:
    """Answers as six nodes would that agree: a list of documents, and the few rules that are broken."""

    def __init__(self):
        self.documents = []
        self.dispensed = set()
        self.count = itertools.count(1)

    def capture(self, _request):
        return Reply(
            body={
                "documents": [self.captured()],
                "events": [{"index": 0, "outcome": "records", "records": []}],
                "drafts": [],
            }
        )

    def captured(self):
        identifier = self.store({})
        height = len(self.documents)
        return {"document": identifier, "status": "committed", "height": height, "code": "accepted"}

    def status(self, _request):
        return status_of("a", len(self.documents))

    def store(self, record):
        self.documents.append(record)
        return f"{len(self.documents):02x}"

    def shipments(self, _request):
        announced = range(1, len(self.documents) + 1)
        found = [
            {"shipment": f"s{at}", "announced": {"height": at, "document": f"{at:02x}"}} for at in announced
        ]
        return Reply(body={"shipments": found, "next": None})

    def submit(self, request):
        (record,) = request.json()["records"]
        code = self.judge(record)
        recorded = request.query["record_refusal"] == "1"
        if code != "accepted" and not recorded:
            return problem(409, code)
        identifier = self.store({**record, "code": code})
        if record["record"] == "dispense" and code == "accepted":
            self.dispensed.update(record["items"])
        return Reply(
            body={
                "document": identifier,
                "status": "committed",
                "height": len(self.documents),
                "code": code,
                "accepted": code == "accepted",
            }
        )

    def judge(self, record):
        match record:
            case {"record": "commission"}:
                return "already_commissioned"
            case {"record": "ship", "premises": MAKER.premises}:
                return "not_holder"
            case {"record": "receive", "premises": PHARMACY.premises, "shipment": shipment}:
                # Its own shipment is the one before the last that was announced.
                sold = self.documents[int(shipment[1:]) - 1]
                return "accepted" if sold["receiver"] == PHARMACY.gln else "not_receiver"
            case {"record": "dispense", "items": items} if self.dispensed.intersection(items):
                return "already_supplied"
        return "accepted"


@pytest.fixture
def ledger(node):
    found = Ledger()
    node.answers["POST /v1/epcis/capture"] = found.capture
    node.answers["POST /v1/documents"] = found.submit
    node.answers["GET /v1/shipments"] = found.shipments
    node.answers["GET /v1/status"] = found.status
    return found


@pytest.fixture
def clients(node):
    names = ("maker", "wholesaler", "carrier", "pharmacy", "village", "regulator")
    return {name: NodeClient(node.url, f"pt_{name}") for name in names}


def tell(_text):
    """Nobody listens."""


def test_the_story_ends_with_a_dispensed_pack_and_four_refusals(ledger, clients, goods):
    story = Story(clients, goods, lambda: NOW, tell, lambda _seconds: None)
    dispensed = story.play()
    assert ledger.documents[int(dispensed, 16) - 1]["items"] == [story.pack]
    assert story.accepted == 9
    assert [(entry.attempt, entry.code) for entry in story.refusals] == [
        ("pharmacy: a receipt by a stranger", "not_receiver"),
        ("maker: an existing serial is commissioned again", "already_commissioned"),
        ("maker: a ship by one who does not hold it", "not_holder"),
        ("village: another pharmacy dispenses a supplied pack", "already_supplied"),
    ]


def test_every_partner_acts_at_its_own_node(ledger, clients, goods, node):
    Story(clients, goods, lambda: NOW, tell, lambda _seconds: None).play()
    partners = {"9521101000009": "maker", "9521102000008": "wholesaler", "9521103000007": "carrier"}
    partners |= {PHARMACY.gln: "pharmacy", VILLAGE.gln: "village"}
    for request in node.requests:
        if request.path == "/v1/documents":
            gln = request.json()["partner"]
            assert request.headers["authorization"] == f"Bearer pt_{partners[gln]}"


def test_a_partner_acts_when_its_node_has_seen_the_last_act(ledger, clients, goods, node):
    behind = itertools.cycle([1, 1, 0])
    node.answers["GET /v1/status"] = lambda _request: status_of("a", len(ledger.documents) - next(behind))
    waited = []
    Story(clients, goods, lambda: NOW, tell, waited.append).play()
    assert waited


def test_a_node_that_stays_behind_ends_the_story(ledger, clients, goods, node):
    node.answers["GET /v1/status"] = status_of("a", 0)
    with pytest.raises(CommandError, match="maker does not reach height 1"):
        Story(clients, goods, lambda: NOW, tell, lambda _seconds: None).play()


def test_an_attempt_that_succeeds_ends_the_story(ledger, clients, goods):
    ledger.judge = lambda _record: "accepted"
    with pytest.raises(CommandError, match="expected 409"):
        Story(clients, goods, lambda: NOW, tell, lambda _seconds: None).play()


def test_a_refusal_of_what_is_right_ends_the_story(ledger, clients, goods):
    ledger.judge = lambda _record: "expired"
    with pytest.raises(CommandError, match="expired"):
        Story(clients, goods, lambda: NOW, tell, lambda _seconds: None).play()


def test_a_shipment_that_never_arrives_ends_the_story(ledger, clients, goods, node):
    node.answers["GET /v1/shipments"] = Reply(body={"shipments": [], "next": None})
    with pytest.raises(CommandError, match="sees no shipment"):
        Story(clients, goods, lambda: NOW, tell, lambda _seconds: None).play()


def status_of(name, height, app_hash="aa"):
    return Reply(body={"node": {"name": name, "role": "member"}, "height": height, "app_hash": app_hash})


def test_nodes_are_awaited_until_they_meet(clients, node):
    heights = iter([5, 5, 5, 5, 5, 4, *[6] * 6])
    node.answers["GET /v1/status"] = lambda _request: status_of("a", next(heights))
    facts = same_height(clients, 6, lambda _seconds: None)
    assert [(fact.height, fact.app_hash) for fact in facts] == [(6, "aa")] * 6


def test_different_app_hashes_at_one_height_are_a_failure(clients, node):
    hashes = itertools.cycle("abcdef")
    node.answers["GET /v1/status"] = lambda _request: status_of("a", 6, next(hashes))
    with pytest.raises(CommandError, match="different app hashes"):
        same_height(clients, 6, lambda _seconds: None)


def test_nodes_that_never_meet_are_a_failure(clients, node):
    node.answers["GET /v1/status"] = status_of("a", 3)
    with pytest.raises(CommandError, match="do not meet"):
        same_height(clients, 6, lambda _seconds: None)


def test_a_refusal_must_be_the_same_everywhere(clients, node):
    refusal = Refusal("x", "expired", "ab", 4)
    body = {"document": "ab", "height": 4, "code": "expired", "accepted": False}
    node.answers["GET /v1/documents/ab"] = Reply(body=body)
    check_recorded(clients, [refusal])
    node.answers["GET /v1/documents/ab"] = lambda request: Reply(
        body={**body, "height": 5 if "village" in request.headers["authorization"] else 4}
    )
    with pytest.raises(CommandError, match="village"):
        check_recorded(clients, [refusal])


def test_a_journey_keeps_who_what_where_when(clients, node):
    steps = [{"height": 1, "time": "t", "kind": "ship", "partner": {"gln": "1"}, "place": None, "via": None}]
    node.answers["GET /v1/items/x/journey"] = Reply(body={"item": "x", "steps": steps})
    assert journey_of(clients["regulator"], "x") == [
        {"height": 1, "time": "t", "record": "ship", "partner": "1", "place": None}
    ]


def test_a_proof_that_is_none(clients, node):
    node.answers["GET /v1/documents/ab/proof"] = Reply(raw=b"nothing")
    with pytest.raises(CommandError, match="proves nothing"):
        prove(clients["regulator"], "ab", None, lambda _seconds: None)


def test_a_proof_that_never_comes(clients, node):
    node.answers["GET /v1/documents/ab/proof"] = problem(404, "not_yet_certified")
    with pytest.raises(CommandError, match="not_yet_certified"):
        prove(clients["regulator"], "ab", None, lambda _seconds: None)
    assert len(node.requests) == 151


class Called:
    """Answers as a node would on which a lot was called back."""

    def __init__(self, node, ledger):
        self.ledger, self.standing = ledger, "open"
        self.accounts = {"on_hand": 8, "dispensed": 1, "unaccounted": 1}
        ledger.judge = lambda record: "recalled" if record["record"] == "dispense" else "accepted"
        node.answers["POST /v1/documents"] = self.submit
        node.answers["GET /v1/recalls"] = lambda _request: Reply(body={"recalls": [self.recall()]})
        node.answers["GET /v1/recalls/r1"] = lambda _request: Reply(body=self.recall())
        node.answers["GET /v1/recalls/r1/books"] = lambda _request: Reply(
            body={"made": 10, "accounts": self.accounts, "balance": 0}
        )
        lines = [{"partner": {"name": "City"}, "must_answer": True}]
        lines.append({"partner": {"name": "Meadow"}, "must_answer": False})
        node.answers["GET /v1/recalls/r1/partners"] = Reply(
            body={"partners": lines, "responded_percent": 100, "overdue": 0}
        )

    def recall(self):
        return {"recall": "r1", "standing": self.standing, "document": "01"}

    def submit(self, request):
        (record,) = request.json()["records"]
        if record["record"] == "close_recall":
            self.standing = "closed"
        return self.ledger.submit(request)


def test_the_lot_is_called_back(ledger, clients, goods, node):
    Called(node, ledger)
    story = Story(clients, goods, lambda: NOW, tell, lambda _seconds: None)
    found = run_recall(story, goods)
    assert [record["record"] for record in ledger.documents] == [
        *("open_recall", "acknowledge_recall", "respond_to_recall", "respond_to_recall", "close_recall")
    ]
    assert ledger.documents[0]["scope"] == [{"gtin": PACK_GTIN, "lot": goods.lot}]
    assert (found["told"], found["standing"], found["dispensing_afterwards"]) == (
        ["City"],
        "closed",
        "recalled",
    )


def test_a_recall_that_ends_otherwise_is_a_failure(ledger, clients, goods, node):
    Called(node, ledger).accounts["lost"] = 1
    story = Story(clients, goods, lambda: NOW, tell, lambda _seconds: None)
    with pytest.raises(CommandError, match="otherwise than it must"):
        run_recall(story, goods)


def test_a_recalled_pack_that_is_dispensed_is_a_failure(ledger, clients, goods, node):
    Called(node, ledger)
    ledger.judge = lambda _record: "accepted"
    story = Story(clients, goods, lambda: NOW, tell, lambda _seconds: None)
    with pytest.raises(CommandError, match="expected recalled"):
        run_recall(story, goods)
    node.answers["GET /v1/recalls"] = Reply(body={"recalls": []})
    with pytest.raises(CommandError, match="knows no recall"):
        run_recall(story, goods)
