"""Request bodies: their kind, their length, and lines cut from a stream of them."""

import asyncio
from collections.abc import Iterator
from typing import Final

from aiohttp import web

from node.api.body_room import BODY_SHARE
from node.api.problems import Problem

_SILENT_TYPES: Final = frozenset(
    {"", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"}
)
"""What clients send when they do not say what they send."""
BODY_S: Final = 10.0
"""How long any body, and a line of a stream, may take."""
LEAST_BYTES_PER_SECOND: Final = 64 << 10
"""A long one may take longer: as long as what has come takes at this pace."""


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


def longest_s(size: int) -> float:
    """Return how long what `size` bytes have come of may take; what is only announced earns no time."""
    return BODY_S + size / LEAST_BYTES_PER_SECOND


async def read_body(request: web.Request, max_bytes: int, understood: tuple[str, ...]) -> bytes:
    """Return a request's body.

    Args:
        request: The request.
        max_bytes: Longest body read.
        understood: Media types; empty to leave that question to the caller.

    Raises:
        Problem: unsupported_media_type, body_too_large, body_too_slow, or too_busy: there is no room for it.
    """
    check_media_type(request, understood)
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    share = request[BODY_SHARE]
    body = bytearray()
    began_s = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(longest_s(0)) as limit:
            with share.waiting(limit):
                async for chunk in request.content.iter_any():
                    share.have(len(body) + len(chunk), coming=len(body) + len(chunk))
                    body += chunk
                    if len(body) > max_bytes:
                        raise _too_large(max_bytes)
                    limit.reschedule(began_s + longest_s(len(body)))
        share.check()
        return bytes(body)
    except TimeoutError as error:
        share.check()
        raise Problem("body_too_slow", headers={"Connection": "close"}) from error
    finally:
        # An answer that turns away is held back a little; it must not keep what has come.
        body.clear()


def _too_large(max_bytes: int) -> Problem:
    return Problem("body_too_large", f"At most {max_bytes} bytes are read.")


class LineTooLong(Exception):
    """A line is longer than the cutter's bound."""


class LineCutter:
    """Cuts a stream of bytes into lines; an empty line is none."""

    def __init__(self, max_bytes: int) -> None:
        """Begin with nothing; no line may have more than `max_bytes`."""
        self._max_bytes = max_bytes
        self._rest = bytearray()

    @property
    def kept_bytes(self) -> int:
        """Length of the line that has not ended."""
        return len(self._rest)

    def cut(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the lines that end in `chunk`; what is left of it waits for the next one.

        Raises:
            LineTooLong: The stream cannot be read on.
        """
        # In place, and only what is new is looked through: a long line may come in very small pieces.
        first, *more = chunk.split(b"\n")
        self._rest += first
        lines = []
        if more:
            *lines, last = bytes(self._rest), *more
            self._rest = bytearray(last)
        if len(self._rest) > self._max_bytes:
            raise LineTooLong
        for line in lines:
            if len(line) > self._max_bytes:
                raise LineTooLong
            if line.strip():
                yield line

    def rest(self) -> Iterator[bytes]:
        """Yield the last line when it did not end."""
        last = bytes(self._rest)
        self.drop()
        if last.strip():
            yield last

    def drop(self) -> None:
        """Forget the line that has not ended."""
        self._rest.clear()
