"""What a partner says, in names: the input of the model, and of the law after translation into records."""

from dataclasses import dataclass, replace

from contracts.gs1 import keys
from contracts.records.agreement import Consent, OfferOwnership, Withdraw
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void
from contracts.records.dispensing import Dispense, DispensePart, SupplyTo
from contracts.records.endings import Found, Reinstate, UndoneEnding
from contracts.records.exempt import Exempt, ExemptReason
from contracts.records.head import Head
from contracts.records.late import Late, LateReason
from contracts.records.onboarding import AnswerClaim
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.recall import (
    AcknowledgeRecall,
    ClassifyRecall,
    CloseRecall,
    OpenRecall,
    Quantities,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    ReleaseFromRecall,
    ReleaseLot,
    RespondToRecall,
    Scope,
    WidenRecall,
)
from contracts.records.record import Record
from contracts.records.supply import (
    Commission,
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Pack,
    Unpack,
)
from contracts.records.transformation import Transform
from tests.properties.facts import GTIN, gln, item_key
from tests.properties.said_cold import cold_record
from tests.properties.said_governance import governance_record
from tests.properties.said_holds import HOLD_VERBS, hold_record
from tests.properties.said_lots import correction_record, gtin_of, lot_record
from tests.properties.said_onboarding import ANSWERS, claim
from tests.properties.said_overages import overage_record
from tests.properties.said_quantities import quantity_record
from tests.properties.said_registry import registry_record


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """One alternative of a recall's scope."""

    kind: str = ""
    family: bool = False
    lot: str = ""
    line: str = ""
    from_ms: int = 0
    until_ms: int = 0
    """Not after any block time at which it may be said."""
    site: str = ""
    market: str = ""
    items: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    material: tuple[str, str] = ("", "")
    """Kind and lot of a material; both empty for none."""
    session: int = 0


