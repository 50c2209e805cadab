"""Keys and rows are bytes on the ledger: these values never change."""

import itertools

from contracts.primitives.encoding import encode
from contracts.records.changes import EndKey, SetRules
from contracts.records.recall import Quantities, Scope
from contracts.state import layout
from contracts.state.claim_rows import ClaimAnswerRow, ClaimRow
from contracts.state.cold_rows import JudgementRow, SessionRow, StorageRow
from contracts.state.ending_rows import EndingRow, RemainderRow
from contracts.state.genealogy_rows import BatchRow
from contracts.state.governance_rows import (
    BallotRow,
    ChangesRow,
    GovernanceRow,
    NodeRow,
    ParametersRow,
    SetsRow,
    ValidatorEntry,
)
from contracts.state.layout import (
    TABLES,
    certificate_key,
    claim_origin_key,
    claimed_lot_key,
    delegation_key,
    list_name,
    list_part_key,
    lot_key,
    number_key,
    open_claims_key,
    origin_key,
    overage_key,
    response_key,
    source_key,
    text_key,
)
from contracts.state.overage_rows import OverageRow
from contracts.state.quantities import book_key, holding_key
from contracts.state.quantity_rows import BookRow, LoadRow
from contracts.state.recall_rows import NumbersRow, RecallRow, ResponseRow
from contracts.state.rows import ContainerRow, ItemRow, LotRow, RegulatorsRow, ShipmentRow, SourceRow
from tests.scenarios.law.world import gtin, item

GTIN = gtin("pack")


def test_no_two_tables_share_a_first_byte() -> None:
    prefixes = [table.prefix for table in TABLES]
    assert len(set(prefixes)) == len(prefixes)
    assert all(len(prefix) == 1 for prefix in prefixes)


def test_every_table_is_listed() -> None:
    named = {value for value in vars(layout).values() if isinstance(value, layout.Table)}
    assert named == set(TABLES)
    assert len({table.name for table in TABLES}) == len(TABLES)


def test_golden_keys() -> None:
    assert number_key(258).hex() == "00000102"
    assert text_key("eu-fmd") == b"eu-fmd"
    assert lot_key(GTIN, b"L1") == GTIN + b"L1"
    assert delegation_key(GTIN, 7) == GTIN + bytes.fromhex("00000007")
    assert source_key(258 * 65_536 + 3).hex() == "000001020003"
    assert origin_key(7, b"", 0, 0).hex() == "00000007" + "00" + "00" * 8
    assert origin_key(7, b"A", 5, 6).hex() == "00000007" + "0141" + "0000000500000006"
    assert claimed_lot_key(GTIN, b"L1", 258) == GTIN + bytes.fromhex("00000102") + b"L1"
    assert claim_origin_key(7, 8, 3, b"sender", bytes(32)).hex() == (
        "0000000700000008" + "03" + b"sender".hex() + "00" * 32
    )
    assert open_claims_key(258, GTIN) == bytes.fromhex("00000102") + GTIN
    assert overage_key(258, GTIN) == bytes.fromhex("00000102") + GTIN
    assert response_key(258, 7).hex() == "00000102" + "00000007"
    assert list_name(b"g", GTIN, b"x") == b"g\x06" + GTIN + b"\x01x"
    assert list_part_key(list_name(b"g", GTIN), 3) == b"g\x06" + GTIN + bytes.fromhex("00000003")


def test_no_two_origins_share_a_key() -> None:
    lots, lines, numbers = (1, 256, 65_536), (b"", b"A", b"BA"), (0, 1, 256)
    origins = list(itertools.product(lots, lines, numbers, numbers))
    assert len({origin_key(*origin) for origin in origins}) == len(origins)
    longest = len(origin_key(1, b"X" * 20, 1, 1))
    assert longest < len(claim_origin_key(1, 1, 1, b"sender", bytes(32)))


