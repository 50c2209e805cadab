"""Joining by a snapshot over real sessions, frames and queues: one peer is honest, one lies, one stalls."""

import asyncio
from functools import partial

from network.peer.face import PeerIdentity
from network.sync.packing import pack_chunk
from network.sync.snapshots import SnapshotConfig
from network.transport.clock import LoopClock
from network.wire.messages import ChunkAnswer, ChunkRequest, Message
from node.host.joining import Joining, JoiningPlace
from node.storage.base import load_base
from node.storage.head import Head
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.snapshot_files import SnapshotFiles
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis
from tests.support.snapshots import VALIDATORS, Answer, Holder
from tests.support.workers import InlineWorker
from tests.unit.network.harness import PATIENCE_SECONDS, TestNode, world
from tests.unit.node.host.test_snapshots import BASE, grow

QUICK = SnapshotConfig(settle_ms=500, answer_ms=500)


def lies(message: Message) -> list[Message]:
    assert isinstance(message, ChunkRequest)
    return [ChunkAnswer(message.manifest_hash, message.index, pack_chunk(b"rows of its own"))]


def stalls(_message: Message) -> list[Message]:
    return []


def reply(node: TestNode, holder: Holder, chunks: Answer, _peer: PeerIdentity, message: Message) -> None:
    """Offer honestly, and answer requests for chunks in this peer's own way."""
    answer = chunks if isinstance(message, ChunkRequest) else holder.answer
    for said in answer(message):
        node.peers.send("olive", said)


async def test_one_honest_peer_of_three_is_enough() -> None:
    holder = Holder(OneNode(build_test_genesis(validators=VALIDATORS)))
    grow(holder.node, BASE + 2)
    holder.vouched_by(1)
    # One chunk is asked of one after the other, in the order of their names.
    chunk_answers = {"alder": lies, "birch": stalls, "cedar": holder.answer}
    async with world("memory") as net:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Head | str] = loop.create_future()
        late = net.node("olive")
        place = JoiningPlace(holder.node.genesis, MemoryStore(), SnapshotFiles(MemoryFiles()))
        worker = InlineWorker(loop.call_soon)
        joining = Joining(place, LoopClock(loop), worker, outcome.set_result, QUICK)
        late.peers._listener = joining
        joining.start(late.peers)
        addresses = {}
        for name, chunks in chunk_answers.items():
            peer = net.listening(name)
            assert peer.peers.address is not None
            addresses[name] = peer.peers.address
            peer.recorder.answer = partial(reply, peer, holder, chunks)
        late.peers.start(None, addresses)
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await outcome
    assert isinstance(head, Head)
    assert head.height == BASE
    assert load_base(place.store) is not None
    assert set(late.peers._bans) == {"alder"}
