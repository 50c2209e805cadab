"""A recall from the first command to the last, at a real node: what is asked, told, refused and next."""

import re

import msgspec
import pytest

from cli.failures import Exit
from contracts.ledger.receipt import ACCEPTED
from contracts.records.custody import shipment_id
from contracts.records.dispensing import Dispense
from tests.support.ledger import pack_key
from tests.support.parties import MAKER, PACK_GTIN, PHARMACY, REGULATOR, WHOLESALER
from tests.unit.cli.real_node import real_node

OPENING = ("--gtin", PACK_GTIN, "--lot", "L-1", "--reason", "labelling")


def prepare(node):
    """Five packs of a lot: three at the maker, two at the pharmacy, of which one is dispensed."""

    def do(party, record):
        receipt = node.record(party, record)
        assert receipt.code == ACCEPTED, receipt
        return receipt.document_id

    do(MAKER, node.commission(["A1", "A2", "A3", "B1", "B2"]))
    sent = do(MAKER, node.ship(MAKER, PHARMACY, [pack_key("B1"), pack_key("B2")]))
    do(PHARMACY, node.receive(PHARMACY, shipment_id(sent, 0)))
    do(PHARMACY, Dispense(node.head(PHARMACY), (pack_key("B2"),)))


@pytest.fixture
def served():
    with real_node(prepare) as found:
        yield found


@pytest.fixture
def recall(served, packtrail):
    """Runs `packtrail recall …` as a partner."""

    def call(party, *arguments):
        token = party if isinstance(party, str) else party.name
        return packtrail("recall", *arguments, "--node", served.url, "--token", token)

    return call


def opened(recall, *more):
    code, out, err = recall(MAKER, "open", *OPENING, *more, "--yes", "--partner", MAKER.gln, "-o", "json")
    assert code == Exit.OK, err
    return msgspec.json.decode(out)["recall"]


def test_a_recall_from_the_first_command_to_the_last(recall, tmp_path):
    (tmp_path / "hazard.txt").write_text("Wrong leaflet in the pack.")
    code, out, err = recall(
        *(MAKER, "open", *OPENING, "--class", "class_ii", "--yes", "--partner", MAKER.gln),
        *("--evaluation", tmp_path / "hazard.txt"),
    )
    assert code == Exit.OK
    assert "Recall opened" in out
    assert re.search(r"Next:\n  packtrail recall status [0-9a-f]{8} ", err)
    # The pharmacist at three in the morning: there is only one open recall, so no id has to be typed.
    code, out, _err = recall(PHARMACY, "items")
    assert code == Exit.OK
    assert f"(01){PACK_GTIN}(21)B1" in out
    assert "A1" not in out
    code, _out, err = recall(PHARMACY, "acknowledge", "--partner", PHARMACY.gln)
    assert code == Exit.OK
    assert "packtrail recall respond" in err
    answer = ("respond", "--set-aside", "0", "--dispensed", "1", "--missing", "1", "--yes")
    code, _out, err = recall(PHARMACY, *answer, "--partner", PHARMACY.gln)
    assert code == Exit.OK
    assert "The ledger says that pharmacy has 1 packs of it in hand." in err
    code, out, _err = recall(MAKER, "status")
    assert code == Exit.OK
    assert "Of 1 partners 100% know of it and 100% answered; 0 are overdue" in out
    assert "unaccounted" in out
    code, out, _err = recall("inspector", "report", "--output", "json")
    report = msgspec.json.decode(out)
    assert list(report["sections"]) == [
        *("opening", "notice", "status", "effectiveness", "termination", "reconciliation")
    ]
    assert report["sections"]["opening"]["facts"]["produced"] == 5
    assert report["sections"]["opening"]["facts"]["health hazard evaluation (hash)"]
    assert report["sections"]["reconciliation"]["facts"]["delivered"] == 2
    assert "packs unaccounted for" in report["sections"]["termination"]["facts"]["conclusion"]
    code, _out, err = recall(WHOLESALER, "close", "--yes", "--partner", WHOLESALER.gln)
    assert code == Exit.REFUSED
    assert "not_recall_party" in err
    code, out, _err = recall(REGULATOR, "close", "--yes", "--partner", REGULATOR.gln)
    assert code == Exit.OK
    assert recall(MAKER, "status")[0] == Exit.NOT_FOUND
    code, out, _err = recall(MAKER, "list", "--all", "-o", "jsonl")
    assert msgspec.json.decode(out)["standing"] == "closed"


def test_a_drill_holds_nothing_back(recall, served):
    code, out, err = recall(MAKER, "drill", *OPENING, "--yes", "--partner", MAKER.gln)
    assert code == Exit.OK, err
    assert "Drill opened" in out
    receipt = served.node.ledger
    assert receipt.tip.height > 0
    code, out, _err = recall(MAKER, "list", "-o", "json")
    (found,) = msgspec.json.decode(out)
    assert (found["drill"], found["origin"]) == (True, "voluntary")
    assert recall(MAKER, "close", "--yes", "--partner", MAKER.gln)[0] == Exit.OK


def test_a_regulator_orders(recall):
    code, _out, err = recall(REGULATOR, "open", *OPENING, "--yes", "--partner", REGULATOR.gln)
    assert code == Exit.OK, err
    code, out, _err = recall(REGULATOR, "list", "-o", "json")
    assert msgspec.json.decode(out)[0]["origin"] == "ordered"


