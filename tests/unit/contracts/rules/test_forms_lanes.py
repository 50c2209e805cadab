"""Rule 21: refusals that no sentence of a scenario would say, limits, and what lanes cost a sale."""

import msgspec
import pytest

from contracts.gs1.dates import parse_date
from contracts.ledger.receipt import ACCEPTED
from contracts.records.catalogue import DescribeProduct, ProductFacts
from contracts.records.custody import Ship, ShipPurpose
from contracts.records.head import Head
from contracts.records.lanes import LaneStep, SetTradeLane
from contracts.records.supply import Commission, Pack
from contracts.rules.codes import Code
from contracts.rules.trade_lanes import MAX_LANES
from contracts.state.layout import PRODUCTS, TABLES
from contracts.state.rows import Role
from tests.scenarios.law.world import START_MS, Ledger, gln, gtin, item, items

HEAD = Head(START_MS, 60, b"")
EXPIRY = parse_date("2027-06-30")
DIRECTORY = {table.prefix for table in TABLES if table.is_directory}
LANE = SetTradeLane(HEAD, gtin("pack"), b"", (gln("Bulk"),), 0, (), LaneStep.FLAG)
SALE = (gln("Corner"), b"", ShipPurpose.SALE, 1, 0, b"", ())


def changed(**fields: object) -> SetTradeLane:
    return msgspec.structs.replace(LANE, **fields)


BAD = (
    (Code.LOT_INVALID, changed(lot=b"L 1")),
    (Code.LANE_INVALID, changed(receivers=())),
    (Code.LANE_INVALID, changed(receivers=(gln("Bulk"),) * (MAX_LANES + 1))),
    (Code.LANE_INVALID, changed(roles=int(Role.CARRIER))),
    (Code.LANE_INVALID, changed(roles=-1)),
    (Code.LANE_INVALID, changed(roles=1 << 40)),
    (Code.LANE_INVALID, changed(markets=("DE",) * 33)),
    (Code.MARKET_UNKNOWN, changed(markets=("YY",))),
    (Code.MARKET_UNKNOWN, changed(markets=("DE", "DE"))),
    (Code.LISTED_TWICE, changed(receivers=(gln("Bulk"), gln("Bulk")))),
    (Code.PARTNER_UNKNOWN, changed(receivers=(gln("Hall"),))),
)


@pytest.mark.parametrize(("code", "record"), BAD, ids=[f"{at}-{code}" for at, (code, _) in enumerate(BAD)])
def test_a_malformed_lane_is_refused(code: Code, record: SetTradeLane) -> None:
    assert Ledger().submit("Acme", record).code == code


def test_a_lane_is_cleared_by_naming_nobody() -> None:
    ledger = Ledger()
    assert ledger.submit("Acme", LANE).code == ACCEPTED
    for terms in ({"receivers": (b"x" * 300,)}, {"receivers": (), "roles": 4}):
        cleared = changed(step=LaneStep.CLEARED, **terms)
        assert ledger.submit("Acme", cleared).code == Code.LANE_INVALID
    assert ledger.submit("Acme", changed(step=LaneStep.CLEARED, receivers=())).code == ACCEPTED


def test_a_product_has_so_many_lanes_and_no_more() -> None:
    ledger = Ledger()
    lanes = [changed(lot=b"L%d" % number) for number in range(MAX_LANES)]
    assert ledger.submit("Acme", *lanes).code == ACCEPTED
    assert ledger.submit("Acme", LANE).code == Code.LANE_INVALID
    # One that is there already is set anew.
    assert ledger.submit("Acme", changed(lot=b"L7", roles=int(Role.DISPENSER))).code == ACCEPTED
    row = ledger.state().require(PRODUCTS, gtin("pack"))
    assert [lane.lot for lane in row.lanes] == sorted(lane.lot for lane in row.lanes)
    assert [lane.roles for lane in row.lanes if lane.lot == b"L7"] == [Role.DISPENSER]


def test_lanes_stay_when_the_product_is_described_anew() -> None:
    ledger = Ledger()
    facts = ProductFacts("Other name", "", "", ("DE",), 1, 1, b"", 0, (), "", 0, "")
    assert ledger.submit("Acme", LANE, DescribeProduct(HEAD, gtin("pack"), facts)).code == ACCEPTED
    assert len(ledger.state().require(PRODUCTS, gtin("pack")).lanes) == 1


def test_lanes_cost_a_sale_no_row_but_the_directorys() -> None:
    costs = []
    for lanes in ((), (LANE, changed(lot=b"L2"))):
        ledger = Ledger()
        made = [Commission(HEAD, gtin("pack"), b"L%d" % n, EXPIRY, b"", 0, (b"%d" % n,)) for n in range(5)]
        packed = Pack(HEAD, item("pallet-1"), items(*(f"pack-{n}" for n in range(5))))
        assert ledger.submit("Acme", *made, packed, *lanes).code == ACCEPTED
        bundle = ledger.bundle("Acme", [ledger.document(Ship(HEAD, items("pallet-1"), *SALE))])
        ledger.reader.reads.clear()
        result = ledger.block(bundle)
        assert result.receipts[0].code == ACCEPTED
        reads = [key for key in ledger.reader.reads if key[:1] not in DIRECTORY]
        costs.append((len(reads), len(result.writes)))
    assert costs[0] == costs[1]
    assert costs[0][0] <= 8 + 5
