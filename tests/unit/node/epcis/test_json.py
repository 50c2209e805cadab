"""EPCIS 2.0 in JSON and JSON-LD."""

import json
from typing import Any

import pytest

from contracts.gs1.dates import format_date, format_timestamp
from contracts.gs1.keys import format_item, unpack_gln, unpack_gtin
from node.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    EpcisEvent,
    ObjectEvent,
    TransactionEvent,
    TransformationEvent,
)
from node.epcis.reader import read_document
from tests.unit.node.epcis.samples import (
    BUYER,
    CASE,
    CONTEXT,
    MAKER,
    PACK_1,
    PACK_2,
    PALLET,
    PLANT,
    aggregation_event,
    json_document,
    json_event,
    object_event,
)

LGTIN = "urn:epc:class:lgtin:9521234.012345.L1"


def read_one(event: dict[str, Any]) -> EpcisEvent:
    document = read_document(json_document(event))
    assert document.refused == ()
    return document.events[0]


def test_an_object_event_in_full() -> None:
    event = read_one(
        object_event(
            eventID="urn:uuid:1",
            bizLocation={"id": "https://id.gs1.org/414/9521234000013/254/7", "ours:shelf": 4},
            bizTransactionList=[{"type": "po", "bizTransaction": " PO 77 "}, {"bizTransaction": "x"}],
            sourceList=[{"type": "owning_party", "source": MAKER}],
            destinationList=[
                {"type": "cbv:SDT-possessing_party", "destination": BUYER},
                {"type": "location", "destination": ""},
            ],
            persistentDisposition={"set": ["recalled"], "unset": ["completeness_verified"]},
            quantityList=[
                {"epcClass": LGTIN, "quantity": 200.50, "uom": "KGM"},
                {"epcClass": "https://x.example/1"},
            ],
            sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": 4.0, "ours:x": 1}]}],
            recordTime="2026-03-02T08:00:01Z",
            **{"ours:line": {"name": "L2", "speed": 1.50}},
        )
    )
    assert isinstance(event, ObjectEvent)
    assert (format_timestamp(event.time_ms), event.offset_minutes) == ("2026-03-02T07:00:00.000Z", 60)
    assert (event.action, event.biz_step, event.disposition) == ("ADD", "commissioning", "active")
    assert [format_item(item) for item in event.epcs.items] == [
        "(01)09521234123453(21)P1",
        "(01)09521234123453(21)P2",
    ]
    assert event.biz_location is not None
    assert event.biz_location.gln is not None
    assert (unpack_gln(event.biz_location.gln), event.biz_location.extension) == ("9521234000013", "7")
    assert [(one.kind, one.reference) for one in event.transactions] == [("po", "PO 77"), ("", "x")]
    assert [one.kind for one in event.sources] == ["owning_party"]
    assert [(one.kind, one.place.uri) for one in event.destinations] == [("possessing_party", BUYER)]
    assert (event.persistent_disposition.set, event.persistent_disposition.unset) == (
        ("recalled",),
        ("completeness_verified",),
    )
    assert [(one.lot, one.amount, one.unit) for one in event.quantities] == [
        ("L1", "200.5", "KGM"),
        ("", "", ""),
    ]
    assert event.quantities[0].gtin is not None
    assert unpack_gtin(event.quantities[0].gtin) == "09521234123453"
    assert event.ilmd is not None
    assert event.ilmd.expiry is not None
    assert (event.ilmd.lot, format_date(event.ilmd.expiry)) == ("LOT-7", "2028-02-29")
    assert event.sensor_elements == (
        b'{"@context":{"ours":"https://packtrail.example/ns/"},"sensorElementList":['
        b'{"sensorReport":[{"ours:x":1,"type":"Temperature","value":4.0}]}]}'
    )
    assert event.unknown == (
        b'{"@context":{"ours":"https://packtrail.example/ns/"},"bizLocation":{"ours:shelf":4},'
        b'"ours:line":{"name":"L2","speed":1.5},"recordTime":"2026-03-02T08:00:01Z"}'
    )


def test_numbers_are_kept_as_written() -> None:
    text = json_event(object_event()).replace(
        b'"ADD"', b'"ADD", "ours:big": 1.50e3, "ours:long": 123456789012345678901234567890'
    )
    (event,) = read_document(text).events
    assert b'"ours:big":1.50e3' in event.unknown
    assert b'"ours:long":123456789012345678901234567890' in event.unknown


