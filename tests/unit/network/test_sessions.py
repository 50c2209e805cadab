"""Sessions in time: silence, slowness, rates, bans and new attempts, under a clock that the test moves."""

import pytest

from network.peer.config import PeerConfig
from network.peer.handshake import LocalNode
from network.peer.link import Link
from network.peer.rights import MAY_SEND
from network.transport.base import Address
from network.wire.errors import RemoteProtocolError
from network.wire.messages import (
    BlockBundles,
    BundlePush,
    Goodbye,
    Ping,
    Pong,
    Tip,
)
from network.wire.outbox import MAX_WAITING_BYTES
from tests.unit.network.harness import LOOPBACK, ROLES, say
from tests.unit.network.samples import SAMPLES
from tests.unit.network.virtual import VirtualWorld

TIP = Tip(1, bytes(32), -1, 0)


@pytest.fixture
def net():
    return VirtualWorld()


def session_of(node, name):
    return node.peers._sessions[name]


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize("name", ["olive", "maple", "birch"])
def test_a_role_may_say_what_its_rights_list_and_nothing_else(net, name, message):
    alder, node = net.pair(other=name)
    say(node, "alder", message)
    net.clock.settle()
    kind = type(message)
    if kind not in MAY_SEND[ROLES[name]]:
        reason = f"down {name} protocol: {kind.__name__} may not be sent by this peer now"
        assert alder.listener.log[-1] == reason
        assert alder.listener.messages == []
    elif kind is Goodbye:
        assert alder.listener.log[-1] == f"down {name} goodbye: closing: alder stops"
    else:
        assert alder.names == [name]
        assert alder.listener.messages == ([] if kind in (Ping, Pong) else [(name, message)])


def test_a_silent_peer_is_pinged_and_answers(net):
    alder, birch = net.pair()
    net.clock.advance(60_000)
    assert alder.names == ["birch"]
    assert birch.names == ["alder"]
    stats = birch.peers.stats()[0]
    assert stats.round_trip_ms == 0
    assert stats.open_ms == 60_000
    assert stats.received_messages > 10
    assert alder.listener.log == ["up birch"]


def test_a_peer_that_says_nothing_any_more_is_dropped_and_dialled_again(net):
    alder, birch = net.pair()
    net.silent = {("alder", "birch"), ("birch", "alder")}
    net.clock.advance(11_000)
    assert alder.names == birch.names == []
    assert "idle: silent for" in alder.listener.log[-1]
    net.silent = set()
    net.clock.advance(15_000)
    assert birch.names == ["alder"]
    assert alder.names == ["birch"]
    assert alder.peers.counters.ended["idle"] == 1


def test_a_connection_without_a_hello_is_closed(net):
    alder = net.listening("alder")
    heard = []

    class Mute:
        def on_data(self, data):
            heard.append(data)

        def on_writable(self):
            raise AssertionError

        def on_closed(self, reason):
            heard.append(reason)

    birch = net.node("birch")
    birch.transport.dial(alder.peers.address, lambda _connection: Mute(), heard.append)
    net.clock.advance(6_000)
    assert heard[-1] == "closed"
    assert alder.peers.counters.ended["timeout"] == 1
    assert alder.listener.log == []


def test_connections_in_the_middle_of_a_handshake_are_bounded(net):
    alder = net.listening("alder", config=PeerConfig(pending_sessions=3))
    birch = net.node("birch")

    class Mute:
        def on_data(self, data): ...
        def on_writable(self): ...
        def on_closed(self, reason): ...

    for _ in range(10):
        birch.transport.dial(alder.peers.address, lambda _connection: Mute(), pytest.fail)
    net.clock.settle()
    assert len(alder.peers._pending) == 3
    assert alder.peers.counters.ended["busy"] == 7


def test_a_peer_that_reads_nothing_is_dropped_when_too_much_waits(net):
    alder, birch = net.pair()
    session_of(birch, "alder")._connection.pause_reading()
    push = BundlePush(bytes(32), bytes(1 << 20))
    sent = 0
    while alder.peers.send("birch", push) and sent < 100:
        sent += 1
        net.clock.settle()
    assert sent <= (MAX_WAITING_BYTES[1] >> 20) + 2
    net.clock.settle()
    assert alder.names == []
    assert alder.listener.log[-1].startswith("down birch slow: ")
    assert not alder.peers.send("birch", TIP)


