"""MessagePack taken apart and put together wrongly: the shapes that a decoder must not trip over.

A sample is cut into elements once; each mutation then replaces, doubles, drops or moves one of them, writes
it wider than need be, lies about a length, or nests it. Counts around it are mended or not, by the throw.
"""

import struct
from random import Random
from typing import NamedTuple

_FIX_STR, _FIX_ARRAY, _FIX_MAP = 0xA0, 0x90, 0x80
_LENGTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_FIXED = {
    **dict.fromkeys((0xC0, 0xC1, 0xC2, 0xC3), 0),
    **dict(zip(range(0xCA, 0xD4), (4, 8, 1, 2, 4, 8, 1, 2, 4, 8), strict=True)),
    **dict(zip(range(0xD4, 0xD9), (2, 3, 5, 9, 17), strict=True)),
}
DEEP = 2_000
"""Deeper than any decoder may recurse."""
_HEADERS_BYTES = 16
"""What headers may grow by when what is behind them does."""


class Element(NamedTuple):
    """One element of a packed value."""

    start: int
    """Where its first byte is."""
    body: int
    """Where its content begins."""
    end: int
    """Where the next element begins."""
    parent: int
    """Index of the array it stands in; -1 for the outermost."""
    count: int
    """Of an array, how many elements it has; -1 for what is no array."""
    is_bytes: bool
    """Whether its content is a byte string or text."""


def elements(data: bytes) -> list[Element]:
    """Cut a well-formed packed value into its elements, outermost first."""
    found: list[Element] = []

    def read(at: int, parent: int) -> int:
        kind = data[at]
        own = len(found)
        if kind & 0xF0 == _FIX_ARRAY or kind in _ARRAYS:
            wide = _ARRAYS.get(kind, 0)
            count = int.from_bytes(data[at + 1 : at + 1 + wide], "big") if wide else kind & 0x0F
            body = at + 1 + wide
            found.append(Element(at, body, body, parent, count, is_bytes=False))
            end = body
            for _ in range(count):
                end = read(end, own)
            found[own] = found[own]._replace(end=end)
            return end
        if kind & 0xE0 == _FIX_STR or kind in _LENGTHS:
            wide = _LENGTHS.get(kind, 0)
            size = int.from_bytes(data[at + 1 : at + 1 + wide], "big") if wide else kind & 0x1F
            body = at + 1 + wide
            found.append(Element(at, body, body + size, parent, -1, is_bytes=True))
            return body + size
        end = at + 1 + _FIXED.get(kind, 0)
        found.append(Element(at, at + 1, end, parent, -1, is_bytes=False))
        return end

    read(0, -1)
    return found


def array_header(count: int) -> bytes:
    """Return the canonical header of an array."""
    if count < 16:
        return bytes((_FIX_ARRAY | count,))
    return b"\xdc" + count.to_bytes(2, "big") if count < 1 << 16 else b"\xdd" + count.to_bytes(4, "big")


def bytes_header(size: int) -> bytes:
    """Return the canonical header of a byte string."""
    if size < 1 << 8:
        return b"\xc4" + size.to_bytes(1, "big")
    return b"\xc5" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xc6" + size.to_bytes(4, "big")


def _integers() -> list[bytes]:
    found = [bytes((value,)) for value in (0, 1, 2, 4, 5, 31, 32, 100, 127, 0xE0, 0xFF)]
    for size, code in ((1, b"\xcc"), (2, b"\xcd"), (4, b"\xce"), (8, b"\xcf")):
        half = 1 << (8 * size - 1)
        found += [
            code + value.to_bytes(size, "big") for value in (0, 1, 127, 255, half - 1, half, 2 * half - 1)
        ]
    for size, code in ((1, b"\xd0"), (2, b"\xd1"), (4, b"\xd2"), (8, b"\xd3")):
        half = 1 << (8 * size - 1)
        found += [
            code + number.to_bytes(size, "big", signed=True) for number in (0, -1, -33, -half, half - 1)
        ]
    found += [b"\xcf" + (1 << power).to_bytes(8, "big") for power in (24, 32, 48, 53, 62, 63)]
    return found


