"""Rule 22: what no sentence would say, the heights at which changes act, and what follows from them."""

import itertools

import msgspec
import pytest

from contracts.chain.header import Header
from contracts.chain.parameters import Parameters
from contracts.chain.votes import MAX_HEIGHT
from contracts.ledger.block import KNOWN_RULES, ChainTip, advance, bound_by, genesis_tip, rules_fault
from contracts.ledger.execute import BlockResult
from contracts.ledger.receipt import ACCEPTED
from contracts.primitives.hashing import NO_HASH
from contracts.records.agreement import proposal_id
from contracts.records.changes import (
    AddKey,
    AdmitPartner,
    AssignPrefix,
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
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges
from contracts.records.head import Head
from contracts.records.holds import HoldAction, LiftHold, PlaceHold
from contracts.records.mandates import Mandate
from contracts.records.supply import CommissionLogisticUnits
from contracts.rules.cataloguing import MAX_TEXT
from contracts.rules.changing_goods import MAX_LIFTED
from contracts.rules.changing_law import CHANGEABLE, FIXED_LIMITS
from contracts.rules.changing_nodes import MAX_CERTIFICATE_BYTES
from contracts.rules.codes import Code
from contracts.rules.governing import MAX_CHANGES, MAX_REASON, MAX_SCHEDULED
from contracts.state.governance_rows import ChangesStanding
from contracts.state.governing import governance, sets
from contracts.state.layout import (
    BALLOTS,
    CERTIFICATES,
    KEYS,
    LIMITS,
    NODES,
    PREFIX_STEMS,
    PRODUCTS,
    PROFILES,
    SOLE_KEY,
    certificate_key,
    text_key,
)
from contracts.state.parameters import ALL_ROLES
from contracts.state.rows import HoldKind, KeyRow
from tests.scenarios.law.world import (
    NODES as NODE_NAMES,
)
from tests.scenarios.law.world import (
    START_MS,
    Ledger,
    certificate_of,
    gln,
    gtin,
    item,
    lane_of,
    small_genesis,
)
from tests.unit.contracts.rules.test_forms_registry import FACTS, MADE, TABLET

HEAD = Head(START_MS, 60, b"")
NOWHERE = b"\x00\x00\x00\x00\x00\x01"
SUSPEND = SetLicence(gln("Idle"), 2)
PROPOSAL = ProposeChanges(HEAD, (SUSPEND,), 9, 7, "as agreed")
NEWCO = AdmitPartner(gln("Newco"), "Newco", 4, "DE")
FIFTH = PutNode("fifth", "validator", certificate_of("fifth"), gln("Dale"), lane_of("fifth"), 10)
EU = tuple(msgspec.structs.astuple(Ledger().state().require(PROFILES, text_key("eu-fmd"))))


def proposed(**fields: object) -> ProposeChanges:
    return msgspec.structs.replace(PROPOSAL, **fields)


def node(**fields: object) -> PutNode:
    return msgspec.structs.replace(FIFTH, **fields)


BAD_FRAMES: tuple[tuple[Code, ProposeChanges], ...] = (
    (Code.CLAIMED_TIME_INVALID, proposed(head=Head(START_MS + 10**9, 60, b""))),
    (Code.REASON_INVALID, proposed(reason="")),
    (Code.REASON_INVALID, proposed(reason="x" * (MAX_REASON + 1))),
    (Code.CHANGES_INVALID, proposed(changes=())),
    (Code.CHANGES_INVALID, proposed(changes=(SUSPEND,) * (MAX_CHANGES + 1))),
    (Code.ACTS_TOO_SOON, proposed(acts_at=2)),
    (Code.ACTS_TOO_SOON, proposed(acts_at=-1)),
    (Code.ACTS_TOO_SOON, proposed(acts_at=MAX_HEIGHT + 1)),
    (Code.VOTING_END_INVALID, proposed(until_height=0)),
    (Code.VOTING_END_INVALID, proposed(until_height=8)),
)
BAD_CHANGES: tuple[tuple[Code, Change], ...] = (
    (Code.GLN_INVALID, msgspec.structs.replace(NEWCO, gln=NOWHERE)),
    (Code.GLN_TAKEN, msgspec.structs.replace(NEWCO, gln=gln("Plant"))),
    (Code.TEXT_INVALID, msgspec.structs.replace(NEWCO, name="")),
    (Code.TEXT_INVALID, msgspec.structs.replace(NEWCO, name="x" * (MAX_TEXT + 1))),
    (Code.ROLES_INVALID, msgspec.structs.replace(NEWCO, roles=0)),
    (Code.ROLES_INVALID, SetRoles(gln("Dale"), ALL_ROLES + 1)),
    (Code.ROLES_INVALID, SetRoles(gln("Dale"), -1)),
    (Code.LICENCE_INVALID, SetLicence(gln("Dale"), 4)),
    (Code.KEY_INVALID, AddKey(gln("Dale"), bytes(32), 0)),
    (Code.KEY_INVALID, AddKey(gln("Dale"), b"short", 0)),
    (Code.KEY_INVALID, AddKey(gln("Dale"), lane_of("Dale", 1), 9)),
    (Code.KEY_KNOWN, AddKey(gln("Dale"), lane_of("north"), 0)),
    (Code.PARTNER_UNKNOWN, AddKey(gln("Newco"), lane_of("Newco"), 0)),
    (Code.PREFIX_INVALID, AssignPrefix("401", gln("Dale"))),
    (Code.PREFIX_INVALID, AssignPrefix("4" * 13, gln("Dale"))),
    (Code.PREFIX_INVALID, AssignPrefix("40x1", gln("Dale"))),
    (Code.PREFIX_INVALID, AssignPrefix("\u0664\u0664\u0664\u0664", gln("Dale"))),
    (Code.PARTNER_UNKNOWN, AssignPrefix("4777777", gln("Newco"))),
    (Code.GTIN_INVALID, RegisterProduct(NOWHERE, gln("Dale"), FACTS)),
    (Code.PARTNER_UNKNOWN, RegisterProduct(gtin("herb"), gln("Newco"), FACTS)),
    (
        Code.MARKET_UNKNOWN,
        RegisterProduct(gtin("herb"), gln("Dale"), msgspec.structs.replace(FACTS, markets=("YY",))),
    ),
    (Code.PARTNER_UNKNOWN, AssignProduct(gtin("pack"), gln("Newco"))),
    (Code.PARTNER_UNKNOWN, LiftHolds(gln("Newco"), 1, (item("pack-1"),))),
    (Code.NOTHING_LISTED, LiftHolds(gln("Idle"), 1, ())),
    (Code.LISTED_TWICE, LiftHolds(gln("Idle"), 1, (item("pack-1"),) * 2)),
    (Code.ITEM_UNKNOWN, LiftHolds(gln("Idle"), 1, (item("pack-1"),))),
    (Code.CHANGES_INVALID, LiftHolds(gln("Idle"), 1, (item("pack-1"),) * (MAX_LIFTED + 1))),
    (Code.HOLD_NOT_LIFTABLE, LiftHolds(gln("Idle"), 99, (item("pack-1"),))),
    (Code.PROFILE_INVALID, SetProfile("", EU)),
    (Code.PROFILE_INVALID, SetProfile("eu-fmd", EU[:-1])),
    (Code.PROFILE_INVALID, SetProfile("eu-fmd", (*EU, 0))),
    (Code.PROFILE_INVALID, SetProfile("eu-fmd", (1 << 60, *EU[1:]))),
    (Code.MARKET_INVALID, SetMarket("", "eu-fmd", 0)),
    (Code.PARAMETER_UNKNOWN, SetParameter("", 1)),
    (Code.PARAMETER_UNKNOWN, SetParameter("limits", 1)),
    *((Code.PARAMETER_UNKNOWN, SetParameter(f"limits.{name}", 1)) for name in sorted(FIXED_LIMITS)),
    (Code.PARAMETERS_INVALID, SetParameter("tolerances.claimed_time_ms", 1 << 60)),
    (Code.RULES_NOT_NEWER, SetRules(0)),
    (Code.NODE_INVALID, node(name="")),
    (Code.NODE_INVALID, node(name="a b")),
    (Code.NODE_INVALID, node(certificate=b"")),
    (Code.NODE_INVALID, node(certificate=bytes(MAX_CERTIFICATE_BYTES + 1))),
    (Code.NODE_INVALID, node(power=-1)),
    (Code.NODE_INVALID, node(role="member", power=0)),
    (Code.NODE_INVALID, node(role="member", power=-1, validator_key=b"")),
    (Code.NODE_INVALID, node(validator_key=bytes(32))),
    (Code.CERTIFICATE_KNOWN, node(certificate=certificate_of("north"))),
    (Code.VALIDATORS_INVALID, node(validator_key=lane_of("north"))),
    (Code.VALIDATORS_INVALID, node(power=1 << 41)),
)


@pytest.mark.parametrize(("code", "record"), BAD_FRAMES)
def test_a_malformed_proposal_is_refused(code: Code, record: ProposeChanges) -> None:
    assert Ledger().submit("Acme", record).code == code


@pytest.mark.parametrize(("code", "change"), BAD_CHANGES)
def test_a_change_that_makes_no_sense_is_refused(code: Code, change: Change) -> None:
    ledger = Ledger()
    before = dict(ledger.reader.rows)
    assert ledger.submit("Acme", proposed(changes=(SUSPEND, change))).code == code
    # But for the lane, which moved on, nothing is left of it.
    assert {key for key, value in ledger.reader.rows.items() if before.get(key) != value} == {
        b"\x10" + lane_of("Acme")
    }


def test_the_limits_themselves_are_allowed() -> None:
    full = proposed(changes=(SUSPEND,) * MAX_CHANGES, reason="x" * MAX_REASON, acts_at=3, until_height=1)
    assert Ledger().submit("Acme", full).code == ACCEPTED
    longest = node(certificate=bytes(MAX_CERTIFICATE_BYTES))
    assert Ledger().submit("Acme", proposed(changes=(longest,))).code == ACCEPTED


def decide(ledger: Ledger, *changes: Change, ahead: int = 2) -> bytes:
    """Propose and decide in one block; return the proposal's id. It acts `ahead` heights after that block."""
    height = ledger.context().height
    said = proposed(changes=changes, acts_at=height + ahead, until_height=height)
    opening = ledger.bundle("Acme", [ledger.document(said)])
    identifier = proposal_id(opening.document_ids[0], 0)
    vote = VoteOnChanges(HEAD, identifier, Choice.APPROVE)
    votes = [ledger.bundle(name, [ledger.document(vote)]) for name in ("Bulk", "Corner")]
    receipts = ledger.block(opening, *votes).receipts
    assert [receipt.code for receipt in receipts] == [ACCEPTED] * 3
    assert ledger.state().require(BALLOTS, identifier).standing == ChangesStanding.DECIDED
    return identifier


def test_what_is_decided_at_h_acts_from_h_plus_2_and_not_before() -> None:
    ledger = Ledger()
    decide(ledger, SetLicence(gln("Bulk"), 2))
    units = CommissionLogisticUnits(HEAD, (item("tote-1"),))
    again = CommissionLogisticUnits(HEAD, (item("tote-2"),))
    assert ledger.height == 1
    assert ledger.submit("Bulk", units).code == ACCEPTED
    assert ledger.submit("Bulk", again).code == Code.LICENCE_NOT_ACTIVE
    assert ledger.height == 3


def test_a_new_key_may_sign_the_block_of_its_height_and_an_ended_one_may_not() -> None:
    ledger = Ledger()
    decide(ledger, AddKey(gln("Corner"), lane_of("Corner", 1), 0), EndKey(lane_of("Corner")))
    assert ledger.state().read(KEYS, lane_of("Corner", 1)) is None
    ledger.block()
    state = ledger.state()
    assert state.read(KEYS, lane_of("Corner", 1)) == KeyRow(3, 3, 0)
    assert state.read(KEYS, lane_of("Corner")) == KeyRow(3, 1, 3)


def test_an_empty_block_without_a_change_leaves_the_app_hash_as_it_is() -> None:
    ledger = Ledger()
    decide(ledger, FIFTH, SUSPEND, ahead=4)
    seen = [ledger.app_hash]
    governed = []
    for _block in range(6):
        result: BlockResult = ledger.block()
        governed.append(result.governed)
        seen.append(ledger.app_hash)
    # Decided at 1, acting at 5: the set is settled after 3, moves on with 4 and 5; all else is written by 4.
    assert governed == [False, True, True, True, False, False]
    assert [one != other for one, other in itertools.pairwise(seen)] == governed


def test_who_votes_at_a_height_is_settled_two_heights_before() -> None:
    ledger = Ledger()
    decide(ledger, FIFTH)
    names = [[one.node for one in voters] for voters in msgspec.structs.astuple(sets(ledger.state()))]
    assert [("fifth" in found) for found in names] == [False, False, True]
    assert ledger.state().read(NODES, b"fifth") is None
    ledger.block()
    names = [[one.node for one in voters] for voters in msgspec.structs.astuple(sets(ledger.state()))]
    assert [("fifth" in found) for found in names] == [False, True, True]
    assert ledger.state().require(NODES, b"fifth").role == "validator"
    ledger.block()
    assert all(
        voters == sets(ledger.state()).last for voters in msgspec.structs.astuple(sets(ledger.state()))
    )


def tip_after(tip: ChainTip, ledger: Ledger) -> ChainTip:
    """Advance a tip as a node does."""
    header = Header(1, "law", ledger.height, ledger.time_ms, *[NO_HASH] * 9, b"", NO_HASH)
    moved = advance(tip, header, ledger.app_hash, NO_HASH)
    result = ledger.result
    assert result is not None
    return bound_by(moved, ledger.state()) if result.governed else moved


def test_the_tip_after_every_block_is_the_one_that_a_restart_finds() -> None:
    ledger = Ledger()
    tip = bound_by(genesis_tip(small_genesis(), ledger.app_hash), ledger.state())
    assert tip == genesis_tip(small_genesis(), ledger.app_hash)
    changes = (FIFTH, RemoveNode("north"), SetParameter("timing.propose_ms", 500), SetRules(2))
    decide(ledger, *changes, ahead=3)
    tips = []
    for _block in range(5):
        tip = tip_after(tip, ledger)
        assert bound_by(tip, ledger.state()) == tip
        tips.append(tip)
        ledger.block()
    # Decided at 1, acting at 4.
    assert [len(tip.next_validators) for tip in tips] == [4] * 5
    new = lane_of("fifth")
    assert [one.next_validators.index_of(new) is not None for one in tips] == [False, True, True, True, True]
    assert [one.validators.index_of(new) is not None for one in tips] == [False, False, True, True, True]
    assert [one.last_validators.index_of(new) is not None for one in tips] == [
        False,
        False,
        False,
        True,
        True,
    ]
    assert [one.parameters.timing.propose_ms for one in tips] == [1_000, 1_000, 500, 500, 500]
    assert [one.rules for one in tips] == [1, 1, 2, 2, 2]


def test_a_program_that_does_not_know_the_rules_stops_before_their_height() -> None:
    tip = genesis_tip(small_genesis(), NO_HASH)
    assert rules_fault(tip) is None
    newer = msgspec.structs.replace(tip, height=6, rules=KNOWN_RULES + 1)
    fault = rules_fault(newer)
    assert fault is not None
    assert "from height 7 on" in fault
    assert "newer Packtrail" in fault


def test_the_law_reads_parameters_from_the_height_on() -> None:
    ledger = Ledger()
    decide(ledger, SetParameter("tolerances.claimed_time_ms", 7))
    assert ledger.state().require(LIMITS, SOLE_KEY).claimed_time_ms == Parameters().tolerances.claimed_time_ms
    ledger.block()
    assert ledger.state().require(LIMITS, SOLE_KEY).claimed_time_ms == 7
    assert "timing.heartbeat_ms" in CHANGEABLE


def test_no_more_than_so_many_proposals_wait_for_their_height() -> None:
    ledger = Ledger()
    for _proposal in range(MAX_SCHEDULED):
        decide(ledger, SUSPEND, ahead=200)
    late = proposed(acts_at=ledger.height + 9, until_height=ledger.height + 3)
    assert ledger.submit("Acme", late).code == Code.SCHEDULE_FULL
    assert len(governance(ledger.state()).scheduled) == MAX_SCHEDULED


def test_proposals_of_one_height_act_in_the_order_of_decision() -> None:
    ledger = Ledger()
    decide(ledger, SetParameter("timing.propose_ms", 700), ahead=9)
    decide(ledger, SetParameter("timing.propose_ms", 800), ahead=8)
    decide(ledger, SetParameter("timing.propose_ms", 600), ahead=4)
    ledger.idle(9)
    tip = bound_by(genesis_tip(small_genesis(), ledger.app_hash), ledger.state())
    assert tip.parameters.timing.propose_ms == 800
    assert governance(ledger.state()).scheduled == ()


def test_a_product_registered_meanwhile_keeps_its_contents_and_gets_its_holder() -> None:
    ledger = Ledger()
    decide(
        ledger,
        RegisterProduct(gtin("tablet"), gln("Helper"), msgspec.structs.replace(FACTS, units_per_pack=9)),
        ahead=4,
    )

    assert ledger.submit("Acme", TABLET).code == ACCEPTED
    ledger.idle(3)
    row = ledger.state().require(PRODUCTS, gtin("tablet"))
    assert (row.holder, row.units_per_pack) == (7, 1)


def test_a_certificate_and_a_prefix_are_free_again_once_they_are_given_up() -> None:
    ledger = Ledger()
    other = node(name="sixth", role="member", validator_key=b"", power=0)
    decide(ledger, FIFTH, AssignPrefix("4777777", gln("Dale")))
    decide(
        ledger, RemoveNode("fifth"), other, AssignPrefix("4777777", b""), AssignPrefix("477777", gln("Dale"))
    )
    ledger.idle(2)
    state = ledger.state()
    assert state.read(CERTIFICATES, certificate_key(FIFTH.certificate)) == "sixth"
    assert state.read(NODES, b"fifth") is None
    assert state.read(PREFIX_STEMS, b"47777") == 1
    assert state.read(PREFIX_STEMS, b"477777") is None
    assert {one.node for one in sets(state).following} == set(NODE_NAMES)


def test_a_node_that_is_replaced_frees_its_certificate() -> None:
    ledger = Ledger()
    decide(ledger, FIFTH)
    decide(ledger, node(certificate=b"another"))
    ledger.idle(2)
    assert ledger.state().read(CERTIFICATES, certificate_key(FIFTH.certificate)) is None
    assert ledger.state().read(CERTIFICATES, certificate_key(b"another")) == "fifth"


def test_a_document_that_a_wrong_node_lets_in_twice_proposes_once() -> None:
    ledger = Ledger()
    document = ledger.document(PROPOSAL)
    assert ledger.block(ledger.bundle("Acme", [document])).receipts[0].code == ACCEPTED
    assert ledger.block(ledger.bundle("Acme", [document])).receipts[0].code == Code.ALREADY_PROPOSED


def test_nobody_governs_for_another() -> None:
    lets = Mandate(HEAD, gln("Janus"), (91,), (), 100)
    assert Ledger().submit("Acme", lets).code == Code.MANDATE_INVALID


def test_a_block_that_lifts_holds_does_nothing_to_goods_that_have_no_such_hold_any_more() -> None:
    ledger = Ledger()
    pack = item("tablet-1")
    assert ledger.submit("Acme", TABLET, MADE, PlaceHold(HEAD, HoldAction.LOCK, (pack,))).code == ACCEPTED
    decide(ledger, LiftHolds(gln("Acme"), int(HoldKind.LOCKED), (pack,)), ahead=4)
    assert ledger.submit("Acme", LiftHold(HEAD, HoldAction.LOCK, (pack,))).code == ACCEPTED
    ledger.idle(2)
    assert b"\x30" + pack not in dict(ledger.block().writes)
