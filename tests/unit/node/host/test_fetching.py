"""Fetching: what a block needs is asked for until it is here, whatever becomes of other blocks."""

import pytest

from contracts.chain.header import BundleEntry
from network.wire.messages import BundleRequest
from node.host.fetching import RENEW_MS, Fetching
from node.host.surroundings import Surroundings
from node.pool.pool import BundlePool, PoolLimits
from tests.support.ledger import OneNode, StillClock
from tests.unit.node.host.test_intake import Sent

ONE, TWO, THREE = (BundleEntry(bytes([number]) * 32, 100, 1) for number in (1, 2, 3))
FIRST_BLOCK, SECOND_BLOCK = b"A" * 32, b"B" * 32


class MovedClock(StillClock):
    """A clock that the test moves; timers fire when they are rung."""

    ms = 0

    def now_ms(self) -> int:
        return self.ms


class Desk:
    """A node that fetches, and what it asked for."""

    def __init__(self) -> None:
        node = OneNode()
        self.network = Sent()
        self.clock = MovedClock(lambda _call: None)
        surroundings = Surroundings(self.clock, node.wall, self.network, node.worker, node.worker)
        self.fetching = Fetching(surroundings, BundlePool(PoolLimits(), 600_000))
        self.fetching.start()

    def asked_after(self, passed_ms: int) -> set[bytes]:
        """Let time pass and return what was asked for in it."""
        self.network.messages.clear()
        for _ in range(passed_ms // 200):
            self.clock.ms += 200
            self.clock.ring()
        return {
            bundle_id
            for message in self.network.messages
            if isinstance(message, BundleRequest)
            for bundle_id in message.bundle_ids
        }


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_what_another_block_needs_outlives_the_one_that_is_given_up(desk: Desk) -> None:
    desk.fetching.need(FIRST_BLOCK, [ONE, TWO], ["birch"])
    desk.fetching.need(SECOND_BLOCK, [TWO, THREE], ["birch"])
    desk.fetching.cancel(FIRST_BLOCK)
    assert desk.asked_after(3_000) == {TWO.bundle_id, THREE.bundle_id}
    desk.fetching.cancel(SECOND_BLOCK)
    desk.fetching.cancel(SECOND_BLOCK)
    assert desk.asked_after(20_000) == set()


def test_what_is_needed_is_asked_for_until_it_comes_and_what_is_announced_is_not(desk: Desk) -> None:
    desk.fetching.need(FIRST_BLOCK, [ONE], ["birch"])
    desk.fetching.announced("cedar", [TWO.bundle_id])
    assert desk.asked_after(60_000) == {ONE.bundle_id, TWO.bundle_id}
    assert desk.asked_after(RENEW_MS + 10_000) == {ONE.bundle_id}
    desk.fetching.drop([ONE.bundle_id])
    assert desk.asked_after(20_000) == set()


def test_a_new_block_ends_all_wants(desk: Desk) -> None:
    desk.fetching.need(FIRST_BLOCK, [ONE], ["birch"])
    desk.fetching.announced("cedar", [TWO.bundle_id])
    desk.fetching.clear()
    assert desk.asked_after(60_000) == set()
