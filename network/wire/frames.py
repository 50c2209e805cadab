"""Frames: how messages are cut out of a stream of bytes, without I/O.

A frame is one byte that says what kind of message it carries (the message's tag), four bytes with the length
of the rest (big-endian), and the message. Kind and length are judged as soon as they are there: a kind that
the other end may not send, or a length beyond that kind's cap, is refused before a byte of it is kept.

Messages are decoded canonically (encode(decode(b)) == b), like what is hashed: for the bundles and blocks
that make up the volume this costs a copy of memory, and in return nobody can make two frames of one message.
After the decoder, `check_message` looks at the parts from contracts.chain, whose types state no bounds.
"""

import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import Any

import msgspec

from contracts.chain.fork import MAX_FORK_BYTES
from contracts.chain.header import MAX_BLOCK_BYTES
from contracts.chain.parameters import Limits
from contracts.chain.snapshot import MAX_MANIFEST_BYTES
from contracts.chain.validators import MAX_VALIDATORS
from contracts.ledger.anchor import MAX_ANCHOR_BYTES
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.hashing import HASH_BYTES
from network.wire import messages
from network.wire.checks import check_message
from network.wire.errors import MessageTooLong, RemoteProtocolError
from network.wire.messages import Message

HEADER_BYTES = 5
PART_BYTES = 1 << 20
"""A part of a block's bundles carries at most this much, or a single bundle."""

_HEADER = struct.Struct(">BI")

_MAX_CONTROL_BYTES = 1024
_MAX_VOTE_BYTES = 256
_MAX_EVIDENCE_BYTES = 2 * _MAX_VOTE_BYTES
_MAX_ROUND_REQUEST_BYTES = 8 * 1024
_MAX_ROUND_VOTES_BYTES = messages.MAX_VOTES_SENT * _MAX_VOTE_BYTES
_MAX_IDS_BYTES = messages.MAX_BUNDLES_ASKED * (HASH_BYTES + 2) + 64
_MAX_ANNOUNCE_BYTES = messages.MAX_ANNOUNCED * 64 + 64
_ENVELOPE_BYTES = 512
"""Room for the few fields around a message's largest one."""
_MAX_OFFER_BYTES = MAX_MANIFEST_BYTES + MAX_ANCHOR_BYTES + MAX_VALIDATORS * _MAX_VOTE_BYTES + _ENVELOPE_BYTES
_PART_OVERHEAD_BYTES = messages.MAX_PART_BUNDLES * 5 + _ENVELOPE_BYTES


class Priority(IntEnum):
    """What leaves first."""

    URGENT = 0
    """Everything a height waits for."""
    BUNDLES = 1
    """What the next heights will hold."""
    BLOCKS = 2
    """What others have decided long ago."""


class Frame(msgspec.Struct, frozen=True):
    """An encoded message on its way out; one frame is shared by all peers it goes to."""

    data: bytes
    """Header and message."""
    priority: Priority
    """When it leaves."""


class FrameKind(msgspec.Struct, frozen=True):
    """One kind of message: its bound and its place in the queue."""

    type: type[Any]
    """The message's struct."""
    max_bytes: int
    """Longest message, without the frame's header."""
    priority: Priority
    """When it leaves."""


def _kinds(limits: Limits) -> tuple[FrameKind, ...]:
    urgent, bundles, blocks = Priority.URGENT, Priority.BUNDLES, Priority.BLOCKS
    bundle_bytes = limits.bundle_bytes + _ENVELOPE_BYTES
    block_bytes = MAX_BLOCK_BYTES + _ENVELOPE_BYTES
    return (
        FrameKind(messages.Hello, _MAX_CONTROL_BYTES, urgent),
        FrameKind(messages.Tip, _MAX_CONTROL_BYTES, urgent),
        FrameKind(messages.Ping, _MAX_CONTROL_BYTES, urgent),
        FrameKind(messages.Pong, _MAX_CONTROL_BYTES, urgent),
        FrameKind(messages.Goodbye, _MAX_CONTROL_BYTES, urgent),
        FrameKind(messages.BundlePush, bundle_bytes, bundles),
        FrameKind(messages.BundleAnnounce, _MAX_ANNOUNCE_BYTES, urgent),
        FrameKind(messages.BundleRequest, _MAX_IDS_BYTES, urgent),
        FrameKind(messages.BundleAnswer, bundle_bytes, bundles),
        FrameKind(messages.BundleMissing, _MAX_IDS_BYTES, urgent),
        FrameKind(messages.ProposalMessage, block_bytes, urgent),
        FrameKind(messages.VoteMessage, _MAX_VOTE_BYTES, urgent),
        FrameKind(messages.RoundRequest, _MAX_ROUND_REQUEST_BYTES, urgent),
        FrameKind(messages.RoundVotes, _MAX_ROUND_VOTES_BYTES, urgent),
        FrameKind(messages.CommitMessage, messages.MAX_COMMIT_BYTES, urgent),
        FrameKind(messages.BlockRequest, _MAX_CONTROL_BYTES, urgent),
        FrameKind(messages.BlockAnswer, block_bytes + messages.MAX_COMMIT_BYTES, blocks),
        FrameKind(messages.BlockBundles, max(PART_BYTES, limits.bundle_bytes) + _PART_OVERHEAD_BYTES, blocks),
        FrameKind(messages.NoBlock, _MAX_CONTROL_BYTES, blocks),
        FrameKind(messages.VoucherMessage, _MAX_VOTE_BYTES, blocks),
        FrameKind(messages.SnapshotRequest, _MAX_CONTROL_BYTES, urgent),
        FrameKind(messages.SnapshotOffer, _MAX_OFFER_BYTES, blocks),
        FrameKind(messages.NoSnapshot, _MAX_CONTROL_BYTES, blocks),
        FrameKind(messages.ChunkRequest, _MAX_CONTROL_BYTES, urgent),
        FrameKind(messages.ChunkAnswer, messages.MAX_PACKED_BYTES + _ENVELOPE_BYTES, blocks),
        FrameKind(messages.NoChunk, _MAX_CONTROL_BYTES, blocks),
        FrameKind(messages.EvidenceMessage, _MAX_EVIDENCE_BYTES, bundles),
        FrameKind(messages.DecisionRequest, _MAX_CONTROL_BYTES, urgent),
        FrameKind(messages.DecisionAnswer, messages.MAX_COMMIT_BYTES + _ENVELOPE_BYTES, blocks),
        FrameKind(messages.ForkMessage, MAX_FORK_BYTES + _ENVELOPE_BYTES, bundles),
    )


