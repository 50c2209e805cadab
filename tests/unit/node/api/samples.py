"""Records in JSON, as clients write them."""

import re
from typing import Any

from contracts.gs1.dates import format_timestamp
from tests.support.parties import MAKER, PACK_GTIN, WHOLESALER, Party, sscc_text

AT = format_timestamp(1_790_000_001_000)


def path_names(path: str) -> list[str]:
    """Return the names in an endpoint's path."""
    return re.findall(r"\{([a-z]+)\}", path)


def pack_text(serial: str) -> str:
    return f"(01){PACK_GTIN}(21){serial}"


def sscc(number: int) -> str:
    return f"(00){sscc_text(number)}"


def head(party: Party = MAKER) -> dict[str, Any]:
    return {"at": AT, "offset": "+01:00", "premises": party.premises}


def commission(*serials: str, **more: Any) -> dict[str, Any]:
    return {
        "record": "commission",
        **head(),
        "gtin": PACK_GTIN,
        "lot": "L-1",
        "expiry": "2030-03-27",
        "line": "LINE-2",
        "serials": list(serials),
        **more,
    }


def pack(parent: str, *children: str, party: Party = MAKER) -> dict[str, Any]:
    return {"record": "pack", **head(party), "parent": parent, "children": list(children)}


def ship(*items: str, sender: Party = MAKER, receiver: Party = WHOLESALER, **more: Any) -> dict[str, Any]:
    return {
        "record": "ship",
        **head(sender),
        "items": list(items),
        "receiver": receiver.gln,
        "destination": receiver.premises,
        "purpose": "sale",
        "ownership_passes": True,
        **more,
    }


def receive(shipment: str, party: Party = WHOLESALER, mode: str = "all", **more: Any) -> dict[str, Any]:
    return {"record": "receive", **head(party), "shipment": shipment, "mode": mode, **more}


def dispense(*items: str, party: Party) -> dict[str, Any]:
    return {"record": "dispense", **head(party), "items": list(items)}
