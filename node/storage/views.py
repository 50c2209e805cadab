"""What users are shown of the ledger, in their words and texts: answers of the node, field by field.

GLNs and GTINs are digits, items `(01)…(21)…` or `(00)…`, times RFC 3339, ids lower-case hex. What does not
apply is null.
"""

from typing import Final

import msgspec

from contracts.records.agreement import Consent, OfferOwnership, Withdraw
from contracts.records.catalogue import Delegate, DescribePremises, DescribeProduct, OfferProduct, TakeProduct
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.corrections import Correct, ProposeCorrection
from contracts.records.custody import Receive, Refuse, Ship, Void
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import Found, Reinstate
from contracts.records.exempt import Exempt
from contracts.records.governance import ProposeChanges, VoteOnChanges, WithdrawChanges
from contracts.records.holds import Clear, ConfirmIllegitimate, DeclareOverdue, LiftHold, PlaceHold, Suspect
from contracts.records.lanes import SetTradeLane
from contracts.records.late import Late
from contracts.records.lots import AmendLot, ConsentToAmendment, ProposeAmendment, TraceLot
from contracts.records.mandates import ActFor, Mandate
from contracts.records.onboarding import AnswerClaim, Onboard
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.overages import ClaimOverage, EndOverage
from contracts.records.quantities import EndQuantity, MakeQuantity, SettleQuantity, ShipQuantity
from contracts.records.recall import (
    AcknowledgeRecall,
    ClassifyRecall,
    CloseRecall,
    OpenRecall,
    ReleaseFromRecall,
    ReleaseLot,
    RespondToRecall,
    WidenRecall,
)
from contracts.records.record import Record
from contracts.records.supply import Commission, CommissionLogisticUnits, Decommission, Observe, Pack, Unpack
from contracts.records.transformation import Transform
from contracts.records.verification import Report, Verify

RECORD_NAMES: Final[dict[type[Record], str]] = {
    Commission: "commission",
    CommissionLogisticUnits: "commission_logistic_units",
    Pack: "pack",
    Unpack: "unpack",
    Decommission: "decommission",
    Observe: "observe",
    Ship: "ship",
    Receive: "receive",
    Refuse: "refuse",
    Void: "void",
    Dispense: "dispense",
    DispensePart: "dispense_part",
    Late: "late",
    Exempt: "exempt",
    Found: "found",
    Reinstate: "reinstate",
    Transform: "transform",
    OpenRecall: "open_recall",
    WidenRecall: "widen_recall",
    ClassifyRecall: "classify_recall",
    AcknowledgeRecall: "acknowledge_recall",
    RespondToRecall: "respond_to_recall",
    CloseRecall: "close_recall",
    ReleaseFromRecall: "release_from_recall",
    ReleaseLot: "release_lot",
    Onboard: "onboard",
    AnswerClaim: "answer_claim",
    ShipOutside: "ship_outside",
    ReceiveFromOutside: "receive_from_outside",
    ClaimOverage: "claim_overage",
    EndOverage: "end_overage",
    OfferOwnership: "offer_ownership",
    Consent: "consent",
    Withdraw: "withdraw",
    DescribeProduct: "describe_product",
    OfferProduct: "offer_product",
    TakeProduct: "take_product",
    DescribePremises: "describe_premises",
    Delegate: "delegate",
    DeclareOverdue: "declare_overdue",
    PlaceHold: "place_hold",
    LiftHold: "lift_hold",
    Suspect: "suspect",
    ConfirmIllegitimate: "confirm_illegitimate",
    Clear: "clear",
    Verify: "verify",
    Report: "report",
    StorageProfile: "storage_profile",
    LoggerOn: "logger_on",
    LoggerOff: "logger_off",
    Readings: "readings",
    ClearSession: "clear_session",
    Mandate: "mandate",
    ActFor: "act_for",
    SetTradeLane: "set_trade_lane",
    MakeQuantity: "make_quantity",
    ShipQuantity: "ship_quantity",
    SettleQuantity: "settle_quantity",
    EndQuantity: "end_quantity",
    TraceLot: "trace_lot",
    AmendLot: "amend_lot",
    ProposeAmendment: "propose_amendment",
    ConsentToAmendment: "consent_to_amendment",
    Correct: "correct",
    ProposeCorrection: "propose_correction",
    ProposeChanges: "propose_changes",
    VoteOnChanges: "vote_on_changes",
    WithdrawChanges: "withdraw_changes",
}
"""What each kind of record is called."""