def test_a_peer_that_reads_nothing_is_dropped_in_time(net):
    alder, birch = net.pair(config=PeerConfig(idle_ms=60_000, stall_ms=5_000))
    session_of(birch, "alder")._connection.pause_reading()
    for _ in range(3):
        alder.peers.send("birch", BundlePush(bytes(32), bytes(1 << 20)))
    net.clock.advance(4_000)
    assert alder.names == ["birch"]
    net.clock.advance(3_000)
    assert alder.names == []
    assert alder.listener.log[-1].startswith("down birch slow: has read nothing for")


def test_too_many_blocks_are_refused_and_cost_nobody_the_session(net):
    alder, birch = net.pair(config=PeerConfig(idle_ms=600_000, stall_ms=600_000))
    session_of(birch, "alder")._connection.pause_reading()
    part = BlockBundles(1, 0, (bytes(1 << 20),))
    results = [alder.peers.send("birch", part) for _ in range(40)]
    assert results.count(False) > 10
    net.clock.settle()
    assert alder.names == ["birch"]
    session_of(birch, "alder")._connection.resume_reading()
    net.clock.advance(10_000)
    assert len(birch.listener.messages) == results.count(True)


def test_a_peer_that_sends_too_much_is_read_slowly(net):
    config = PeerConfig(read_messages_per_second=1_000, read_messages_at_once=1_000, stall_ms=60_000)
    alder, birch = net.pair(config=config)
    for _ in range(3_000):
        birch.peers.send("alder", TIP)
    net.clock.settle()
    assert len(alder.listener.messages) < 1_200
    net.clock.advance(2_500)
    assert len(alder.listener.messages) == 3_000
    assert alder.names == ["birch"]


def test_a_peer_that_was_too_slow_is_refused_for_longer_each_time(net):
    config = PeerConfig(idle_ms=600_000, stall_ms=2_000, slow_base_ms=10_000, slow_cap_ms=30_000)
    alder, birch = net.pair(config=config)
    away = []
    for _ in range(4):
        connection = session_of(birch, "alder")._connection
        connection.pause_reading()
        for _ in range(2):
            alder.peers.send("birch", BundlePush(bytes(32), bytes(1 << 20)))
        while alder.names:
            net.clock.advance(500)
        connection.resume_reading()
        waited = 0
        while not alder.names and waited < 100_000:
            net.clock.advance(500)
            waited += 500
        away.append(round(waited / 10_000))
    assert away == [1, 2, 3, 3]
    net.clock.advance(config.caught_up_ms)
    alder.peers._note_pace("birch", "goodbye", net.clock.now_ms())
    assert not alder.peers._slowness


def test_all_peers_together_have_a_bound_and_the_slowest_is_dropped(net):
    config = PeerConfig(idle_ms=600_000, stall_ms=600_000, waiting_bytes=12 << 20)
    alder, birch = net.pair(config=config)
    cedar = net.node("cedar")
    cedar.peers.start(None, {"alder": alder.peers.address})
    net.clock.settle()
    for name in ("birch", "cedar"):
        session_of({"birch": birch, "cedar": cedar}[name], "alder")._connection.pause_reading()
    push = BundlePush(bytes(32), bytes(1 << 20))
    for _ in range(9):
        alder.peers.send("birch", push)
    for _ in range(3):
        alder.peers.send("cedar", push)
        net.clock.settle()
    assert set(alder.names) == {"birch", "cedar"}
    for _ in range(4):
        alder.peers.send("cedar", push)
        assert alder.peers.waiting_bytes < 15 << 20
    net.clock.settle()
    assert alder.names == ["cedar"]
    assert "more than for any other" in alder.listener.log[-1]


def test_a_peer_that_sends_too_many_bytes_is_read_slowly(net):
    config = PeerConfig(read_bytes_per_second=1 << 20, stall_ms=60_000)
    alder, birch = net.pair(config=config)
    for _ in range(4):
        birch.peers.send("alder", BundlePush(bytes(32), bytes(1 << 20)))
    net.clock.settle()
    assert len(alder.listener.messages) < 3
    net.clock.advance(5_000)
    assert len(alder.listener.messages) == 4


