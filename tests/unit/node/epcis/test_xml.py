"""EPCIS 1.x in XML, and the mess it comes in."""

import msgspec
import pytest

from contracts.gs1.dates import format_date, format_timestamp
from contracts.gs1.keys import format_item, unpack_gln
from node.epcis.events import (
    AggregationEvent,
    AssociationEvent,
    ObjectEvent,
    TransactionEvent,
    TransformationEvent,
)
from node.epcis.problems import CaptureProblem
from node.epcis.reader import read_document
from tests.unit.node.epcis.samples import (
    CASE,
    PACK_1,
    PACK_2,
    XML_HEADER,
    XML_OBJECT_EVENT,
    XML_SHIPPING,
    json_document,
    object_event,
    xml_document,
)


def with_field(text: str) -> str:
    """The commissioning event with one more element, or another one in place of its own."""
    name = text[1:].partition(">")[0].partition(" ")[0].rstrip("/")
    before, found, rest = XML_OBJECT_EVENT.partition(f"<{name}>")
    if not found:
        return XML_OBJECT_EVENT.replace("</ObjectEvent>", f"{text}</ObjectEvent>")
    return before + text + rest.partition(f"</{name}>")[2]


def without_field(name: str) -> str:
    return with_field(f"<{name}/>").replace(f"<{name}/>", "")


def refusal(event: str) -> CaptureProblem:
    document = read_document(xml_document(XML_SHIPPING, event))
    assert [one.position for one in document.events] == [0]
    (problem,) = document.refused
    assert problem.event == 1
    assert problem.reason
    return problem


def test_both_syntaxes_give_the_same_event() -> None:
    (from_xml,) = read_document(xml_document(XML_OBJECT_EVENT)).events
    (from_json,) = read_document(json_document(object_event())).events
    assert from_xml == from_json
    assert from_xml.unknown == b""


def test_a_shipping_event_and_the_document_around_it() -> None:
    document = read_document(xml_document(XML_OBJECT_EVENT, XML_SHIPPING, header=XML_HEADER))
    assert (document.format, document.schema_version, document.instance_identifier) == (
        "xml-1.2",
        "1.2",
        "4711",
    )
    assert document.sender is not None
    assert document.sender.gln is not None
    assert unpack_gln(document.sender.gln) == "9521234000006"
    assert [unpack_gln(one.gln) for one in document.receivers if one.gln] == ["9521235000005"]
    assert document.master_data.startswith(b"<unknown><EPCISMasterData>")
    assert document.unknown == (
        b'<unknown><EPCISHeader><ours:note xmlns:ours="https://packtrail.example/ns/">kept</ours:note>'
        b"</EPCISHeader></unknown>"
    )
    shipped = document.events[1]
    assert isinstance(shipped, ObjectEvent)
    assert shipped.drop_shipment
    assert [format_item(item) for item in shipped.epcs.items] == ["(00)095212340000000174"]
    assert [(one.kind, one.reference) for one in shipped.transactions] == [
        ("po", "urn:epcglobal:cbv:bt:9521235000005:PO 77")
    ]
    assert [one.kind for one in shipped.sources] == ["owning_party"]
    assert [(one.kind, one.place.extension) for one in shipped.destinations] == [
        ("owning_party", ""),
        ("location", "DOCK4"),
    ]