OUTSIDE = keys.pack_gln("4299999000009")
"""A party that the network does not know."""
ABROAD = keys.pack_gln("4299999100006")
"""Another one."""
STRANGERS = {"": OUTSIDE, "abroad": ABROAD}
"""Both, by the reason that is said."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One record. Times are relative to block time, so that steps can be left out when a run is replayed."""

    verb: str
    """commission, introduce (logistic units), pack, unpack, ship, receive, refuse, void, dispense, destroy,
    steal, observe, leave, find, reinstate; describe, offer, take, delegate (products), place; recall, widen,
    classify, acknowledge, respond, close, free (release from a recall); overdue, lock, unlock, quarantine,
    release, suspect, confirm, clear, verify, reject, report (a finding); keep (a storage profile),
    put_logger, remove_logger, read, acquit (clear a session); make, send, settle, end (quantities); part;
    mandate, act_for, lane, repack, trace; onboard, vouch, disown (claims);
    claim, unclaim (overages);
    undo, ask (corrections), amend, lengthen, let (a lot's expiry);
    motion, vote, drop_motion."""
    items: tuple[str, ...] = ()
    """What is listed."""
    at: str = ""
    """Stated premises."""
    ahead_ms: int = 0
    """Claimed time after block time."""
    kind: str = ""
    """Commission: what product."""
    lot: str = ""
    """Commission: lot. Verify: the lot that was read."""
    expiry: int = 0
    """Commission: last day of use, days since 1970-01-01. Verify: the one that was read; 0 for none."""
    line: str = ""
    """Commission: production line."""
    made_ms: int = 0
    """Commission: when made, ms since 1970-01-01; 0 when not stated."""
    parent: str = ""
    """Pack, unpack: the container."""
    receiver: str = ""
    """Ship: to whom."""
    destination: str = ""
    """Ship: to which premises."""
    purpose: str = "sale"
    """Ship: why."""
    passes: int = 1
    """Ship: whether ownership passes."""
    within_ms: int = 0
    """Ship: deadline after block time; 0 for the profile's."""
    carrier: str = ""
    """Ship: by whom."""
    shipment: str = ""
    """Receive, refuse, void: which; ship and receive all but: the name that the new shipment gets."""
    sale: str = ""
    """Ship, for a return: the shipment with which the goods were bought."""
    proposal: str = ""
    """Propose, consent, withdraw: the name of the proposal."""
    until: int = 0
    """Propose: the last height for consent; 0 for no end. Mandate: likewise; 0 to withdraw it."""
    rest: str = ""
    """Receive all but: the name of the shipment of what is left."""
    mode: str = "all"
    """Receive: all, listed, all_except."""
    reason: str = ""
    """Leave: how; reinstate: what is undone; onboard: on what ground; unclaim: how."""
    late: str = ""
    """Dispense, ship, receive: why it is recorded late; empty when it is not."""
    exempt: str = ""
    """Ship: why it is exempt from what a sale is asked; empty when it is not."""
    to: str = "patient"
    """Dispense: patient, retail, institution."""
    quantity: int = 0
    """Part: smallest units out of each pack."""
    never_left: int = 1
    """Reinstate: what is declared."""
    markets: tuple[str, ...] = ()
    """Describe, place: the markets."""
    units: int = 1
    """Describe: units in a pack."""
    by_lot: bool = False
    """Describe: whether its packs carry no serials."""
    logged: bool = False
    """Describe: whether no journey may be without a logger."""
    step: str = "given"
    """Delegate: given or withdrawn."""
    place: str = ""
    """Place: which premises."""
    recall: str = ""
    """Records of recalls: which; a new one gets this name."""
    scope: tuple[Alternative, ...] = ()
    """Recall, widen: which goods."""
    withdrawal: bool = False
    """Recall: a withdrawal."""
    drill: bool = False
    """Recall: a drill."""
    ordered: bool = False
    """Recall: ordered by an authority."""
    missing: int = 0
    """Respond: how many were not found."""
    finding: str = ""
    """Report: tampered, copied, outside_lane, unknown_serial."""
    limits: tuple[int, ...] = ()
    """Keep: low, high, allowance, budget, gap."""
    logger: str = ""
    """Put, remove, read: which logger."""
    readings: tuple[tuple[int, int], ...] = ()
    """Read: (ms after block time, hundredths of a degree)."""
    lines: tuple[tuple[str, str, int], ...] = ()
    """Make, send, settle, end: packs without serials, as (kind, lot, packs)."""
    owner: str = ""
    """Send, end: whose they are, when not the signer's."""
    session: int = 0
    """Clear: which session."""
    verbs: tuple[str, ...] = ()
    """Mandate: what the agent may say."""
    named_parties: tuple[str, ...] = ()
    """Lane: who may receive."""
    role: str = ""
    """Lane: of which role any other receiver is."""
    named_places: tuple[str, ...] = ()
    """Mandate: where it must be."""
    outputs: tuple[str, ...] = ()
    """Repack: what comes out."""
    waste: int = 0
    """Repack: units declared as waste."""
    of: tuple[tuple[str, str], ...] = ()
    """Trace: material lots, each its kind and lot."""
    motion: str = ""
    """Motion, vote, drop_motion: the name of the proposal."""
    changes: tuple[tuple[str, ...], ...] = ()
    """Motion: what changes, as (verb, name, words): see `said_governance.py`; what is lifted is listed."""
    acts_at: int = 0
    """Motion: the first height at which it acts."""
    approves: bool = True
    """Vote: for it, or against."""

    def __str__(self) -> str:
        """Say it in one line, without what is not stated."""
        said = [self.verb, ", ".join(self.items)]
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if name not in ("verb", "items") and value != self.__dataclass_fields__[name].default:
                said.append(f"{name}={value}")
        return " ".join(said)


@dataclass(frozen=True)
class Document:
    """Records of one partner that stand or fall together."""

    signer: str
    """Who says it."""
    records: tuple[Said, ...]
    """What."""
    name: str = ""
    """Stands for the nonce: a document with a name heard before is that very document, handed in again."""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.signer} ({self.name}): " + "; ".join(map(str, self.records))

    def later(self, ms: int) -> "Document":
        """Return what it says so much later: its times stand still."""
        records = tuple(
            replace(
                said,
                ahead_ms=said.ahead_ms - ms,
                within_ms=said.within_ms and said.within_ms - ms,
                readings=tuple((at_ms - ms, temperature) for at_ms, temperature in said.readings),
            )
            for said in self.records
        )
        return replace(self, records=records)


