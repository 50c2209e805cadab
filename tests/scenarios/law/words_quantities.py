"""The words of packs without serials.

    Acme makes 100 syrup of lot Q1 expiring 2027-06-30
    Acme sends 40 syrup of lot Q1 to Bulk as Q for sale by Fleet within 3 days keeping ownership owned by Acme
    Bulk accepts Q          Bulk accepts 10 syrup of lot Q1 from Q      Bulk declines Q     Acme retracts Q
    Corner supplies 5 syrup of lot Q1        Corner discards, exports, loses (stolen), misses …

Several lines are separated by `and`. `see syrup Q1` shows who holds what, and the book,
`see Q` what is on its way.
"""

from typing import TYPE_CHECKING

from contracts.gs1.dates import parse_date
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
from contracts.state.layout import HOLDINGS, LOADS
from contracts.state.quantities import book
from contracts.state.view import Overlay
from tests.scenarios.law.world import DAY_MS, HOUR_MS, ROLES, gln, gtin

if TYPE_CHECKING:
    from tests.scenarios.law.language import Speaker

KINDS = ("syrup", "salt", "spice")
_SETTLING = {
    "accepts": Settlement.RECEIVED,
    "declines": Settlement.REFUSED,
    "retracts": Settlement.VOIDED,
}
_ENDING = {
    "supplies": QuantityEnd.DISPENSED,
    "discards": QuantityEnd.DESTROYED,
    "exports": QuantityEnd.EXPORTED,
    "loses": QuantityEnd.STOLEN,
    "misses": QuantityEnd.LOST,
}
_UNITS = {"minute": 60_000, "hour": HOUR_MS, "day": DAY_MS}
_PARTNERS = dict(enumerate(ROLES, start=1))


def record(speaker: "Speaker", verb: str, head: Head, what: str, options: dict[str, str]) -> Record | None:
    """Build the record of a parsed sentence; None for what is not about quantities."""
    if verb == "makes":
        (line,) = _lines(what, options)
        expiry = parse_date(options.get("expiring", "2027-06-30")) if line.lot else 0
        return MakeQuantity(head, line.gtin, line.lot, expiry, b"", 0, line.quantity)
    if verb == "sends":
        return _ship(speaker, head, what, options)
    if verb in _SETTLING:
        some = _lines(what, options) if "from" in options else ()
        return SettleQuantity(head, speaker.shipment(options.get("from", what)), _SETTLING[verb], some)
    if verb in _ENDING and what[:1].isdigit():
        return EndQuantity(head, _ENDING[verb], _lines(what, options), _owner(options))
    return None


def _ship(speaker: "Speaker", head: Head, what: str, options: dict[str, str]) -> ShipQuantity:
    deadline_ms = 0
    if "within" in options:
        number, unit = options["within"].split()
        deadline_ms = speaker.ledger.context().time_ms + int(number) * _UNITS[unit.rstrip("s")]
    purpose = ShipPurpose[options.get("for", "sale").upper().replace(" ", "_")]
    passes = purpose != ShipPurpose.OWN_PREMISES and "keeping" not in options
    destination = gln(options["bound for"]) if "bound for" in options else b""
    return ShipQuantity(
        *(head, _lines(what, options), _owner(options), gln(options["to"]), destination),
        *(purpose, int(passes), deadline_ms, (), gln(options["by"]) if "by" in options else b""),
    )


def _owner(options: dict[str, str]) -> bytes:
    return gln(options["owned by"]) if "owned by" in options else b""


def _lines(what: str, options: dict[str, str]) -> tuple[Line, ...]:
    lot = options.get("of lot", "").encode()
    lines = []
    for part in what.split(" and "):
        number, kind = part.split()
        lines.append(Line(gtin(kind), lot, int(number)))
    return tuple(lines)


def see_load(state: Overlay, name: str, shipment: bytes) -> str:
    """Describe what is on its way with a shipment; empty for one that is none of packs without serials."""
    row = state.read(LOADS, shipment)
    if row is None:
        return ""
    text = f"{name} has {sum(quantity for _gtin, _lot, quantity in row.lines)} on the way"
    return f"{text}, in custody of {_PARTNERS[row.carrier]}" if row.custody else text


def see(state: Overlay, rows: dict[bytes, bytes], name: str) -> str:
    """Describe who holds what of a product and lot, and its book."""
    kind, _space, text = name.partition(" ")
    lot = text.encode()
    prefix = HOLDINGS.prefix + gtin(kind) + bytes((len(lot),)) + lot
    parts = []
    for key in sorted(rows):
        if key.startswith(prefix) and len(key) == len(prefix) + 8:
            holder, owner = (int.from_bytes(key[at:][:4], "big") for at in (len(prefix), len(prefix) + 4))
            own = "" if holder == owner else f" for {_PARTNERS[owner]}"
            parts.append(f"{_PARTNERS[holder]} has {HOLDINGS.decode(rows[key])}{own}")
    row = book(state, gtin(kind), lot)
    ended = [(field, getattr(row, field)) for field in row.__struct_fields__]
    parts += [f"{count} {field}" for field, count in ended if count]
    return f"{name}: " + ", ".join(parts)
