"""Records in JSON: every field's faults and where they point, and the way there and back."""

import contextlib
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.gs1.dates import MAX_DATE, MAX_OFFSET_MINUTES, MAX_TIME_MS
from contracts.gs1.keys import pack_gtin, sgtin, sscc
from contracts.records.agreement import Consent, OfferOwnership, Withdraw
from contracts.records.catalogue import (
    Delegate,
    DelegationStep,
    DescribePremises,
    DescribeProduct,
    OfferProduct,
    ProductFacts,
    TakeProduct,
)
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void
from contracts.records.dispensing import Dispense, DispensePart, SupplyTo
from contracts.records.endings import Found, Reinstate, UndoneEnding
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges, WithdrawChanges
from contracts.records.head import Head
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    DeclareOverdue,
    HoldAction,
    LiftHold,
    PlaceHold,
    Suspect,
    SuspectGround,
)
from contracts.records.lanes import LaneStep, SetTradeLane
from contracts.records.late import Late, LateReason
from contracts.records.mandates import ActFor, Mandate
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityEnd,
    Settlement,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.record import RECORD_TAGS, Record
from contracts.records.supply import (
    Commission,
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Pack,
    Unpack,
)
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify
from contracts.state.rows import PREMISES_KINDS
from node.api.field_readers import FieldFault, decode_strictly, pointer_of
from node.api.promises import Secret
from node.api.record_forms import AnyRecordForm, DocumentForm
from node.api.records_json import read_document, write_record
from node.storage.references import KeptReference, reference_hash
from node.storage.views import RECORD_NAMES
from tests.support.parties import CASE_GTIN, MAKER, PACK_GTIN, sscc_text
from tests.unit.node.api.records_beyond import records_beyond
from tests.unit.node.api.samples import commission, head, pack_text, ship
from tests.unit.node.api.samples import sscc as unit_text
from tests.unit.node.api.strategies import (
    anything,
    byte_lists,
    counts,
    facts,
    glns,
    governed,
    gtins,
    items,
    lists,
    nonsense_changes,
    numbers,
    texts,
    units,
    word_lists,
    words,
)

FORMS = msgspec.json.Decoder(DocumentForm)
SECRET = Secret(bytes(32))
PACK = pack_text("A1")


def read(*records: dict[str, Any], **more: Any) -> tuple[Record, ...]:
    body = msgspec.json.encode({"records": records, **more})
    return read_document(decode_strictly(FORMS, body), SECRET).document.records


def record(kind: str, **fields: Any) -> dict[str, Any]:
    return {"record": kind, **head(), **fields}


def fault(*records: dict[str, Any], **more: Any) -> tuple[str, str, str]:
    with pytest.raises(FieldFault) as raised:
        read(*records, **more)
    return raised.value.code, pointer_of(raised.value.path), raised.value.fault


HALF_A_SECOND = {"at": "2026-01-01T00:00:00.500Z", "temperature": 1}
FIELD, IDENTIFIER, TIME = "invalid_field", "invalid_identifier", "invalid_time"


