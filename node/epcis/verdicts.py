"""What a rule's refusal means in the words of the event behind it: which item, lot or partner, where."""

from typing import Final

from contracts.gs1.dates import Date, format_date
from contracts.gs1.keys import (
    GLN_BYTES,
    GTIN_BYTES,
    ItemKey,
    format_item,
    is_valid_item_key,
    unpack_gln,
    unpack_gtin,
)
from contracts.gs1.loggers import format_logger, is_valid_logger
from contracts.ledger.receipt import Receipt
from contracts.records.coldchain import LoggerOff, LoggerOn, Readings
from contracts.records.custody import SHIPMENT_ID_BYTES
from contracts.records.lots import TraceLot
from contracts.records.quantities import (
    EndQuantity,
    MakeQuantity,
    QuantityRecord,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.record import Record
from contracts.records.supply import Commission
from contracts.records.transformation import Transform
from contracts.rules.codes import Code
from contracts.rules.verdict import explain
from contracts.state.layout import ITEMS
from contracts.state.sources import lot_of, lot_row
from contracts.state.view import Overlay
from node.epcis.refusal import Refused
from node.epcis.steps import Statement

_LOT: Final = "ilmd.lotNumber"
_EXPIRY: Final = "ilmd.itemExpirationDate"
_OUTPUTS: Final = "outputEPCList"
_DESTINATION: Final = "destinationList"

_FIELDS: Final = {
    Code.CLAIMED_TIME_INVALID: "eventTime",
    Code.MADE_AT_INVALID: "eventTime",
    Code.LOT_INVALID: _LOT,
    Code.LOT_ON_HOLD: _LOT,
    Code.LINE_INVALID: "ilmd",
    Code.EXPIRY_INVALID: _EXPIRY,
    Code.LOT_EXPIRY_MISMATCH: _EXPIRY,
    Code.EXPIRY_TOO_LATE: _EXPIRY,
    Code.QUANTITIES_DIFFER: _OUTPUTS,
    Code.PREMISES_UNKNOWN: "readPoint",
    Code.PREMISES_NOT_OWN: "readPoint",
    Code.PREMISES_MISSING: "readPoint",
    Code.LICENCE_NOT_ACTIVE: "readPoint",
    Code.ROLE_NOT_ALLOWED: "readPoint",
    Code.NO_MANDATE: "readPoint",
    Code.MANDATE_NOT_FOR_RECORD: "bizStep",
    Code.MANDATE_NOT_FOR_PREMISES: "readPoint",
    Code.DISPENSING_NOT_ALLOWED: "readPoint",
    Code.REFERENCE_INVALID: "bizTransactionList",
    Code.OWNERSHIP_INVALID: _DESTINATION,
    Code.RECEIVER_UNKNOWN: _DESTINATION,
    Code.RECEIVER_IS_SENDER: _DESTINATION,
    Code.RECEIVER_NOT_SENDER: _DESTINATION,
    Code.RECEIVER_LICENCE: _DESTINATION,
    Code.RECEIVER_ROLE: _DESTINATION,
    Code.DESTINATION_UNKNOWN: _DESTINATION,
    Code.DESTINATION_NOT_RECEIVERS: _DESTINATION,
    Code.DESTINATION_MISSING: _DESTINATION,
}
"""Where in an event stands what these verdicts are about; of all others it is in the list of things."""

_OF_WHAT_IS_MADE: Final = frozenset({Code.NO_COMMISSION_AUTHORITY, Code.PREFIX_NOT_OWN})
_OF_PARTNERS: Final = frozenset({"readPoint", "bizStep", _DESTINATION})
"""Fields of verdicts whose subject, if any, is the GLN of a partner or place."""


def refused_by_law(state: Overlay | None, receipt: Receipt, record: Record, statement: Statement) -> Refused:
    """Return a rule's refusal of an event's records.

    Args:
        state: As it was judged; None leaves out what it knows of the item.
        receipt: The verdict.
        record: The refused record.
        statement: What its event states.
    """
    explanation = explain(receipt.code)
    about = _about(state, receipt, record)
    reason = f"{about}: {explanation.sentence}" if about else explanation.sentence
    return Refused(receipt.code, _field(receipt, record, statement), reason, explanation.remedy)


def _field(receipt: Receipt, record: Record, statement: Statement) -> str:
    code, subject = Code(receipt.code), receipt.subject
    if code == Code.EXPIRED and isinstance(record, Commission | MakeQuantity):
        return _EXPIRY
    if code in _FIELDS:
        return _FIELDS[code]
    found = _field_of_kind(code, subject, record, statement)
    if found:
        return found
    if statement.parent is not None and subject == statement.parent:
        return "parentID"
    if subject in statement.items and statement.field != "parentID":
        return f"{statement.field}[{statement.items.index(ItemKey(subject))}]"
    return statement.field


def _field_of_kind(code: Code, subject: bytes, record: Record, statement: Statement) -> str:
    """Return where stands what a verdict is about, of records whose subjects are often no items."""
    is_item = subject in statement.items
    match record:
        case MakeQuantity() | ShipQuantity() | SettleQuantity() | EndQuantity():
            return _field_by_class(code, subject, statement)
        case Readings():
            return "sensorElementList"
        case LoggerOn() | LoggerOff() if is_valid_logger(subject):
            return "childEPCs"
        case TraceLot():
            return _OUTPUTS if code in _OF_WHAT_IS_MADE else "inputQuantityList"
        case Transform() if not is_item:
            return _field_of_output(subject, statement)
        case Commission() if not is_item:
            return _first_of_gtin(record, statement)
        case _:
            return ""


def _field_of_output(subject: bytes, statement: Statement) -> str:
    if subject not in statement.outputs:
        return _OUTPUTS
    return f"{_OUTPUTS}[{statement.outputs.index(ItemKey(subject))}]"


def _field_by_class(code: Code, subject: bytes, statement: Statement) -> str:
    """Return where packs without serials stand; whose they are stands among the sources."""
    if code == Code.NOT_OWNER:
        return "sourceList"
    at = (index for index, entry in enumerate(statement.quantities) if entry.gtin == subject)
    return f"{statement.quantity_field}[{next(at, 0)}]"


def _first_of_gtin(record: Commission, statement: Statement) -> str:
    """Return where the first thing with the GTIN of a commission stands."""
    at = (
        position for position, item in enumerate(statement.items) if item[1 : 1 + GTIN_BYTES] == record.gtin
    )
    return f"{statement.field}[{next(at, 0)}]"


def _about(state: Overlay | None, receipt: Receipt, record: Record) -> str:
    """Return what a refusal is about, for people: a subject is bare bytes, code and record say of what."""
    subject = receipt.subject
    if _FIELDS.get(Code(receipt.code)) in _OF_PARTNERS and len(subject) == GLN_BYTES:
        return unpack_gln(subject)
    if is_valid_item_key(subject):
        return _about_item(state, subject)
    if isinstance(record, Readings | LoggerOn | LoggerOff) and is_valid_logger(subject):
        return format_logger(subject)
    if isinstance(record, Commission | MakeQuantity):
        return _about_make(subject, record)
    if isinstance(record, QuantityRecord) and len(subject) == GTIN_BYTES:
        is_owner = Code(receipt.code) == Code.NOT_OWNER
        return unpack_gln(subject) if is_owner else unpack_gtin(subject)
    if len(subject) == SHIPMENT_ID_BYTES:
        return f"shipment {subject.hex()}"
    return subject.hex()


def _about_make(subject: bytes, record: Commission | MakeQuantity) -> str:
    gtin = unpack_gtin(record.gtin)
    if subject == record.lot:
        lot = record.lot.decode("utf-8", "replace")
        return f"lot {lot} of {gtin} (expiry {format_date(Date(record.expiry))})"
    return gtin if subject == record.gtin else f"{gtin}, {subject.decode('utf-8', 'replace')!r}"


def _about_item(state: Overlay | None, subject: bytes) -> str:
    name = format_item(ItemKey(subject))
    row = None if state is None else state.read(ITEMS, subject)
    if state is None or row is None or not row.source:
        return name
    lot = lot_row(state, lot_of(row.source))
    return f"{name} of lot {lot.lot.decode()} (expiry {format_date(Date(lot.expiry))})"
