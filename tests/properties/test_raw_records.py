"""Records that no client would write, with any number and any bytes in every field, read and executed.

The invariant of every decoder that meets the outside: a valid value or the documented error. And of the law:
an answer, never an exception, for an exception while a block is executed stops every node of the network.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ledger.bundle import Bundle, BundleReader, MalformedBundle, build_header
from contracts.ledger.document import build_document, encode_document
from contracts.ledger.execute import BlockContext, BlockExecution
from contracts.ledger.lanes import lane_fault
from contracts.ledger.receipt import ACCEPTED, RECEIPTS
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import Hash
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
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.corrections import Correct, ErrorIn, ProposeCorrection
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void
from contracts.records.dispensing import Dispense
from contracts.records.exempt import Exempt, ExemptReason
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
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify
from contracts.rules.codes import Code
from contracts.state.layout import LANES
from tests.properties.compare import SideBySide
from tests.properties.facts import PARTY_GLN, PLACE_GLN, START_MS, genesis, gln, item_key
from tests.properties.said import Alternative, Document, Said, Step
from tests.scenarios.law.world import lane_of

EDGES = (0, 1, -1, 127, 128, 2**31, 2**32, 2**53, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, START_MS, -START_MS)
NUMBERS = st.sampled_from(EDGES) | st.integers(-(2**63), 2**64 - 1)
ITEMS = ("pack-1", "pack-2", "case-1", "pallet-1", "pallet-2", "tote-1", "drop-1", "pack-9")
KEYS = [item_key(item) for item in ITEMS]
GLNS = [gln(name) for name in (*PARTY_GLN, *PLACE_GLN)]
WILD = st.binary(max_size=40) | st.sampled_from([b"", b"\x01", b"\x02" * 9, b"\xff" * 9, *KEYS, *GLNS])


def mostly(good: Sequence[Any], wild: Any) -> Any:
    """Return a strategy for what is usually good, so that the rules behind the first guards are reached."""
    usual = st.sampled_from(good)
    return st.integers(0, 9).flatmap(lambda number: wild if number == 9 else usual)


def _stocked() -> SideBySide:
    """Return a ledger with goods, some of them packed."""
    pair = SideBySide()
    made = Said(verb="commission", kind="pack", lot="A", expiry=21_000, items=("pack-1", "pack-2"))
    packed = Said(verb="pack", items=("pack-1",), parent="pallet-1")
    sent = Said(verb="ship", items=("pack-2",), receiver="bulk", carrier="carrier", shipment="S")
    recalled = Said(verb="recall", recall="C", scope=(Alternative(items=("pack-2",)),))
    counted = Said(verb="make", kind="gel", lot="A", expiry=21_000, lines=(("gel", "A", 5),))
    kept = Said(verb="keep", kind="pack", limits=(200, 800, 60, 60, 60))
    watched = Said(verb="put_logger", logger="L1", items=("pallet-1",))
    offered = Said(verb="propose", items=("pallet-1",), receiver="bulk", proposal="P")
    said = (made, packed, sent, offered, recalled, kept, watched, counted)
    pair.take(Step(0, (Document("maker", said, "D"),)))
    return pair


PAIR = _stocked()
LEDGER = PAIR.ledger
NOWHERE = Head(START_MS, 60, b"")
PLANT = Head(START_MS, 60, gln("plant"))
WILD_HEADS = st.builds(Head, NUMBERS, NUMBERS, WILD, st.lists(WILD, max_size=3).map(tuple))
HEADS = mostly([NOWHERE, PLANT], WILD_HEADS)
ITEM = mostly(KEYS, WILD)
LISTS = st.lists(ITEM, min_size=1, max_size=4).map(tuple) | st.lists(WILD, max_size=3).map(tuple)
SERIALS = st.lists(mostly([b"1", b"7", b"8", b"9"], WILD), max_size=4).map(tuple)
GTINS = mostly([KEYS[0][1:7], KEYS[2][1:7]], WILD)
TEXTS = mostly([b"A", b"B"], WILD)
PARTIES = mostly(GLNS, WILD)
TIMES = mostly([0, START_MS, START_MS + 86_400_000], NUMBERS)
EXPIRIES = mostly([21_000, 21_001], NUMBERS)
PLACES = mostly([b"", *GLNS], WILD)
FLAGS = mostly([0, 1], NUMBERS)
SHIPMENT = mostly([PAIR.shipments["S"]], WILD)
RECALL = mostly([PAIR.shipments["C"]], WILD)
SCOPES = st.lists(
    st.builds(
        Scope,
        *(mostly([b"", KEYS[0][1:7]], WILD), FLAGS, mostly([b"", b"A"], WILD), mostly([b"", b"1"], WILD)),
        *(
            mostly([0], NUMBERS),
            mostly([0, START_MS], NUMBERS),
            PLACES,
            mostly(["", "home"], st.text(max_size=9)),
        ),
        *(st.just(()) | LISTS, mostly([b"", b"1"], WILD), mostly([b"", b"9"], WILD)),
        *(mostly([b"", KEYS[0][1:7]], WILD), mostly([b"", b"A"], WILD)),
    ),
    min_size=1,
    max_size=2,
).map(tuple)
GEL = mostly([item_key("gel-1")[1:7]], WILD)
LINES = st.lists(st.builds(Line, GEL, mostly([b"A"], WILD), mostly([1, 2], NUMBERS)), max_size=2).map(tuple)
LOGGERS = mostly([b"\x03L1", b"\x03L2"], WILD)
TIMES_S = mostly([START_MS // 1_000, START_MS // 1_000 + 60], NUMBERS)
EVIDENCE = mostly([bytes(32)], WILD)
PROPOSAL = mostly([PAIR.shipments["P"]], WILD)
HASHES = mostly([(), (bytes(32),)], st.lists(WILD, max_size=3).map(tuple))


WORDS = mostly(["home", "away", "word"], st.text(max_size=300))
WORD_LISTS = mostly([("home",), ("away", "home"), ()], st.lists(WORDS, max_size=40).map(tuple))
FACTS = st.builds(
    ProductFacts,
    *(WORDS, WORDS, WORDS, WORD_LISTS, mostly([1, 2], NUMBERS), mostly([1], NUMBERS)),
    *(mostly([b""], WILD), mostly([0], NUMBERS), WORD_LISTS, WORDS, FLAGS, WORDS),
)


def fields(*strategies: Any) -> Any:
    """Return a strategy for the fields that follow the head."""
    return st.tuples(HEADS, *strategies)


RECORDS: st.SearchStrategy[Record] = st.one_of(
    fields(GTINS, TEXTS, EXPIRIES, mostly([b"", b"1"], WILD), TIMES, SERIALS).map(
        lambda found: Commission(*found)
    ),
    fields(LISTS).map(lambda found: CommissionLogisticUnits(*found)),
    fields(ITEM, LISTS).map(lambda found: Pack(*found)),
    fields(ITEM, LISTS).map(lambda found: Unpack(*found)),
    fields(st.sampled_from(DecommissionReason), LISTS).map(lambda found: Decommission(*found)),
    fields(st.sampled_from(ObserveStep), LISTS).map(lambda found: Observe(*found)),
    fields(LISTS, PARTIES, PLACES, st.sampled_from(ShipPurpose), FLAGS, TIMES, PLACES, HASHES).map(
        lambda found: Ship(*found)
    ),
    fields(SHIPMENT, st.sampled_from(ReceiveMode), LISTS).map(lambda found: Receive(*found)),
    fields(SHIPMENT, LISTS).map(lambda found: Refuse(*found)),
    fields(SHIPMENT, LISTS).map(lambda found: Void(*found)),
    fields(LISTS).map(lambda found: Dispense(*found)),
    fields(LISTS, PARTIES, FLAGS).map(lambda found: OfferOwnership(*found)),
    fields(PROPOSAL, LISTS).map(lambda found: Consent(*found)),
    fields(PROPOSAL).map(lambda found: Withdraw(*found)),
    fields(st.sampled_from(OnboardGround), PARTIES, EVIDENCE, GTINS, TEXTS, EXPIRIES, SERIALS).map(
        lambda found: Onboard(*found)
    ),
    fields(st.sampled_from(ClaimAnswer), LISTS).map(lambda found: AnswerClaim(*found)),
    fields(SHIPMENT, LISTS).map(lambda found: ClaimOverage(*found)),
    fields(st.sampled_from(OverageEnd), LISTS).map(lambda found: EndOverage(*found)),
    st.builds(
        Exempt,
        *(st.sampled_from(ExemptReason), EVIDENCE),
        fields(LISTS, PARTIES, PLACES, st.sampled_from(ShipPurpose), FLAGS, TIMES, PLACES, HASHES).map(
            lambda found: Ship(*found)
        ),
    ),
    fields(LISTS, PARTIES, EVIDENCE).map(lambda found: ShipOutside(*found)),
    fields(LISTS, PARTIES, EVIDENCE).map(lambda found: ReceiveFromOutside(*found)),
    *(
        fields(GTINS, FACTS).map(lambda found: DescribeProduct(*found)),
        fields(GTINS, PLACES).map(lambda found: OfferProduct(*found)),
        fields(GTINS).map(lambda found: TakeProduct(*found)),
        fields(PARTIES, WORDS, WORDS, WORDS, mostly(["plant"], WORDS)).map(
            lambda found: DescribePremises(*found)
        ),
        fields(GTINS, PARTIES, st.sampled_from(DelegationStep)).map(lambda found: Delegate(*found)),
        fields(GTINS, FLAGS, FLAGS, FLAGS, FLAGS, FLAGS).map(lambda found: StorageProfile(*found)),
        fields(LOGGERS, ITEM).map(lambda found: LoggerOn(*found)),
        fields(LOGGERS).map(lambda found: LoggerOff(*found)),
        fields(LOGGERS, st.lists(st.tuples(TIMES_S, NUMBERS), max_size=3).map(tuple)).map(
            lambda found: Readings(*found)
        ),
        fields(FLAGS, GTINS).map(lambda found: ClearSession(*found)),
        fields(
            PARTIES,
            mostly([(6,), (6, 10)], st.lists(NUMBERS, max_size=3).map(tuple)),
            mostly([()], st.lists(PARTIES, max_size=3).map(tuple)),
            mostly([0, 9], NUMBERS),
        ).map(lambda found: Mandate(*found)),
        fields(PARTIES).map(lambda found: ActFor(*found)),
        fields(
            *(
                GTINS,
                mostly([b"", b"A"], WILD),
                st.lists(PARTIES, max_size=3).map(tuple),
                mostly([0, 4], NUMBERS),
            ),
            *(WORD_LISTS, st.sampled_from(LaneStep)),
        ).map(lambda found: SetTradeLane(*found)),
        fields(GEL, TEXTS, EXPIRIES, mostly([b""], WILD), TIMES, NUMBERS).map(
            lambda found: MakeQuantity(*found)
        ),
        fields(
            LINES, PLACES, PARTIES, PLACES, st.sampled_from(ShipPurpose), FLAGS, TIMES, HASHES, PLACES
        ).map(lambda found: ShipQuantity(*found)),
        fields(SHIPMENT, st.sampled_from(Settlement), LINES).map(lambda found: SettleQuantity(*found)),
        fields(st.sampled_from(QuantityEnd), LINES, PLACES).map(lambda found: EndQuantity(*found)),
        fields(
            GTINS, TEXTS, st.lists(st.builds(MaterialLot, GTINS, TEXTS), max_size=3).map(tuple), HASHES
        ).map(lambda found: TraceLot(*found)),
    ),
    fields(
        *(st.sampled_from(RecallKind), FLAGS, st.sampled_from(RecallOrigin), st.sampled_from(RecallClass)),
        *(st.sampled_from(RecallDepth), st.sampled_from(RecallReason), SCOPES, mostly([b""], WILD)),
        *(mostly([b"", bytes(32)], WILD), TIMES),
    ).map(lambda found: OpenRecall(*found)),
    fields(LISTS, GTINS, TEXTS, EXPIRIES, mostly([b""], WILD), TIMES, SERIALS, mostly([0, 1], NUMBERS)).map(
        lambda found: Transform(*found)
    ),
    fields(RECALL, SCOPES).map(lambda found: WidenRecall(*found)),
    fields(RECALL, st.sampled_from(RecallClass)).map(lambda found: ClassifyRecall(*found)),
    fields(RECALL).map(lambda found: AcknowledgeRecall(*found)),
    fields(RECALL, st.builds(Quantities, *[mostly([0, 1], NUMBERS)] * 5)).map(
        lambda found: RespondToRecall(*found)
    ),
    fields(RECALL).map(lambda found: CloseRecall(*found)),
    fields(RECALL, LISTS).map(lambda found: ReleaseFromRecall(*found)),
    fields(RECALL, GTINS, TEXTS).map(lambda found: ReleaseLot(*found)),
    fields(st.sampled_from(ErrorIn), LISTS).map(lambda found: Correct(*found)),
    fields(st.sampled_from(ErrorIn), LISTS, FLAGS).map(lambda found: ProposeCorrection(*found)),
    fields(GTINS, TEXTS, EXPIRIES).map(lambda found: AmendLot(*found)),
    fields(GTINS, TEXTS, EXPIRIES, FLAGS).map(lambda found: ProposeAmendment(*found)),
    fields(PROPOSAL, GTINS, TEXTS, EXPIRIES).map(lambda found: ConsentToAmendment(*found)),
    fields(SHIPMENT).map(lambda found: DeclareOverdue(*found)),
    fields(st.sampled_from(HoldAction), LISTS).map(lambda found: PlaceHold(*found)),
    fields(st.sampled_from(HoldAction), LISTS).map(lambda found: LiftHold(*found)),
    fields(st.sampled_from(SuspectGround), LISTS).map(lambda found: Suspect(*found)),
    fields(LISTS).map(lambda found: ConfirmIllegitimate(*found)),
    fields(mostly([bytes(32)], WILD), LISTS).map(lambda found: Clear(*found)),
    fields(LISTS, TEXTS, EXPIRIES, st.sampled_from(VerificationResult)).map(
        lambda found: Verify(*found, VerificationReason.ROUTINE)
    ),
    fields(st.sampled_from(Finding), LISTS).map(lambda found: Report(*found)),
)


READER = BundleReader("law", genesis().parameters.limits)


@settings(max_examples=400, deadline=None)
@given(
    signer=mostly(["maker"], st.sampled_from(["bulk", "pharmacy", "carrier", "agent"])),
    records=st.lists(RECORDS, min_size=1, max_size=3).map(tuple),
    weight=mostly([None], NUMBERS),
)
def test_any_record_is_refused_or_acts_and_nothing_is_raised(
    signer: str, records: tuple[Record, ...], weight: int | None
) -> None:
    document = build_document(bytes(16), records)
    if weight is not None:
        document = msgspec.structs.replace(document, weight=weight)
    data = encode_document(document)
    header = build_header("law", lane_of(signer), 0, 1, LEDGER.time_ms + 1_000, [(data, document.weight)])
    try:
        opened = READER.read(encode(Bundle(header, bytes(64), (data,))))
    except MalformedBundle:
        assert weight is not None
        return
    after = 1 if signer == "maker" else 0
    placed = msgspec.structs.replace(
        opened, header=msgspec.structs.replace(opened.header, after=after, sequence=2)
    )
    context = BlockContext(LEDGER.height + 1, LEDGER.time_ms + 1)
    result = BlockExecution(LEDGER.reader, context, [placed], (), Hash(LEDGER.app_hash)).finish()
    receipt = result.receipts[0]
    assert receipt.code == ACCEPTED or receipt.code in set(Code)
    assert RECEIPTS.decode(encode(receipt)) == receipt
    if receipt.code != ACCEPTED:
        assert [key[:1] for key, _value in result.writes] == [LANES.prefix]


@settings(max_examples=200, deadline=None)
@given(
    numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    lane=WILD,
    chain_id=st.just("law") | st.text(),
)
def test_any_bundle_header_is_refused_or_kept_apart_from_the_lane(
    numbers: tuple[int, int, int, int, int], lane: bytes, chain_id: str
) -> None:
    data = encode_document(build_document(bytes(16), (Dispense(Head(0, 0, b""), (KEYS[0],)),)))
    header = build_header("law", lane_of("maker"), 0, 1, 0, [(data, 2)])
    version, after, sequence, expires, count = numbers
    bent = msgspec.structs.replace(header, after=after, sequence=sequence, expires_at_ms=expires)
    for found in (
        bent,
        msgspec.structs.replace(bent, version=version, chain_id=chain_id, lane=lane, count=count),
    ):
        try:
            opened = READER.read(encode(Bundle(found, bytes(64), (data,))))
        except MalformedBundle:
            continue
        assert 0 <= opened.header.after < opened.header.sequence
        fault = lane_fault(LEDGER.state(), opened.header, LEDGER.height + 1, LEDGER.time_ms + 1)
        assert fault is not None or after == 1
