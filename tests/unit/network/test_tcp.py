"""What only sockets do: descriptors that run out, strangers that dawdle, another event loop."""

import errno
import socket

import pytest

from contracts.chain.genesis import Genesis
from contracts.chain.parameters import Parameters
from network.peer.directory import Directory
from network.transport import tcp as tcp_module
from network.transport.base import Address
from network.wire.messages import BundlePush, Tip
from tests.unit.network.harness import CHAIN, DIRECTORY, NODES, Recorder, world
from tests.unit.network.test_transport import Pair, Tape

TIP = Tip(1, bytes(32), -1, 0)


class BrokenSocket:
    """A listening socket whose `accept` fails once."""

    def __init__(self, real, error):
        self.real = real
        self.error = error

    def accept(self):
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return self.real.accept()

    def __getattr__(self, name):
        return getattr(self.real, name)


async def test_when_descriptors_run_out_the_listener_waits_and_goes_on(tcp, monkeypatch):
    monkeypatch.setattr(tcp_module, "ACCEPT_PAUSE_SECONDS", 0.01)
    pair = Pair(tcp)
    pair.listener._server = BrokenSocket(pair.listener._server, OSError(errno.EMFILE, "too many open files"))
    await pair.connect()
    assert pair.failed == ["cannot accept: [Errno 24] too many open files"]
    await pair.close()


async def test_a_listener_may_close_while_it_waits(tcp):
    pair = Pair(tcp)
    pair.listener._server = BrokenSocket(pair.listener._server, OSError(errno.EMFILE, "too many open files"))
    pair.birch.dial(pair.listener.address, pair.near.opened, pair.fail)
    await pair.until(lambda: pair.failed)
    pair.listener.close()
    await pair.until(lambda: len(pair.failed) == 2)
    await pair.close()


async def test_a_connection_that_is_gone_before_it_is_accepted_is_nobodys_fault(tcp):
    pair = Pair(tcp)
    pair.listener._server = BrokenSocket(pair.listener._server, ConnectionAbortedError())
    await pair.connect()
    assert pair.failed == []
    await pair.close()


async def test_strangers_that_never_shake_hands_are_bounded(tcp, monkeypatch):
    monkeypatch.setattr(tcp_module, "MAX_HANDSHAKES", 3)
    pair = Pair(tcp)
    address = pair.listener.address
    strangers = [socket.create_connection((address.host, address.port)) for _ in range(5)]
    await pair.until(lambda: len(pair.failed) == 2)
    assert all("too many handshakes" in reason for reason in pair.failed)
    assert pair.alder.handshakes == 3
    for stranger in strangers:
        stranger.close()
    await pair.until(lambda: pair.alder.handshakes == 0)
    await pair.connect()
    await pair.close()


async def test_handshakes_under_way_end_with_the_transport(tcp):
    pair = Pair(tcp)
    address = pair.listener.address
    with socket.create_connection((address.host, address.port)) as stranger:
        await pair.until(lambda: pair.alder.handshakes)
        await pair.close()
        assert pair.alder.handshakes == 0
        stranger.settimeout(15)
        assert stranger.recv(1) == b""


async def test_a_handshake_that_takes_too_long_is_given_up(tcp, monkeypatch):
    monkeypatch.setattr(tcp_module, "HANDSHAKE_SECONDS", 0.05)
    pair = Pair(tcp)
    address = pair.listener.address
    with socket.create_connection((address.host, address.port)):
        await pair.until(lambda: pair.failed)
    assert "SSL handshake is taking longer" in pair.failed[0]
    await pair.close()


async def test_a_bug_in_a_dial_reaches_the_supervisor(tcp):
    pair = Pair(tcp)
    pair.birch.dial(Address(7, 7), pair.near.opened, pair.fail)
    await pair.until(lambda: pair.recorder.failures)
    assert pair.failed == []
    await pair.close()


async def test_a_bug_in_a_callback_of_failure_reaches_the_supervisor(tcp):
    recorder = Recorder()
    transport = tcp.transport("birch", DIRECTORY.certificates, recorder)

    def fail(_reason):
        raise ZeroDivisionError

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    transport.dial(Address("127.0.0.1", port), Tape(recorder).opened, fail)
    await recorder.until(lambda: recorder.failures)
    assert isinstance(recorder.failures[0], ZeroDivisionError)
    await transport.close()


async def test_ipv6_where_there_is_any(tcp):
    pair = Pair(tcp)
    try:
        listener = pair.alder.listen(Address("::1", 0), pair.far.opened, pair.fail)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    pair.birch.dial(listener.address, pair.near.opened, pair.fail)
    await pair.until(lambda: pair.near.connection and pair.far.connection)
    await pair.close()


async def _talk():
    async with world("tcp") as net:
        alder = net.listening("alder")
        birch = net.node("birch")
        birch.peers.start(None, {"alder": alder.peers.address})
        await birch.recorder.until(lambda: birch.names == ["alder"])
        for number in range(20):
            birch.peers.send("alder", BundlePush(bytes(32), bytes(100_000 * number % 999_999)))
            birch.peers.send("alder", TIP)
        await alder.recorder.until(lambda: len(alder.recorder.messages) == 40)
        await birch.peers.close()
        await alder.recorder.until(lambda: alder.recorder.downs)
        assert alder.recorder.downs == [("birch", "goodbye: closing: birch stops")]


def test_under_uvloop_too():
    uvloop = pytest.importorskip("uvloop")
    uvloop.run(_talk())


def test_the_directory_is_that_of_genesis():
    genesis = Genesis(1, CHAIN, "test", 0, 0, Parameters(), (), (), (), (), (), (), NODES)
    directory = Directory.of_genesis(genesis)
    assert directory.chain_id == CHAIN
    assert len(directory.genesis_hash) == 32
    assert directory.certificates == DIRECTORY.certificates


class Gone:
    """A transport that breaks at the next write, and of which nobody says that it is lost."""

    def __init__(self, real):
        self.real = real
        self.is_broken = False

    def is_closing(self):
        return self.is_broken

    def write(self, _data):
        self.is_broken = True

    def __getattr__(self, name):
        return getattr(self.real, name)


async def test_who_writes_to_a_socket_that_is_gone_hears_once_that_it_is_lost(tcp):
    pair = Pair(tcp)
    near, _far = await pair.connect()
    gone = near._transport = Gone(near._transport)
    near.write(b"hello")
    near.write(b"hello?")
    await pair.until(lambda: pair.near.closed)
    gone.real.abort()
    await pair.until(lambda: pair.far.closed)
    assert pair.near.closed == ["closed"]
    assert near not in pair.birch.connections
    await pair.close()
    assert pair.recorder.failures == []
