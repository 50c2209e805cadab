"""Records about whole lots, and corrections, in JSON: what is read comes back, nonsense can be shown."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.gs1.dates import MAX_DATE
from contracts.gs1.keys import pack_gtin, sgtin
from contracts.records.corrections import Correct, ErrorIn, ProposeCorrection
from contracts.records.head import Head
from contracts.records.lots import (
    AmendLot,
    ConsentToAmendment,
    MaterialLot,
    ProposeAmendment,
    TraceLot,
)
from contracts.records.record import Record
from node.api.field_readers import FieldFault, decode_strictly, pointer_of
from node.api.promises import Secret
from node.api.record_forms import DocumentForm
from node.api.records_json import read_document, write_record
from tests.support.parties import CASE_GTIN, PACK_GTIN
from tests.unit.node.api.samples import head

FORMS = msgspec.json.Decoder(DocumentForm)
SECRET = Secret(bytes(32))
HEAD = Head(1_767_225_600_000, 60, b"")

gtins = st.sampled_from([pack_gtin(PACK_GTIN), pack_gtin(CASE_GTIN)])
lots = st.from_regex(r"[A-Za-z0-9_\-]{1,20}", fullmatch=True).map(str.encode)
hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple)
materials = st.lists(st.builds(MaterialLot, gtins, lots), max_size=3).map(tuple)
heights, days = st.integers(0, 2**53 - 1), st.integers(0, MAX_DATE)
proposals = st.binary(min_size=16, max_size=16)
items = st.lists(st.sampled_from([sgtin(PACK_GTIN, "A1"), sgtin(PACK_GTIN, "B2")]), max_size=2).map(tuple)
heads = st.just(HEAD)
records = st.one_of(
    st.builds(TraceLot, heads, gtins, lots, materials, hashes),
    st.builds(AmendLot, heads, gtins, lots, days),
    st.builds(ProposeAmendment, heads, gtins, lots, days, heights),
    st.builds(ConsentToAmendment, heads, proposals, gtins, lots, days),
    st.builds(Correct, heads, st.sampled_from(ErrorIn), items),
    st.builds(ProposeCorrection, heads, st.sampled_from(ErrorIn), items, heights),
)

anything = st.binary(max_size=30)
numbers = st.integers(-(2**63), 2**63 - 1)
nonsense = st.one_of(
    st.builds(
        TraceLot,
        *(heads, anything, anything),
        *(st.lists(st.builds(MaterialLot, anything, anything), max_size=2).map(tuple), hashes),
    ),
    st.builds(AmendLot, heads, anything, anything, numbers),
    st.builds(ProposeAmendment, heads, anything, anything, numbers, numbers),
    st.builds(ConsentToAmendment, heads, anything, anything, anything, numbers),
    st.builds(
        ProposeCorrection, heads, st.sampled_from(ErrorIn), st.lists(anything, max_size=2).map(tuple), numbers
    ),
)


def read(*found: dict[str, Any]) -> tuple[Any, ...]:
    body = msgspec.json.encode({"records": found})
    return read_document(decode_strictly(FORMS, body), SECRET).document.records


def traced(**fields: Any) -> dict[str, Any]:
    return {"record": "trace_lot", **head(), "gtin": PACK_GTIN, "lot": "L", **fields}


@given(records)
def test_records_come_back_equal(found: Record) -> None:
    written = msgspec.json.encode({"records": [write_record(found)]})
    assert read_document(decode_strictly(FORMS, written), SECRET).document.records == (found,)


@given(nonsense)
def test_nonsense_that_is_in_a_block_can_be_shown(found: Record) -> None:
    assert msgspec.json.decode(msgspec.json.encode(write_record(found)))["record"]


@pytest.mark.parametrize(
    ("found", "code", "pointer", "word"),
    [
        (traced(lot=""), "invalid_identifier", "/records/0/lot", "lot_length"),
        (
            traced(materials=[{"gtin": PACK_GTIN, "lot": "L"}, {"gtin": PACK_GTIN, "lot": ""}]),
            *("invalid_identifier", "/records/0/materials/1/lot", "lot_length"),
        ),
        (
            traced(materials=[{"gtin": "1", "lot": "L"}]),
            *("invalid_identifier", "/records/0/materials/0/gtin", "gtin_length"),
        ),
        (traced(results=["ab"]), "invalid_field", "/records/0/results/0", ""),
    ],
)
def test_faults_name_the_field(found: dict[str, Any], code: str, pointer: str, word: str) -> None:
    with pytest.raises(FieldFault) as raised:
        read(found)
    assert (raised.value.code, pointer_of(raised.value.path), raised.value.fault) == (code, pointer, word)
