"""The budget of a block: what this node lately executed in a part of a second."""

from node.host.block_budget import LEAST_WORK, MEASURED_WORK, TARGET_MS, BlockBudget
from node.pool.choice import ANY_WORK


def after(*blocks: tuple[int, int]) -> int:
    budget = BlockBudget()
    for work, took_ms in blocks:
        budget.executed(work, took_ms)
    return budget.work


def test_without_a_measurement_only_genesis_bounds_a_block() -> None:
    assert after() == after((MEASURED_WORK - 1, 1_000)) == ANY_WORK
    assert after((100_000, 0)) == ANY_WORK


def test_a_block_takes_about_the_target() -> None:
    assert after(*[(20_000, 100)] * 30) == 20_000 * TARGET_MS // 100
    assert after(*[(20_000, 100)] * 5, *[(20_000, 200)] * 30) < 21_000 * TARGET_MS // 200


def test_a_slow_machine_still_makes_blocks_with_something_in_them() -> None:
    assert after(*[(2_000, 60_000)] * 30) == LEAST_WORK


def test_one_stall_of_a_disk_is_no_pace() -> None:
    before = after(*[(20_000, 100)] * 30)
    assert after(*[(20_000, 100)] * 30, (20_000, 7_000)) > before // 2
