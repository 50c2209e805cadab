"""Who may connect is told to all who must know it, once, and never as it was before the list began."""

from collections.abc import Iterable
from typing import cast

import pytest

from contracts.chain.genesis import Node
from contracts.records.changes import PutNode
from network.peer.directory import Directory
from network.peer.peers import Peers
from node.host.applied import Applied
from node.host.listing import PeerSide
from tests.support.governed import decide
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis


class Told:
    """Peers and a transport that only count what they are told."""

    def __init__(self) -> None:
        self.pins: list[set[bytes]] = []
        self.changes = 0

    def pin(self, certificates: Iterable[bytes]) -> None:
        self.pins.append(set(certificates))

    def list_changed(self) -> None:
        self.changes += 1


@pytest.fixture(scope="module")
def chain() -> tuple[OneNode, int]:
    """A chain in which an observer was admitted, and at which height."""
    node = OneNode(build_test_genesis(validators=4))
    acts_at = decide(node, PutNode("watch", "observer", b"watch's", b"", b"", 0))
    while node.ledger.tip.height < acts_at:
        node.produce()
    return node, acts_at


def side_of(node: OneNode, told: Told, nodes: Iterable[Node], since: int) -> tuple[PeerSide, Directory]:
    directory = Directory.of_genesis(node.genesis)
    directory.list_anew(nodes)
    return PeerSide(cast("Peers", told), directory, told, since), directory


def follow(side: PeerSide, blocks: Iterable[Applied]) -> None:
    for applied in blocks:
        side.follow(applied)


def test_who_is_admitted_is_listed_and_pinned(chain: tuple[OneNode, int]) -> None:
    node, _acts_at = chain
    told = Told()
    side, directory = side_of(node, told, node.genesis.nodes, 0)
    follow(side, node.applied)
    assert directory.by_name("watch") is not None
    assert told.pins == [{each.certificate for each in node.ledger.nodes()}]
    assert told.changes == 1


def test_blocks_up_to_the_list_s_own_height_change_nothing(chain: tuple[OneNode, int]) -> None:
    node, acts_at = chain
    told = Told()
    later = Node("later", "member", b"later's")
    side, directory = side_of(node, told, (*node.ledger.nodes(), later), acts_at)
    follow(side, node.applied)
    assert directory.by_name("later") is not None
    assert (told.pins, told.changes) == ([], 0)
