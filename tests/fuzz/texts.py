"""Texts and raw bytes changed: bits, pieces, lengths, words of other samples, and what breaks parsers."""

import re
from random import Random

_TOKEN = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|<[^<>]*>|[A-Za-z0-9_.:+-]+|\s+|[^\w\s]", re.DOTALL)

NASTY = [
    *(b"", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xfe\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
    *(b"\\ud800", b"\\u0000", b"\\x", b'\\"', b"\r\n", b"\t", b" ", b"\x7f", b"\xe2\x80\xae", b"\xc3\xa9"),
    *(b"0", b"-0", b"-1", b"1e999", b"1E400", b"9" * 400, b"1.0", b"0x10", b"NaN", b"-Infinity", b"true"),
    *(
        b"18446744073709551616",
        b"9223372036854775808",
        b"-9223372036854775809",
        b"01",
        b"+1",
        b"1_0",
        b"null",
    ),
    *(b'""', b'"', b"'", b"[", b"]", b"{", b"}", b"[]", b"{}", b",", b":", b"<", b">", b"</", b"/>", b"="),
    *(b"&#0;", b"&#x110000;", b"&x;", b"&amp;", b"<!DOCTYPE a>", b"<![CDATA[", b"]]>", b"<!--", b"-->"),
    *(b"<?xml?>", b"%", b"%00", b"%zz", b"%C3%28", b"(01)", b"(21)", b"(00)", b"\x1d", b"urn:", b"https://"),
    *(b"9999-12-31T23:59:59Z", b"0000-00-00", b"2023-02-29", b"24:00:00", b"+14:01", b"99999999999999", b"."),
    *(b"\xd9\xa1", b"\xef\xbc\x91", b"--", b"[[", b"]]", b'"""', b"'''", b"\n[a]\n", b"a.b.c", b"inf", b"?"),
    *(b"/01/", b"#", b"1979-05-27"),
]
"""Pieces that have broken parsers before, or look as if they could."""
_LETTER = re.compile(rb"[A-Za-z]")
_CLOSED_BY = {b"[": b"]", b"{": b"}"}
DEEP = 20_000
_OPENING = (b"[", b"{", b'{"a":', b"<a>", b"((", b"[a.", b"a.")


class Texts:
    """Samples of one textual format, and what becomes of them."""

    def __init__(self, samples: list[bytes]) -> None:
        """Cut all samples into tokens."""
        self.samples = samples
        self._tokens = [_TOKEN.findall(sample) or [b""] for sample in samples]

    def make(self, random: Random) -> bytes:
        """Return one sample with one to three things changed."""
        tokens = list(self._tokens[int(random.random() * len(self._tokens))])
        for _ in range(1 if random.random() < 0.7 else random.choice((2, 3))):
            at = int(random.random() * len(tokens))
            throw = int(random.random() * 10)
            if throw < 3:
                tokens[at] = random.choice(NASTY)
            elif throw < 5:
                other = self._tokens[int(random.random() * len(self._tokens))]
                tokens[at] = other[int(random.random() * len(other))]
            elif throw == 5:
                tokens[at] = b""
            elif throw == 6:
                end = at + random.choice((1, 2, 5, 20))
                tokens[at:at] = tokens[at:end] * random.choice((1, 1, 2, 30))
            elif throw == 7:
                tokens[at] = _scratched(tokens[at], random)
            elif throw == 8:
                del tokens[at : at + random.choice((1, 2, 5, 40))]
                tokens = tokens or [b""]
            else:
                tokens[at] = _hurt(tokens, at, random)
        return b"".join(tokens)

    def stretch(self, random: Random, size: int) -> bytes:
        """Return one sample of about `size` bytes: a piece of it stands again and again, or with numbers."""
        tokens = self._tokens[int(random.random() * len(self._tokens))]
        at = int(random.random() * len(tokens))
        before, after = b"".join(tokens[:at]), b"".join(tokens[at:])
        piece = _whole(tokens, at) if random.random() < 0.7 else b""
        piece = piece or b"".join(tokens[at : at + random.choice((1, 2, 4, 8, 20))]) or b" "
        room = max(size - len(before) - len(after), 0)
        if random.random() < 0.5 or not _LETTER.search(piece):
            pieces = [piece] * (room // len(piece))
        else:
            width = len(str(room // len(piece)))
            pieces = [_numbered(piece, number) for number in range(room // (len(piece) + width))]
        return b"".join((before, *pieces, after))


def _whole(tokens: list[bytes], at: int) -> bytes:
    """Return what begins at a token up to its end, so that it may stand twice: a value, a tag, a line."""
    token = tokens[at]
    if token in _CLOSED_BY:
        depth = 0
        for end in range(at, len(tokens)):
            depth += (tokens[end] == token) - (tokens[end] == _CLOSED_BY[token])
            if not depth:
                return b"".join(tokens[at : end + 1]) + b","
    if token[:1] == b'"' or token.isdigit():
        return token + b","
    if token[:1] == b"<" and token[-2:-1] != b"/":
        closing = b"</" + re.split(rb"[\s>]", token[1:])[0] + b">"
        return b"".join(tokens[at : tokens.index(closing, at) + 1]) if closing in tokens[at:] else b""
    if b"\n" in token:
        ends = (end for end in range(at + 1, len(tokens)) if b"\n" in tokens[end])
        return b"".join(tokens[at : next(ends, at + 1)])
    return b""


def _numbered(piece: bytes, number: int) -> bytes:
    """Make a piece another than the one before: names that may stand only once then do."""
    return _LETTER.sub(lambda found: found[0] + b"%d" % number, piece, count=1)


def _scratched(token: bytes, random: Random) -> bytes:
    """Flip a bit of a token, or put something inside it."""
    changed = bytearray(token or b"\x00")
    place = int(random.random() * len(changed))
    if random.random() < 0.5:
        changed[place] ^= 1 << int(random.random() * 8)
    else:
        changed[place:place] = random.choice(NASTY)
    return bytes(changed)


def _hurt(tokens: list[bytes], at: int, random: Random) -> bytes:
    """Do something crude: cut the rest off, open brackets without end, make a word endless."""
    throw = random.random()
    if throw < 0.5:
        del tokens[at + 1 :]
        return tokens[at]
    if throw < 0.52:
        return random.choice(_OPENING) * random.choice((10, 100, DEEP))
    if throw < 0.56:
        return tokens[at] * random.choice((10, 1_000))
    return tokens[at] + random.choice(NASTY)


class Raw:
    """Samples of bytes without a shape that could be kept: headers, checksums, compressed numbers."""

    def __init__(self, samples: list[bytes]) -> None:
        """Take them."""
        self.samples = samples

    def make(self, random: Random) -> bytes:
        """Return one sample with one to three things changed."""
        data = bytearray(self.samples[int(random.random() * len(self.samples))])
        for _ in range(1 if random.random() < 0.7 else random.choice((2, 3))):
            at = int(random.random() * (len(data) + 1))
            throw = int(random.random() * 8)
            if throw < 3 and at < len(data):
                data[at] ^= 1 << int(random.random() * 8)
            elif throw == 3:
                data[at : at + random.choice((1, 4, 64))] = bytes(random.choice((0, 1, 4, 64)))
            elif throw == 4:
                del data[at:]
            elif throw == 5:
                data[at : at + 4] = random.choice((b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x00\x00\x00\x01"))
            elif throw == 6:
                end = at + random.choice((1, 8, 100))
                data[at:at] = data[at:end] * random.choice((1, 2, 20))
            else:
                data[at:at] = random.randbytes(random.choice((1, 5, 40)))
        return bytes(data)

    def stretch(self, random: Random, size: int) -> bytes:
        """Return one sample of `size` bytes: a piece of it stands again and again."""
        data = self.samples[int(random.random() * len(self.samples))]
        at = int(random.random() * (len(data) + 1))
        piece = data[at : at + random.choice((1, 4, 8, 64, len(data) + 1))] or b"\x00"
        room = max(size - len(data), 0)
        return data[:at] + (piece * (room // len(piece) + 1))[:room] + data[at:]