class FrameCodec:
    """All kinds of messages of one network, with the bounds that its genesis gives them."""

    def __init__(self, limits: Limits) -> None:
        """Build the table; `limits` are the network's, for the longest bundle."""
        self._kinds: dict[int, FrameKind] = {}
        self._tags: dict[type[Any], int] = {}
        self._decoders: dict[int, Decoder[Message]] = {}
        for kind in _kinds(limits):
            tag = kind.type.__struct_config__.tag
            self._kinds[tag] = kind
            self._tags[kind.type] = tag
            self._decoders[tag] = Decoder(kind.type, kind.max_bytes)

    @property
    def longest_frame(self) -> int:
        """Length of the longest frame of any kind, header included."""
        return HEADER_BYTES + max(kind.max_bytes for kind in self._kinds.values())

    def tags_of(self, types: Iterable[type[Any]]) -> frozenset[int]:
        """Return the tags of message types."""
        return frozenset(self._tags[type_] for type_ in types)

    def encode(self, message: Message) -> Frame:
        """Encode a message with its header.

        Raises:
            MessageTooLong: It is longer than its kind may be.
        """
        tag = self._tags[type(message)]
        kind = self._kinds[tag]
        data = encode(message)
        if len(data) > kind.max_bytes:
            raise MessageTooLong(
                f"{type(message).__name__}: {len(data)} bytes, at most {kind.max_bytes} may be sent"
            )
        return Frame(_HEADER.pack(tag, len(data)) + data, kind.priority)

    def check_header(self, tag: int, length: int, allowed: frozenset[int]) -> None:
        """Judge the header of a frame.

        Raises:
            RemoteProtocolError: No such kind, not `allowed` to the sender, or too long.
        """
        kind = self._kinds.get(tag)
        if kind is None:
            raise RemoteProtocolError(f"there is no message of kind {tag}")
        if tag not in allowed:
            raise RemoteProtocolError(f"{kind.type.__name__} may not be sent by this peer now")
        if length > kind.max_bytes:
            raise RemoteProtocolError(
                f"{kind.type.__name__} of {length} bytes, at most {kind.max_bytes} are read"
            )

    def decode(self, tag: int, data: bytes) -> Message:
        """Decode the message of a frame.

        Raises:
            RemoteProtocolError: Not a canonical message of that kind, or out of its bounds.
        """
        try:
            message = self._decoders[tag].decode(data)
        except MalformedBytes as error:
            raise RemoteProtocolError(str(error)) from error
        check_message(message)
        return message


class FrameReader:
    """Cuts the bytes from one peer into messages.

    Never holds more than the longest frame that is allowed, plus what one `receive` brought. An error is
    final: the stream cannot be trusted beyond it, and every later call raises it again.
    """

    def __init__(self, codec: FrameCodec, allowed: frozenset[int]) -> None:
        """Begin at the start of a stream in which the kinds `allowed` may occur.

        The kinds `skipped`, none at first, may occur too: they are passed over unread.
        """
        self._codec = codec
        self._buffer = bytearray()
        self._at = 0
        self._error: RemoteProtocolError | None = None
        self.allowed = allowed
        self.skipped: frozenset[int] = frozenset()

    @property
    def kept_bytes(self) -> int:
        """Bytes received that have not become messages yet."""
        return len(self._buffer) - self._at

    def receive(self, data: bytes) -> None:
        """Take bytes as they arrive, cut anywhere."""
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data

    def next_message(self) -> Message | None:
        """Return the next message, or None when more bytes are needed.

        Raises:
            RemoteProtocolError: The next frame is not one that the peer may send.
        """
        if self._error is not None:
            raise self._error
        try:
            return self._cut()
        except RemoteProtocolError as error:
            self._error = error
            self._buffer.clear()
            self._at = 0
            raise

    def _cut(self) -> Message | None:
        while len(self._buffer) >= self._at + HEADER_BYTES:
            buffer, begin = self._buffer, self._at + HEADER_BYTES
            tag, length = _HEADER.unpack_from(buffer, self._at)
            is_heard = tag in self.allowed
            self._codec.check_header(tag, length, self.allowed if is_heard else self.skipped)
            end = begin + length
            if len(buffer) < end:
                break
            self._at = end
            if is_heard:
                with memoryview(buffer) as view:
                    data = bytes(view[begin:end])
                return self._codec.decode(tag, data)
        return None