@pytest.mark.parametrize(
    ("found", "code", "pointer", "word"),
    [
        (commission("A1", at="yesterday"), TIME, "/records/0/at", "date_form"),
        (commission("A1", at=1), FIELD, "/records/0/at", ""),
        (commission("A1", offset="+99:00"), TIME, "/records/0/offset", "date_offset"),
        (commission("A1", premises="123"), IDENTIFIER, "/records/0/premises", "gln_length"),
        (commission("A1", premises="no gln"), IDENTIFIER, "/records/0/premises", ""),
        (commission("A1", premises="urn:x:y"), IDENTIFIER, "/records/0/premises", ""),
        (commission("A1", premises="urn:epc:id:sgln:0614141.01001.7"), IDENTIFIER, "/records/0/premises", ""),
        (commission("A1", gtin="1"), IDENTIFIER, "/records/0/gtin", "gtin_length"),
        (commission("A1", gtin=PACK_GTIN[:-1] + "9"), IDENTIFIER, "/records/0/gtin", "gtin_check_digit"),
        (commission("A1", gtin="urn:x:y"), IDENTIFIER, "/records/0/gtin", ""),
        (
            commission("A1", gtin="urn:epc:class:lgtin:0614141.000001.L"),
            *(IDENTIFIER, "/records/0/gtin", ""),
        ),
        (commission("A1", lot=""), IDENTIFIER, "/records/0/lot", "lot_length"),
        (commission("A1", lot="a b"), IDENTIFIER, "/records/0/lot", "lot_character"),
        (commission("A1", expiry="2030-02-30"), TIME, "/records/0/expiry", "date_day"),
        (commission("A1", line="ä"), IDENTIFIER, "/records/0/line", "lot_character"),
        (commission("A1", made_at="2030"), TIME, "/records/0/made_at", "date_form"),
        (commission("A1", ""), IDENTIFIER, "/records/0/serials/1", "serial_length"),
        (commission("A1", "x" * 21), IDENTIFIER, "/records/0/serials/1", "serial_length"),
        (commission("A1", "€"), IDENTIFIER, "/records/0/serials/1", "serial_character"),
        (commission("A1", attachments=["ab"]), FIELD, "/records/0/attachments/0", ""),
        (commission("A1", attachments=[""]), FIELD, "/records/0/attachments/0", ""),
        (commission("A1", colour="red"), FIELD, "/records/0/colour", ""),
        (
            record("commission_logistic_units", ssccs=["(00)1"]),
            IDENTIFIER,
            "/records/0/ssccs/0",
            "sscc_length",
        ),
        (record("pack", parent="x", children=[PACK]), IDENTIFIER, "/records/0/parent", ""),
        (
            record("pack", parent=PACK, children=[PACK, "(01)"]),
            IDENTIFIER,
            "/records/0/children/1",
            "item_form",
        ),
        (
            record("unpack", parent=PACK, children=[PACK, "urn:epc:id:giai:0614141.1"]),
            *(IDENTIFIER, "/records/0/children/1", ""),
        ),
        (record("decommission", reason="vanished", items=[PACK]), FIELD, "/records/0/reason", ""),
        (record("observe", step="seen", items=[PACK]), FIELD, "/records/0/step", ""),
        (record("dispense", items=[PACK, 7]), FIELD, "/records/0/items/1", ""),
        ({**ship(PACK), "receiver": ""}, FIELD, "/records/0/receiver", ""),
        (ship(PACK, purpose="fun"), FIELD, "/records/0/purpose", ""),
        (ship(PACK, ownership_passes=1), FIELD, "/records/0/ownership_passes", ""),
        (ship(PACK, deadline="soon"), TIME, "/records/0/deadline", "date_form"),
        (ship(PACK, carrier="1"), IDENTIFIER, "/records/0/carrier", "gln_length"),
        (ship(PACK, references=[{}]), FIELD, "/records/0/references/0", ""),
        (ship(PACK, references=[{"type": "po"}]), FIELD, "/records/0/references/0", ""),
        (ship(PACK, references=[{"hash": "ab"}]), FIELD, "/records/0/references/0/hash", ""),
        (
            ship(PACK, references=[{"hash": "ab" * 32, "type": "po"}]),
            *(FIELD, "/records/0/references/0/hash", ""),
        ),
        (
            ship(PACK, references=[{"type": "po", "value": "1", "salt": "ab"}]),
            *(FIELD, "/records/0/references/0/salt", ""),
        ),
        (ship(PACK, exempt="emergency", evidence="ab"), FIELD, "/records/0/evidence", ""),
        (ship(PACK, exempt="emergency", late="outage"), FIELD, "/records/0/exempt", ""),
        (record("logger_on", logger="probe", item=PACK), IDENTIFIER, "/records/0/logger", ""),
        (record("logger_on", logger="(8004)L", item="x"), IDENTIFIER, "/records/0/item", ""),
        (record("clear_session", session=-1, gtin=PACK_GTIN), FIELD, "/records/0/session", ""),
        (
            record(
                "readings", logger="(8004)L", readings=[{"at": "2026-01-01T00:00:00.500Z", "temperature": 1}]
            ),
            *(TIME, "/records/0/readings/0/at", ""),
        ),
        (
            record("readings", logger="(8004)L", readings=[{"at": "noon", "temperature": 1}]),
            *(TIME, "/records/0/readings/0/at", "date_form"),
        ),
        (record("readings", logger="(8004)L", readings=[{"at": 1}]), FIELD, "/records/0/readings/0/at", ""),
        (
            record("end_quantity", end="lost", lines=[{"gtin": PACK_GTIN, "quantity": 0}]),
            *(FIELD, "/records/0/lines/0/quantity", ""),
        ),
        (
            record("end_quantity", end="lost", lines=[{"gtin": PACK_GTIN, "lot": "a b", "quantity": 1}]),
            *(IDENTIFIER, "/records/0/lines/0/lot", "lot_character"),
        ),
        (record("receive", shipment="ab", mode="all"), FIELD, "/records/0/shipment", ""),
        (record("receive", shipment="", mode="all"), FIELD, "/records/0/shipment", ""),
        (record("receive", shipment="ab" * 16, mode="some"), FIELD, "/records/0/mode", ""),
        (record("refuse", shipment="zz" * 16), FIELD, "/records/0/shipment", ""),
        (record("void", shipment="ab" * 15 + "a\n"), FIELD, "/records/0/shipment", ""),
    ],
)
def test_faults_name_the_field(found: dict[str, Any], code: str, pointer: str, word: str) -> None:
    assert fault(found) == (code, pointer, word)
    # Whatever comes before it.
    _code, second, _word = fault(commission("A1"), found)
    assert second == pointer.replace("/records/0", "/records/1")


