"""Events and documents in EPCIS 2.0 JSON that are refused, each with its code and the field it names."""

from typing import Any

import pytest

from node.epcis.problems import CaptureProblem
from node.epcis.reader import read_document
from tests.unit.node.epcis.samples import (
    MAKER,
    PACK_1,
    PACK_2,
    PLANT,
    aggregation_event,
    json_document,
    object_event,
)

LGTIN = "urn:epc:class:lgtin:9521234.012345.L1"


def refusal(event: Any) -> CaptureProblem:
    document = read_document(json_document(object_event(), event))
    assert [one.position for one in document.events] == [0]
    (problem,) = document.refused
    assert problem.event == 1
    assert problem.reason
    assert problem.remedy
    return problem


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"eventTime": None}, "missing_field", "eventTime"),
        ({"eventTime": "22-07-2026"}, "invalid_time", "eventTime"),
        ({"eventTime": 5}, "invalid_value", "eventTime"),
        ({"eventTime": "2026-03-02T08:00:00", "eventTimeZoneOffset": None}, "invalid_time", "eventTime"),
        ({"eventTimeZoneOffset": "CET"}, "invalid_time", "eventTimeZoneOffset"),
        ({"action": None}, "missing_field", "action"),
        ({"action": "add"}, "invalid_action", "action"),
        ({"type": None}, "unsupported_event", "type"),
        ({"type": "ours:CountingEvent"}, "unsupported_event", "type"),
        ({"bizStep": "transforming"}, "unknown_word", "bizStep"),
        ({"disposition": "in_transport"}, "unknown_word", "disposition"),
        ({"persistentDisposition": {"set": ["wet"]}}, "unknown_word", "persistentDisposition.set"),
        ({"persistentDisposition": {"sat": ["recalled"]}}, "unknown_field", "persistentDisposition.sat"),
        ({"epcList": [PACK_1, "(01)123(21)4"]}, "invalid_identifier", "epcList[1]"),
        ({"epcList": [PACK_1, 7]}, "invalid_value", "epcList[1]"),
        ({"epcList": []}, "missing_field", "epcList"),
        ({"epcList": ["urn:x:" + "y" * 3000]}, "invalid_value", "epcList[0]"),
        ({"quantityList": [{"quantity": 4}]}, "missing_field", "quantityList[0].epcClass"),
        ({"quantityList": [{"epcClass": LGTIN, "weight": 5}]}, "unknown_field", "quantityList[0].weight"),
        (
            {"quantityList": [{"epcClass": LGTIN, "quantity": "four"}]},
            "invalid_quantity",
            "quantityList[0].quantity",
        ),
        (
            {"quantityList": [{"epcClass": LGTIN, "quantity": True}]},
            "invalid_quantity",
            "quantityList[0].quantity",
        ),
        (
            {"quantityList": [{"epcClass": LGTIN, "quantity": -1}]},
            "invalid_quantity",
            "quantityList[0].quantity",
        ),
        (
            {"quantityList": [{"epcClass": LGTIN, "quantity": "NaN"}]},
            "invalid_quantity",
            "quantityList[0].quantity",
        ),
        (
            {"quantityList": [{"epcClass": LGTIN, "quantity": "1e999999"}]},
            "invalid_quantity",
            "quantityList[0].quantity",
        ),
        (
            {"quantityList": [{"epcClass": LGTIN, "quantity": 1234567890123456789}]},
            "invalid_quantity",
            "quantityList[0].quantity",
        ),
        ({"quantityList": [{"epcClass": LGTIN, "uom": 4}]}, "invalid_value", "quantityList[0].uom"),
        ({"quantityList": [{"epcClass": PACK_1}]}, "invalid_identifier", "quantityList[0].epcClass"),
        ({"quantityList": [7]}, "invalid_value", "quantityList[0]"),
        ({"readPoint": {"id": "9521234000014"}}, "invalid_identifier", "readPoint.id"),
        ({"readPoint": {"di": PLANT}}, "unknown_field", "readPoint.di"),
        ({"bizLocation": 7}, "invalid_value", "bizLocation"),
        ({"bizTransactionList": [{"type": "po"}]}, "missing_field", "bizTransactionList[0].bizTransaction"),
        (
            {"bizTransactionList": [{"type": "po", "bizTransaction": " "}]},
            "missing_field",
            "bizTransactionList[0]",
        ),
        (
            {"bizTransactionList": [{"type": "order", "bizTransaction": "7"}]},
            "unknown_word",
            "bizTransactionList[0].type",
        ),
        (
            {"bizTransactionList": [{"bizTransaction": "7", "x": 1}]},
            "unknown_field",
            "bizTransactionList[0].x",
        ),
        ({"sourceList": [{"source": MAKER}]}, "missing_field", "sourceList[0].type"),
        (
            {"destinationList": [{"type": "location", "destination": "there"}]},
            "invalid_identifier",
            "destinationList[0]",
        ),
        ({"ilmd": {"cbvmda:lotNumber": "A B"}}, "invalid_identifier", "ilmd.lotNumber"),
        ({"ilmd": {"cbvmda:lotNumber": "A", "lotNumber": "B"}}, "repeated_field", "ilmd.lotNumber"),
        ({"ilmd": {"cbvmda:itemExpirationDate": "2" * 3000}}, "invalid_value", "ilmd.itemExpirationDate"),
        ({"ilmd": {"cbvmda:itemExpirationDate": "soon"}}, "invalid_date", "ilmd.itemExpirationDate"),
        ({"ilmd": ["A"]}, "invalid_value", "ilmd"),
        ({"errorDeclaration": {}}, "missing_field", "errorDeclaration.declarationTime"),
        (
            {"errorDeclaration": {"declarationTime": "now"}},
            "invalid_time",
            "errorDeclaration.declarationTime",
        ),
        (
            {"errorDeclaration": {"declarationTime": "2026-03-04T08:00Z", "reason": "oops"}},
            "unknown_word",
            "errorDeclaration.reason",
        ),
        ({"errorDeclaration": {"declaration": "now"}}, "unknown_field", "errorDeclaration.declaration"),
        ({"sensorElementList": [7]}, "invalid_value", "sensorElementList[0]"),
        ({"gs1ushc:dropShipment": "perhaps"}, "invalid_value", "dropShipment"),
        ({"batch": "A"}, "unknown_field", "batch"),
        ({"eventID": "a", "id": "b"}, "repeated_field", "eventID"),
        ({"@context": 7}, "invalid_value", "@context"),
    ],
)
def test_events_refused(changes: dict[str, Any], code: str, field: str) -> None:
    problem = refusal(object_event(**changes))
    assert (problem.code, problem.field) == (code, field)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (aggregation_event(parentID=None), "parentID"),
        (aggregation_event(type="AssociationEvent", action="OBSERVE", parentID=None), "parentID"),
        (aggregation_event(childEPCs=None), "childEPCs"),
        (object_event(type="TransactionEvent"), "bizTransactionList"),
        (
            object_event(type="TransactionEvent", epcList=None, bizTransactionList=[{"bizTransaction": "7"}]),
            "epcList",
        ),
        (object_event(type="TransformationEvent", outputEPCList=[PACK_2]), "inputEPCList"),
        (object_event(type="TransformationEvent", inputEPCList=[PACK_2]), "outputEPCList"),
    ],
)
def test_fields_that_an_event_type_needs(event: dict[str, Any], field: str) -> None:
    problem = refusal(event)
    assert (problem.code, problem.field) == ("missing_field", field)


