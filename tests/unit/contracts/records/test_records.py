"""What records list, what they weigh, and the ids of what they announce."""

import pytest

from contracts.chain.parameters import Limits
from contracts.primitives.encoding import Decoder, encode
from contracts.records.agreement import Consent, OfferOwnership, Withdraw
from contracts.records.catalogue import (
    Delegate,
    DelegationStep,
    DescribePremises,
    DescribeProduct,
    OfferProduct,
    ProductFacts,
    TakeProduct,
)
from contracts.records.changes import (
    AddKey,
    AdmitPartner,
    AssignPrefix,
    AssignPremises,
    AssignProduct,
    Change,
    EndKey,
    LiftHolds,
    PutNode,
    RegisterProduct,
    RemoveNode,
    SetLicence,
    SetMarket,
    SetParameter,
    SetProfile,
    SetRoles,
    SetRules,
)
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.corrections import Correct, ErrorIn, ProposeCorrection
from contracts.records.custody import (
    SHIPMENT_ID_BYTES,
    Receive,
    ReceiveMode,
    Refuse,
    Ship,
    ShipPurpose,
    Void,
    shipment_id,
)
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import Found, Reinstate, UndoneEnding
from contracts.records.exempt import Exempt, ExemptReason
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges, WithdrawChanges
from contracts.records.head import Head
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    DeclareOverdue,
    HoldAction,
    LiftHold,
    PlaceHold,
    Suspect,
    SuspectGround,
)
from contracts.records.lanes import LaneStep, SetTradeLane
from contracts.records.late import Late, LateReason
from contracts.records.lots import AmendLot, ConsentToAmendment, MaterialLot, ProposeAmendment, TraceLot
from contracts.records.mandates import ActFor, Mandate
from contracts.records.onboarding import AnswerClaim, ClaimAnswer, Onboard, OnboardGround
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityEnd,
    Settlement,
    SettleQuantity,
    ShipQuantity,
)
from contracts.records.recall import (
    MAX_RANGE,
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
    range_length,
)
from contracts.records.record import HEAVIEST_PRICE, Record, counted, listed, weight
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
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify
from contracts.rules import amending, tracing
from contracts.state import scopes

