"""Records of packs without serials between JSON and the ledger's structs."""

from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.custody import SHIPMENT_ID_BYTES, ShipPurpose
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityEnd,
    QuantityRecord,
    Settlement,
    SettleQuantity,
    ShipQuantity,
)
from node.api import quantity_forms as forms
from node.api.field_readers import (
    FieldFault,
    read_day,
    read_gln,
    read_gtin,
    read_hashes,
    read_hex,
    read_lot,
    read_time,
)
from node.api.record_texts import (
    day_text,
    gln_text,
    gtin_text,
    plain_text,
    read_head,
    read_required_gln,
    time_text,
    word_of,
    written_head,
)


def _lines(found: tuple[forms.LineForm, ...]) -> tuple[Line, ...]:
    lines: list[Line] = []
    for at, form in enumerate(found):
        try:
            lot = read_lot("lot", form.lot) if form.lot else b""
            lines.append(Line(read_gtin("gtin", form.gtin), lot, form.quantity))
        except FieldFault as fault:
            raise fault.under("lines", at) from fault
    return tuple(lines)


def _make(form: forms.MakeQuantityForm) -> MakeQuantity:
    return MakeQuantity(
        read_head(form),
        read_gtin("gtin", form.gtin),
        read_lot("lot", form.lot) if form.lot else b"",
        read_day("expiry", form.expiry) if form.expiry else 0,
        read_lot("line", form.line) if form.line else b"",
        read_time("made_at", form.made_at),
        form.quantity,
    )


def _ship(form: forms.ShipQuantityForm) -> ShipQuantity:
    return ShipQuantity(
        read_head(form),
        _lines(form.lines),
        read_gln("owner", form.owner),
        read_required_gln("receiver", form.receiver),
        read_gln("destination", form.destination),
        ShipPurpose[form.purpose.upper()],
        int(form.ownership_passes),
        read_time("deadline", form.deadline),
        read_hashes("references", form.references, HASH_BYTES),
        read_gln("carrier", form.carrier),
    )


QUANTITY_READERS: Final[Mapping[type, Callable[[Any], QuantityRecord]]] = {
    forms.MakeQuantityForm: _make,
    forms.ShipQuantityForm: _ship,
    forms.SettleQuantityForm: lambda form: SettleQuantity(
        read_head(form),
        read_hex("shipment", form.shipment, SHIPMENT_ID_BYTES),
        Settlement[form.settlement.upper()],
        _lines(form.lines),
    ),
    forms.EndQuantityForm: lambda form: EndQuantity(
        read_head(form), QuantityEnd[form.end.upper()], _lines(form.lines), read_gln("owner", form.owner)
    ),
}


def write_quantity_record(record: QuantityRecord) -> forms.AnyQuantityForm:
    """Return a record as JSON shows it."""
    head = written_head(record.head)
    match record:
        case MakeQuantity():
            return forms.MakeQuantityForm(
                **head,
                gtin=gtin_text(record.gtin),
                lot=plain_text(record.lot),
                expiry=day_text(record.expiry) if record.expiry else "",
                line=plain_text(record.line),
                made_at=time_text(record.made_at_ms) if record.made_at_ms else "",
                quantity=record.quantity,
            )
        case ShipQuantity():
            return forms.ShipQuantityForm(
                **head,
                lines=_written(record.lines),
                owner=gln_text(record.owner),
                receiver=gln_text(record.receiver),
                destination=gln_text(record.destination),
                purpose=word_of(record.purpose),
                ownership_passes=record.ownership_passes == 1,
                deadline=time_text(record.deadline_ms) if record.deadline_ms else "",
                references=tuple(entry.hex() for entry in record.references),
                carrier=gln_text(record.carrier),
            )
        case SettleQuantity(shipment=shipment, settlement=settlement, lines=lines):
            return forms.SettleQuantityForm(
                **head, shipment=shipment.hex(), settlement=word_of(settlement), lines=_written(lines)
            )
        case EndQuantity(end=end, lines=lines, owner=owner):
            return forms.EndQuantityForm(
                **head, end=word_of(end), lines=_written(lines), owner=gln_text(owner)
            )
        case _:
            assert_never(record)


def _written(lines: tuple[Line, ...]) -> tuple[forms.LineForm, ...]:
    return tuple(forms.LineForm(gtin_text(line.gtin), line.quantity, plain_text(line.lot)) for line in lines)