def test_everybody_gets_a_turn(net):
    alder, birch = net.pair()
    cedar = net.node("cedar")
    cedar.peers.start(None, {"alder": alder.peers.address})
    net.clock.settle()
    for _ in range(1_000):
        birch.peers.send("alder", TIP)
    cedar.peers.send("alder", TIP)
    net.clock.settle()
    assert [name for name, _message in alder.listener.messages].index("cedar") <= 256
    assert len(alder.listener.messages) == 1_001


def test_messages_of_one_turn_leave_together(net):
    alder, birch = net.pair()
    written = []
    connection = session_of(birch, "alder")._connection
    write = connection.write
    connection.write = lambda data: (written.append(data), write(data))
    for _ in range(10):
        birch.peers.send("alder", TIP)
    net.clock.settle()
    assert len(written) == 1
    assert [message for _name, message in alder.listener.messages] == [TIP] * 10


def test_a_peer_that_breaks_the_protocol_is_banned_for_a_while(net):
    alder, birch = net.pair()

    def refuse(_peer, _message):
        raise RemoteProtocolError("a vote that nobody signed")

    alder.listener.answer = refuse
    birch.peers.send("alder", TIP)
    net.clock.advance(30_000)
    assert alder.listener.log == ["up birch", "down birch protocol: a vote that nobody signed"]
    assert birch.listener.log[-1] == "down alder goodbye: protocol: a vote that nobody signed"
    assert birch.names == []
    assert "goodbye: banned" in birch.peers.counters.last_failure["alder"]
    alder.listener.answer = None
    net.clock.advance(40_000)
    assert birch.names == ["alder"]


def test_the_node_may_ban_a_peer_and_does_not_dial_it(net):
    alder, birch = net.pair()
    birch.peers.ban("alder", "lied about block 7")
    assert birch.names == ["alder"]
    net.clock.settle()
    assert birch.names == []
    dials = birch.peers.counters.dials
    net.clock.advance(55_000)
    assert birch.peers.counters.dials == dials
    net.clock.advance(10_000)
    assert birch.names == ["alder"]
    assert alder.listener.log[1] == "down birch goodbye: banned: lied about block 7"


def test_a_bug_of_ours_goes_to_the_supervisor_and_not_to_the_peer(net):
    alder, birch = net.pair()
    error = ZeroDivisionError("ours")

    def fail(_peer, _message):
        raise error

    alder.listener.answer = fail
    birch.peers.send("alder", TIP)
    net.clock.settle()
    assert alder.listener.failures == [error]
    assert alder.names == ["birch"]


@pytest.mark.parametrize("method", ["on_up", "on_down"])
def test_a_bug_in_a_callback_reaches_the_supervisor(net, method):
    alder = net.listening("alder")
    error = ZeroDivisionError("ours")

    def fail(*_arguments):
        raise error

    setattr(alder.listener, method, fail)
    birch = net.node("birch")
    birch.peers.start(None, {"alder": alder.peers.address})
    net.clock.settle()
    birch.peers.ban("alder", "go")
    net.clock.settle()
    assert alder.listener.failures == [error]


def test_an_error_that_blames_nobody_in_on_down_reaches_the_supervisor(net):
    alder, birch = net.pair()
    error = RemoteProtocolError("odd")

    def fail(*_arguments):
        raise error

    alder.listener.on_down = fail
    birch.peers.ban("alder", "go")
    net.clock.settle()
    assert alder.listener.failures == [error]


def test_two_nodes_that_dial_each_other_keep_one_connection(net):
    alder, birch = net.listening("alder"), net.listening("birch")
    addresses = {"alder": alder.peers.address, "birch": birch.peers.address}
    for node in (alder, birch):
        node.peers._listening.close()
        node.peers.start(addresses[{alder: "alder", birch: "birch"}[node]], addresses)
    net.clock.advance(30_000)
    assert alder.names == ["birch"]
    assert birch.names == ["alder"]
    assert session_of(alder, "birch").is_dialled
    assert not session_of(birch, "alder").is_dialled
    assert len(alder.transport.connections) == len(birch.transport.connections) == 1