@pytest.mark.parametrize(
    "version", ["", 'schemaVersion="0"', 'schemaVersion="1"', 'schemaVersion="1.0"', 'schemaVersion=" 1.1 "']
)
def test_versions(version: str) -> None:
    assert len(read_document(xml_document(XML_OBJECT_EVENT, version=version)).events) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<action>ADD</action>", "<extension><extension><action>ADD</action></extension></extension>"),
        ("<extension>", "<vendor:x xmlns:vendor='http://v.example/'>1</vendor:x><extension>"),
        (
            "+01:00</eventTimeZoneOffset>",
            "+01:00</eventTimeZoneOffset><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>",
        ),
        ("08:00:00.000+01:00", "08:00:00.0000000+01:00+01:00"),
        ("08:00:00.000+01:00", "08:00:00.00"),
        ("<eventTimeZoneOffset>+01:00</eventTimeZoneOffset>", ""),
        (f"<epc>{PACK_1}</epc>", f"<epc>\n  {PACK_1}\n</epc><!-- first -->"),
        ("commissioning</bizStep>", "commissioning\n</bizStep>"),
        ("<action>ADD</action>", "<action><![CDATA[ADD]]></action>"),
        ("<ObjectEvent>", "<ObjectEvent vendor='x'>"),
        ("</ObjectEvent>", "<bizLocation><id/></bizLocation></ObjectEvent>"),
        ("</ObjectEvent>", "<bizLocation><id>urn:epc:id:sgln:</id></bizLocation></ObjectEvent>"),
        ("cbvmda:lotNumber", "lotNumber"),
        ("2028-02-29", "280229"),
    ],
)
def test_mess_that_changes_nothing(old: str, new: str) -> None:
    (expected,) = read_document(xml_document(XML_OBJECT_EVENT)).events
    (event,) = read_document(xml_document(XML_OBJECT_EVENT.replace(old, new))).events
    assert event.ilmd is not None
    assert msgspec.structs.replace(event, unknown=b"", ilmd=expected.ilmd) == expected
    assert event.ilmd.lot == "LOT-7"
    assert event.ilmd.expiry is not None
    assert format_date(event.ilmd.expiry) == "2028-02-29"


def test_elements_in_the_namespace_of_the_schema_are_read_alike() -> None:
    prefixed = XML_OBJECT_EVENT
    for name in ("eventTime", "action", "epcList", "epc", "bizStep", "ObjectEvent"):
        prefixed = prefixed.replace(f"<{name}>", f"<epcis:{name}>").replace(f"</{name}>", f"</epcis:{name}>")
    assert (
        read_document(xml_document(prefixed)).events == read_document(xml_document(XML_OBJECT_EVENT)).events
    )


def test_unknown_elements_are_kept_where_they_stood() -> None:
    event = with_field(
        "<ours:machine xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:xsd='http://www.w3.org/2001/XMLSchema'"
        " xsi:type='xsd:string'>  M1 <ours:speed/> </ours:machine>"
    ).replace("</readPoint>", "<extension><ours:shelf>4</ours:shelf></extension></readPoint>")
    (found,) = read_document(xml_document(event)).events
    assert found.unknown == (
        b'<unknown><readPoint><ours:shelf xmlns:ours="https://packtrail.example/ns/">4</ours:shelf></readPoint>'
        b'<ours:machine xmlns:ours="https://packtrail.example/ns/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xsd:string">'
        b"M1<ours:speed></ours:speed></ours:machine></unknown>"
    )


def test_a_type_with_an_undeclared_prefix_is_kept_as_text() -> None:
    event = with_field("<x xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='xsd:int'>1</x>")
    (found,) = read_document(xml_document(event)).events
    assert b'xsi:type="xsd:int"' in found.unknown


