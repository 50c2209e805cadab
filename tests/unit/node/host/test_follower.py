"""The follower: what peers claim makes it ask, and only what is proven says that this node is behind."""

from types import SimpleNamespace

import pytest

from contracts.primitives.encoding import encode
from network.sync.effects import SyncConfig
from network.sync.serving import StoredBlock, answer_blocks
from network.wire.messages import BlockAnswer, BlockBundles, BlockRequest, NoBlock
from node.health import Health
from node.host.follower import Follower
from node.host.surroundings import Surroundings
from tests.support.ledger import NoPeers, OneNode, StillClock
from tests.support.parties import MAKER
from tests.unit.node.host.test_intake import Sent

HEIGHTS = 5
BOAST = 10**9


class Desk:
    """A node that follows, and another that has the chain."""

    def __init__(self) -> None:
        self.node, self.ahead = OneNode(), OneNode()
        for serial in range(HEIGHTS):
            self.ahead.record(MAKER, self.ahead.commission([f"S{serial}"]))
        self.network = Sent()
        self.diverged: list[str] = []
        clock = StillClock(self.node._later.append)
        worker = self.node.worker
        surroundings = Surroundings(clock, self.node.wall, self.network, worker, worker)
        self.follower = Follower(
            surroundings,
            worker,
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

    def answer(self) -> None:
        """Answer all requests as the other node would, without running what follows."""
        requests = [message for message in self.network.messages if isinstance(message, BlockRequest)]
        self.network.messages.clear()
        for request in requests:
            for message in answer_blocks(request, self.ahead.chain.tip.height, self.load):
                assert isinstance(message, BlockAnswer | BlockBundles | NoBlock)
                self.follower.take_answer("alder", message)

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
    # The next request is for two; whose validators are known is proven while the first is being applied.
    desk.answer()
    assert (desk.follower.proven_height, desk.follower.is_syncing, desk.is_ready) == (2, True, False)
    desk.answer()
    desk.node.settle()
    assert desk.node.chain.tip.height == HEIGHTS
    assert (desk.follower.is_syncing, desk.is_ready) == (False, True)
    assert desk.diverged == []