def test_golden_rows() -> None:
    fresh = ItemRow(300, 1, (), b"", (), 70_000, 12, 0, 1, 1, 2, b"")
    assert encode(fresh).hex() == "9ecd012c0190c40090ce000111700c00010102c400c40000"
    packed = ItemRow(300, 1, (), item("pallet-1"), (), 70_000, 12, 0, 0, 0, 0, b"")
    assert encode(packed).hex().startswith("9ecd012c0190c40902")
    assert (
        encode(ContainerRow(2, ((1, 2), (3, 1)), 1, 1, 1, 4, 0, 0, ((5, 1),), (6,))).hex()
        == "9a029292010292030101010104" + "0000" + "91920501" + "9106"
    )
    shipment = ShipmentRow(1, 2, 1, 9, 1, 1, 1, 0, 0, 5, 0, 0, 0, 6, 300)
    assert encode(shipment).hex() == "9f0102010901010100000500000006" + "cd012c"
    assert encode(LotRow(GTIN, b"L1", 20_000, 9, 1, 2, ((0, 3, 4),), ("DE",))).hex() == (
        "98c406" + GTIN.hex() + "c4024c31" + "cd4e20" + "090102" + "9193000304" + "91a24445"
    )
    assert encode(EndingRow(1, 2, 300)).hex() == "930102cd012c"
    assert encode(RemainderRow(30, 2, 300)).hex() == "931e02cd012c"
    assert encode(SourceRow(b"", 0, 2)).hex() == "93c4000002"
    assert encode(ClaimRow(1, 3, b"S", b"E", 300)).hex() == "950103c40153c40145cd012c"
    assert encode(OverageRow(b"S", 300)).hex() == "92c40153cd012c"
    assert encode(ClaimAnswerRow(1, 300, 0)).hex() == "9301cd012c00"
    scope = (Scope(GTIN, 0, b"L", b"", 0, 0, b"", "", (), b"", b""),)
    recall = RecallRow(b"i", 1, 1, 0, 1, 0, 1, 1, 1, 9, 8, 7, "eu", (GTIN,), scope, (GTIN,))
    assert encode(recall).hex() == (
        "dc0010" + "c40169" + "0101000100010101090807" + "a26575" + "91c406" + GTIN.hex()
        + "919e" + "c406" + GTIN.hex() + "00" + "c4014c" + "c400" + "0000" + "c400" + "a0" + "90" + "c400" * 4
        + "00" + "91c406" + GTIN.hex()
    )  # fmt: skip
    assert encode(ResponseRow(1, 2, Quantities(3, 4, 5, 6, 7))).hex() == "930102" + "950304050607"
    assert encode(NumbersRow(1, (2, 300))).hex() == "92019202cd012c"
    batch = BatchRow(GTIN, b"L", (2, 300), ((1, 0),), ())
    assert encode(batch).hex() == "95c406" + GTIN.hex() + "c4014c" + "9202cd012c" + "91920100" + "90"
    assert encode(RegulatorsRow((6, 300))).hex() == "91" + "92" + "06" + "cd012c"
    assert encode(BookRow(1, 2, 3, 4, 5, 300)).hex() == "960102030405cd012c"
    load = LoadRow(1, 2, 3, 4, 5, 1, 6, ((GTIN, b"L", 300),), 300, 1)
    lines = "9193c406" + GTIN.hex() + "c4014c" + "cd012c"
    assert encode(load).hex() == "9a01020304050106" + lines + "cd012c" + "01"
    assert holding_key(GTIN, b"L", 1, 258) == GTIN + b"\x01L" + number_key(1) + number_key(258)
    assert book_key(GTIN, b"L") == GTIN + b"L"
    voter = ValidatorEntry(b"k", 300, b"g", "n")
    assert encode(SetsRow((), (), (voter,))).hex() == "93909091" + "94c4016b" + "cd012c" + "c40167" + "a16e"
    assert encode(ParametersRow((1,), (2,), (3,))).hex() == "93" + "9101" + "9102" + "9103"
    assert encode(NodeRow("member", b"c", b"", b"", 0)).hex() == "95a6" + b"member".hex() + "c40163c400c40000"
    changes = ChangesRow(1, 9, 7, "why", (SetRules(2), EndKey(b"k")))
    assert encode(changes).hex() == "95010907" + "a3" + b"why".hex() + "92" + "920e02" + "9205c4016b"
    assert encode(BallotRow(1, (1, 300), (2,), 0)).hex() == "940192" + "01cd012c" + "9102" + "00"
    assert encode(GovernanceRow(1, ((300, b"i"),))).hex() == "920191" + "92cd012c" + "c40169"
    assert certificate_key(b"c").hex() == "6212cea8550c651f960f7fdfdb7be552e35baad3b53979e39f31066e739c240f"
    storage = StorageRow(-50, 800, 1, 2, 3)
    assert encode(storage).hex() == "95d0cecd0320010203"
    judged = JudgementRow(GTIN, storage, 1, 2, 3, 4, 5, 6, 7)
    assert encode(SessionRow(b"L", b"I", 1, 2, 3, 4, 5, -6, 7, (judged,), ((8, 9),))).hex() == (
        "9bc4014cc401490102030405fa07" + "9199c406" + GTIN.hex() + encode(storage).hex() + "01020304050607"
        "91920809"
    )


def test_a_commissioned_pack_takes_at_most_100_bytes() -> None:
    row = ItemRow(2**47, 1, (), b"", (), 2**31, 2**15, 0, 2**15, 2**15, 2**31, b"")
    key = layout.ITEMS.prefix + item("pack-1")[:7] + b"X" * 20
    assert len(key) + len(encode(row)) <= 100
