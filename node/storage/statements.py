"""What this node's own keys have stated: so that a file that is posted twice says nothing twice.

Partners send files again, and wholesalers' files repeat what makers said. A statement is the same when
signer, kind, items, parent or receiver, and claimed time are the same, whatever salts and nonces differ (LAW,
EPCIS rule a). One row per accepted record of this node's own lanes, in the batch of its block; it holds even
when later records changed what the statement was about.

What was received of packs without serials is kept line by line: a file says how many of which lot arrived,
and only the ledger's state of that moment said with which shipment. What a logger measured is kept by its
last reading: only what was new of it was recorded.

Rows, in the INDEX space:
    r  fingerprint (32)      height (8), document index (4), record index (2) where it was stated first
"""

import hashlib
from collections.abc import Iterable
from typing import Final, assert_never

import msgspec

from contracts.ledger.receipt import ACCEPTED
from contracts.primitives.encoding import encode
from contracts.records.agreement import AgreementRecord, Consent, OfferOwnership, Withdraw
from contracts.records.coldchain import (
    ClearSession,
    ColdRecord,
    LoggerOff,
    LoggerOn,
    Readings,
    StorageProfile,
)
from contracts.records.corrections import CorrectionRecord
from contracts.records.custody import Receive, Refuse, Ship, Void
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import Found, Reinstate
from contracts.records.exempt import Exempt
from contracts.records.head import Head
from contracts.records.holds import Clear, ConfirmIllegitimate, DeclareOverdue, LiftHold, PlaceHold, Suspect
from contracts.records.late import Late
from contracts.records.lots import LotRecord
from contracts.records.onboarding import AnswerClaim, Onboard
from contracts.records.outside import OutsideRecord, ReceiveFromOutside, ShipOutside
from contracts.records.overages import ClaimOverage, EndOverage, OverageRecord
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityRecord,
    Settlement,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.record import Record, listed
from contracts.records.registered import RegisterRecord
from contracts.records.supply import Commission, CommissionLogisticUnits, Decommission, Observe, Pack, Unpack
from contracts.records.transformation import Transform
from contracts.records.verification import Report, Verify
from node.storage.journeys import IndexedDocument
from node.storage.store import INDEX, Reader, Space, Write, put
from node.storage.views import RECORD_NAMES

_STATEMENT: Final = b"r"
_NO_HEAD: Final = Head(0, 0, b"")


def fingerprint(sender: int, record: Record) -> bytes:
    """Return 32 bytes that two records share when they state the same.

    Args:
        sender: Number of the partner that signs.
        record: The record; salts (its references) and attachments do not count.
    """
    kind, about = _about(record)
    items = sorted(listed(record))
    return hashlib.sha256(encode((sender, kind, items, about, record.head.claimed_at_ms))).digest()


def fingerprints(sender: int, record: Record) -> tuple[bytes, ...]:
    """Return the fingerprint of a record, and those of the lines that it settles, or of its last reading."""
    own, time_ms = fingerprint(sender, record), record.head.claimed_at_ms
    match record:
        case SettleQuantity(settlement=settlement, lines=lines):
            return own, *(settled_fingerprint(sender, settlement, line, time_ms) for line in lines)
        case Readings(logger=logger, readings=(*_before, last)):
            return own, read_fingerprint(sender, logger, last, time_ms)
        case _:
            return (own,)


def settled_fingerprint(sender: int, settlement: Settlement, line: Line, time_ms: int) -> bytes:
    """Return 32 bytes that two settlements of the same packs at the same claimed time share."""
    about = (sender, "settled", int(settlement), line.gtin, line.lot, line.quantity, time_ms)
    return hashlib.sha256(encode(about)).digest()


def read_fingerprint(sender: int, logger: bytes, last: tuple[int, int], time_ms: int) -> bytes:
    """Return 32 bytes that two statements of a logger share that end with the same reading."""
    return hashlib.sha256(encode((sender, "read", logger, last, time_ms))).digest()


def _about(record: Record) -> tuple[str, tuple[bytes | int, ...]]:  # noqa: C901 - one branch per record
    """Return a record's kind and what it is about beside its items."""
    # What there is most of comes first: a case that does not match costs time too.
    match record:
        case Ship(receiver=receiver, purpose=purpose):
            return "ship", (receiver, int(purpose))
        case Receive(shipment=shipment, mode=mode):
            return "receive", (shipment, int(mode))
        case Commission():
            return "commission", (record.gtin, record.lot, record.expiry)
        case Onboard():
            about = (int(record.ground), record.sender, record.evidence)
            return "onboard", (record.gtin, record.lot, record.expiry, *about)
        case AnswerClaim(answer=answer):
            return "answer_claim", (int(answer),)
        case ClaimOverage() | EndOverage():
            return _about_overage(record)
        case CommissionLogisticUnits() | Found():
            return "found" if isinstance(record, Found) else "commission_logistic_units", ()
        case Pack(parent=parent):
            return "pack", (parent,)
        case Unpack(parent=parent):
            return "unpack", (parent,)
        case Decommission(reason=reason):
            return "decommission", (int(reason),)
        case Observe(step=step, head=head):
            return "observe", (int(step), head.premises)
        case Refuse(shipment=shipment):
            return "refuse", (shipment,)
        case Void(shipment=shipment):
            return "void", (shipment,)
        case Transform(gtin=gtin, lot=lot, expiry=expiry, serials=serials):
            return "transform", (gtin, lot, expiry, *sorted(serials))
        case Dispense(to=to):
            return "dispense", (int(to),)
        case Late(record=done) | Exempt(record=done):
            return _about(done)
        case DispensePart(quantity=quantity):
            return "dispense_part", (quantity,)
        case Reinstate(undoes=undoes):
            return "reinstate", (int(undoes),)
        case OfferOwnership() | Consent() | Withdraw() | ShipOutside() | ReceiveFromOutside():
            return _about_agreement(record)
        case DeclareOverdue() | PlaceHold() | LiftHold() | Suspect() | ConfirmIllegitimate() | Clear():
            return _about_holds(record)
        case Verify(lot=lot, expiry=expiry, result=result):
            return "verify", (lot, expiry, int(result))
        case Report(finding=finding):
            return "report", (int(finding),)
        case MakeQuantity() | ShipQuantity() | SettleQuantity() | EndQuantity():
            return _about_quantity(record)
        case StorageProfile() | LoggerOn() | LoggerOff() | Readings() | ClearSession():
            return _about_cold(record)
        case _ if isinstance(record, RegisterRecord):
            return "registered", (encode(msgspec.structs.replace(record, head=_NO_HEAD)),)
        case _ if isinstance(record, CorrectionRecord):
            return "correct", (int(record.error),)
        case _ if isinstance(record, LotRecord):
            return "lot", (encode(msgspec.structs.replace(record, head=_NO_HEAD)),)
        case _:
            # A recall's records are about all that they say.
            return RECORD_NAMES[type(record)], (encode(record),)


