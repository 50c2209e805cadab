"""The union of all records, and how much each one weighs."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, get_args

from contracts.records.agreement import AgreementRecord, Consent, OfferOwnership, Withdraw
from contracts.records.coldchain import (
    ColdRecord,
    Readings,
    listed_in_cold,
)
from contracts.records.corrections import CorrectionRecord
from contracts.records.custody import Receive, Refuse, Ship, Void
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import EndingRecord, Found, Reinstate
from contracts.records.exempt import Exempt
from contracts.records.governance import (
    GovernanceRecord,
    ProposeChanges,
    changes_weight,
)
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
from contracts.records.lots import AmendLot, ConsentToAmendment, LotRecord, TraceLot, trace_weight
from contracts.records.onboarding import AnswerClaim, Onboard, OnboardingRecord
from contracts.records.outside import OutsideRecord, ReceiveFromOutside, ShipOutside
from contracts.records.overages import ClaimOverage, EndOverage, OverageRecord
from contracts.records.quantities import (
    EndQuantity,
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
    | Exempt
    | EndingRecord
    | HoldRecord
    | AgreementRecord
    | OnboardingRecord
    | OutsideRecord
    | OverageRecord
    | RecallRecord
    | ColdRecord
    | RegisterRecord
    | Transform
    | QuantityRecord
    | LotRecord
    | CorrectionRecord
    | GovernanceRecord
)


RECORD_TAGS: Final[dict[int, type]] = {kind.__struct_config__.tag: kind for kind in get_args(Record)}
"""Every kind of record by its tag, the number that its bytes begin with."""

_TAGS: Final = {kind: tag for tag, kind in RECORD_TAGS.items()}


def tag_of(record: Record) -> int:
    """Return the tag of a record's kind."""
    return _TAGS[type(record)]


def plain(record: Record) -> Record:
    """Return what a record says was done, whether it was recorded in time or late, or was exempt."""
    return record.record if isinstance(record, Late | Exempt) else record


_Listing = Callable[[Any], tuple[bytes, ...]]
_ITEMS: Final = attrgetter("items")


def _nothing(_record: Record) -> tuple[bytes, ...]:
    return ()


# By kind, and not by a match over all of them: this is asked of every record several times.
_LISTINGS: Final[dict[type, _Listing]] = {
    **dict.fromkeys((Commission, Onboard), attrgetter("serials")),
    CommissionLogisticUnits: attrgetter("ssccs"),
    Pack: attrgetter("children"),
    Unpack: attrgetter("children"),
    **dict.fromkeys((Decommission, Observe, Ship, Receive, Refuse, Void, Dispense, DispensePart), _ITEMS),
    **dict.fromkeys((Late, Exempt, Found, Reinstate), _ITEMS),
    **dict.fromkeys((PlaceHold, LiftHold, Suspect, ConfirmIllegitimate, Clear, Verify, Report), _ITEMS),
    **dict.fromkeys((OfferOwnership, Consent, AnswerClaim, ShipOutside, ReceiveFromOutside), _ITEMS),
    **dict.fromkeys((ClaimOverage, EndOverage), _ITEMS),
    **dict.fromkeys((DeclareOverdue, Withdraw), _nothing),
    **dict.fromkeys(get_args(RecallRecord), listed_in_recall),
    **dict.fromkeys(get_args(ColdRecord), listed_in_cold),
    **dict.fromkeys(get_args(RegisterRecord), listed_in_register),
    **dict.fromkeys(get_args(QuantityRecord), _nothing),
    **dict.fromkeys(get_args(LotRecord), _nothing),
    **dict.fromkeys(get_args(CorrectionRecord), _ITEMS),
    **dict.fromkeys(get_args(GovernanceRecord), _nothing),
    Transform: lambda record: record.inputs + record.serials,
}

_COUNTS: Final[dict[type, Callable[[Any], int]]] = {
    **dict.fromkeys((OpenRecall, WidenRecall), lambda record: scope_weight(record.scope)),
    Readings: lambda record: len(record.readings),
    TraceLot: trace_weight,
    **dict.fromkeys((ShipQuantity, SettleQuantity, EndQuantity), lambda record: len(record.lines)),
    ProposeChanges: lambda record: changes_weight(record.changes),
}
"""What weighs beside the record itself, where that is not what it lists."""

_PRICES: Final[dict[type, int]] = {
    **dict.fromkeys((OpenRecall, WidenRecall), 5_000),
    TraceLot: 1_500,
    **dict.fromkeys((AmendLot, ConsentToAmendment), 200),
}
"""What records weigh for the rows that they may go through, at twenty rows a unit, however little they list.

Else a block of such records, one unit each, would be read for an hour (ADR 23).
"""

HEAVIEST_PRICE: Final = max(_PRICES.values())


def listed(record: Record) -> tuple[bytes, ...]:
    """Return the identifiers a record lists: serials, SSCC keys, children or items; not the parent."""
    return _LISTINGS[type(record)](record)


def counted(record: Record) -> int:
    """Return how many identifiers, readings or lines a record lists."""
    kind = type(record)
    count = _COUNTS.get(kind)
    return len(_LISTINGS[kind](record)) if count is None else count(record)


def weight(record: Record) -> int:
    """Return a record's weight: one for itself, one for each thing it lists, and the price of its search."""
    return 1 + counted(record) + _PRICES.get(type(record), 0)
