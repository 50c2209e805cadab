"""Successful answers: JSON pinned to a height, pages with opaque cursors."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

import msgspec
from aiohttp import web

from node.api.endpoints import JSON
from node.api.problems import Problem

HEIGHT_HEADER: Final = "Packtrail-Height"
MAX_CURSOR_CHARACTERS: Final = 128

_ENCODER: Final = msgspec.json.Encoder()


def json_bytes(value: object) -> bytes:
    """Return a value as JSON."""
    return _ENCODER.encode(value)


def pinned(view: object, height: int) -> bytes:
    """Return a struct or dictionary as a JSON object that begins with the height it is of."""
    body = _ENCODER.encode(view)
    start = b'{"height":%d' % height
    return start + body[1:] if body == b"{}" else start + b"," + body[1:]


def answer(
    body: bytes, height: int | None, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an answer with a JSON body.

    Args:
        body: Encoded.
        height: Height of the ledger that it is of; None when it is about no ledger.
        status: HTTP status.
        headers: More headers.
    """
    response = web.Response(body=body, status=status, content_type=JSON, headers=headers)
    if height is not None:
        response.headers[HEIGHT_HEADER] = str(height)
    return response


def encode_cursor(place: bytes) -> str:
    """Return a place in a list as text that clients pass back and never read."""
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode("ascii")


def decode_cursor(text: str, size: int) -> bytes:
    """Return the place that a cursor stands for.

    Args:
        text: As given by a client.
        size: Length of the place in bytes.

    Raises:
        Problem: invalid_cursor.
    """
    try:
        padded = text[:MAX_CURSOR_CHARACTERS] + "=" * (-len(text) % 4)
        place = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise Problem("invalid_cursor") from error
    if len(place) != size:
        raise Problem("invalid_cursor")
    return place