@dataclass(frozen=True)
class Step:
    """One block."""

    wait_ms: int
    """Block time that passes before."""
    documents: tuple[Document, ...]
    """In the order in which they are executed, each in a bundle of its own."""

    def __str__(self) -> str:
        """Say it in a line per document."""
        wait = f"after {self.wait_ms} ms\n" if self.wait_ms else ""
        return wait + "\n".join(map(str, self.documents))


def shipment_key(name: str, shipments: dict[str, bytes]) -> bytes:
    """Return the id of a shipment by its name; a made-up one when nothing has that name."""
    return shipments.get(name) or name.encode().ljust(16, b"-")[:16]


def to_record(said: Said, now_ms: int, shipments: dict[str, bytes]) -> Record:
    """Translate into the law's language."""
    done = _in_time(said, now_ms, shipments)
    if said.exempt and isinstance(done, Ship):
        return Exempt(ExemptReason[said.exempt.upper()], bytes(32), done)
    return Late(LateReason[said.late.upper()], done) if said.late else done


def _in_time(said: Said, now_ms: int, shipments: dict[str, bytes]) -> Record:
    """Translate what was done."""
    head = Head(now_ms + said.ahead_ms, 60, gln(said.at))
    listed = tuple(map(item_key, said.items))
    if said.verb == "commission":
        return _commission(said, head)
    if said.verb == "ship":
        return _ship(said, head, listed, now_ms, shipment_key(said.sale, shipments) if said.sale else b"")
    if said.verb in {"pack", "unpack"}:
        return (Pack if said.verb == "pack" else Unpack)(head, item_key(said.parent), listed)
    shipment = shipment_key(said.shipment, shipments)
    if said.verb in {"receive", "refuse", "void"}:
        return _settled(said, head, listed, shipment)
    if said.verb in HOLD_VERBS:
        return hold_record(said.verb, head, listed, shipment, (said.lot, said.expiry), said.finding)
    of_lot = lot_record(said, head, shipment_key(said.proposal, shipments))
    if said.proposal and of_lot is None:
        return _agreed(said, head, listed, shipment_key(said.proposal, shipments))
    if said.recall:
        return _recalled(said, head, listed, shipment_key(said.recall, shipments))
    of_family = of_lot or governance_record(said, head, listed, shipment_key(said.motion, shipments))
    of_family = of_family or registry_record(said, head) or _ended(said, head, listed)
    of_family = of_family or _claimed(said, head, listed)
    of_family = of_family or overage_record(said.verb, head, listed, shipment, said.reason)
    of_family = of_family or cold_record(said, head, listed, now_ms)
    of_family = of_family or quantity_record(said, head, now_ms, shipment)
    return of_family or _handled(said, head, listed)


def _agreed(said: Said, head: Head, listed: tuple[bytes, ...], proposal: bytes) -> Record:
    if said.verb in {"undo", "ask"}:
        return correction_record(said, head, listed)
    if said.verb == "propose":
        return OfferOwnership(head, listed, gln(said.receiver), said.until)
    return Consent(head, proposal, listed) if said.verb == "consent" else Withdraw(head, proposal)


def _recalled(said: Said, head: Head, listed: tuple[bytes, ...], recall: bytes) -> Record:
    scope = tuple(map(_scope, said.scope))
    match said.verb:
        case "recall":
            kind = RecallKind.WITHDRAWAL if said.withdrawal else RecallKind.RECALL
            origin = RecallOrigin.ORDERED if said.ordered else RecallOrigin.VOLUNTARY
            terms = (kind, int(said.drill), origin, RecallClass.UNCLASSIFIED, RecallDepth.RETAIL)
            return OpenRecall(head, *terms, RecallReason.OTHER, scope, b"", b"", 0)
        case "widen":
            return WidenRecall(head, recall, scope)
        case "classify":
            return ClassifyRecall(head, recall, RecallClass.CLASS_II)
        case "acknowledge":
            return AcknowledgeRecall(head, recall)
        case "respond":
            return RespondToRecall(head, recall, Quantities(0, 0, 0, 0, said.missing))
        case "free":
            return ReleaseFromRecall(head, recall, listed)
        case "spare":
            return ReleaseLot(head, recall, keys.pack_gtin(GTIN[said.kind]), said.lot.encode())
    return CloseRecall(head, recall)


