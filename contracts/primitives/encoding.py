"""Canonical bytes: MessagePack with one encoding per value.

Everything that is hashed or signed on the ledger passes through this module (ADR 0001). Values are
integers, byte strings, text, and fixed-position arrays of those; maps, floats, nil and booleans never
occur. MessagePack leaves a writer some freedom (an integer may be written wider than needed, an array
may carry extra fields); the decoder takes none of it: it decodes into a typed struct, encodes that
again and requires the same bytes.

This module owns the MessagePack library; no other module of the law imports it.
"""

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

_ENCODER = msgspec.msgpack.Encoder()

_NOT_READ = (msgspec.MsgspecError, RecursionError, UnicodeDecodeError)
"""What the library raises for bytes that it cannot read: malformed, too deep, or text that is no UTF-8."""

MAX_BYTES_DEFAULT = 1 << 20
"""Largest input, in bytes, that a decoder reads when its owner names no smaller limit."""


class MalformedBytes(ValueError):
    """Bytes that are not the canonical encoding of the expected type."""


def encode(value: object) -> bytes:
    """Encode a value of ledger types as canonical MessagePack.

    Args:
        value: A struct declared `array_like`, or a tuple or list of integers, bytes and text.

    Returns:
        The canonical bytes.
    """
    return _ENCODER.encode(value)


class Decoder(Generic[T]):
    """Decodes one type from canonical bytes, and nothing else.

    Attributes:
        max_bytes: Longest input accepted, in bytes; checked before anything is parsed.
    """

    def __init__(self, kind: type[T], max_bytes: int = MAX_BYTES_DEFAULT) -> None:
        """Prepare a decoder for `kind`, an `array_like` struct or a union of tagged ones."""
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._name = getattr(kind, "__name__", "value")
        self.max_bytes = max_bytes

    def decode(self, data: bytes) -> T:
        """Decode `data`, refusing every encoding but the canonical one.

        Raises:
            MalformedBytes: Too long, not MessagePack, not of this type, or not canonical.
        """
        if len(data) > self.max_bytes:
            msg = f"{self._name}: {len(data)} bytes, at most {self.max_bytes} are read"
            raise MalformedBytes(msg)
        try:
            value = self._decoder.decode(data)
        except _NOT_READ as error:
            msg = f"{self._name}: {error}"
            raise MalformedBytes(msg) from error
        if _ENCODER.encode(value) != data:
            msg = f"{self._name}: the bytes are not in canonical form"
            raise MalformedBytes(msg)
        return value


class RowDecoder(Generic[T]):
    """Decodes rows that this program encoded itself, such as state: quicker, without the canonical check.

    Never for bytes of another node: those pass `Decoder`.
    """

    def __init__(self, kind: type[T]) -> None:
        """Prepare a decoder for `kind`, an `array_like` struct or an integer."""
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._name = getattr(kind, "__name__", "row")

    def decode(self, data: bytes) -> T:
        """Decode `data`.

        Raises:
            MalformedBytes: Not a row of this type: what was stored is damaged.
        """
        try:
            return self._decoder.decode(data)
        except _NOT_READ as error:
            msg = f"{self._name}: {error}"
            raise MalformedBytes(msg) from error
