"""Sessions between nodes: the same tests over loopback TLS and over memory."""

import gc
import os

import pytest

from network.peer.config import PeerConfig
from network.peer.rights import MAY_SEND
from network.wire.errors import LocalProtocolError, MessageTooLong
from network.wire.messages import (
    BlockBundles,
    BlockRequest,
    BundlePush,
    BundleRequest,
    EvidenceMessage,
    Hello,
    ProposalMessage,
    RoundVotes,
    SnapshotOffer,
    SnapshotRequest,
    Tip,
    VoteMessage,
)
from tests.unit.network.harness import ROLES, say
from tests.unit.network.samples import PROPOSAL, SAMPLES, VOTE

TIP = Tip(1, bytes(32), -1, 0)
RECONNECTS = int(os.environ.get("PACKTRAIL_RECONNECTS", "1000"))
"""`make reconnects` sets 10,000."""


async def join(net, hub, name, **options):
    """Return a node that has dialled `hub` and is up on both sides."""
    node = net.node(name, **options)
    node.peers.start(None, {"alder": hub.peers.address})
    await node.recorder.until(lambda: node.names == ["alder"])
    await hub.recorder.until(lambda: name in hub.names)
    return node


async def test_two_nodes_meet_and_talk(net):
    alder = net.listening("alder", height=4)
    birch = await join(net, alder, "birch")
    assert birch.recorder.ups[0][1].height == 4
    assert alder.recorder.ups[0][1].height == 0
    assert birch.peers.send("alder", TIP)
    await alder.recorder.until(lambda: alder.recorder.messages)
    assert alder.recorder.messages == [("birch", TIP)]
    assert not birch.peers.send("cedar", TIP)
    stats = alder.peers.stats()[0]
    assert (stats.name, stats.role, stats.is_dialled) == ("birch", "validator", False)
    assert stats.received_messages == 2
    assert alder.peers.counters.received_messages == {"Tip": 1}
    assert birch.peers.counters.sent_messages == {"Tip": 1}


async def test_a_broadcast_reaches_roles_and_leaves_some_out(net):
    alder = net.listening("alder")
    others = {name: await join(net, alder, name) for name in ROLES if name != "alder"}
    assert [peer.name for peer in alder.peers.connected()] == sorted(others)
    assert alder.peers.broadcast(TIP) == 4
    assert alder.peers.broadcast(VoteMessage(VOTE), ("validator",)) == 2
    assert alder.peers.broadcast(BlockRequest(1, 1), ("validator", "member"), without=("birch",)) == 2
    expected = {"birch": 2, "cedar": 3, "maple": 2, "olive": 1}
    for name, count in expected.items():
        recorder = others[name].recorder
        await recorder.until(lambda recorder=recorder, count=count: len(recorder.messages) == count)


async def test_messages_of_every_size_arrive_in_the_order_of_their_class(net):
    alder = net.listening("alder")
    birch = await join(net, alder, "birch")
    pushes = [BundlePush(bytes([number]) * 32, bytes(number * 5_000)) for number in range(100)]
    for push in pushes:
        assert birch.peers.send("alder", push)
    await alder.recorder.until(lambda: len(alder.recorder.messages) == len(pushes))
    assert [message for _name, message in alder.recorder.messages] == pushes


async def test_votes_overtake_bundles_and_bundles_overtake_blocks(net):
    alder = net.listening("alder")
    birch = await join(net, alder, "birch")
    sent = [BlockBundles(1, 0, (bytes(700_000),)) for _ in range(8)]
    sent += [BundlePush(bytes(32), bytes(700_000)) for _ in range(8)]
    sent += [ProposalMessage(PROPOSAL, bytes(700_000)), RoundVotes(5, (VOTE,)), VoteMessage(VOTE)]
    for message in sent:
        assert birch.peers.send("alder", message)
    await alder.recorder.until(lambda: len(alder.recorder.messages) == len(sent))
    kinds = [type(message) for _name, message in alder.recorder.messages]
    assert kinds[:3] == [ProposalMessage, RoundVotes, VoteMessage]
    assert kinds.index(BundlePush) < kinds.index(BlockBundles)


async def test_an_observer_that_pushes_a_bundle_is_thrown_out(net):
    alder = net.listening("alder")
    olive = await join(net, alder, "olive")
    say(olive, "alder", BundlePush(bytes(32), b"a pack of one's own"))
    await alder.recorder.until(lambda: alder.recorder.downs)
    assert alder.recorder.downs == [("olive", "protocol: BundlePush may not be sent by this peer now")]
    assert alder.recorder.messages == []
    await olive.recorder.until(lambda: olive.recorder.downs)
    assert olive.recorder.downs[0][1].startswith("goodbye: protocol: ")


def test_the_rights_of_the_roles():
    observer, member, validator = (set(MAY_SEND[role]) for role in ("observer", "member", "validator"))
    assert observer < member < validator
    assert not observer & {BundlePush, VoteMessage, ProposalMessage, BundleRequest}
    # Who voted once may hold the only proof of a lie.
    assert {BundlePush, EvidenceMessage} <= member - observer
    assert not member & {VoteMessage, ProposalMessage, RoundVotes}
    assert {type(sample) for sample in SAMPLES} - validator == {Hello}


