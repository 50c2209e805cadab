"""Both transports keep the same contract."""

import asyncio
from itertools import pairwise

import pytest

from network.transport.base import Address
from tests.unit.network.harness import CERTIFICATES, DIRECTORY, LOOPBACK, Recorder


class Tape:
    """The owner of a connection: keeps what it is told, and wakes whoever waits."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.connection = None
        self.data = bytearray()
        self.closed = []
        self.writable = 0

    def opened(self, connection):
        self.connection = connection
        self.recorder._changed.set()
        return self

    def on_data(self, data):
        assert not self.closed
        self.data += data
        self.recorder._changed.set()

    def on_writable(self):
        self.writable += 1
        self.recorder._changed.set()

    def on_closed(self, reason):
        self.closed.append(reason)
        self.recorder._changed.set()


class Pair:
    """A dialled and an accepted end."""

    def __init__(self, net):
        self.recorder = Recorder()
        self.alder = net.transport("alder", DIRECTORY.certificates, self.recorder)
        self.birch = net.transport("birch", DIRECTORY.certificates, self.recorder)
        self.near, self.far = Tape(self.recorder), Tape(self.recorder)
        self.failed = []
        self.listener = self.alder.listen(LOOPBACK, self.far.opened, self.fail)

    def fail(self, reason):
        self.failed.append(reason)
        self.recorder._changed.set()

    def until(self, condition):
        return self.recorder.until(condition)

    async def connect(self):
        self.birch.dial(self.listener.address, self.near.opened, self.fail)
        await self.until(lambda: self.near.connection and self.far.connection)
        return self.near.connection, self.far.connection

    async def close(self):
        await self.birch.close()
        await self.alder.close()


@pytest.fixture
async def pair(net):
    made = Pair(net)
    yield made
    await made.close()
    assert made.recorder.failures == []


async def test_each_end_sees_the_certificate_of_the_other(pair):
    near, far = await pair.connect()
    assert near.certificate == CERTIFICATES["alder"]
    assert far.certificate == CERTIFICATES["birch"]
    assert near.remote
    assert far.remote


async def test_bytes_arrive_in_order_both_ways(pair):
    near, far = await pair.connect()
    there = b"".join(number.to_bytes(4) for number in range(50_000))
    for begin, end in pairwise(range(0, len(there) + 1, 10_000)):
        near.write(there[begin:end])
    far.write(b"and back")
    await pair.until(lambda: len(pair.far.data) == len(there) and len(pair.near.data) == 8)
    assert bytes(pair.far.data) == there
    assert bytes(pair.near.data) == b"and back"


async def test_what_was_written_before_a_close_arrives(pair):
    near, _far = await pair.connect()
    near.write(b"last words")
    near.close()
    await pair.until(lambda: pair.far.closed and pair.near.closed)
    assert bytes(pair.far.data) == b"last words"
    assert len(pair.far.closed) == len(pair.near.closed) == 1


async def test_an_abort_is_told_to_both_ends_once(pair):
    near, far = await pair.connect()
    near.abort()
    near.abort()
    await pair.until(lambda: pair.far.closed and pair.near.closed)
    near.write(b"too late")
    far.write(b"too late")
    near.close()
    far.abort()
    assert len(pair.far.closed) == len(pair.near.closed) == 1
    assert not near.is_writable


async def test_a_reader_that_pauses_makes_the_writer_wait(pair):
    near, far = await pair.connect()
    far.pause_reading()
    written = 0
    while near.is_writable and written < 64 << 20:
        near.write(bytes(1 << 20))
        written += 1 << 20
        await asyncio.sleep(0)
    assert not near.is_writable
    assert pair.near.writable == 0
    far.resume_reading()
    await pair.until(lambda: pair.near.writable and len(pair.far.data) == written)
    assert near.is_writable


async def test_nobody_listens(pair):
    pair.listener.close()
    pair.birch.dial(pair.listener.address, pair.near.opened, pair.fail)
    await pair.until(lambda: pair.failed)
    assert pair.near.connection is None
    assert str(pair.listener.address) in pair.failed[0]


async def test_a_dial_that_was_called_off_is_not_answered(pair):
    pair.birch.dial(pair.listener.address, pair.near.opened, pair.fail).cancel()
    await pair.connect()
    assert pair.failed == []
    assert len(pair.near.closed) == 0


async def test_an_address_is_taken_once(net, pair):
    with pytest.raises(OSError, match="in use"):
        pair.birch.listen(pair.listener.address, pair.far.opened, pair.fail)
    pair.listener.close()
    pair.listener.close()
    again = pair.birch.listen(pair.listener.address, pair.far.opened, pair.fail)
    assert again.address == pair.listener.address
    again.close()


async def test_a_stranger_gets_no_connection(net, pair):
    stranger = net.transport("stranger", (*DIRECTORY.certificates, CERTIFICATES["stranger"]), pair.recorder)
    tape = Tape(pair.recorder)
    stranger.dial(pair.listener.address, tape.opened, pair.fail)
    await pair.until(lambda: pair.failed and (tape.closed or tape.connection is None))
    assert pair.far.connection is None
    await stranger.close()


async def test_a_node_does_not_talk_to_a_stranger_that_listens(net, pair):
    stranger = net.transport("stranger", (*DIRECTORY.certificates, CERTIFICATES["stranger"]), pair.recorder)
    tape = Tape(pair.recorder)
    listener = stranger.listen(LOOPBACK, tape.opened, pair.fail)
    pair.birch.dial(listener.address, pair.near.opened, pair.fail)
    await pair.until(lambda: pair.failed)
    assert pair.near.connection is None
    await stranger.close()


async def test_closing_the_transport_closes_everything(pair):
    await pair.connect()
    await pair.close()
    assert pair.near.closed
    await pair.until(lambda: pair.far.closed)
    pair.birch.dial(pair.listener.address, Tape(pair.recorder).opened, pair.fail)
    await pair.until(lambda: pair.failed)


async def test_an_error_of_the_owner_reaches_the_supervisor(tcp):
    pair = Pair(tcp)
    near, far = await pair.connect()

    def fail(_data):
        raise ZeroDivisionError

    pair.far.on_data = fail
    near.write(b"x")
    await pair.until(lambda: pair.recorder.failures and pair.near.closed)
    assert isinstance(pair.recorder.failures[0], ZeroDivisionError)
    assert not far.is_writable
    await pair.close()


def test_addresses_read_as_people_write_them():
    assert str(Address("localhost", 7)) == "localhost:7"