def test_an_event_that_is_no_object_is_refused_alone() -> None:
    assert refusal(7).code == "invalid_value"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"@context": None}, "missing_field"),
        ({"@context": [7]}, "invalid_value"),
        ({"type": "EPCISQueryDocument"}, "unsupported_format"),
        ({"type": None}, "unsupported_format"),
        ({"schemaVersion": "1.2"}, "unsupported_version"),
        ({"schemaVersion": True}, "unsupported_version"),
        ({"epcisBody": None}, "missing_field"),
        ({"epcisBody": {}}, "no_events"),
        ({"epcisBody": {"eventList": []}}, "no_events"),
        ({"epcisBody": {"eventList": [], "event": {}}}, "repeated_field"),
    ],
)
def test_documents_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(CaptureProblem) as refused:
        read_document(json_document(object_event(), **changes))
    assert (refused.value.code, refused.value.event) == (code, None)
    assert refused.value.reason in str(refused.value)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{", "malformed_document"),
        (b"[]", "unsupported_format"),
        (b'{"type": NaN}', "malformed_document"),
        (b'{"type": -Infinity}', "malformed_document"),
        (b'{"a": 1, "a": 2}', "repeated_field"),
        (b'{"type": "\\ud800"}', "malformed_document"),
        (b'{"\\udfff": 1}', "malformed_document"),
        (b'{"type": "\xff"}', "unsupported_encoding"),
        (b'{"a":' + b"[" * 64, "document_too_deep"),
        (b"[" * 100_000, "document_too_deep"),
        (b'{"' + b'\\"' * 200_000, "malformed_document"),
        (b'{"a": 1} {}', "malformed_document"),
        (b'{"a": "' + b"\\" * 9 + b'"}', "malformed_document"),
    ],
)
def test_json_refused(data: bytes, code: str) -> None:
    with pytest.raises(CaptureProblem) as refused:
        read_document(data)
    assert refused.value.code == code
