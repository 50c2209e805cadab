"""Request bodies: their kind, their length, and lines cut from a stream of them."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final

from aiohttp import web

from node.api.problems import Problem

_SILENT_TYPES: Final = frozenset(
    {"", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"}
)
"""What clients send when they do not say what they send."""
BODY_S: Final = 10.0
"""How long any body may take."""
LEAST_BYTES_PER_SECOND: Final = 64 << 10
"""A long body may take as much longer as it takes at this pace: what it holds nobody else can have."""


def check_media_type(request: web.Request, understood: tuple[str, ...]) -> None:
    """Stop a request whose body says that it is something else, or is compressed.

    Args:
        request: The request.
        understood: Media types; empty to leave that question to the caller.

    Raises:
        Problem: unsupported_media_type.
    """
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise Problem("unsupported_media_type", "Send the body without Content-Encoding.")
    said = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if understood and said not in _SILENT_TYPES and said not in understood:
        raise Problem("unsupported_media_type", f"Send the body as {' or '.join(understood)}.")


class BodyRoom:
    """How much the bodies of all requests may take that are being read or handled.

    Attributes:
        bytes: What they take now.
    """

    def __init__(self, most: int, refuse: Callable[[], Problem]) -> None:
        """Begin empty.

        Args:
            most: Most bytes.
            refuse: Makes the answer to a request whose body finds no room.
        """
        self.most = most
        self.refuse = refuse
        self.bytes = 0


class BodyShare:
    """What one request takes of that room, until it is answered."""

    def __init__(self, room: BodyRoom) -> None:
        """Take nothing yet."""
        self._room = room
        self._bytes = 0

    def take(self, size: int) -> None:
        """Have at least `size` bytes in all.

        Raises:
            Problem: too_busy.
        """
        self.have(max(size, self._bytes))

    def have(self, size: int) -> None:
        """Have `size` bytes in all.

        Raises:
            Problem: too_busy.
        """
        more = size - self._bytes
        if more > 0 and self._room.bytes + more > self._room.most:
            raise self._room.refuse()
        self._room.bytes += more
        self._bytes = size

    def release(self) -> None:
        """Have nothing any more."""
        self.have(0)


BODY_SHARE: Final = web.RequestKey("body_share", BodyShare)
"""Key of a request's share."""


async def read_body(request: web.Request, max_bytes: int, understood: tuple[str, ...]) -> bytes:
    """Return a request's body.

    Args:
        request: The request.
        max_bytes: Longest body read.
        understood: Media types; empty to leave that question to the caller.

    Raises:
        Problem: unsupported_media_type, body_too_large, body_too_slow, or too_busy: bodies of others take
            all the room there is.
    """
    check_media_type(request, understood)
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    share = request[BODY_SHARE]
    share.take(request.content_length or 0)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S + (request.content_length or max_bytes) / LEAST_BYTES_PER_SECOND):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > max_bytes:
                    raise _too_large(max_bytes)
                share.take(len(body))
    except TimeoutError as error:
        raise Problem("body_too_slow", headers={"Connection": "close"}) from error
    return bytes(body)


def _too_large(max_bytes: int) -> Problem:
    return Problem("body_too_large", f"At most {max_bytes} bytes are read.")


class LineTooLong(Exception):
    """A line is longer than the cutter's bound."""


class LineCutter:
    """Cuts a stream of bytes into lines; an empty line is none."""

    def __init__(self, max_bytes: int) -> None:
        """Begin with nothing; no line may have more than `max_bytes`."""
        self._max_bytes = max_bytes
        self._rest = b""

    @property
    def kept_bytes(self) -> int:
        """Length of the line that has not ended."""
        return len(self._rest)

    def cut(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the lines that end in `chunk`; what is left of it waits for the next one.

        Raises:
            LineTooLong: The stream cannot be read on.
        """
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > self._max_bytes:
            raise LineTooLong
        for line in lines:
            if len(line) > self._max_bytes:
                raise LineTooLong
            if line.strip():
                yield line

    def rest(self) -> Iterator[bytes]:
        """Yield the last line when it did not end."""
        if self._rest.strip():
            yield self._rest
            self._rest = b""
