"""The follower: what peers claim makes it ask, and only what is proven says that this node is behind."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace as replaced

from contracts.chain.genesis import Genesis
from contracts.chain.header import Block
from contracts.ledger.bundle import OpenBundle
from contracts.primitives.encoding import encode
from contracts.records.changes import RemoveNode
from network.sync.effects import SyncConfig
from network.sync.serving import StoredBlock, answer_blocks
from network.wire.messages import BlockAnswer, BlockBundles, BlockRequest, NoBlock
from node.health import Health
from node.host import follower as module
from node.host.follower import Follower
from node.host.surroundings import Surroundings
from node.host.worker import Worker
from node.storage.store import Write
from tests.support.governed import decide
from tests.support.ledger import NoPeers, OneNode, StillClock
from tests.support.parties import MAKER, build_test_genesis, validator_name
from tests.unit.node.host.test_intake import Sent

T = TypeVar("T")

HEIGHTS = 5
BOAST = 10**9


class Banning(Sent):
    """Remembers who was banned, too."""

    def __init__(self) -> None:
        super().__init__()
        self.banned: list[str] = []

    def ban(self, name: str, reason: str) -> None:
        self.banned.append(name)


class Desk:
    """A node that follows, and another that has the chain."""

    def __init__(self, genesis: Genesis | None = None, verifier: Worker | None = None) -> None:
        self.node, self.ahead = OneNode(genesis), OneNode(genesis)
        for serial in range(HEIGHTS):
            self.ahead.record(MAKER, self.ahead.commission([f"S{serial}"]))
        self.network = Banning()
        self.diverged: list[str] = []
        clock = StillClock(self.node._later.append)
        worker = self.node.worker
        surroundings = Surroundings(clock, self.node.wall, self.network, worker, worker)
        self.follower = Follower(
            surroundings,
            verifier or worker,
            self.node.chain,
            self.node.reader,
            SyncConfig(),
            self.diverged.append,
            lambda _peer, _height: None,
        )
        core = SimpleNamespace(
            consensus=None,
            follower=self.follower,
            chain=self.node.chain,
            heights={"alder": BOAST},
            name_of=lambda _key: "alder",
        )
        self.health = Health(
            *("birch", core, NoPeers()),  # type: ignore[arg-type]
            *(self.node.wall.now_ms, lambda: ""),
        )

    def answer(self, name: str = "alder", lie: Callable[[BlockBundles], BlockBundles] | None = None) -> None:
        """Answer all requests as the other node would, but for bundles, without running what follows."""
        requests = [message for message in self.network.messages if isinstance(message, BlockRequest)]
        self.network.messages.clear()
        for request in requests:
            for message in answer_blocks(request, self.ahead.chain.tip.height, self.load):
                assert isinstance(message, BlockAnswer | BlockBundles | NoBlock)
                is_bent = lie is not None and isinstance(message, BlockBundles)
                self.follower.take_answer(name, lie(message) if is_bent else message)

    def load(self, height: int) -> StoredBlock | None:
        blocks = self.ahead.ledger.blocks
        data, commit = blocks.block_bytes(height), blocks.commit_of(height)
        bundles = blocks.bundles_of(height)
        if data is None or commit is None or bundles is None:
            return None
        return StoredBlock(data, encode(commit), bundles)

    @property
    def is_ready(self) -> bool:
        (check,) = (check for check in self.health.checks() if check.name == "sync")
        return check.ok


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_boast_makes_no_node_unready(desk: Desk) -> None:
    for height in (1, BOAST, 7, BOAST):
        desk.follower.take_tip("alder", height)
        assert (desk.follower.is_syncing, desk.is_ready) == (False, True)
    assert desk.network.messages == [BlockRequest(1, 1)]
    desk.follower.take_down("alder")
    assert desk.follower.proven_height == 0


def test_proven_blocks_make_it_unready_until_they_are_applied(desk: Desk) -> None:
    desk.follower.take_tip("alder", HEIGHTS)
    desk.answer()
    assert (desk.follower.proven_height, desk.is_ready) == (1, True)
    # The next request is for two; they are proven while the first is being applied.
    desk.answer()
    assert (desk.follower.proven_height, desk.follower.is_syncing, desk.is_ready) == (3, True, False)
    desk.answer()
    desk.node.settle()
    assert desk.node.chain.tip.height == HEIGHTS
    assert (desk.follower.is_syncing, desk.is_ready) == (False, True)
    assert desk.diverged == []


def writes_of(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Watch the node's database; return whether each batch was synced."""
    store, synced = desk.node.store, list[bool]()
    write = store.write

    def watched(batch: Iterable[Write], *, sync: bool) -> None:
        synced.append(sync)
        write(batch, sync=sync)

    monkeypatch.setattr(store, "write", watched)
    return synced


def fetch(desk: Desk) -> None:
    """Let everything come and be proven while the first block is being applied."""
    desk.follower.take_tip("alder", HEIGHTS)
    for _ in range(3):
        desk.answer()


