"""Products, lanes, partners, lots, shipments and alerts from the command line, at a real node."""

import msgspec
import pytest

from cli.failures import Exit
from contracts.gs1.keys import check_digit
from contracts.ledger.receipt import ACCEPTED
from tests.support.ledger import pack_key
from tests.support.parties import LOT, MAKER, PACK_GTIN, PHARMACY, PREFIX, WHOLESALER
from tests.unit.cli.real_node import real_node

_BODY = f"0{PREFIX}00002"
NEW_GTIN = f"{_BODY}{check_digit(_BODY)}"


def prepare(node):
    for record in (node.commission(["A1", "A2"]), node.ship(MAKER, PHARMACY, [pack_key("A1")])):
        receipt = node.record(MAKER, record)
        assert receipt.code == ACCEPTED, receipt


@pytest.fixture
def served():
    with real_node(prepare) as found:
        yield found


@pytest.fixture
def ask(served, packtrail):
    """Runs a command as a partner, and reads its JSON; a refusal is its exit code."""

    def call(party, *arguments, form="json"):
        code, out, err = packtrail(*arguments, "-o", form, "--node", served.url, "--token", party.name)
        return msgspec.json.decode(out) if code == Exit.OK and form == "json" else (code, out, err)

    return call


def test_products_are_listed_described_offered_and_taken(ask):
    assert ask(PHARMACY, "product", "list")[0]["gtin"] == PACK_GTIN
    assert ask(PHARMACY, "product", "list", "--holder", WHOLESALER.gln) == []
    facts = ("--name", "Newol", "--market", "DE", "--units", "30", "--form", "tablet")
    assert ask(PHARMACY, "product", "show", NEW_GTIN)[0] == Exit.NOT_FOUND
    assert ask(MAKER, "product", "describe", NEW_GTIN, *facts, "--partner", MAKER.gln)["accepted"]
    shown = ask(PHARMACY, "product", "show", NEW_GTIN)
    assert (shown["name"], shown["form"], shown["units_per_pack"]) == ("Newol", "tablet", 30)
    offered = ask(MAKER, "product", "offer", PACK_GTIN, "--to", WHOLESALER.gln, "--partner", MAKER.gln)
    assert offered["accepted"]
    code, _out, err = ask(PHARMACY, "product", "take", PACK_GTIN, "--partner", PHARMACY.gln)
    assert (code, "role_not_allowed" in err) == (Exit.REFUSED, True)
    assert ask(MAKER, "product", "offer", PACK_GTIN, "--partner", MAKER.gln)["accepted"]
    code, out, _err = ask(PHARMACY, "product", "list", form="table")
    assert (code, "Newol" in out) == (Exit.OK, True)


def test_lanes(ask):
    lane = ("lane", "set", PACK_GTIN, "--to", PHARMACY.gln, "--role", "wholesaler", "--market", "DE")
    assert ask(MAKER, *lane, "--partner", MAKER.gln)["accepted"]
    (shown,) = ask(PHARMACY, "lane", "list", PACK_GTIN)
    assert (shown["receivers"][0]["name"], shown["step"]) == ("pharmacy", "flag")
    code, out, _err = ask(PHARMACY, "product", "show", PACK_GTIN, form="table")
    assert (code, "Trade lanes" in out) == (Exit.OK, True)
    assert ask(MAKER, "lane", "clear", PACK_GTIN, "--partner", MAKER.gln)["accepted"]
    code, _out, err = ask(MAKER, "lane", "clear", PACK_GTIN, "--partner", MAKER.gln)
    assert (code, "lane_unknown" in err) == (Exit.REFUSED, True)


def test_partners_lots_and_shipments(ask):
    names = [one["name"] for one in ask(MAKER, "partner", "list", "--role", "dispenser")]
    assert names == ["pharmacy", "other-pharmacy"]
    assert ask(MAKER, "partner", "show", PHARMACY.gln)["licence"] == "active"
    code, out, _err = ask(MAKER, "partner", "show", PHARMACY.gln, form="table")
    assert (code, "pharmacy site" in out) == (Exit.OK, True)
    lot = ask(MAKER, "lot", PACK_GTIN, LOT.decode())
    assert (lot["commissioned"], lot["standing"]) == (2, "ok")
    code, out, _err = ask(MAKER, "lot", PACK_GTIN, LOT.decode(), form="table")
    assert (code, "LINE-2" in out) == (Exit.OK, True)
    (sent,) = ask(PHARMACY, "shipment", "list")
    assert ask(PHARMACY, "shipment", "show", sent["shipment"])["items"] == [f"(01){PACK_GTIN}(21)A1"]
    code, out, _err = ask(PHARMACY, "shipment", "show", sent["shipment"], form="table")
    assert (code, "What happened" in out) == (Exit.OK, True)


def test_alerts(ask):
    found = ask(PHARMACY, "alerts")
    assert [clock["duty"] for clock in found["clocks"]] == ["receive"]
    code, out, _err = ask(PHARMACY, "alerts", form="table")
    assert (code, "Running clocks" in out) == (Exit.OK, True)
    assert ask(PHARMACY, "alerts", form="jsonl")[0] == Exit.OK
