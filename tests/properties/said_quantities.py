"""What partners say of packs without serials, in the law's language."""

from typing import TYPE_CHECKING

from contracts.gs1 import keys
from contracts.records.custody import ShipPurpose
from contracts.records.head import Head
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityEnd,
    Settlement,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.record import Record
from tests.properties.facts import GTIN, gln

if TYPE_CHECKING:
    from tests.properties.said import Said


def quantity_record(said: "Said", head: Head, now_ms: int, shipment: bytes) -> Record | None:
    """Translate into the law's language; None for what is not about quantities."""
    lines = tuple(Line(keys.pack_gtin(GTIN[kind]), lot.encode(), number) for kind, lot, number in said.lines)
    match said.verb:
        case "make":
            (line,) = lines
            made = (said.expiry, said.line.encode(), said.made_ms, line.quantity)
            return MakeQuantity(head, line.gtin, line.lot, *made)
        case "send":
            deadline_ms = now_ms + said.within_ms if said.within_ms else 0
            return ShipQuantity(
                *(head, lines, gln(said.owner), gln(said.receiver), gln(said.destination)),
                *(ShipPurpose[said.purpose.upper()], said.passes, deadline_ms, (), gln(said.carrier)),
            )
        case "settle":
            return SettleQuantity(head, shipment, Settlement[said.reason.upper()], lines)
        case "end":
            return EndQuantity(head, QuantityEnd[said.reason.upper()], lines, gln(said.owner))
    return None