class HoldView(msgspec.Struct, frozen=True):
    """A hold that binds an item."""

    kind: str
    """quarantined, locked, suspect, illegitimate, cold_chain, overdue, recalled, withdrawn …"""
    set_by: str
    """GLN of the partner that set it or opened the recall, or `law`."""
    on: str
    """The item that carries it: this one, or a container around it; or the lot it is of."""
    recall: str | None = None
    """Id of the recall that set it, hex."""


class SessionView(msgspec.Struct, frozen=True):
    """A cold-chain session that an item went through, or is in."""

    session: int
    """Its number, by which the maker may clear it."""
    logger: str | None
    """Which logger; null for a journey without the logger that the goods need."""
    standing: str
    """What it says of the item and what is inside: fine, unread or breached."""
    since: str
    """When it began."""
    until: str | None
    """When it ended, or the item left it; null while it lasts."""
    last_reading: str | None
    """Time of the last known reading."""
    on: str
    """The item that carries it: this one, or a container around it."""


class ProvenanceView(msgspec.Struct, frozen=True):
    """Whence goods are said to come that nobody on the ledger made."""

    claimed_by: str
    """GLN of the partner that brought them in."""
    ground: str
    """stock, import or non_member."""
    sender: str
    """GLN of who is said to have sent them."""
    evidence: str
    """Hash of what shows that, hex."""
    claimed: str
    """Block time at which that was claimed first."""
    standing: str
    """open, confirmed or contradicted: what those who may make the product said of it."""
    answered_by: str | None = None
    """GLN of the partner that said so; null while nobody has."""


class SourceView(msgspec.Struct, frozen=True):
    """Goods of one make inside a container."""

    gtin: str
    """GTIN-14."""
    lot: str
    """Lot."""
    line: str
    """Production line; may be empty."""
    expiry: str
    """Last day of use."""
    count: int
    """How many serials, packed cases counted as themselves too."""


class ContentsView(msgspec.Struct, frozen=True):
    """What is inside an item."""

    children: int
    """Items directly inside."""
    sources: tuple[SourceView, ...]
    """What they, and everything inside them, are."""
    dirty: int
    """Children that are held or no longer active, or have something so inside."""


class ItemView(msgspec.Struct, frozen=True):
    """An item as it stands."""

    item: str
    """`(01)…(21)…` or `(00)…`."""
    known: bool
    """Whether it was ever commissioned or introduced; everything else is null when it was not."""
    life: str | None = None
    """Its own: active, partly_dispensed, supplied, exported, sample, free_sample, checked_out, lost,
    stolen or destroyed."""
    effective_life: str | None = None
    """Its own, or that of a container around it which is no longer active."""
    clean: bool | None = None
    """Whether it may be sold, packed and dispensed: active, no hold, not expired."""
    not_clean: str | None = None
    """The verdict code that says why not."""
    holder: str | None = None
    """GLN."""
    owner: str | None = None
    """GLN."""
    premises: str | None = None
    """GLN of the place where it was last stated to be; null when never stated."""
    parent: str | None = None
    """The container it is in."""
    in_transit: bool | None = None
    """Whether it is on its way."""
    shipment: str | None = None
    """The shipment it is on its way with, hex."""
    gtin: str | None = None
    """GTIN-14; null for a logistic unit."""
    lot: str | None = None
    """Lot; null for a logistic unit."""
    expiry: str | None = None
    """Last day of use; null for a logistic unit."""
    line: str | None = None
    """Production line, when it was stated."""
    provenance: ProvenanceView | None = None
    """For goods that nobody on the ledger made: what is claimed of them, for ever; else null."""
    bought_with: str | None = None
    """Shipment with which its owner bought it, hex: what a return points at; null when it did not buy it."""
    holds: tuple[HoldView, ...] = ()
    """Everything that holds it back."""
    sessions: tuple[SessionView, ...] = ()
    """Loggers' sessions that it went through."""
    container: ContentsView | None = None
    """For an item that something was packed into."""