HEAD = Head(1, 60, b"")
ITEMS = (b"\x01a", b"\x01b", b"\x01c")
FACTS = ProductFacts("Name", "", "", ("DE",), 1, 1, b"", 0, (), "", 0, "")
SCOPE = tuple(Scope(b"", 0, b"", b"", 0, 0, b"", "", some, b"", b"") for some in (ITEMS[:1], (), ITEMS[1:]))
LISTING: tuple[Record, ...] = (
    Commission(HEAD, b"gtin", b"lot", 1, b"", 0, ITEMS),
    CommissionLogisticUnits(HEAD, ITEMS),
    Pack(HEAD, b"parent", ITEMS),
    Unpack(HEAD, b"parent", ITEMS),
    Decommission(HEAD, DecommissionReason.STOLEN, ITEMS),
    Observe(HEAD, ObserveStep.STORING, ITEMS),
    Ship(HEAD, ITEMS, b"to", b"", ShipPurpose.SALE, 1, 0, b"", (b"reference",)),
    Receive(HEAD, b"shipment", ReceiveMode.LISTED, ITEMS),
    Refuse(HEAD, b"shipment", ITEMS),
    Void(HEAD, b"shipment", ITEMS),
    Dispense(HEAD, ITEMS),
    DispensePart(HEAD, 2, ITEMS),
    Mandate(HEAD, b"agent", (6, 10), ITEMS, 9),
    Exempt(
        ExemptReason.EMERGENCY,
        b"evidence",
        Ship(HEAD, ITEMS, b"to", b"", ShipPurpose.SALE, 1, 0, b"", ()),
    ),
    Late(LateReason.OUTAGE, Dispense(HEAD, ITEMS)),
    SetTradeLane(HEAD, b"gtin", b"lot", ITEMS, 4, ("DE",), LaneStep.FLAG),
    Found(HEAD, ITEMS),
    OfferOwnership(HEAD, ITEMS, b"to", 0),
    Consent(HEAD, b"proposal", ITEMS),
    Onboard(HEAD, OnboardGround.IMPORT, b"from", b"evidence", b"gtin", b"lot", 1, ITEMS),
    AnswerClaim(HEAD, ClaimAnswer.DENIED, ITEMS),
    ClaimOverage(HEAD, bytes(16), ITEMS),
    EndOverage(HEAD, OverageEnd.SENT_BACK, ITEMS),
    ShipOutside(HEAD, ITEMS, b"to", b"evidence"),
    ReceiveFromOutside(HEAD, ITEMS, b"from", b"evidence"),
    Reinstate(HEAD, UndoneEnding.SAMPLE, 1, ITEMS),
    OpenRecall(
        *(HEAD, RecallKind.RECALL, 0, RecallOrigin.ORDERED, RecallClass.CLASS_I, RecallDepth.RETAIL),
        *(RecallReason.PACKAGING, SCOPE, b"", b"", 0),
    ),
    WidenRecall(HEAD, b"recall", SCOPE),
    ReleaseFromRecall(HEAD, b"recall", ITEMS),
    PlaceHold(HEAD, HoldAction.LOCK, ITEMS),
    LiftHold(HEAD, HoldAction.QUARANTINE, ITEMS),
    Suspect(HEAD, SuspectGround.UNFIT, ITEMS),
    ConfirmIllegitimate(HEAD, ITEMS),
    Clear(HEAD, b"investigation", ITEMS),
    Verify(HEAD, ITEMS, b"lot", 1, VerificationResult.VERIFIED, VerificationReason.RETURN),
    Report(HEAD, Finding.COPIED, ITEMS),
    Correct(HEAD, ErrorIn.PACK, ITEMS),
    ProposeCorrection(HEAD, ErrorIn.ENDING, ITEMS, 0),
    Transform(HEAD, ITEMS[:1], b"gtin", b"lot", 1, b"", 0, ITEMS[1:], 0),
)
LISTING_NOTHING: tuple[Record, ...] = (
    DeclareOverdue(HEAD, b"shipment"),
    ClassifyRecall(HEAD, b"recall", RecallClass.CLASS_II),
    AcknowledgeRecall(HEAD, b"recall"),
    RespondToRecall(HEAD, b"recall", Quantities(1, 2, 3, 4, 5)),
    CloseRecall(HEAD, b"recall"),
    ReleaseLot(HEAD, b"recall", b"gtin", b"lot"),
    DescribeProduct(HEAD, b"gtin", FACTS),
    OfferProduct(HEAD, b"gtin", b"to"),
    TakeProduct(HEAD, b"gtin"),
    DescribePremises(HEAD, b"gln", "Name", "", "DE", "plant"),
    Delegate(HEAD, b"gtin", b"to", DelegationStep.GIVEN),
    StorageProfile(HEAD, b"gtin", 200, 800, 1, 2, 3),
    LoggerOff(HEAD, b"logger"),
    ClearSession(HEAD, 1, b"gtin"),
    Withdraw(HEAD, b"proposal"),
    ActFor(HEAD, b"gln"),
    AmendLot(HEAD, b"gtin", b"lot", 1),
    ProposeAmendment(HEAD, b"gtin", b"lot", 1, 9),
    ConsentToAmendment(HEAD, b"proposal", b"gtin", b"lot", 1),
    MakeQuantity(HEAD, b"gtin", b"lot", 1, b"", 0, 10**9),
    VoteOnChanges(HEAD, b"proposal", Choice.REJECT),
    WithdrawChanges(HEAD, b"proposal"),
)
LINES = (Line(b"gtin", b"lot", 1), Line(b"gtin", b"", 2))
MATERIALS = (MaterialLot(b"gtin", b"M1"), MaterialLot(b"gtin", b"M2"))
COUNTED: tuple[Record, ...] = (
    ShipQuantity(HEAD, LINES, b"", b"to", b"", ShipPurpose.SALE, 1, 0, (), b"carrier"),
    SettleQuantity(HEAD, b"shipment", Settlement.REFUSED, LINES),
    EndQuantity(HEAD, QuantityEnd.LOST, LINES, b""),
    TraceLot(HEAD, b"gtin", b"lot", MATERIALS, ()),
    TraceLot(HEAD, b"gtin", b"lot", MATERIALS[:1], (b"result",)),
)
ON, READ = LoggerOn(HEAD, b"logger", ITEMS[0]), Readings(HEAD, b"logger", ((1, 500), (2, 510)))
CHANGES: tuple[Change, ...] = (
    AdmitPartner(b"gln", "Name", 4, "DE"),
    SetRoles(b"gln", 4),
    SetLicence(b"gln", 2),
    AddKey(b"gln", b"key", 0),
    EndKey(b"key"),
    AssignPrefix("4012", b"gln"),
    AssignPremises(b"place", b"gln"),
    RegisterProduct(b"gtin", b"gln", FACTS),
    AssignProduct(b"gtin", b"gln"),
    LiftHolds(b"gln", 1, ITEMS),
    SetProfile("eu", (1, 2)),
    SetMarket("DE", "eu", 60),
    SetParameter("timing.propose_ms", 500),
    SetRules(2),
    PutNode("north", "validator", b"certificate", b"gln", b"key", 10),
    RemoveNode("north"),
)
PROPOSED = ProposeChanges(HEAD, CHANGES, 12, 10, "why")
PRICES = {OpenRecall: 5_000, WidenRecall: 5_000, TraceLot: 1_500, AmendLot: 200, ConsentToAmendment: 200}
RECORDS = (*LISTING, *LISTING_NOTHING, *COUNTED, ON, READ, PROPOSED)