async def test_an_answer_beyond_its_cap_is_not_sent_and_all_goes_on(net):
    alder = net.listening("alder")
    birch = await join(net, alder, "birch")
    offer = SnapshotOffer(b"", (), bytes(4 << 20))
    # Whoever asks gets no answer that is too long, and cannot stop the node by asking.
    alder.recorder.answer = lambda peer, _message: alder.peers.send(peer.name, offer)
    assert birch.peers.send("alder", SnapshotRequest(0))
    await alder.recorder.until(lambda: alder.peers.counters.too_long)
    assert alder.peers.counters.too_long == {"SnapshotOffer": 1}
    assert alder.peers.counters.sent_messages == {}
    assert not alder.peers.send("birch", offer)
    assert alder.peers.send("birch", TIP)
    await birch.recorder.until(lambda: birch.recorder.messages)
    assert birch.recorder.messages == [("alder", TIP)]
    assert alder.recorder.failures == birch.recorder.failures == []


async def test_a_broadcast_beyond_its_cap_is_our_own_mistake(net):
    alder = net.listening("alder")
    birch = await join(net, alder, "birch")
    with pytest.raises(MessageTooLong, match="BundlePush"):
        birch.peers.broadcast(BundlePush(bytes(32), bytes(2 << 20)))
    assert birch.names == ["alder"]


async def test_a_mistake_in_an_answer_is_heard_of(net):
    alder = net.listening("alder")
    birch = await join(net, alder, "birch")

    def answer(_peer, _message):
        raise LocalProtocolError("no such thing")

    alder.recorder.answer = answer
    assert birch.peers.send("alder", TIP)
    await alder.recorder.until(lambda: alder.recorder.failures)
    assert str(alder.recorder.failures.pop()) == "no such thing"


async def test_both_sides_dial_and_one_connection_is_left(net):
    alder, birch = net.listening("alder"), net.listening("birch")
    for node, name, other in ((alder, "birch", birch), (birch, "alder", alder)):
        address = other.peers.address
        node.peers._listening.close()
        node.peers.start(node.peers.address, {name: address})
    await alder.recorder.until(lambda: alder.names == ["birch"])
    await birch.recorder.until(lambda: birch.names == ["alder"])
    for sender, receiver, name in ((alder, birch, "birch"), (birch, alder, "alder")):

        def arrives(sender=sender, receiver=receiver, name=name):
            # What was sent over the connection that gives way is lost, so it is sent until it arrives.
            sender.peers.send(name, TIP)
            return any(message == TIP for _name, message in receiver.recorder.messages)

        await receiver.recorder.until(arrives)
    assert alder.names == ["birch"]
    assert birch.names == ["alder"]


async def test_a_peer_that_went_away_is_dialled_again(net):
    alder = net.listening("alder")
    birch = await join(net, alder, "birch", config=PeerConfig(dial_base_ms=1))
    birch.peers._sessions["alder"]._connection.abort()
    await birch.recorder.until(lambda: len(birch.recorder.ups) == 2)
    await alder.recorder.until(lambda: len(alder.recorder.ups) == 2)
    assert [entry.split()[0] for entry in birch.recorder.log] == ["up", "down", "up"]


async def test_a_slow_reader_is_dropped_and_the_others_are_served(net):
    alder = net.listening("alder")
    birch = await join(net, alder, "birch")
    cedar = await join(net, alder, "cedar")
    birch.peers._sessions["alder"]._connection.pause_reading()
    push = BundlePush(bytes(32), bytes(1_000_000))
    sent = 0
    while "birch" in alder.names:
        sent += alder.peers.broadcast(push) == 2
        got = len(cedar.recorder.messages)
        await cedar.recorder.until(lambda got=got: len(cedar.recorder.messages) > got)
    assert sent < 60
    assert alder.recorder.downs[0][0] == "birch"
    assert alder.recorder.downs[0][1].startswith("slow: ")
    assert alder.names == ["cedar"]


async def test_closing_tells_the_other_side_why(net):
    alder = net.listening("alder")
    birch = await join(net, alder, "birch")
    await birch.peers.close()
    await alder.recorder.until(lambda: alder.recorder.downs)
    assert alder.recorder.downs == [("birch", "goodbye: closing: birch stops")]


def open_descriptors():
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - the number is all that matters


async def test_reconnects_leak_no_descriptor(net):
    alder = net.listening("alder")
    birch = await join(net, alder, "birch", config=PeerConfig(dial_base_ms=0, dial_cap_ms=0))
    before = open_descriptors()
    for count in range(2, RECONNECTS + 2):
        birch.peers._sessions["alder"]._connection.abort()
        await birch.recorder.until(lambda count=count: len(birch.recorder.ups) == count)
    await alder.recorder.until(lambda: len(alder.recorder.ups) == RECONNECTS + 1)
    await alder.recorder.until(lambda: len(alder.recorder.downs) == RECONNECTS)
    assert open_descriptors() <= before + 2
    assert len(alder.peers._pending) + len(birch.peers._pending) == 0
    assert len(alder.transport.connections) == len(birch.transport.connections) == 1
