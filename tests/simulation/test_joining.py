"""Observers that join by a snapshot, also where a validator lies about it."""

from collections import Counter

import msgspec

from node.storage import chunks
from tests.simulation.joining import SMALL_CHUNK_BYTES, small_chunks
from tests.simulation.lying_snapshots import (
    MORE_SNAPSHOT_BEHAVIOURS,
    SNAPSHOT_BEHAVIOURS,
    VOUCHER_BEHAVIOURS,
)
from tests.simulation.outcome import run_plan
from tests.simulation.plan import joining_plan, make_plan

SEEDS = range(12)


def test_liars_keep_nobody_from_joining_with_the_true_state() -> None:
    outcomes = [run_plan(joining_plan(seed)) for seed in SEEDS]
    assert [outcome.failure for outcome in outcomes] == [""] * len(outcomes)
    repairs, lies = Counter[str](), Counter[str]()
    for outcome in outcomes:
        repairs.update(outcome.repairs)
        lies.update(outcome.lies)
    assert repairs["joined_by_snapshot"] > len(outcomes) // 2
    assert len(set(lies) & {*SNAPSHOT_BEHAVIOURS, *MORE_SNAPSHOT_BEHAVIOURS}) > 2


def test_vouchers_without_end_keep_nobody_from_joining() -> None:
    plans = [msgspec.structs.replace(joining_plan(seed), behaviours=VOUCHER_BEHAVIOURS) for seed in range(3)]
    outcomes = [run_plan(plan) for plan in plans]
    assert [outcome.failure for outcome in outcomes] == [""] * len(outcomes)
    assert all(outcome.lies["voucher_flood"] for outcome in outcomes)


def test_a_share_of_all_worlds_has_one_and_cuts_small_chunks() -> None:
    plans = [make_plan(seed) for seed in range(400)]
    joining = [plan for plan in plans if plan.joins_at]
    assert 50 <= len(joining) <= 110
    assert all(plan.has_observer for plan in joining)
    kept = chunks.CHUNK_BYTES
    with small_chunks(joining[0]):
        assert chunks.CHUNK_BYTES == SMALL_CHUNK_BYTES
    assert kept == chunks.CHUNK_BYTES
