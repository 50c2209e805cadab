"""The union of all records, and how much each one weighs."""

from typing import Final, get_args

from contracts.records.agreement import AgreementRecord, Consent, OfferOwnership, Withdraw
from contracts.records.coldchain import (
    ClearSession,
    ColdRecord,
    LoggerOff,
    LoggerOn,
    Readings,
    StorageProfile,
    listed_in_cold,
)
from contracts.records.custody import Receive, Refuse, Ship, Void
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import EndingRecord, Found, Reinstate
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    DeclareOverdue,
    HoldRecord,
    LiftHold,
    PlaceHold,
    Suspect,
)
from contracts.records.late import Late
from contracts.records.outside import OutsideRecord, ReceiveFromOutside, ShipOutside
from contracts.records.quantities import (
    EndQuantity,
    MakeQuantity,
    QuantityRecord,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.recall import (
    OpenRecall,
    RecallRecord,
    WidenRecall,
    listed_in_recall,
    scope_weight,
)
from contracts.records.registered import RegisterRecord, listed_in_register
from contracts.records.supply import Commission, CommissionLogisticUnits, Decommission, Observe, Pack, Unpack
from contracts.records.transformation import Transform
from contracts.records.verification import Report, Verify

Record = (
    Commission
    | CommissionLogisticUnits
    | Pack
    | Unpack
    | Decommission
    | Observe
    | Ship
    | Receive
    | Refuse
    | Void
    | Dispense
    | DispensePart
    | Late
    | EndingRecord
    | HoldRecord
    | AgreementRecord
    | OutsideRecord
    | RecallRecord
    | ColdRecord
    | RegisterRecord
    | Transform
    | QuantityRecord
)


RECORD_TAGS: Final[dict[int, type]] = {kind.__struct_config__.tag: kind for kind in get_args(Record)}
"""Every kind of record by its tag, the number that its bytes begin with."""

_TAGS: Final = {kind: tag for tag, kind in RECORD_TAGS.items()}


def tag_of(record: Record) -> int:
    """Return the tag of a record's kind."""
    return _TAGS[type(record)]


def plain(record: Record) -> Record:
    """Return what a record says was done, whether it was recorded in time or late."""
    return record.record if isinstance(record, Late) else record


def listed(record: Record) -> tuple[bytes, ...]:  # noqa: C901 - a case for several kinds each
    """Return the identifiers a record lists: serials, SSCC keys, children or items; not the parent."""
    if isinstance(record, RegisterRecord):
        return listed_in_register(record)
    match record:
        case Commission(serials=serials):
            return serials
        case CommissionLogisticUnits(ssccs=ssccs):
            return ssccs
        case Pack(children=children) | Unpack(children=children):
            return children
        case Decommission() | Observe() | Ship() | Receive() | Refuse() | Void() | Dispense():
            return record.items
        case DispensePart() | Late() | Found() | Reinstate():
            return record.items
        case PlaceHold() | LiftHold() | Suspect() | ConfirmIllegitimate() | Clear():
            return record.items
        case Verify() | Report() | OfferOwnership() | Consent() | ShipOutside() | ReceiveFromOutside():
            return record.items
        case StorageProfile() | LoggerOn() | LoggerOff() | Readings() | ClearSession():
            return listed_in_cold(record)
        case MakeQuantity() | ShipQuantity() | SettleQuantity() | EndQuantity():
            return ()
        case DeclareOverdue() | Withdraw():
            return ()
        case Transform(inputs=inputs, serials=serials):
            return inputs + serials
        case _:
            return listed_in_recall(record)


def weight(record: Record) -> int:
    """Return a record's weight: one for itself, and one for each identifier, reading or line it lists."""
    match record:
        case OpenRecall(scope=scope) | WidenRecall(scope=scope):
            return 1 + scope_weight(scope)
        case Readings(readings=readings):
            return 1 + len(readings)
        case ShipQuantity(lines=lines) | SettleQuantity(lines=lines) | EndQuantity(lines=lines):
            return 1 + len(lines)
        case _:
            return 1 + len(listed(record))
