"""EPCIS files of the small test network (`tests.support.parties`), as its partners would write them."""

import json
from collections.abc import Sequence
from typing import Any

from contracts.gs1.dates import format_date, format_timestamp
from tests.support.parties import CASE_GTIN, EXPIRY, LOT, MAKER, PACK_GTIN, PREFIX, START_MS, Party

Event = dict[str, Any]

CONTEXT = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
MINUTE_MS = 60_000


def sgln(gln: str) -> str:
    """Return a GLN as a URN; all of the test network's share one company prefix."""
    return f"urn:epc:id:sgln:{PREFIX}.{gln[7:12]}.0"


def pack(serial: str) -> str:
    """Return a pack as a URN."""
    return f"urn:epc:id:sgtin:{PREFIX}.{PACK_GTIN[0]}{PACK_GTIN[8:13]}.{serial}"


def case(serial: str) -> str:
    """Return a case as a URN."""
    return f"urn:epc:id:sgtin:{PREFIX}.{CASE_GTIN[0]}{CASE_GTIN[8:13]}.{serial}"


def pallet(number: int) -> str:
    """Return a logistic unit of the maker as a URN."""
    return f"urn:epc:id:sscc:{PREFIX}.1{number:09d}"


def packs(count: int, start: int = 1) -> list[str]:
    """Return so many packs."""
    return [pack(f"P{number}") for number in range(start, start + count)]


def event(kind: str, minute: int, party: Party, **fields: Any) -> Event:
    """Return an event so many minutes before the ledger began, at a partner's premises."""
    return {
        "type": kind,
        "eventTime": format_timestamp(START_MS + (minute - 60) * MINUTE_MS),
        "eventTimeZoneOffset": "+01:00",
        "readPoint": {"id": sgln(party.premises)},
        **fields,
    }


def commissioned(things: Sequence[str], minute: int = 0, party: Party = MAKER, **fields: Any) -> Event:
    """Packs or cases come to life."""
    ilmd = {"cbvmda:lotNumber": LOT.decode(), "cbvmda:itemExpirationDate": format_date(EXPIRY)}
    told = {"bizStep": "commissioning", "disposition": "active", "ilmd": ilmd, **fields}
    return event("ObjectEvent", minute, party, action="ADD", epcList=list(things), **told)


def aggregated(
    action: str, parent: str, children: Sequence[str], minute: int = 5, party: Party = MAKER, **fields: Any
) -> Event:
    """Things go into, come out of, or are seen in a container."""
    told = {"bizStep": {"ADD": "packing", "DELETE": "unpacking"}.get(action), **fields}
    return event(
        "AggregationEvent", minute, party, action=action, parentID=parent, childEPCs=list(children), **told
    )


def observed(step: str, things: Sequence[str], minute: int, party: Party, **fields: Any) -> Event:
    """Things go through a step that neither makes nor ends them."""
    return event("ObjectEvent", minute, party, action="OBSERVE", epcList=list(things), bizStep=step, **fields)


def route(sender: Party, receiver: Party) -> Event:
    """The parties and places of a sale."""
    return {
        "sourceList": [
            {"type": "owning_party", "source": sgln(sender.gln)},
            {"type": "location", "source": sgln(sender.premises)},
        ],
        "destinationList": [
            {"type": "owning_party", "destination": sgln(receiver.gln)},
            {"type": "location", "destination": sgln(receiver.premises)},
        ],
    }


def shipped(things: Sequence[str], sender: Party, receiver: Party, minute: int = 10, **fields: Any) -> Event:
    """Goods are sold and leave."""
    orders = [{"type": "po", "bizTransaction": f"urn:epcglobal:cbv:bt:{receiver.gln}:PO-77"}]
    told = {"disposition": "in_transit", "bizTransactionList": orders, **route(sender, receiver), **fields}
    return observed("shipping", things, minute, sender, **told)


def received(things: Sequence[str], receiver: Party, minute: int = 20, **fields: Any) -> Event:
    """Goods arrive."""
    return observed("receiving", things, minute, receiver, **fields)


def file(*events: Event, **fields: Any) -> bytes:
    """Return the events as an EPCIS 2.0 document."""
    document = {
        "@context": [CONTEXT, {"ours": "https://packtrail.example/ns/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-09-21T14:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **fields,
    }
    return json.dumps(document).encode()


def production(count: int = 4) -> list[Event]:
    """Packs go into a case, and the case onto a pallet."""
    return [
        commissioned(packs(count)),
        commissioned([case("C1")], 1),
        aggregated("ADD", case("C1"), packs(count)),
        aggregated("ADD", pallet(1), [case("C1")], 6),
    ]