def test_later_fields_of_an_event() -> None:
    extra = (
        "<baseExtension><eventID>urn:uuid:1</eventID>"
        "<errorDeclaration><declarationTime>2026-03-04T08:00Z</declarationTime>"
        "<reason>urn:epcglobal:cbv:er:did_not_occur</reason>"
        "<correctiveEventIDs><correctiveEventID>urn:uuid:2</correctiveEventID><x/></correctiveEventIDs><ours:y/>"
        "</errorDeclaration></baseExtension>"
        "<extension><quantityList><quantityElement><epcClass>urn:epc:class:lgtin:9521234.012345.L1</epcClass>"
        "<quantity>10.0</quantity><uom>KGM</uom></quantityElement><quantityElement>"
        "<epcClass>urn:epc:idpat:sgtin:9521234.012345.*</epcClass>"
        "<quantity xsi:nil='true' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'/>"
        "</quantityElement></quantityList>"
        "<extension><persistentDisposition><set>urn:epcglobal:cbv:disp:recalled</set><unset>recalled</unset>"
        "<set>damaged</set></persistentDisposition>"
        "<sensorElementList><sensorElement><sensorReport value='4'/></sensorElement>"
        "</sensorElementList></extension></extension></ObjectEvent>"
    )
    (event,) = read_document(xml_document(XML_OBJECT_EVENT.replace("</ObjectEvent>", extra))).events
    assert isinstance(event, ObjectEvent)
    assert event.event_id == "urn:uuid:1"
    assert event.error_declaration is not None
    assert format_timestamp(event.error_declaration.declared_ms) == "2026-03-04T08:00:00.000Z"
    assert event.error_declaration.reason == "did_not_occur"
    assert event.error_declaration.corrective_event_ids == ("urn:uuid:2",)
    assert [(one.lot, one.amount, one.unit) for one in event.quantities] == [
        ("L1", "10", "KGM"),
        ("", "", ""),
    ]
    assert event.persistent_disposition.set == ("recalled", "damaged")
    assert event.persistent_disposition.unset == ("recalled",)
    assert event.sensor_elements == (
        b'<sensorElementList><sensorElement><sensorReport value="4"></sensorReport></sensorElement>'
        b"</sensorElementList>"
    )


def test_every_kind_of_event_and_their_order() -> None:
    when = "<eventTime>2026-03-02T08:00:00Z</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>"
    children = f"<parentID>{CASE}</parentID><childEPCs><epc>{PACK_1}</epc></childEPCs><action>ADD</action>"
    order = "<bizTransactionList><bizTransaction>7</bizTransaction></bizTransactionList>"
    document = read_document(
        xml_document(
            f"<AggregationEvent>{when}{children}</AggregationEvent>",
            f"<extension><TransformationEvent>{when}<inputEPCList><epc>{PACK_1}</epc></inputEPCList>"
            f"<outputEPCList><epc>{PACK_2}</epc></outputEPCList></TransformationEvent>"
            f"<extension><AssociationEvent>{when}{children}</AssociationEvent></extension></extension>",
            f"<TransactionEvent>{when}{order}<epcList><epc>{PACK_1}</epc></epcList><action>ADD</action></TransactionEvent>",
            "<ours:CountingEvent>3</ours:CountingEvent>",
            "<QuantityEvent/>",
        )
    )
    kinds = [AggregationEvent, TransformationEvent, AssociationEvent, TransactionEvent]
    assert [type(event) for event in document.events] == kinds
    assert [event.position for event in document.events] == [0, 1, 2, 3]
    assert [(one.event, one.code) for one in document.refused] == [(4, "missing_field")]
    assert b"CountingEvent" in document.unknown


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        (without_field("action"), "missing_field", "action"),
        (with_field("<action>OBSERVED</action>"), "invalid_action", "action"),
        (with_field("<action><a/></action>"), "invalid_value", "action"),
        (without_field("eventTime"), "missing_field", "eventTime"),
        (with_field("<eventTime>2026-03-02</eventTime>"), "invalid_time", "eventTime"),
        (
            XML_OBJECT_EVENT.replace("<action>", "<eventTimeZoneOffset>+02:00</eventTimeZoneOffset><action>"),
            "repeated_field",
            "eventTimeZoneOffset",
        ),
        (XML_OBJECT_EVENT.replace("<action>", "<epcList/><action>"), "repeated_field", "epcList"),
        (with_field("<bizStep>weighing</bizStep>"), "unknown_word", "bizStep"),
        (with_field("<epcList><epc>95212341</epc></epcList>"), "invalid_identifier", "epcList[0]"),
        (with_field("<epcList><epc><x/></epc></epcList>"), "invalid_value", "epcList[0]"),
        (with_field("<readPoint><id>a</id><id>b</id></readPoint>"), "repeated_field", "readPoint.id"),
        (
            with_field("<quantityList><quantityElement/></quantityList>"),
            "missing_field",
            "quantityList[0].epcClass",
        ),
        (
            with_field("<sourceList><source>9521234000006</source></sourceList>"),
            "missing_field",
            "sourceList[0].type",
        ),
        (with_field("<errorDeclaration/>"), "missing_field", "errorDeclaration.declarationTime"),
        (
            XML_OBJECT_EVENT.replace("</ilmd>", "<cbvmda:lotNumber>B</cbvmda:lotNumber></ilmd>"),
            "repeated_field",
            "ilmd.lotNumber",
        ),
        (with_field("<gs1ushc:dropShipment>perhaps</gs1ushc:dropShipment>"), "invalid_value", "dropShipment"),
        (
            "<SomethingEvent><eventTime>2026-03-02T08:00:00Z</eventTime></SomethingEvent>",
            "unsupported_event",
            "type",
        ),
    ],
)
def test_events_refused(event: str, code: str, field: str) -> None:
    problem = refusal(event)
    assert (problem.code, problem.field) == (code, field)