def test_aggregation_association_transaction_transformation() -> None:
    packed = read_one(aggregation_event(childQuantityList=[{"epcClass": LGTIN, "quantity": 3}]))
    assert isinstance(packed, AggregationEvent)
    assert packed.parent is not None
    assert format_item(packed.parent) == "(01)19521234123450(21)C1"
    assert len(packed.children.items) == 2
    assert packed.child_quantities[0].amount == "3"

    logger = "urn:epc:id:giai:9521234.LOG7"
    installed = read_one(
        aggregation_event(
            type="AssociationEvent", parentID="urn:epc:id:grai:9521234.12345.9", childEPCs=[logger]
        )
    )
    assert isinstance(installed, AssociationEvent)
    assert (installed.parent, installed.other_parent) == (None, "urn:epc:id:grai:9521234.12345.9")
    assert installed.children.others == (logger,)

    tied = read_one(
        object_event(
            type="TransactionEvent",
            ilmd=None,
            parentID=PALLET,
            bizTransactionList=[{"type": "po", "bizTransaction": "7"}],
        )
    )
    assert isinstance(tied, TransactionEvent)
    assert tied.parent is not None

    repacked = read_one(
        object_event(
            type="TransformationEvent",
            action=None,
            epcList=None,
            inputEPCList=[PACK_1],
            inputQuantityList=[{"epcClass": LGTIN}],
            outputEPCList=[PACK_2],
            outputQuantityList=[{"epcClass": LGTIN, "quantity": "0.10"}],
        )
    )
    assert isinstance(repacked, TransformationEvent)
    assert (len(repacked.inputs.items), len(repacked.outputs.items)) == (1, 1)
    assert repacked.output_quantities[0].amount == "0.1"


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "TransformationEvent", "transformationID": "urn:x:1", "inputEPCList": [PACK_1]},
        {
            "type": "TransformationEvent",
            "transformationID": "urn:x:1",
            "outputQuantityList": [{"epcClass": LGTIN}],
        },
        {"type": "epcis:ObjectEvent"},
        {"type": None, "isA": "ObjectEvent"},
        {"type": None, "@type": "https://ref.gs1.org/epcis/ObjectEvent"},
        {"epcList": PACK_1},
        {"epcList": None, "sensorElementList": [{"sensorReport": []}]},
        {"readPoint": PLANT},
        {"readPoint": None},
        {"bizStep": "ours:weighing"},
        {"disposition": "http://x.example/wet"},
        {"eventTimeZoneOffset": None},
        {"@context": {"local": "http://x.example/"}, "local:a": 1},
        {"@context": {"weight": "http://x.example/weight"}, "weight": 1},
        {"rdfs:comment": "hello"},
        {"ilmd": {}},
        {"sensorElementList": []},
        {"ilmd": {"lotNumber": "A", "cbvmda:itemExpirationDate": None}},
    ],
)
def test_forms_that_are_read_as_well(changes: dict[str, Any]) -> None:
    read_one(object_event(**changes))


def test_repeated_instances_count_once() -> None:
    event = read_one(object_event(epcList=[PACK_1, f" {PACK_1}", "urn:x:1", "urn:x:1", PACK_2]))
    assert isinstance(event, ObjectEvent)
    assert (len(event.epcs.items), event.epcs.others) == (2, ("urn:x:1",))


def test_an_error_declaration() -> None:
    declaration = {
        "declarationTime": "2026-03-04T08:00:00Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:uuid:2"],
        "ours:who": "QA",
    }
    event = read_one(object_event(errorDeclaration=declaration))
    assert event.error_declaration is not None
    assert event.error_declaration.reason == "incorrect_data"
    assert event.error_declaration.corrective_event_ids == ("urn:uuid:2",)
    assert b'"errorDeclaration":{"ours:who":"QA"}' in event.unknown