class BookView(msgspec.Struct, frozen=True):
    """What became of the packs of a lot that carry no serials."""

    made: int
    """All of them: the following, and what is in somebody's hands or on its way."""
    dispensed: int
    """Packs."""
    destroyed: int
    """Packs."""
    exported: int
    """Packs."""
    stolen: int
    """Packs."""
    lost: int
    """Packs."""


class LotView(msgspec.Struct, frozen=True):
    """A lot."""

    gtin: str
    """GTIN-14."""
    lot: str
    """Lot."""
    expiry: str
    """Last day of use."""
    maker: str
    """GLN of the partner that commissioned it first."""
    standing: str
    """ok, recalled or withdrawn; partly_… when that is true of some makes of it."""
    counted: BookView | None = None
    """For packs without serials."""


class ShipmentView(msgspec.Struct, frozen=True):
    """A shipment as it stands."""

    shipment: str
    """Id, hex."""
    sender: str
    """GLN."""
    receiver: str
    """GLN."""
    purpose: str
    """sale, own_premises, return, disposal, export or authority."""
    ownership_passes: bool
    """Whether the receiver becomes the owner on receipt."""
    deadline: str
    """Time by which it is to be received."""
    is_overdue: bool
    """Whether something is outstanding after the deadline, by block time."""
    declared_overdue: bool
    """Whether someone put that on record: then its goods are held."""
    outstanding: int
    """Listed items that are neither received nor back."""
    standing: str
    """outstanding, received, refused, voided or voided_late."""
    carrier_has_custody: bool
    """Whether the named carrier holds it."""
    carrier: str | None = None
    """GLN of the named carrier."""
    destination: str | None = None
    """GLN of the receiver's premises, when stated."""
    received_at: str | None = None
    """GLN of the premises where it was received, when stated."""


class PremisesView(msgspec.Struct, frozen=True):
    """A place where a partner holds goods."""

    gln: str
    """Location GLN."""
    name: str
    """Name."""
    address: str
    """Address; may be empty."""
    kind: str
    """plant, warehouse, pharmacy …"""
    market: str
    """Market it lies in."""


class KeyView(msgspec.Struct, frozen=True):
    """A key that signs a partner's bundles."""

    public_key: str
    """Hex."""
    from_height: int
    """First height at which it acts."""
    until_height: int
    """First height at which it acts no more; 0 for open."""


class PartnerView(msgspec.Struct, frozen=True):
    """A partner."""

    gln: str
    """Party GLN."""
    name: str
    """Name."""
    roles: tuple[str, ...]
    """maker, wholesaler, dispenser …"""
    licence: str
    """active, suspended or revoked."""
    market: str
    """Market of its seat."""
    company_prefixes: tuple[str, ...]
    """GS1 company prefixes it owns."""
    premises: tuple[PremisesView, ...]
    """Its places."""
    keys: tuple[KeyView, ...]
    """Its keys."""


class NamedGln(msgspec.Struct, frozen=True):
    """A party or place, with its name for people."""

    gln: str
    """13 digits."""
    name: str
    """Name."""


class StepView(msgspec.Struct, frozen=True):
    """One thing that happened to an item or a shipment: who, what, where, when."""

    height: int
    """Height of the block."""
    time: str
    """Block time."""
    claimed_time: str
    """When the signer says it happened."""
    document: str
    """Document id, hex."""
    record: int
    """Index of the record in the document."""
    kind: str
    """The record's name; or, for what the law did beside it: unpacked, moved, introduced, shipment_split."""
    partner: NamedGln
    """Whose statement it is."""
    agent: NamedGln | None
    """Who signed it for that partner, under its mandate; null when it signed itself."""
    place: NamedGln | None
    """Where, when stated."""
    via: str | None
    """The container it happened to, while the item was inside; null when it happened to the item itself."""
    details: dict[str, str | int | bool | None]
    """What else the record says, by kind."""