def test_what_is_open_is_applied_together_and_told_in_order(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, told = writes_of(desk, monkeypatch), list[tuple[int, int, bool]]()
    desk.node.chain.subscribe(
        lambda applied, commit: told.append((applied.tip.height, commit.height, desk.node.chain.has_more))
    )
    fetch(desk)
    desk.node.settle()
    heights = range(1, HEIGHTS + 1)
    assert [(height, of) for height, of, _more in told] == [(height, height) for height in heights]
    # The first one was applied as soon as it came, all others in one batch; consensus need not begin between.
    assert synced == [True, True]
    assert [more for _height, _of, more in told] == [True, True, True, True, False]
    assert desk.node.ledger.tip.app_hash == desk.ahead.ledger.tip.app_hash


@pytest.mark.parametrize(("bound", "batches"), [("MAX_RUN", 5), ("MAX_RUN_BYTES", 5)])
def test_a_batch_has_an_end(desk: Desk, monkeypatch: pytest.MonkeyPatch, bound: str, batches: int) -> None:
    monkeypatch.setattr(module, bound, 1)
    synced = writes_of(desk, monkeypatch)
    fetch(desk)
    desk.node.settle()
    assert (desk.node.chain.tip.height, synced) == (HEIGHTS, [True] * batches)


def test_what_came_before_an_invalid_block_is_applied_and_the_node_stops(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = desk.node.ledger.check
    bad = 4

    def refuse(block: Block, bundles: Sequence[OpenBundle]) -> str | None:
        return "it is wrong" if block.header.height == bad else check(block, bundles)

    monkeypatch.setattr(desk.node.ledger, "check", refuse)
    fetch(desk)
    desk.node.settle()
    reason = f"block {bad}, decided by a quorum, is invalid to this node: it is wrong"
    assert (desk.diverged, desk.follower.stopped_because) == ([reason], reason)
    assert desk.node.chain.tip.height == desk.node.ledger.tip.height == bad - 1
    assert [applied.tip.height for applied in desk.node.applied] == [1, 2, 3]


def test_sets_that_change_meanwhile_are_followed_and_nobody_is_accused() -> None:
    desk = Desk(build_test_genesis(validators=4))
    ahead = desk.ahead
    for name in map(validator_name, (3, 2)):
        decide(ahead, RemoveNode(name))
        for _ in range(HEIGHTS):
            ahead.produce()
    far = ahead.chain.tip.height
    desk.follower.take_tip("alder", far)
    for _ in range(far):
        desk.answer()
    desk.node.settle()
    # The peer answered all at once, and the sets beyond the first change were not known yet.
    assert desk.node.chain.tip.height == far
    assert len({applied.tip.validators.hash for applied in desk.node.applied}) == 3
    assert (desk.diverged, desk.network.banned) == ([], [])


class SlowVerifier:
    """Opens bundles in order, when the test says so."""

    def __init__(self) -> None:
        self.jobs: deque[tuple[Callable[[], Any], Callable[[Any], None]]] = deque()

    def submit(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        self.jobs.append((job, then))

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            job, then = self.jobs.popleft()
            then(job())


def test_what_a_liar_sent_is_not_laid_to_who_was_asked_after_it() -> None:
    verifier = SlowVerifier()
    desk = Desk(verifier=verifier)
    desk.follower.take_tip("liar", HEIGHTS)
    for _ in range(4):
        desk.answer("liar", lambda part: replaced(part, bundles=tuple(bytes(len(it)) for it in part.bundles)))
    verifier.step()
    assert desk.network.banned == ["liar"]
    desk.follower.take_tip("alder", HEIGHTS)
    desk.answer()
    desk.answer()
    # What else the liar sent stood in the line before; then the first block of the honest one is applied.
    verifier.step(HEIGHTS)
    desk.node.settle()
    assert desk.node.chain.tip.height == 1
    verifier.step(len(verifier.jobs))
    desk.node.settle()
    assert (desk.node.chain.tip.height, desk.network.banned) == (3, ["liar"])


def test_a_block_that_does_not_stand_is_never_applied(desk: Desk) -> None:
    desk.node.chain.stands = {2: desk.ahead.applied[1].tip.block_id, 3: b"\7" * 32}
    fetch(desk)
    desk.node.settle()
    assert desk.node.ledger.tip.height == desk.node.chain.tip.height == 2
    # Who has it may be honest, so nobody is banned; and nobody else is kept from giving the one that stands.
    assert (desk.diverged, desk.network.banned) == ([], [])
    assert not desk.follower.is_syncing


def test_the_block_that_stands_is_taken_from_whoever_has_it(desk: Desk) -> None:
    standing = OneNode()
    for number in range(HEIGHTS):
        standing.wall.ms += number >= 2
        standing.record(MAKER, standing.commission([f"S{number}"]))
    desk.node.chain.stands = {3: standing.applied[2].tip.block_id}
    fetch(desk)
    desk.node.settle()
    assert desk.node.chain.tip.block_id == standing.applied[1].tip.block_id
    desk.ahead = standing
    desk.follower.take_tip("birch", HEIGHTS)
    for _ in range(3):
        desk.answer("birch")
        desk.node.settle()
    assert desk.node.chain.tip.block_id == standing.chain.tip.block_id
    assert (desk.diverged, desk.network.banned) == ([], [])
