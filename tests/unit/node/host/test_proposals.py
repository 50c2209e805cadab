"""Proposals: the engine's questions are answered in whatever order blocks, bundles and decisions come."""

from collections.abc import Sequence

import pytest

from consensus.effects import BuildValue, CheckValue, FetchValue, Input, ValueBuilt, ValueChecked
from contracts.chain.header import Block, block_id
from contracts.chain.votes import NO_ROUND, BlockId, Proposal
from contracts.primitives.encoding import encode
from node.host.journal import Entry, LoggedBlock, LoggedBundle
from node.host.proposals import Proposals
from node.host.surroundings import Surroundings
from node.pool.bundler import make_bundle
from node.pool.held import PooledBundle
from node.pool.lane_writer import CutBundle, QueuedDocument
from node.pool.pool import BundlePool, PoolLimits
from tests.support.ledger import NoPeers, OneNode, StillClock
from tests.support.parties import MAKER, lane_key

PROPOSER = 0


class Desk:
    """The proposals of one node, and everything they said."""

    def __init__(self, node: OneNode) -> None:
        self.node = node
        self.told: list[Input] = []
        self.kept: list[Entry] = []
        self.fetched: list[Sequence[object] | None] = []
        # A pool of its own: what the node's has is "elsewhere".
        lifetime_ms = node.genesis.parameters.tolerances.bundle_lifetime_ms
        self.pool = BundlePool(PoolLimits(), lifetime_ms)
        clock = StillClock(node._later.append)
        surroundings = Surroundings(clock, node.wall, NoPeers(), node.worker, node.worker)
        self.proposals = Proposals(
            surroundings,
            node.chain,
            self.pool,
            self.told.append,
            self.kept.extend,
            lambda _effect, missing: self.fetched.append(missing),
            lambda _effect: None,
            tuple,
        )

    def bundle(self, expires_in_ms: int = 300_000) -> PooledBundle:
        """A bundle of the maker that is not in the pool yet."""
        node = self.node
        document = node.document(node.commission(["S1"]))
        data = encode(document)
        cut = CutBundle(0, 1, (QueuedDocument(bytes(32), data, document.weight),))
        made = make_bundle(node.genesis.chain_id, lane_key(MAKER), cut, node.wall.ms + expires_in_ms)
        return PooledBundle(node.reader.read(made.data), made.data, node.wall.ms)

    def add(self, pooled: PooledBundle) -> None:
        self.pool.add(pooled, self.node.chain.lanes)

    def block(self, *bundles: PooledBundle) -> Block:
        opened = [pooled.bundle for pooled in bundles]
        proposer = self.node.chain.tip.validators.validators[0].public_key
        return self.node.ledger.build(self.node.wall.ms, opened, self.node.chain.commit, proposer)

    def take(self, block: Block) -> None:
        height, identifier = block.header.height, block_id(block.header)
        proposal = Proposal(height, 0, identifier, NO_ROUND, PROPOSER, bytes(64))
        assert self.proposals.take(proposal, block, encode(block))

    def checked(self) -> list[tuple[bool, bool]]:
        """What the engine was told of values: (valid, have)."""
        self.node.settle()
        return [(event.valid, event.have) for event in self.told if isinstance(event, ValueChecked)]


@pytest.fixture
def desk() -> Desk:
    return Desk(OneNode())


def identifier_of(block: Block) -> BlockId:
    return block_id(block.header)


def test_a_block_with_all_its_bundles_is_held_and_goes_into_the_log_before_the_answer(desk: Desk) -> None:
    bundle = desk.bundle()
    desk.add(bundle)
    block = desk.block(bundle)
    desk.take(block)
    desk.proposals.check(CheckValue(1, 0, identifier_of(block), NO_ROUND))
    assert desk.told == []
    assert desk.checked() == [(True, True)]
    assert [type(entry) for entry in desk.kept] == [LoggedBlock, LoggedBundle]


def test_missing_bundles_are_answered_for_twice(desk: Desk) -> None:
    bundle = desk.bundle()
    block = desk.block(bundle)
    desk.take(block)
    desk.proposals.check(CheckValue(1, 0, identifier_of(block), NO_ROUND))
    assert desk.checked() == [(True, False)]
    desk.add(bundle)
    desk.proposals.look_again()
    assert desk.checked() == [(True, False), (True, True)]


def test_a_block_that_comes_after_the_question_is_checked_too(desk: Desk) -> None:
    """After a restart the log names proposals whose blocks were never voted for, and so never kept."""
    block = desk.block()
    desk.proposals.check(CheckValue(1, 0, identifier_of(block), NO_ROUND))
    desk.proposals.fetch(FetchValue(1, 0, identifier_of(block), (0,)))
    assert desk.checked() == [(True, False)]
    assert desk.fetched == [None]
    desk.take(block)
    assert desk.checked() == [(True, False), (True, True)]


def test_a_block_that_comes_late_has_its_bundles_fetched(desk: Desk) -> None:
    bundle = desk.bundle()
    block = desk.block(bundle)
    desk.proposals.check(CheckValue(1, 0, identifier_of(block), NO_ROUND))
    desk.proposals.fetch(FetchValue(1, 0, identifier_of(block), (0,)))
    desk.take(block)
    assert desk.fetched == [None, list(block.bundles)]
    desk.add(bundle)
    desk.proposals.look_again()
    assert desk.checked() == [(True, False), (True, True)]


def test_an_unknown_block_is_asked_for_again_until_it_comes(desk: Desk) -> None:
    block = desk.block()
    desk.proposals.fetch(FetchValue(1, 0, identifier_of(block), (0,)))
    desk.proposals.ask_again()
    assert desk.fetched == [None, None]
    desk.take(block)
    desk.proposals.ask_again()
    assert desk.fetched == [None, None]


def test_a_block_built_on_a_decision_of_block_sync_is_dropped(desk: Desk) -> None:
    """The writer may have a block before the event loop hears of it: what it builds then is the next one."""
    desk.node.wall.ms += 1
    block = desk.block()
    proposer = desk.node.chain.tip.validators.validators[0].public_key
    desk.node.chain.apply(block, desk.node.commit(1, identifier_of(block)), [])
    desk.proposals.build(BuildValue(1, 0, 0), desk.node.chain.commit, proposer)
    desk.node.settle()
    assert [event for event in desk.told if isinstance(event, ValueBuilt)] == []
    assert list(desk.proposals.candidates) == []


def test_a_check_that_a_decision_has_overtaken_says_nothing(desk: Desk) -> None:
    block = desk.block()
    desk.take(block)
    desk.node.chain.apply(block, desk.node.commit(1, identifier_of(block)), [])
    desk.proposals.check(CheckValue(1, 0, identifier_of(block), NO_ROUND))
    assert desk.checked() == []


def test_a_bundle_that_expires_too_late_is_in_no_block_of_ours(desk: Desk) -> None:
    """Any partner could halt the chain otherwise: every proposer would propose what nobody may vote for."""
    far = desk.bundle(expires_in_ms=desk.node.genesis.parameters.tolerances.bundle_lifetime_ms + 60_000)
    desk.add(far)
    assert not desk.proposals.has_bundles()
    assert desk.block(far).bundles == ()
