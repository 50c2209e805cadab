"""Hand-written EPCIS files. Company prefix 9521234 lies in the range that GS1 keeps for examples."""

import json
from typing import Any

PACK_1 = "urn:epc:id:sgtin:9521234.012345.P1"
PACK_2 = "urn:epc:id:sgtin:9521234.012345.P2"
CASE = "urn:epc:id:sgtin:9521234.112345.C1"
PALLET = "urn:epc:id:sscc:9521234.0000000017"
PLANT = "urn:epc:id:sgln:9521234.00001.0"
MAKER = "urn:epc:id:pgln:9521234.00000"
BUYER = "urn:epc:id:pgln:9521235.00000"
GTIN = "09521234123453"
CASE_GTIN = "19521234123450"

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
    {"ours": "https://packtrail.example/ns/"},
]


def object_event(**changes: Any) -> dict[str, Any]:
    """A commissioning of two packs; a change to None removes the member."""
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-02T08:00:00.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "epcList": [PACK_1, PACK_2],
        "readPoint": {"id": PLANT},
        "ilmd": {"cbvmda:lotNumber": "LOT-7", "cbvmda:itemExpirationDate": "2028-02-29"},
    }
    return changed(event, changes)


def aggregation_event(**changes: Any) -> dict[str, Any]:
    """Two packs go into a case."""
    event: dict[str, Any] = {
        "type": "AggregationEvent",
        "eventTime": "2026-03-02T09:00:00Z",
        "eventTimeZoneOffset": "+01:00",
        "action": "ADD",
        "bizStep": "packing",
        "parentID": CASE,
        "childEPCs": [PACK_1, PACK_2],
    }
    return changed(event, changes)


def changed(event: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {**event, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def json_document(*events: Any, **changes: Any) -> bytes:
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-02T10:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(changed(document, changes)).encode()


def json_event(event: dict[str, Any]) -> bytes:
    return json.dumps({"@context": CONTEXT, **event}).encode()


XML_OBJECT_EVENT = f"""
<ObjectEvent>
  <eventTime>2026-03-02T08:00:00.000+01:00</eventTime>
  <eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
  <epcList><epc>{PACK_1}</epc><epc>{PACK_2}</epc></epcList>
  <action>ADD</action>
  <bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
  <disposition>urn:epcglobal:cbv:disp:active</disposition>
  <readPoint><id>{PLANT}</id></readPoint>
  <extension>
    <ilmd>
      <cbvmda:lotNumber>LOT-7</cbvmda:lotNumber>
      <cbvmda:itemExpirationDate>2028-02-29</cbvmda:itemExpirationDate>
    </ilmd>
  </extension>
</ObjectEvent>
"""

XML_SHIPPING = f"""
<ObjectEvent>
  <eventTime>2026-03-03T08:00:00Z</eventTime>
  <eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
  <epcList><epc>{PALLET}</epc></epcList>
  <action>OBSERVE</action>
  <bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>
  <disposition>urn:epcglobal:cbv:disp:in_transit</disposition>
  <bizTransactionList>
    <bizTransaction type="urn:epcglobal:cbv:btt:po">urn:epcglobal:cbv:bt:9521235000005:PO 77</bizTransaction>
  </bizTransactionList>
  <extension>
    <sourceList>
      <source type="urn:epcglobal:cbv:sdt:owning_party">{MAKER}</source>
    </sourceList>
    <destinationList>
      <destination type="urn:epcglobal:cbv:sdt:owning_party">{BUYER}</destination>
      <destination type="urn:epcglobal:cbv:sdt:location">urn:epc:id:sgln:9521235.00002.DOCK4</destination>
    </destinationList>
  </extension>
  <gs1ushc:dropShipment>true</gs1ushc:dropShipment>
</ObjectEvent>
"""

XML_HEADER = """
<EPCISHeader>
  <sbdh:StandardBusinessDocumentHeader>
    <sbdh:Sender>
      <sbdh:Identifier Authority="SGLN">urn:epc:id:sgln:9521234.00000.0</sbdh:Identifier>
    </sbdh:Sender>
    <sbdh:Receiver><sbdh:Identifier Authority="GLN">9521235000005</sbdh:Identifier></sbdh:Receiver>
    <sbdh:DocumentIdentification>
      <sbdh:InstanceIdentifier> 4711 </sbdh:InstanceIdentifier>
    </sbdh:DocumentIdentification>
  </sbdh:StandardBusinessDocumentHeader>
  <extension>
    <EPCISMasterData><VocabularyList><Vocabulary type="x"/></VocabularyList></EPCISMasterData>
  </extension>
  <ours:note>kept</ours:note>
</EPCISHeader>
"""


def xml_document(*events: str, header: str = "", version: str = 'schemaVersion="1.2"') -> bytes:
    body = "".join(events)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- from a partner -->\n'
        '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:cbvmda="urn:epcglobal:cbv:mda"'
        ' xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"'
        ' xmlns:gs1ushc="http://epcis.gs1us.org/hc/ns" xmlns:ours="https://packtrail.example/ns/"'
        f' {version} creationDate="2026-03-02T10:00:00Z">{header}'
        f"<EPCISBody><EventList>{body}</EventList></EPCISBody></epcis:EPCISDocument>"
    ).encode()