def test_master_data_of_an_item() -> None:
    ilmd = {
        "cbvmda:lotNumber": "A",
        "ours:line": "L2",
        "ours:checked": True,
        "ours:nested": {"a": 1},
        "ours:many": [1, 2],
    }
    event = read_one(object_event(ilmd=ilmd))
    assert event.ilmd is not None
    assert event.ilmd.expiry is None
    assert [(one.name, one.value) for one in event.ilmd.attributes] == [
        ("urn:epcglobal:cbv:mda#lotNumber", "A"),
        ("https://packtrail.example/ns#line", "L2"),
        ("https://packtrail.example/ns#checked", "true"),
        ("https://packtrail.example/ns#many", "1"),
        ("https://packtrail.example/ns#many", "2"),
    ]
    assert json.loads(event.unknown)["ilmd"] == {
        name: ilmd[name] for name in ilmd if name != "cbvmda:lotNumber"
    }


@pytest.mark.parametrize(
    ("value", "flag"), [("true", True), (True, True), ("1", True), ("false", False), (False, False)]
)
def test_drop_shipment(value: Any, flag: bool) -> None:
    assert read_one(object_event(**{"gs1ushc:dropShipment": value})).drop_shipment is flag


def test_what_delete_and_observe_may_leave_out() -> None:
    assert isinstance(read_one(aggregation_event(action="DELETE", childEPCs=None)), AggregationEvent)
    assert isinstance(read_one(aggregation_event(action="OBSERVE", parentID=None)), AggregationEvent)
    released = object_event(
        type="TransactionEvent", action="DELETE", epcList=None, bizTransactionList=[{"bizTransaction": "7"}]
    )
    assert isinstance(read_one(released), TransactionEvent)


def test_the_document_itself() -> None:
    document = read_document(
        json_document(
            object_event(),
            sender="urn:epc:id:sgln:9521234.00000.0",
            receiver="a customer",
            instanceIdentifier=" 4711 ",
            epcisHeader={"epcisMasterData": {"vocabularyList": []}, "ours:x": 1},
            id="https://maker.example/doc/1",
        )
    )
    assert (document.format, document.schema_version, document.instance_identifier) == (
        "json-2.0",
        "2.0",
        "4711",
    )
    assert document.created_ms is not None
    assert format_timestamp(document.created_ms) == "2026-03-02T10:00:00.000Z"
    assert document.sender is not None
    assert document.sender.gln is not None
    assert unpack_gln(document.sender.gln) == "9521234000006"
    assert [(one.uri, one.gln) for one in document.receivers] == [("a customer", None)]
    assert document.master_data == b'{"epcisMasterData":{"vocabularyList":[]}}'
    assert document.unknown == (
        b'{"@context":{"ours":"https://packtrail.example/ns/"},"epcisHeader":{"ours:x":1},'
        b'"id":"https://maker.example/doc/1"}'
    )


def test_a_bare_event_and_a_body_with_one_event() -> None:
    bare = read_document(json_event(object_event()))
    assert (bare.schema_version, len(bare.events)) == ("", 1)
    one = read_document(json_document(epcisBody={"event": object_event()}))
    assert one.events == bare.events
    assert len(read_document(json_document(object_event(), schemaVersion=None, creationDate="?")).events) == 1


def test_a_long_extension_in_the_master_data_is_only_kept() -> None:
    event = read_one(object_event(ilmd={"ours:picture": "x" * 5000, "cbvmda:lotNumber": "A"}))
    assert event.ilmd is not None
    assert [one.value for one in event.ilmd.attributes] == ["A"]
    assert len(event.unknown) > 5000


def test_a_context_cannot_redefine_the_standard() -> None:
    context = [*CONTEXT, {"bizStep": "http://evil.example/", "epcList": {"@id": "http://evil.example/"}}]
    document = read_document(json_document(object_event(), **{"@context": context}))
    assert document.events[0].biz_step == "commissioning"


def test_names_in_full_and_unknown_prefixes() -> None:
    ilmd = {"http://x.example/ns#line": "L2", "nowhere:line": "L3"}
    event = read_one(object_event(ilmd=ilmd))
    assert event.ilmd is not None
    assert [one.name for one in event.ilmd.attributes] == ["http://x.example/ns#line", "nowhere#line"]


def test_a_case_is_an_item_like_a_pack() -> None:
    event = read_one(object_event(epcList=[CASE]))
    assert isinstance(event, ObjectEvent)
    assert [format_item(item) for item in event.epcs.items] == ["(01)19521234123450(21)C1"]