def test_widen_classify_and_release(recall):
    identifier = opened(recall)
    more = ("--item", f"(01){PACK_GTIN}(21)A1")
    assert recall(MAKER, "widen", identifier[:6], *more, "--yes", "--partner", MAKER.gln)[0] == Exit.OK
    classify = ("classify", identifier[:6], "--class", "class_i", "--partner", MAKER.gln)
    assert recall(MAKER, *classify)[0] == Exit.OK
    code, _out, err = recall(MAKER, *classify)
    assert (code, "regulator_amends_class" in err) == (Exit.REFUSED, True)
    release = ("release", identifier[:6], *more, "--partner", REGULATOR.gln)
    assert recall(REGULATOR, *release)[0] == Exit.OK
    code, out, _err = recall(MAKER, "status", "-o", "json")
    found = msgspec.json.decode(out)
    kinds = [step["kind"] for step in found["recall"]["history"]]
    assert kinds == ["open_recall", "widen_recall", "classify_recall", "release_from_recall"]
    assert (found["books"]["balance"], found["partners"]["must_answer"]) == (0, 1)


def test_packs_without_serials_are_released_by_the_lot(recall):
    identifier = opened(recall)
    to = ("--partner", REGULATOR.gln)
    for goods in ((), ("--lot", "L-1"), ("--gtin", PACK_GTIN, "--item", f"(01){PACK_GTIN}(21)A1")):
        assert recall(REGULATOR, "release", identifier[:6], *goods, *to)[0] == Exit.USAGE
    code, _out, err = recall(REGULATOR, "release", identifier[:6], "--gtin", PACK_GTIN, "--lot", "L-1", *to)
    assert (code, "product_serialised" in err) == (Exit.REFUSED, True)


def test_items_as_a_file_and_by_line(recall, tmp_path):
    opened(recall)
    code, _out, err = recall(MAKER, "items", "--csv", tmp_path / "recalled.csv")
    assert code == Exit.OK
    assert "5 items as of height" in err
    assert (tmp_path / "recalled.csv").read_text().startswith("item,account,")
    code, out, _err = recall(MAKER, "items", "--account", "dispensed", "-o", "jsonl")
    assert [msgspec.json.decode(line)["holder"]["name"] for line in out.splitlines()] == ["pharmacy"]
    code, out, _err = recall(MAKER, "items", "--at", PHARMACY.gln, "-o", "json")
    assert len(msgspec.json.decode(out)) == 2
    assert recall(MAKER, "items", "--csv", tmp_path)[0] == Exit.FAILED


def test_effectiveness_at_a_level(recall):
    opened(recall)
    _code, out, _err = recall(MAKER, "report", "--section", "effectiveness", "--level", "E", "-o", "jsonl")
    (part,) = map(msgspec.json.decode, out.splitlines())
    assert (part["section"], part["facts"]["to be checked"]) == ("effectiveness", 0)
    _code, out, _err = recall(MAKER, "report", "--section", "effectiveness", "--section", "notice")
    assert "Effectiveness checks (21 CFR 7.42(b)(3))" in out
    assert "left to check" in out


def test_what_is_refused_says_why(recall, tmp_path):
    code, _out, err = recall(MAKER, "open", "--reason", "other", "--yes")
    assert (code, "--gtin" in err) == (Exit.USAGE, True)
    code, _out, err = recall(MAKER, "open", *OPENING, "--no-input")
    assert (code, "--yes" in err) == (Exit.USAGE, True)
    code, _out, err = recall(WHOLESALER, "open", *OPENING, "--yes", "--partner", WHOLESALER.gln)
    assert (code, "not_marketing_holder" in err) == (Exit.REFUSED, True)
    warm = ("--session", "7", "--gtin", PACK_GTIN, "--reason", "cold_chain", "--yes", "--partner", MAKER.gln)
    code, _out, err = recall(MAKER, "open", *warm)
    assert (code, "session_unknown" in err) == (Exit.REFUSED, True)
    (tmp_path / "scope.json").write_text('{"gtin": 1}')
    code, _out, err = recall(MAKER, "open", "--scope", tmp_path / "scope.json", "--reason", "other", "--yes")
    assert (code, "no list of alternatives" in err) == (Exit.USAGE, True)
    assert recall(MAKER, "status")[0] == Exit.NOT_FOUND
    first, second = opened(recall), opened(recall, "--class", "class_i")
    assert first != second
    code, _out, err = recall(MAKER, "status")
    assert (code, "2 recalls are meant" in err) == (Exit.USAGE, True)
    assert recall(MAKER, "status", "xyz")[0] == Exit.NOT_FOUND
    code, _out, err = recall(PHARMACY, "report", first)
    assert (code, "for who opened it" in err) == (Exit.NOT_ALLOWED, True)
    code, out, _err = recall(PHARMACY, "status", first, "-o", "json")
    assert (code, msgspec.json.decode(out)["books"]) == (Exit.OK, None)


def test_a_scope_in_a_file(recall, tmp_path):
    (tmp_path / "scope.json").write_text(f'[{{"gtin": "{PACK_GTIN}", "line": "LINE-2"}}]')
    more = ("--scope", tmp_path / "scope.json", "--reason", "packaging", "--yes", "--partner", MAKER.gln)
    code, out, err = recall(MAKER, "open", *more, "-o", "jsonl")
    assert code == Exit.OK, err
    assert msgspec.json.decode(out)["accepted"]


def test_the_same_key_opens_it_once(recall):
    again = ("--idempotency-key", "night", "--at", "2026-09-21T14:13:21Z")
    twice = [opened(recall, *again) for _ in range(2)]
    assert twice[0] == twice[1]