def _scope(one: Alternative) -> Scope:
    return Scope(
        *(keys.pack_gtin(GTIN[one.kind]) if one.kind else b"", int(one.family), one.lot.encode()),
        *(one.line.encode(), one.from_ms, one.until_ms, gln(one.site), one.market),
        *(tuple(map(item_key, one.items)), one.first.encode(), one.last.encode()),
        *(gtin_of(one.material[0]), one.material[1].encode(), one.session),
    )


def _commission(said: Said, head: Head) -> Commission:
    serials = tuple(item.split("-")[1].encode() for item in said.items)
    gtin = keys.pack_gtin(GTIN[said.kind])
    return Commission(head, gtin, said.lot.encode(), said.expiry, said.line.encode(), said.made_ms, serials)


def _ship(said: Said, head: Head, listed: tuple[bytes, ...], now_ms: int, sale: bytes) -> Ship:
    deadline_ms = now_ms + said.within_ms if said.within_ms else 0
    return Ship(
        *(head, listed, gln(said.receiver), gln(said.destination)),
        *(ShipPurpose[said.purpose.upper()], said.passes, deadline_ms, gln(said.carrier)),
        *((), sale),
    )


def _settled(said: Said, head: Head, listed: tuple[bytes, ...], shipment: bytes) -> Record:
    if said.verb == "receive":
        return Receive(head, shipment, ReceiveMode[said.mode.upper()], listed)
    return (Refuse if said.verb == "refuse" else Void)(head, shipment, listed)


def _ended(said: Said, head: Head, listed: tuple[bytes, ...]) -> Record | None:
    """Translate how lives end; None for anything else."""
    match said.verb:
        case "send_out":
            return ShipOutside(head, listed, gln(said.receiver) or STRANGERS[said.reason], bytes(32))
        case "come_back":
            return ReceiveFromOutside(head, listed, gln(said.receiver) or STRANGERS[said.reason], bytes(32))
        case "dispense":
            return Dispense(head, listed, SupplyTo[said.to.upper()])
        case "part":
            return DispensePart(head, said.quantity, listed)
        case "leave":
            return Decommission(head, DecommissionReason[said.reason.upper()], listed)
        case "reinstate":
            return Reinstate(head, UndoneEnding[said.reason.upper()], said.never_left, listed)
    return None


def _claimed(said: Said, head: Head, listed: tuple[bytes, ...]) -> Record | None:
    """Translate claims and answers to them; None for anything else."""
    if said.verb == "onboard":
        return claim(said.reason, gln(said.receiver) or OUTSIDE, _commission(said, head))
    return AnswerClaim(head, ANSWERS[said.verb], listed) if said.verb in ANSWERS else None


def _repacked(said: Said, head: Head, listed: tuple[bytes, ...]) -> Transform:
    made = _commission(replace(said, items=said.outputs), head)
    terms = (made.gtin, made.lot, made.expiry, made.line, made.made_at_ms, made.serials)
    return Transform(head, listed, *terms, said.waste)


def _handled(said: Said, head: Head, listed: tuple[bytes, ...]) -> Record:
    match said.verb:
        case "repack":
            return _repacked(said, head, listed)
        case "introduce":
            return CommissionLogisticUnits(head, listed)
        case "destroy":
            return Decommission(head, DecommissionReason.DESTROYED, listed)
        case "find":
            return Found(head, listed)
        case "steal":
            return Decommission(head, DecommissionReason.STOLEN, listed)
    return Observe(head, ObserveStep.INSPECTING, listed)