INTEGERS = _integers()
"""Whole numbers at every edge, in every width, short enough and too long."""
OTHERS = [
    *(b"\xc0", b"\xc1", b"\xc2", b"\xc3", b"\x80", b"\x81\x01\x01", b"\x90", b"\x91\xc0", b"\xa0"),
    *(b"\xca" + struct.pack(">f", 1.0), b"\xcb" + struct.pack(">d", float("nan")), b"\xcb" + bytes(8)),
    *(b"\xd4\x01\x00", b"\xd6\xff\x00\x00\x00\x00", b"\xc7\x00\x05", b"\xc7\x0c\xff" + bytes(12)),
    *(b"\xa1\xff", b"\xa2\xc3\x28", b"\xa3\xed\xa0\x80", b"\xd9\x01a", b"\xda\x00\x01a", b"\xc5\x00\x01a"),
    *(b"\xc4\x00", b"\xdc\x00\x00", b"\xdc\x00\x01\x00", b"\xdd\x00\x00\x00\x01\x00", b"\xde\x00\x00"),
]
"""What a ledger never writes, and what it writes otherwise."""
LIES = [
    *(b"\xc4\xff", b"\xc5\xff\xff", b"\xdc\xff\xff", b"\xde\xff\xff", b"\x9f", b"\x8f", b"\xbf"),
    *(b"\xc6\xff\xff\xff\xff", b"\xc6\x7f\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff"),
    *(b"\xdd\x0f\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc9\xff\xff\xff\xff\x01"),
]
"""Headers that promise what does not come."""