@pytest.mark.parametrize("record", LISTING, ids=lambda record: type(record).__name__)
def test_a_record_weighs_one_and_one_for_each_identifier(record: Record) -> None:
    assert (listed(record), counted(record)) == (ITEMS, 3)
    assert weight(record) == 4 + PRICES.get(type(record), 0)


@pytest.mark.parametrize("record", LISTING_NOTHING, ids=lambda record: type(record).__name__)
def test_a_record_that_lists_nothing_weighs_one(record: Record) -> None:
    assert (listed(record), counted(record)) == ((), 0)
    assert weight(record) == 1 + PRICES.get(type(record), 0)


@pytest.mark.parametrize(
    ("first", "last", "length"),
    [
        (b"", b"", 0),
        (b"001", b"003", 3),
        (b"1", b"1", 1),
        (b"3", b"1", -1),
        (b"1", b"", -1),
        (b"9", b"10", -1),
        (b"A1", b"A2", -1),
        (b"0" * 21, b"1" * 21, -1),
        (b"0" * 20, b"9" * 20, MAX_RANGE + 1),
    ],
)
def test_a_range_weighs_what_it_spans(first: bytes, last: bytes, length: int) -> None:
    one = Scope(b"gtin", 0, b"", b"", 0, 0, b"", "", (), first, last)
    assert range_length(one) == length
    assert counted(WidenRecall(HEAD, b"recall", (one, *SCOPE))) == max(0, length) + len(ITEMS)


@pytest.mark.parametrize("record", COUNTED, ids=lambda record: type(record).__name__)
def test_a_record_of_quantities_or_materials_weighs_one_and_one_for_each_line(record: Record) -> None:
    assert (listed(record), counted(record)) == ((), 2)
    assert weight(record) == 3 + PRICES.get(type(record), 0)


def test_a_record_that_searches_weighs_one_for_twenty_rows() -> None:
    rows = {
        **dict.fromkeys((OpenRecall, WidenRecall), scopes.MAX_ROWS * 2),
        TraceLot: tracing.MAX_TRACED_ROWS * 3,
        **dict.fromkeys((AmendLot, ConsentToAmendment), amending.MAX_TOLD_ROWS + amending.MAX_CLAIMED * 3),
    }
    assert {kind: price * 20 >= rows[kind] for kind, price in PRICES.items()} == dict.fromkeys(rows, True)
    assert max(PRICES.values()) == HEAVIEST_PRICE < Limits().document_weight


def test_a_logger_is_on_one_item_and_readings_weigh_one_each() -> None:
    assert (listed(ON), weight(ON)) == (ITEMS[:1], 2)
    assert (listed(READ), weight(READ)) == ((), 3)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_is_read_back_as_its_own_kind(record: Record) -> None:
    found = Decoder(Record).decode(encode(record))  # type: ignore[arg-type]
    assert type(found) is type(record)
    assert found == record


def test_a_proposal_weighs_one_for_each_change_and_each_item_that_it_lifts_holds_from() -> None:
    assert (listed(PROPOSED), weight(PROPOSED)) == ((), 1 + len(CHANGES) + len(ITEMS))
    assert {type(change) for change in CHANGES} == set(Change.__args__)


def test_every_kind_of_record_is_here() -> None:
    assert {type(record) for record in RECORDS} == set(Record.__args__)


def test_a_document_announces_a_shipment_per_record() -> None:
    ids = {shipment_id(document, at) for document in (bytes(32), b"\1" * 32) for at in (0, 1, 300)}
    assert len(ids) == 6
    assert {len(one) for one in ids} == {SHIPMENT_ID_BYTES}
