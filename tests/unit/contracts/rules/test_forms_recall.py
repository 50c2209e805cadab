"""Recalls: what no sentence of a scenario can say, and what they cost."""

import msgspec
import pytest

from contracts.chain.genesis import Genesis
from contracts.gs1.dates import parse_date
from contracts.ledger.receipt import ACCEPTED
from contracts.records.head import Head
from contracts.records.recall import (
    AcknowledgeRecall,
    CloseRecall,
    OpenRecall,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    ReleaseFromRecall,
    Scope,
    WidenRecall,
    recall_id,
)
from contracts.records.supply import Commission, Pack
from contracts.records.transformation import Transform
from contracts.rules.codes import Code
from contracts.rules.recalling import MAX_ALTERNATIVES
from contracts.state import scopes
from contracts.state.layout import LISTS, LOTS, TABLES, number_key
from contracts.state.lists import PART, Budget, TooManyRows, append, entries, lots_of_gtin
from contracts.state.places import locate
from contracts.state.rows import MAX_MAKES
from contracts.state.view import Overlay
from tests.scenarios.law.world import START_MS, Ledger, gln, gtin, item, items, small_genesis

HEAD = Head(START_MS, 60, b"")
PLANT = Head(START_MS, 60, gln("Plant"))
EXPIRY = parse_date("2027-06-30")
HOUR_MS = 3_600_000
DIRECTORY = {table.prefix for table in TABLES if table.is_directory}


def scope(**fields: object) -> Scope:
    empty = Scope(b"", 0, b"", b"", 0, 0, b"", "", (), b"", b"")
    return msgspec.structs.replace(empty, **fields)


def opening(*alternatives: Scope, drill: int = 0) -> OpenRecall:
    return OpenRecall(
        *(HEAD, RecallKind.RECALL, drill, RecallOrigin.VOLUNTARY, RecallClass.UNCLASSIFIED),
        *(RecallDepth.CONSUMER, RecallReason.QUALITY_DEFECT, alternatives, b"", b"", 0),
    )


PACKS = scope(gtin=gtin("pack"))
LOT = scope(gtin=gtin("pack"), lot=b"L1")


def made(
    *serials: bytes, kind: str = "pack", lot: bytes = b"L1", line: bytes = b"", hour: int = 0
) -> Commission:
    made_at_ms = START_MS - START_MS % HOUR_MS - hour * HOUR_MS if hour else 0
    return Commission(HEAD, gtin(kind), lot, EXPIRY, line, made_at_ms, serials)


@pytest.fixture
def ledger() -> Ledger:
    """Three packs of a lot with Acme."""
    ledger = Ledger()
    assert ledger.submit("Acme", made(b"1", b"2", b"3")).code == ACCEPTED
    return ledger


def test_a_document_opens_its_recall_once(ledger: Ledger) -> None:
    document = ledger.document(opening(LOT))
    opened = ledger.block(ledger.bundle("Acme", [document])).receipts[0]
    again = ledger.block(ledger.bundle("Acme", [document])).receipts[0]
    assert (again.code, again.subject) == (Code.ALREADY_OPENED, recall_id(opened.document_id, 0))


@pytest.mark.parametrize(
    "bad",
    [
        msgspec.structs.replace(opening(LOT), evaluation=b"short"),
        msgspec.structs.replace(opening(LOT), contact=bytes(33)),
        opening(LOT, drill=2),
    ],
)
def test_terms_that_make_no_sense_are_refused(ledger: Ledger, bad: OpenRecall) -> None:
    assert ledger.submit("Acme", bad).code == Code.RECALL_INVALID