class Packed:
    """Samples of one packed type, and what becomes of them."""

    def __init__(self, samples: list[bytes]) -> None:
        """Cut all samples."""
        self.samples = samples
        self._cut = [elements(sample) for sample in samples]

    def make(self, random: Random) -> bytes:
        """Return one sample with one thing changed."""
        at = int(random.random() * len(self.samples))
        return self._change(self.samples[at], self._cut[at], random)

    def stretch(self, random: Random, size: int) -> bytes:
        """Return one sample of about `size` bytes: one element stands again and again, counts are right."""
        at = int(random.random() * len(self.samples))
        return self._stretched(self.samples[at], self._cut[at], random, size)

    def _stretched(self, data: bytes, cut: list[Element], random: Random, size: int) -> bytes:
        element = cut[int(random.random() * len(cut))]
        content = data[element.body : element.end]
        room = size - len(data) - _HEADERS_BYTES
        if element.is_bytes and content and random.random() < 0.6:
            inner = _inside(content)
            if inner:
                content = self._stretched(content, inner, random, len(content) + room)
            else:
                content *= max(room // len(content), 0) + 1
            header = _header_like(data[element.start], len(content))
            return data[: element.start] + header + content + data[element.end :]
        if element.parent < 0:
            return data * (max(room // len(data), 0) + 1)
        array, one = cut[element.parent], data[element.start : element.end]
        more = max(room // len(one), 0)
        head = data[: array.start] + array_header(array.count + more) + data[array.body : element.start]
        return head + one * (more + 1) + data[element.end :]

    def _change(self, data: bytes, cut: list[Element], random: Random) -> bytes:
        element = cut[int(random.random() * len(cut))]
        chosen = _CHANGES[int(random.random() * len(_CHANGES))]
        return chosen(self, data, cut, element, random)

    def _atom(self, data: bytes, _cut: list[Element], element: Element, random: Random) -> bytes:
        pool = INTEGERS if random.random() < 0.6 else OTHERS
        return data[: element.start] + random.choice(pool) + data[element.end :]

    def _lie(self, data: bytes, _cut: list[Element], element: Element, random: Random) -> bytes:
        return data[: element.start] + random.choice(LIES) + data[element.body :]

    def _borrow(self, data: bytes, _cut: list[Element], element: Element, random: Random) -> bytes:
        """Put an element of another sample, or of this one, in the place of this one."""
        at = int(random.random() * len(self.samples))
        other = self._cut[at][int(random.random() * len(self._cut[at]))]
        return data[: element.start] + self.samples[at][other.start : other.end] + data[element.end :]

    def _recount(self, data: bytes, cut: list[Element], element: Element, random: Random) -> bytes:
        """Double or drop an element; its array counts right, nine times in ten."""
        if element.parent < 0:
            return data + data
        array = cut[element.parent]
        is_more = random.random() < 0.6
        times = random.choice((2, 2, 3, 17, 300)) if is_more else 0
        if times * (element.end - element.start) > 1 << 16:
            times = 2
        count = array.count + times - 1 if random.random() < 0.9 else array.count
        inner = data[array.body : element.start] + data[element.start : element.end] * times
        return data[: array.start] + array_header(count) + inner + data[element.end :]

    def _content(self, data: bytes, _cut: list[Element], element: Element, random: Random) -> bytes:
        """Change the content of a byte string or its length; the header follows."""
        if not element.is_bytes:
            return self._atom(data, _cut, element, random)
        content = bytearray(data[element.body : element.end])
        throw = random.random()
        if content and throw < 0.5:
            content[int(random.random() * len(content))] ^= 1 << int(random.random() * 8)
        elif throw < 0.7:
            content = content[: int(random.random() * len(content))]
        elif throw < 0.9:
            content += bytes(int(random.random() * 40))
        else:
            content = content * random.choice((0, 2, 50))
        header = data[element.start : element.body]
        if throw >= 0.5:
            header = _header_like(header[0], len(content))
        return data[: element.start] + header + bytes(content) + data[element.end :]

    def _widen(self, data: bytes, _cut: list[Element], element: Element, random: Random) -> bytes:
        """Write a header or a number longer than it need be."""
        kind, content = data[element.start], data[element.body : element.end]
        if element.count >= 0:
            header = b"\xdd" + element.count.to_bytes(4, "big")
        elif element.is_bytes:
            is_text = kind & 0xE0 == _FIX_STR or kind in (0xD9, 0xDA, 0xDB)
            header = (b"\xdb" if is_text else b"\xc6") + len(content).to_bytes(4, "big")
        elif kind < 0x80:
            header = random.choice((b"\xcc", b"\xd0")) + bytes((kind,))
        else:
            return self._atom(data, _cut, element, random)
        return data[: element.start] + header + content + data[element.end :]

    def _nest(self, data: bytes, _cut: list[Element], element: Element, random: Random) -> bytes:
        depth = random.choice((1, 1, 2, 3, 30, DEEP))
        shell = random.choice((b"\x91", b"\x91", b"\x81\x01", b"\xdc\x00\x01"))
        return data[: element.start] + shell * depth + data[element.start :]

    def _inner(self, data: bytes, cut: list[Element], element: Element, random: Random) -> bytes:
        """Change what is packed inside a byte string, as a document is inside a bundle."""
        content = data[element.body : element.end]
        inner = _inside(content) if element.is_bytes else []
        if not inner:
            return self._content(data, cut, element, random)
        changed = self._change(content, inner, random)
        return data[: element.start] + bytes_header(len(changed)) + changed + data[element.end :]

    def _flip(self, data: bytes, _cut: list[Element], _element: Element, random: Random) -> bytes:
        changed = bytearray(data)
        for _ in range(random.choice((1, 1, 1, 2, 4))):
            changed[int(random.random() * len(changed))] ^= 1 << int(random.random() * 8)
        return bytes(changed)

    def _cut_off(self, data: bytes, _cut: list[Element], element: Element, random: Random) -> bytes:
        if random.random() < 0.3:
            return data + random.choice((b"\x00", b"\xc0", b"\xff", data[:40]))
        return data[: element.start] if random.random() < 0.5 else data[: int(random.random() * len(data))]


_CHANGES = (
    *(Packed._atom, Packed._atom, Packed._atom, Packed._lie, Packed._borrow, Packed._borrow, Packed._recount),
    *(Packed._recount, Packed._content, Packed._content, Packed._widen, Packed._nest, Packed._inner),
    *(Packed._inner, Packed._flip, Packed._cut_off),
)


def _inside(content: bytes) -> list[Element]:
    """Cut what is packed inside a byte string; nothing when that is no array."""
    if len(content) < 4 or content[0] & 0xF0 != _FIX_ARRAY:
        return []
    try:
        return elements(content)
    except IndexError:
        return []


def _header_like(kind: int, size: int) -> bytes:
    """Return the canonical header of text or bytes of another length."""
    is_text = kind & 0xE0 == _FIX_STR or kind in (0xD9, 0xDA, 0xDB)
    if not is_text:
        return bytes_header(size)
    if size < 32:
        return bytes((_FIX_STR | size,))
    if size < 1 << 8:
        return b"\xd9" + size.to_bytes(1, "big")
    return b"\xda" + size.to_bytes(2, "big") if size < 1 << 16 else b"\xdb" + size.to_bytes(4, "big")