def test_a_second_connection_of_the_same_dialler_takes_the_place_of_the_first(net):
    alder, _birch = net.pair()
    net.silent = {("birch", "alder")}
    first = session_of(alder, "birch")
    # birch restarts: it has lost its connection, and alder has not heard of that.
    reborn = net.node("birch")
    net.silent = set()
    reborn.peers.start(None, {"alder": alder.peers.address})
    net.clock.settle()
    assert session_of(alder, "birch") is not first
    assert [entry.split()[0] for entry in alder.listener.log] == ["up", "down", "up"]
    assert reborn.names == ["alder"]


def test_attempts_grow_rarer_up_to_a_cap_and_are_jittered(net):
    birch = net.node("birch")
    birch.peers.start(None, {"alder": Address("memory", 1)})
    net.clock.advance(60_000)
    counters = birch.peers.counters
    assert 20 <= counters.dials <= 40
    assert counters.dial_failures == counters.dials
    assert birch.peers.unreached() == {"alder": "memory:1: connection refused"}


def test_pauses_double_to_the_cap_and_start_over_after_a_stable_session():
    config = PeerConfig(dial_base_ms=200, dial_cap_ms=3_000, stable_ms=5_000)
    link = Link("alder", Address("memory", 1), config, lambda: 0.999)
    pauses = [link.pause_ms() for _ in range(40)]
    assert pauses[:4] == [199, 399, 799, 1_599]
    assert pauses[-1] == 2_998
    link.lasted(4_999)
    assert link.pause_ms() == 2_998
    link.lasted(5_000)
    assert link.pause_ms() == 199
    calm = Link("alder", Address("memory", 1), config, lambda: 0.0)
    assert [calm.pause_ms() for _ in range(3)] == [100, 200, 400]


def test_a_node_that_was_cut_off_comes_back_quickly(net):
    alder, birch = net.pair()
    net.network.cut("alder", "birch")
    net.clock.advance(20_000)
    assert birch.names == []
    net.network.heal("alder", "birch")
    net.clock.advance(3_000)
    assert birch.names == ["alder"]
    assert alder.names == ["birch"]


def test_a_name_that_is_not_listed_is_not_dialled_and_said_to_be_unknown(net):
    birch = net.node("birch")
    birch.peers.start(None, {"nobody": LOOPBACK})
    net.clock.advance(60_000)
    assert birch.peers.counters.dials == 0
    assert birch.peers.unreached() == {"nobody": "no node called 'nobody' is on the ledger, so far"}


async def test_closing_says_good_bye_and_dials_nobody(net):
    alder, birch = net.pair()
    await birch.peers.close()
    net.clock.advance(1_000)
    assert alder.listener.log[-1] == "down birch goodbye: closing: birch stops"
    assert birch.names == []
    dials = birch.peers.counters.dials
    net.clock.advance(60_000)
    assert birch.peers.counters.dials == dials
    await alder.peers.close()
    net.clock.settle()
    assert alder.transport.connections == {}
    assert net.network.listeners == {}


def test_a_farewell_ends_a_handshake_too(net):
    alder = net.listening("alder")
    birch = net.node("birch", local=LocalNode("birch", "king"))
    birch.peers.start(None, {"alder": alder.peers.address})
    net.clock.settle()
    assert birch.peers.counters.last_failure["alder"].startswith("goodbye: role: ")
    assert birch.listener.log == []


def test_pings_may_come_at_any_time_and_a_strange_pong_is_ignored(net):
    _alder, birch = net.pair()
    session = session_of(birch, "alder")
    session.send(birch.peers._codec.encode(Ping(77)))
    net.clock.settle()
    assert session.round_trip_ms == -1
    session.ping()
    net.clock.settle()
    assert session.round_trip_ms == 0


def test_a_peer_may_take_its_leave(net):
    alder, birch = net.pair()
    session_of(birch, "alder").send(birch.peers._codec.encode(Goodbye("closing", "tired")))
    net.clock.settle()
    assert alder.listener.log[-1] == "down birch goodbye: closing: tired"
