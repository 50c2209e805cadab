"""One decoder under fire: what it reads, what it may answer, and how dear an input may be."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple, Protocol

LONG_BYTES = 1 << 20
"""Inputs of decoders that read more than this, and should show what a byte costs, are so long at most."""


class Maker(Protocol):
    """Makes inputs out of samples."""

    samples: list[bytes]

    def make(self, random: Random) -> bytes:
        """Return the next input."""
        ...

    def stretch(self, random: Random, size: int) -> bytes:
        """Return an input of about `size` bytes: a sample in which one thing stands again and again."""
        ...


class Target(NamedTuple):
    """One decoder."""

    name: str
    """What it decodes, in a few words; also the folder of its findings."""
    decode: Callable[[bytes], object]
    """The decoder; it returns a value or raises one of `errors`."""
    errors: tuple[type[Exception], ...]
    """How it refuses, as its documentation says."""
    maker: Maker
    """Samples and what is done to them."""
    share: int
    """Its part of all inputs: quick decoders and those that strangers reach get most."""
    encode: Callable[[object], bytes] | None = None
    """Gives back the very bytes that were decoded, where the encoding is canonical; else None."""
    max_bytes: int = 1 << 16
    """Inputs are at most so long."""
    amplification: int = 40
    """Bytes of memory that a byte of input may cost at the peak, beside `FREE_BYTES`."""
    opened_bytes: int = 0
    """Of compressed input, how many bytes its decoder says that it opens at most; else 0."""


class Verdict(NamedTuple):
    """What became of one input."""

    is_accepted: bool
    """A value came back."""
    fault: str
    """What should not have happened; empty when all is well."""


FREE_BYTES = 2 << 20
"""Memory that any decoding may cost."""
COPIES_OF_OPENED = 3
"""Copies of what was compressed that may be there at the same time: as it grows, whole, and read."""
TREE_AMPLIFICATION = 120
"""`amplification` of a decoder that makes a tree of JSON, XML or TOML before it knows what is in it."""
FREE_SECONDS = 0.25
SECONDS_PER_BYTE = 10e-6
"""Processor time that any decoding may cost, and that every byte may cost besides."""


def longest_seconds(size: int) -> float:
    """Return the processor time that an input of `size` bytes may take."""
    return FREE_SECONDS + SECONDS_PER_BYTE * size


def most_memory(target: Target, size: int) -> int:
    """Return the memory, in bytes, that an input of `size` bytes may take at the peak."""
    return FREE_BYTES + target.amplification * size + COPIES_OF_OPENED * target.opened_bytes


def judge(target: Target, data: bytes) -> Verdict:
    """Decode one input and say whether the decoder kept its word."""
    try:
        value = target.decode(data)
    except target.errors:
        return Verdict(False, "")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return Verdict(False, f"{type(error).__name__}: {error}"[:200])
    if target.encode is not None and target.encode(value) != data:
        return Verdict(True, "decoded, and encoded again it is not the same bytes")
    return Verdict(True, "")
