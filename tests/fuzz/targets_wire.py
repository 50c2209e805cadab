"""Decoders of what other nodes send: streams of frames, every kind of message, the handshake's hello."""

from random import Random

import msgspec

from contracts.chain.genesis import genesis_hash
from contracts.primitives.encoding import encode
from network.peer.directory import Directory
from network.peer.handshake import Handshake, LocalNode, build_hello
from network.wire import messages
from network.wire.errors import RemoteProtocolError
from network.wire.frames import HEADER_BYTES, FrameCodec, FrameReader
from network.wire.messages import PROTOCOL_VERSION, Hello, Message
from tests.fuzz.packed import Packed
from tests.fuzz.shapes import Shapes
from tests.fuzz.target import LONG_BYTES, Target
from tests.fuzz.targets_ledger import GENESIS, LIMITS, blocks, bundles, commits
from tests.fuzz.texts import Raw

_CODEC = FrameCodec(LIMITS)
_KINDS = [kind for kind in vars(messages).values() if isinstance(kind, type) and kind in _CODEC._tags]
_EVERY = _CODEC.tags_of(_KINDS)
_DIRECTORY = Directory.of_genesis(GENESIS)
_PIECE_BYTES = 700


def sent() -> list[Message]:
    """Return messages of every kind, some with the vectors' blocks and bundles in them."""
    shapes = Shapes(Random("packtrail fuzz messages"))
    found = [shapes.make(kind) for _ in range(3) for kind in _KINDS]
    block, commit, bundle = blocks()[0], commits()[0], bundles()[0]
    found += [messages.BlockAnswer(1, block, commit), messages.BlockBundles(1, 0, (bundle, bundle))]
    found.append(messages.ProposalMessage(shapes.make(messages.Proposal), block))
    return [*found, messages.BundlePush(bytes(32), bundle)]


class _Tagged:
    """Messages with the byte that says of which kind they are."""

    def __init__(self, said: list[Message]) -> None:
        self._packed = Packed([encode(message) for message in said])
        self._tags = sorted(_EVERY)
        self.samples = [bytes((_CODEC._tags[type(message)],)) + encode(message) for message in said]
        by_tag = {tag: [each[1:] for each in self.samples if each[0] == tag] for tag in self._tags}
        self._by_tag = {tag: Packed(found) for tag, found in by_tag.items()}

    def make(self, random: Random) -> bytes:
        tag = random.choice(self._tags)
        packed = self._packed if random.random() < 0.03 else self._by_tag[tag]
        return bytes((tag,)) + packed.make(random)

    def stretch(self, random: Random, size: int) -> bytes:
        tag = random.choice(self._tags)
        return bytes((tag,)) + self._by_tag[tag].stretch(random, size - 1)


def _message(data: bytes) -> Message:
    return _CODEC.decode(data[0], data[1:])


def _tagged(message: object) -> bytes:
    return bytes((_CODEC._tags[type(message)],)) + encode(message)  # type: ignore[index]


def _stream(data: bytes) -> list[Message]:
    """Cut a stream that arrives in pieces, and never hold more than the longest frame."""
    reader = FrameReader(_CODEC, _EVERY)
    found = []
    for at in range(0, len(data), _PIECE_BYTES):
        reader.receive(data[at : at + _PIECE_BYTES])
        while (message := reader.next_message()) is not None:
            found.append(message)
    return found


class _Streams(Raw):
    """Several frames one after the other; what is changed is mostly one of their headers."""

    def make(self, random: Random) -> bytes:
        frames = [random.choice(self.samples) for _ in range(random.choice((1, 2, 3)))]
        at = int(random.random() * len(frames))
        throw = random.random()
        if throw < 0.5:
            head = bytearray(frames[at][:HEADER_BYTES])
            head[int(random.random() * HEADER_BYTES)] = int(random.random() * 256)
            frames[at] = bytes(head) + frames[at][HEADER_BYTES:]
        elif throw < 0.9:
            return super().make(random).join(frames)
        return b"".join(frames)

    def stretch(self, random: Random, size: int) -> bytes:
        frame = random.choice(self.samples)
        return frame * max(size // len(frame), 1)


def _hello(data: bytes) -> object:
    hello = _HELLO.decode(_CODEC._tags[Hello], data)
    return Handshake(_LOCAL, _DIRECTORY, _OTHER.certificate).check(hello)  # type: ignore[arg-type]


_HELLO = _CODEC
_LOCAL = LocalNode("node-a", "validator")
_OTHER = next(node for node in GENESIS.nodes if node.name == "node-b")


def _hellos() -> list[bytes]:
    good = build_hello(LocalNode("node-b", "validator"), _DIRECTORY, 7, b"\x11" * 32)
    wrong = [{"node": "node-a"}, {"role": "observer"}, {"version": PROTOCOL_VERSION + 1}, {"chain_id": ""}]
    return [encode(msgspec.structs.replace(good, **fields)) for fields in ({}, *wrong)]


def wire_targets() -> list[Target]:
    """Return the decoders of the network."""
    assert _DIRECTORY.genesis_hash == genesis_hash(GENESIS)
    refused = (RemoteProtocolError,)
    said = sent()
    frames = [_CODEC.encode(message).data for message in said]
    return [
        Target("message", _message, refused, _Tagged(said), 300, _tagged, 1 << 20),
        Target("stream of frames", _stream, refused, _Streams(frames), 120, max_bytes=LONG_BYTES),
        Target("hello", _hello, refused, Packed(_hellos()), 80, max_bytes=2_048),
    ]