@pytest.mark.parametrize(
    "bad",
    [
        scope(),
        scope(family=1, site=gln("Plant")),
        scope(gtin=gtin("pack"), family=2),
        scope(gtin=gtin("pack"), lot=b"no lot!\xff"),
        scope(gtin=gtin("pack"), line=b" "),
        scope(gtin=gtin("pack"), from_ms=-1, until_ms=5),
        scope(gtin=gtin("pack"), until_ms=START_MS * 2),
        scope(gtin=gtin("pack"), items=items("pack-1"), first_serial=b"1", last_serial=b"2"),
        scope(items=items("pack-1"), first_serial=b"1", last_serial=b"2"),
        scope(site=gln("Plant"), lot=b"L1"),
        # Names of lists are made of these, one byte for the length: such a recall once stopped every node.
        scope(gtin=b"x" * 300),
        scope(gtin=gtin("pack") + b"1"),
        scope(site=b"x" * 300),
        scope(site=bytes(6)),
    ],
)
def test_an_alternative_that_is_not_well_formed_is_refused(ledger: Ledger, bad: Scope) -> None:
    assert ledger.submit("Acme", opening(LOT, bad)).code == Code.SCOPE_INVALID


def test_a_recall_has_so_many_alternatives_and_no_more(ledger: Ledger) -> None:
    opened = ledger.submit("Acme", opening(*[LOT] * MAX_ALTERNATIVES))
    assert opened.code == ACCEPTED
    wider = WidenRecall(HEAD, recall_id(opened.document_id, 0), (LOT,))
    assert ledger.submit("Acme", wider).code == Code.SCOPE_TOO_WIDE
    assert ledger.submit("Acme", opening(*[LOT] * (MAX_ALTERNATIVES + 1))).code == Code.SCOPE_TOO_WIDE


def test_a_recall_goes_through_so_many_rows_and_no_more(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scopes.find_reach, "__defaults__", (1,))
    assert ledger.submit("Acme", opening(PACKS)).code == Code.SCOPE_TOO_WIDE


def test_a_logistic_unit_is_not_called_back_but_what_is_in_it(ledger: Ledger) -> None:
    assert ledger.submit("Acme", Pack(HEAD, item("pallet-1"), items("pack-1"))).code == ACCEPTED
    assert ledger.submit("Acme", opening(scope(items=items("pallet-1")))).code == Code.SCOPE_EMPTY


def abroad() -> Genesis:
    """Return the network with Rival's product made first of all for the market where makers do it all."""
    genesis = small_genesis()
    products = tuple(
        msgspec.structs.replace(product, markets=("XX",)) if product.name.startswith("Drop") else product
        for product in genesis.products
    )
    return msgspec.structs.replace(genesis, products=products)


def test_where_the_profile_says_so_the_opener_releases_and_closes() -> None:
    ledger = Ledger(abroad())
    assert ledger.submit("Rival", made(b"1", b"2", kind="rival")).code == ACCEPTED
    one = scope(gtin=gtin("rival"), first_serial=b"1", last_serial=b"2")
    recall = recall_id(ledger.submit("Rival", opening(one)).document_id, 0)
    assert ledger.submit("Rival", ReleaseFromRecall(HEAD, recall, items("rival-1"))).code == ACCEPTED
    assert ledger.submit("Rival", CloseRecall(HEAD, recall)).code == ACCEPTED
    assert ledger.submit("Rival", AcknowledgeRecall(HEAD, recall)).code == Code.RECALL_CLOSED
    released = locate(ledger.state(), item("rival-1"))
    held = locate(ledger.state(), item("rival-2"))
    assert released is not None
    assert held is not None
    assert (released.row.holds, held.row.holds) == ((), ((7, 1),))
    # The second is released after the recall was closed.
    assert ledger.submit("Rival", ReleaseFromRecall(HEAD, recall, items("rival-2"))).code == ACCEPTED


def test_a_lot_with_all_its_makes_numbered_takes_nothing_repacked() -> None:
    ledger = Ledger()
    assert ledger.submit("Acme", made(b"1", b"2")).code == ACCEPTED
    state = ledger.state()
    lot = msgspec.structs.replace(state.require(LOTS, number_key(1)), makes=MAX_MAKES)
    state.write(LOTS, number_key(1), lot)
    ledger.keep(state.changes())
    repacked = Transform(HEAD, items("pack-1"), gtin("pack"), b"L1", EXPIRY, b"", 0, (b"9",), 0)
    assert ledger.submit("Acme", repacked).code == Code.LOT_TOO_MIXED


