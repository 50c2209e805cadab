"""Request bodies: their kind, their length, and lines cut from a stream of them."""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

from node.api.problems import Problem

_SILENT_TYPES: Final = frozenset(
    {"", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"}
)
"""What clients send when they do not say what they send."""


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


async def read_body(request: web.Request, max_bytes: int, understood: tuple[str, ...]) -> bytes:
    """Return a request's body.

    Args:
        request: The request.
        max_bytes: Longest body read.
        understood: Media types; empty to leave that question to the caller.

    Raises:
        Problem: unsupported_media_type or body_too_large.
    """
    check_media_type(request, understood)
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
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
