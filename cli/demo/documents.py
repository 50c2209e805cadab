"""The EPCIS documents of the demonstration: what a packing line and a warehouse system would send.

Production comes as EPCIS 1.2 XML, shipping as EPCIS 2.0 JSON-LD, because partners send both.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from cli.clock import format_ms
from cli.demo.goods import CASE_GTIN, PACK_GTIN, Goods, sgln_urn, sgtin_urn, sscc_urn

OFFSET: Final = "+01:00"
_MINUTE_MS: Final = 60_000
_BIZSTEP: Final = "urn:epcglobal:cbv:bizstep:"
_DISPOSITION: Final = "urn:epcglobal:cbv:disp:"


def production_file(goods: Goods, plant: str, now_ms: int) -> bytes:
    """Return EPCIS 1.2 XML: packs and cases come to life, packs go into cases, cases onto the pallet.

    Args:
        goods: What is made.
        plant: GLN of the maker's premises.
        now_ms: The network's time; the events lie within the hour before.
    """
    start = now_ms - 30 * _MINUTE_MS
    packs = [sgtin_urn(PACK_GTIN, serial) for case in goods.cases for serial in case.packs]
    cases = [sgtin_urn(CASE_GTIN, case.serial) for case in goods.cases]
    contents = [(case.serial, case.packs) for case in goods.cases]
    events = [
        _commissioning(packs, goods, plant, start),
        _commissioning(cases, goods, plant, start + _MINUTE_MS),
        *(
            _packing(
                sgtin_urn(CASE_GTIN, case),
                [sgtin_urn(PACK_GTIN, serial) for serial in inside],
                plant,
                start + (2 + at) * _MINUTE_MS,
            )
            for at, (case, inside) in enumerate(contents)
        ),
        _packing(sscc_urn(goods.pallet), cases, plant, start + 10 * _MINUTE_MS),
    ]
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1" xmlns:cbvmda="urn:epcglobal:cbv:mda"
    schemaVersion="1.2" creationDate="{format_ms(now_ms)}">
  <EPCISBody>
    <EventList>
{"".join(events)}    </EventList>
  </EPCISBody>
</epcis:EPCISDocument>
"""
    return text.encode()


def _head(time_ms: int) -> str:
    return (
        f"        <eventTime>{format_ms(time_ms)}</eventTime>\n"
        f"        <eventTimeZoneOffset>{OFFSET}</eventTimeZoneOffset>\n"
    )


def _list(name: str, epcs: Iterable[str]) -> str:
    lines = "".join(f"          <epc>{epc}</epc>\n" for epc in epcs)
    return f"        <{name}>\n{lines}        </{name}>\n"


def _what(step: str, disposition: str, place: str) -> str:
    return (
        "        <action>ADD</action>\n"
        f"        <bizStep>{_BIZSTEP}{step}</bizStep>\n"
        f"        <disposition>{_DISPOSITION}{disposition}</disposition>\n"
        f"        <readPoint><id>{sgln_urn(place)}</id></readPoint>\n"
    )


def _commissioning(epcs: Sequence[str], goods: Goods, place: str, time_ms: int) -> str:
    return (
        "      <ObjectEvent>\n"
        + _head(time_ms)
        + _list("epcList", epcs)
        + _what("commissioning", "active", place)
        + "        <extension>\n          <ilmd>\n"
        f"            <cbvmda:lotNumber>{goods.lot}</cbvmda:lotNumber>\n"
        f"            <cbvmda:itemExpirationDate>{goods.expiry}</cbvmda:itemExpirationDate>\n"
        "          </ilmd>\n        </extension>\n      </ObjectEvent>\n"
    )


def _packing(parent: str, children: Sequence[str], place: str, time_ms: int) -> str:
    return (
        "      <AggregationEvent>\n"
        + _head(time_ms)
        + f"        <parentID>{parent}</parentID>\n"
        + _list("childEPCs", children)
        + _what("packing", "in_progress", place)
        + "      </AggregationEvent>\n"
    )


def shipping_file(goods: Goods, places: tuple[str, str, str, str], now_ms: int) -> bytes:
    """Return EPCIS 2.0 JSON-LD: the pallet is sold and leaves.

    Args:
        goods: What is shipped.
        places: GLNs of the seller, its premises, the buyer, its premises.
        now_ms: The network's time.
    """
    seller, origin, buyer, destination = map(sgln_urn, places)
    event = {
        "type": "ObjectEvent",
        "eventTime": format_ms(now_ms - _MINUTE_MS),
        "eventTimeZoneOffset": OFFSET,
        "epcList": [sscc_urn(goods.pallet)],
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": origin},
        "bizTransactionList": [
            {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:{places[0]}:D-{goods.lot}"}
        ],
        "sourceList": [
            {"type": "owning_party", "source": seller},
            {"type": "location", "source": origin},
        ],
        "destinationList": [
            {"type": "owning_party", "destination": buyer},
            {"type": "location", "destination": destination},
        ],
    }
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": format_ms(now_ms),
        "epcisBody": {"eventList": [event]},
    }
    return msgspec.json.encode(document)