def test_lineage_that_leads_through_too_many_rows_is_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 4):
        one = Transform(
            HEAD, items(f"pack-{number}"), gtin("pack"), b"R", EXPIRY, b"", 0, (b"9%d" % number,), 0
        )
        assert ledger.submit("Acme", one).code == ACCEPTED
    monkeypatch.setattr(scopes.follow_lineage, "__defaults__", (3,))
    assert ledger.submit("Acme", opening(LOT)).code == Code.SCOPE_TOO_WIDE
    monkeypatch.setattr(scopes.follow_lineage, "__defaults__", (4,))
    assert ledger.submit("Acme", opening(LOT)).code == ACCEPTED


def cost(ledger: Ledger, record: OpenRecall) -> tuple[int, list[bytes]]:
    """Return the rows of the ledger that a recall read, and the tables of those that it wrote."""
    bundle = ledger.bundle("Acme", [ledger.document(record)])
    ledger.reader.reads.clear()
    result = ledger.block(bundle)
    assert result.receipts[0].code == ACCEPTED
    reads = sum(key[:1] not in DIRECTORY for key in ledger.reader.reads)
    return reads, [key[:1] for key, _value in result.writes]


@pytest.mark.parametrize("packs", [10, 5_000])
def test_a_recall_by_lot_writes_one_row_of_goods(packs: int) -> None:
    ledger = Ledger()
    serials = [b"%06d" % number for number in range(packs)]
    for hour in range(1, 6):
        some = made(*serials[hour - 1 :: 5], hour=hour)
        assert ledger.submit("Acme", some).code == ACCEPTED
    reads, writes = cost(ledger, opening(LOT))
    # The lane, the counter of recalls, its number, its row, the open recalls of the product; and the lot.
    assert (len(writes), writes.count(LOTS.prefix)) == (6, 1)
    # These, and: the lot's number, what it was repacked into, what others claim of it.
    assert reads == 9
    assert cost(ledger, opening(LOT, drill=1))[1].count(LOTS.prefix) == 0


def test_a_recall_by_line_and_hours_writes_one_row_for_each_lot() -> None:
    ledger = Ledger()
    for lot in range(4):
        for hour in range(1, 10):
            for line in (b"1", b"2"):
                serial = b"%d%d%b" % (lot, hour, line)
                assert (
                    ledger.submit("Acme", made(serial, lot=b"L%d" % lot, line=line, hour=hour)).code
                    == ACCEPTED
                )
    start_ms = START_MS - START_MS % HOUR_MS - 5 * HOUR_MS
    some = scope(gtin=gtin("pack"), line=b"2", from_ms=start_ms, until_ms=start_ms + 3 * HOUR_MS)
    reads, writes = cost(ledger, opening(some))
    assert (len(writes), writes.count(LOTS.prefix)) == (9, 4)
    # Three hours; of each make in them its lot and its line; and as much as a recall by lot.
    assert reads <= 3 + 3 * 4 * 2 * 2 + 8


def test_a_list_of_any_length_keeps_its_order() -> None:
    state = Overlay(Ledger().reader)
    name = lots_of_gtin(gtin("pack"))
    numbers = range(PART * 2 + 3)
    for number in numbers:
        append(state, name, number)
    assert list(entries(state, name, Budget(3))) == [*numbers]
    assert sum(key.startswith(LISTS.prefix) for key, _value in state.changes()) == 3
    with pytest.raises(TooManyRows):
        list(entries(state, name, Budget(2)))
    append(state, lots_of_gtin(gtin("case")), 9)
    assert list(entries(state, name, Budget(3))) == [*numbers]