def _about_cold(record: ColdRecord) -> tuple[str, tuple[bytes | int, ...]]:
    match record:
        case StorageProfile(gtin=gtin, low=low, high=high, longest_gap_s=gap_s):
            times = (record.allowance_s, record.budget_s, gap_s)
            return "storage_profile", (gtin, low, high, *times)
        case LoggerOn(logger=logger):
            return "logger_on", (logger,)
        case LoggerOff(logger=logger):
            return "logger_off", (logger,)
        case Readings(logger=logger, readings=readings):
            return "readings", (logger, encode(readings))
        case ClearSession(session=session, gtin=gtin):
            return "clear_session", (session, gtin)
        case _:
            assert_never(record)


def _about_quantity(record: QuantityRecord) -> tuple[str, tuple[bytes | int, ...]]:
    match record:
        case MakeQuantity(gtin=gtin, lot=lot, expiry=expiry, line=line, quantity=quantity):
            return "make_quantity", (gtin, lot, expiry, line, quantity, record.head.premises)
        case ShipQuantity(receiver=receiver, purpose=purpose, lines=lines):
            return "ship_quantity", (receiver, int(purpose), _encoded(lines))
        case SettleQuantity(shipment=shipment, settlement=settlement, lines=lines):
            return "settle_quantity", (shipment, int(settlement), _encoded(lines))
        case EndQuantity(end=end, lines=lines):
            return "end_quantity", (int(end), _encoded(lines))
        case _:
            assert_never(record)


def _encoded(lines: Iterable[Line]) -> bytes:
    return encode(sorted((line.gtin, line.lot, line.quantity) for line in lines))


def _about_overage(record: OverageRecord) -> tuple[str, tuple[bytes | int, ...]]:
    """Return kind and what it is about, of the claim of goods that came unannounced, and its end."""
    if isinstance(record, ClaimOverage):
        return "claim_overage", (record.shipment,)
    return "end_overage", (int(record.end),)


def _about_agreement(record: AgreementRecord | OutsideRecord) -> tuple[str, tuple[bytes | int, ...]]:
    match record:
        case ShipOutside(receiver=receiver):
            return "ship_outside", (receiver,)
        case ReceiveFromOutside(sender=sender):
            return "receive_from_outside", (sender,)
        case OfferOwnership(new_owner=new_owner):
            return "offer_ownership", (new_owner,)
        case Consent(proposal=proposal):
            return "consent", (proposal,)
        case Withdraw(proposal=proposal):
            return "withdraw", (proposal,)
        case _:
            assert_never(record)


def _about_holds(
    record: DeclareOverdue | PlaceHold | LiftHold | Suspect | ConfirmIllegitimate | Clear,
) -> tuple[str, tuple[bytes | int, ...]]:
    match record:
        case DeclareOverdue(shipment=shipment):
            return "declare_overdue", (shipment,)
        case PlaceHold(action=action):
            return "place_hold", (int(action),)
        case LiftHold(action=action):
            return "lift_hold", (int(action),)
        case Suspect(ground=ground):
            return "suspect", (int(ground),)
        case ConfirmIllegitimate():
            return "confirm_illegitimate", ()
        case Clear(investigation=investigation):
            return "clear", (investigation,)
        case _:
            assert_never(record)


def statement_entries(height: int, documents: Iterable[IndexedDocument]) -> list[Write]:
    """Build the rows of one block's documents; the caller passes those of this node's own lanes.

    Args:
        height: The block's.
        documents: Refused ones leave no rows.
    """
    entries: list[Write] = []
    for indexed in documents:
        if indexed.receipt.code != ACCEPTED:
            continue
        for position, record in enumerate(indexed.document.records):
            place = height.to_bytes(8, "big") + indexed.index.to_bytes(4, "big") + position.to_bytes(2, "big")
            stated = fingerprints(indexed.sender, record)
            entries += [put(INDEX, _STATEMENT + entry, place) for entry in stated]
    return entries


def is_statement(key: bytes) -> bool:
    """Tell whether a key of the store, its space included, is that of such a row."""
    return key.startswith(INDEX + _STATEMENT)


class Statements:
    """Reads the rows, over a store or a pinned snapshot."""

    def __init__(self, reader: Reader) -> None:
        """Read from `reader`."""
        self._index = Space(reader, INDEX)

    def is_stated(self, statement: bytes) -> bool:
        """Tell whether one of this node's own keys has stated this, by its fingerprint."""
        return self._index.get(_STATEMENT + statement) is not None