def test_faults_of_the_document() -> None:
    assert fault(commission("A1"), nonce="ab") == (FIELD, "/nonce", "")
    assert fault(commission("A1"), **{"a/b~c": 1}) == (FIELD, "/a~1b~0c", "")


def test_items_come_in_several_spellings() -> None:
    digits = sscc_text(1)
    urn = f"urn:epc:id:sscc:0614141.1{digits[8:17]}"
    spelled = [
        pack_text("A1"),
        "urn:epc:id:sgtin:0614141.000001.A1",
        f"https://id.example.org/01/{PACK_GTIN}/21/A1",
    ]
    (found,) = read(record("dispense", items=spelled))
    assert isinstance(found, Dispense)
    assert set(found.items) == {sgtin(PACK_GTIN, "A1")}
    units = [unit_text(1), urn, f"https://example.com/00/{digits}"]
    (found,) = read(record("commission_logistic_units", ssccs=units))
    assert isinstance(found, CommissionLogisticUnits)
    assert set(found.ssccs) == {sscc(digits)}


def test_places_come_in_several_spellings() -> None:
    for text in (MAKER.premises, f"urn:epc:id:sgln:0614141.{MAKER.premises[7:12]}.0"):
        (found,) = read(commission("A1", premises=text))
        assert found.head.premises == MAKER.place
    (found,) = read(commission("A1", gtin=f"urn:epc:idpat:sgtin:0614141.0{PACK_GTIN[8:13]}.*"))
    assert isinstance(found, Commission)
    assert found.gtin == pack_gtin(PACK_GTIN)


def test_the_offset_is_that_of_the_time_when_left_out() -> None:
    (found,) = read({**commission("A1"), "at": "2026-11-21T17:00:00-05:00", "offset": ""})
    assert found.head == Head(1_795_298_400_000, -300, MAKER.place)
    (found,) = read({**commission("A1"), "at": "2026-11-21T22:00:00Z", "offset": ""})
    assert found.head.offset_minutes == 0


def test_what_is_random_follows_from_the_secret() -> None:
    shipped = ship(PACK, references=[{"type": "po", "value": "1"}, {"type": "po", "value": "1"}])
    body = decode_strictly(FORMS, msgspec.json.encode({"records": [shipped, shipped]}))
    first, again = read_document(body, Secret(bytes(32))), read_document(body, Secret(bytes(32)))
    other = read_document(body, Secret(b"\1" * 32))
    assert first == again
    assert first.document.nonce != other.document.nonce
    hashes = [entry for found in first.document.records for entry in found.references]  # type: ignore[union-attr]
    assert len(set(hashes)) == 4
    assert hashes == [reference_hash(kept) for kept in first.references]


def test_references_are_shown_to_whom_they_may_be() -> None:
    kept = KeptReference("po", "4711", bytes(16))
    (found,) = read(ship(PACK, references=[{"hash": reference_hash(kept).hex()}]))
    shown = msgspec.to_builtins(write_record(found, {reference_hash(kept): kept}))
    assert shown["references"] == ({"type": "po", "value": "4711", "salt": "00" * 16},)
    assert msgspec.to_builtins(write_record(found))["references"] == ({"hash": reference_hash(kept).hex()},)


# ------------------------------------------------------------------------------ there and back

hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple)
times = st.integers(0, MAX_TIME_MS)
heads = st.builds(
    Head, times, st.integers(-MAX_OFFSET_MINUTES, MAX_OFFSET_MINUTES), glns | st.just(b""), hashes
)
shipments = st.binary(min_size=16, max_size=16)
lots = texts.map(str.encode) | st.just(b"")
packs = st.integers(1, 10**12)
quantity_lines = st.lists(st.builds(Line, gtins, lots, packs), max_size=3).map(tuple)
nonsense_lines = st.lists(st.builds(Line, st.binary(max_size=9), st.binary(max_size=9), st.integers(-9, 9)))
loggers = texts.map(lambda text: b"\x03" + text.encode())
readings = st.lists(st.tuples(st.integers(0, MAX_TIME_MS // 1_000), counts), max_size=3).map(tuple)
records = st.one_of(
    st.builds(
        Commission,
        heads,
        st.sampled_from([pack_gtin(PACK_GTIN), pack_gtin(CASE_GTIN)]),
        texts.map(str.encode),
        st.integers(0, MAX_DATE),
        texts.map(str.encode) | st.just(b""),
        times,
        st.lists(texts.map(str.encode), max_size=4).map(tuple),
    ),
    st.builds(CommissionLogisticUnits, heads, st.lists(units, max_size=4).map(tuple)),
    st.builds(Pack, heads, items, lists),
    st.builds(Unpack, heads, items, lists),
    st.builds(Decommission, heads, st.sampled_from(DecommissionReason), lists),
    st.builds(Observe, heads, st.sampled_from(ObserveStep), lists),
    st.builds(
        Ship,
        *(heads, lists, glns, glns | st.just(b""), st.sampled_from(ShipPurpose), st.integers(0, 1)),
        *(times, glns | st.just(b""), hashes, shipments | st.just(b"")),
    ),
    st.builds(Receive, heads, shipments, st.sampled_from(ReceiveMode), lists),
    st.builds(Refuse, heads, shipments, lists),
    st.builds(Void, heads, shipments, lists),
    st.builds(Dispense, heads, lists, st.sampled_from(SupplyTo)),
    st.builds(DispensePart, heads, st.integers(1, 2**53 - 1), lists),
    st.builds(OfferOwnership, heads, lists, glns, st.integers(0, 2**53 - 1)),
    st.builds(Consent, heads, shipments, lists),
    st.builds(Withdraw, heads, shipments),
    st.builds(
        Late,
        st.sampled_from(LateReason),
        st.builds(Dispense, heads, lists, st.sampled_from(SupplyTo))
        | st.builds(Receive, heads, shipments, st.sampled_from(ReceiveMode), lists),
    ),
    records_beyond(heads, lists, glns, texts.map(str.encode)),
    st.builds(Found, heads, lists),
    st.builds(Reinstate, heads, st.sampled_from(UndoneEnding), st.integers(0, 1), lists),
    *(
        st.builds(DescribeProduct, heads, gtins, facts),
        st.builds(OfferProduct, heads, gtins, glns | st.just(b"")),
        st.builds(TakeProduct, heads, gtins),
        st.builds(DescribePremises, heads, glns, words, words, words, st.sampled_from(PREMISES_KINDS)),
        st.builds(Delegate, heads, gtins, glns, st.sampled_from(DelegationStep)),
        st.builds(
            Mandate,
            *(
                heads,
                glns,
                st.sets(st.sampled_from(sorted(RECORD_TAGS))).map(lambda tags: tuple(sorted(tags))),
            ),
            *(st.lists(glns, max_size=3).map(tuple), counts),
        ),
        st.builds(ActFor, heads, glns),
        st.builds(
            SetTradeLane,
            *(heads, gtins, texts.map(str.encode) | st.just(b""), st.lists(glns, max_size=3).map(tuple)),
            *(st.integers(0, 1023), word_lists, st.sampled_from(LaneStep)),
        ),
    ),
    st.builds(ProposeChanges, heads, st.lists(governed, max_size=3).map(tuple), counts, counts, words),
    st.builds(VoteOnChanges, heads, shipments, st.sampled_from(Choice)),
    st.builds(WithdrawChanges, heads, shipments),
    st.builds(DeclareOverdue, heads, shipments),
    st.builds(PlaceHold, heads, st.sampled_from(HoldAction), lists),
    st.builds(LiftHold, heads, st.sampled_from(HoldAction), lists),
    st.builds(Suspect, heads, st.sampled_from(SuspectGround), lists),
    st.builds(ConfirmIllegitimate, heads, lists),
    st.builds(Clear, heads, st.binary(min_size=32, max_size=32), lists),
    st.builds(
        Verify,
        *(heads, lists, texts.map(str.encode) | st.just(b""), st.integers(0, MAX_DATE)),
        *(st.sampled_from(VerificationResult), st.sampled_from(VerificationReason)),
    ),
    st.builds(Report, heads, st.sampled_from(Finding), lists),
    *(
        st.builds(StorageProfile, heads, gtins, counts, counts, counts, counts, counts),
        st.builds(LoggerOn, heads, loggers, items),
        st.builds(LoggerOff, heads, loggers),
        st.builds(Readings, heads, loggers, readings),
        st.builds(ClearSession, heads, st.integers(0, 2**32 - 1), gtins),
        st.builds(MakeQuantity, heads, gtins, lots, st.integers(1, MAX_DATE), lots, times, packs),
        st.builds(
            ShipQuantity,
            *(heads, quantity_lines, glns | st.just(b""), glns, glns | st.just(b"")),
            *(st.sampled_from(ShipPurpose), st.integers(0, 1), times, hashes, glns | st.just(b"")),
        ),
        st.builds(SettleQuantity, heads, shipments, st.sampled_from(Settlement), quantity_lines),
        st.builds(EndQuantity, heads, st.sampled_from(QuantityEnd), quantity_lines, glns | st.just(b"")),
    ),
)


@given(records)
def test_records_come_back_equal(found: Record) -> None:
    written = msgspec.json.encode({"records": [write_record(found)]})
    assert read_document(decode_strictly(FORMS, written), SECRET).document.records == (found,)


nonsense_heads = st.builds(Head, numbers, numbers, anything, st.lists(anything, max_size=2).map(tuple))
nonsense_facts = st.builds(
    ProductFacts,
    *(words, words, words, word_lists, numbers, numbers, anything, numbers),
    *(word_lists, words, numbers, words),
)


@given(
    st.one_of(
        st.builds(Commission, nonsense_heads, anything, anything, numbers, anything, numbers, byte_lists),
        st.builds(Pack, nonsense_heads, anything, byte_lists),
        st.builds(
            Ship,
            *(nonsense_heads, byte_lists, anything, anything, st.sampled_from(ShipPurpose), numbers),
            *(numbers, anything, byte_lists),
        ),
        st.builds(Receive, nonsense_heads, anything, st.sampled_from(ReceiveMode), byte_lists),
        st.builds(OfferOwnership, nonsense_heads, byte_lists, anything, numbers),
        st.builds(ProposeChanges, nonsense_heads, st.tuples(nonsense_changes), numbers, numbers, words),
        st.builds(DescribeProduct, nonsense_heads, anything, nonsense_facts),
        st.builds(DescribePremises, nonsense_heads, anything, words, words, words, words),
        st.builds(Mandate, nonsense_heads, anything, st.tuples(numbers), byte_lists, numbers),
        st.builds(ActFor, nonsense_heads, anything),
        st.builds(
            SetTradeLane,
            *(nonsense_heads, anything, anything, byte_lists, numbers, word_lists, st.sampled_from(LaneStep)),
        ),
        st.builds(Delegate, nonsense_heads, anything, anything, st.sampled_from(DelegationStep)),
        st.builds(EndQuantity, nonsense_heads, st.sampled_from(QuantityEnd), nonsense_lines, anything),
        st.builds(StorageProfile, nonsense_heads, anything, *[numbers] * 5),
        st.builds(LoggerOn, nonsense_heads, anything, anything),
        st.builds(Readings, nonsense_heads, anything, st.lists(st.tuples(numbers, numbers), max_size=2)),
    )
)
def test_nonsense_that_is_in_a_block_can_be_shown(found: Record) -> None:
    assert msgspec.json.decode(msgspec.json.encode(write_record(found)))["record"]


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["records", "record", "at", "items", "nonce", "commission", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=10,
    ).map(msgspec.json.encode)
)
def test_anything_is_read_or_is_a_fault(body: bytes) -> None:
    with contextlib.suppress(FieldFault):
        read_document(decode_strictly(FORMS, body), SECRET)


def test_forms_are_called_like_the_records_but_late_and_exempt_are_fields_of_what_was_done() -> None:
    tags = {form.__struct_config__.tag for form in get_args(AnyRecordForm)}
    assert tags == set(RECORD_NAMES.values()) - {"late", "exempt"}