def test_a_bare_event() -> None:
    namespaces = "<ObjectEvent xmlns:cbvmda='urn:epcglobal:cbv:mda'>"
    document = read_document(XML_OBJECT_EVENT.replace("<ObjectEvent>", namespaces).encode())
    assert (document.format, document.schema_version, len(document.events)) == ("xml-1.2", "", 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<a>", "malformed_document"),
        (b"<a/>", "unsupported_format"),
        (b"<EPCISQueryDocument/>", "unsupported_format"),
        (b"<EPCISDocument schemaVersion='2.0'/>", "missing_field"),
        (b"<EPCISDocument schemaVersion='2.7'/>", "unsupported_version"),
        (b"<EPCISDocument schemaVersion='3'/>", "unsupported_version"),
        (b"<e:EPCISQueryDocument xmlns:e='urn:epcglobal:epcis-query:xsd:2'/>", "unsupported_format"),
        (b"<EPCISDocument/>", "missing_field"),
        (b"<EPCISDocument><EPCISBody/><EPCISBody/></EPCISDocument>", "repeated_field"),
        (b"<EPCISDocument><EPCISBody><x/></EPCISBody></EPCISDocument>", "no_events"),
        (xml_document(), "no_events"),
        (xml_document("&unheard;"), "malformed_document"),
        (b"<!DOCTYPE a><EPCISDocument/>", "dtd_forbidden"),
        (
            b"\xef\xbb\xbf\n<?xml version='1.0'?><!-- c --><?pi?> <!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "dtd_forbidden",
        ),
        ("<!DOCTYPE a><a/>".encode("utf-16"), "dtd_forbidden"),
        (b"<?xml version='1.0' encoding='UTF-7'?><a/>", "unsupported_encoding"),
        (b"<?xml version='1.0' encoding='cp037'?><a/>", "unsupported_encoding"),
        (b"\xff\xfe<\x00a", "unsupported_encoding"),
        (b"<a>" * 70 + b"</a>" * 70, "document_too_deep"),
        (b"<a>" * 5000, "malformed_document"),
    ],
)
def test_documents_refused(data: bytes, code: str) -> None:
    with pytest.raises(CaptureProblem) as refused:
        read_document(data)
    assert (refused.value.code, refused.value.event) == (code, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings(encoding: str) -> None:
    declared = "utf-8" if encoding.startswith("utf-8") else encoding
    event = with_field("<ours:site>Zürich</ours:site>")
    text = xml_document(event).decode().replace('encoding="UTF-8"', f'encoding="{declared}"')
    (found,) = read_document(text.encode(encoding)).events
    assert "Zürich".encode() in found.unknown


def test_a_header_with_partners_that_are_no_gln() -> None:
    header = XML_HEADER.replace("9521235000005", "a customer").replace("urn:epc:id:sgln:9521234.00000.0", "")
    document = read_document(xml_document(XML_OBJECT_EVENT, header=header))
    assert document.sender is None
    assert [(one.uri, one.gln) for one in document.receivers] == [("a customer", None)]


def test_what_stands_beside_header_and_body_is_kept() -> None:
    data = xml_document(XML_OBJECT_EVENT).replace(b"<EPCISBody>", b"<ours:seal>1</ours:seal><EPCISBody>")
    document = read_document(data.replace(b"2026-03-02T10:00:00Z", b"this morning"))
    assert document.created_ms is None
    assert b">1</ours:seal>" in document.unknown


def test_nested_master_data_of_an_item_is_kept() -> None:
    nested = "<ours:line><ours:name>L2</ours:name></ours:line><ours:shift>1</ours:shift></ilmd>"
    (event,) = read_document(xml_document(XML_OBJECT_EVENT.replace("</ilmd>", nested))).events
    assert event.ilmd is not None
    assert [one.name for one in event.ilmd.attributes] == [
        "urn:epcglobal:cbv:mda#lotNumber",
        "urn:epcglobal:cbv:mda#itemExpirationDate",
        "https://packtrail.example/ns#shift",
    ]
    assert b"<ours:name>L2</ours:name>" in event.unknown
    assert b"lotNumber" not in event.unknown


def test_nothing_outside_the_file_is_ever_read() -> None:
    include = (
        "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/hostname' parse='text'/>"
    )
    (event,) = read_document(xml_document(with_field(include))).events
    assert b"file:///etc/hostname" in event.unknown


EPCIS_2_EVENT = """
<ObjectEvent>
  <eventTime>2026-03-02T08:00:00Z</eventTime>
  <eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
  <eventID>urn:uuid:1</eventID>
  <certificationInfo>https://certificates.example/1</certificationInfo>
  <epcList><epc>https://id.gs1.org/01/09521234123453/21/P1</epc></epcList>
  <action>OBSERVE</action>
  <bizStep>https://ref.gs1.org/cbv/BizStep-inspecting</bizStep>
  <persistentDisposition><set>urn:epcglobal:cbv:disp:damaged</set></persistentDisposition>
  <readPoint><id>urn:epc:id:sgln:9521234.00001.0</id></readPoint>
  <quantityList><quantityElement>
    <epcClass>urn:epc:class:lgtin:9521234.012345.L1</epcClass><quantity>4</quantity>
  </quantityElement></quantityList>
  <sensorElementList><sensorElement>
    <sensorMetadata time="2026-03-02T07:00:00Z" deviceID="urn:epc:id:giai:9521234.LOG"/>
    <sensorReport type="gs1:Temperature" value="4.5" uom="CEL"/>
  </sensorElement></sensorElementList>
  <ilmd><cbvmda:lotNumber>L1</cbvmda:lotNumber></ilmd>
</ObjectEvent>
"""


def test_version_2_has_its_elements_where_they_belong() -> None:
    data = xml_document(EPCIS_2_EVENT, version='schemaVersion="2.0"').replace(b"epcis:xsd:1", b"epcis:xsd:2")
    document = read_document(data)
    assert (document.format, document.schema_version, document.refused) == ("xml-2.0", "2.0", ())
    (event,) = document.events
    assert (event.event_id, event.biz_step, event.persistent_disposition.set) == (
        "urn:uuid:1",
        "inspecting",
        ("damaged",),
    )
    assert [(entry.lot, entry.amount) for entry in event.quantities] == [("L1", "4")]
    assert event.ilmd is not None
    assert event.ilmd.lot == "L1"
    assert b"deviceID" in event.sensor_elements
    assert b"certificationInfo" in event.unknown


def test_a_bare_event_of_version_2_and_one_in_its_namespace() -> None:
    bare = EPCIS_2_EVENT.replace(
        "<ObjectEvent>",
        "<e:ObjectEvent xmlns:e='urn:epcglobal:epcis:xsd:2' xmlns:cbvmda='urn:epcglobal:cbv:mda'>",
        1,
    ).replace("</ObjectEvent>", "</e:ObjectEvent>")
    document = read_document(bare.encode())
    assert (document.format, len(document.events), document.refused) == ("xml-2.0", 1, ())
    inside = xml_document("<e:ObjectEvent xmlns:e='urn:epcglobal:epcis:xsd:2'/>")
    (refused,) = read_document(inside).refused
    assert (refused.code, refused.field) == ("missing_field", "eventTime")
