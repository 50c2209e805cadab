"""The group of Ed25519 in plain integers, slow and open: to make signatures that no honest signer makes.

Curve and encodings follow RFC 8032, sections 5.1.1 to 5.1.4. Nothing here is for keeping secrets.
"""

import hashlib
from typing import Final, NamedTuple

P: Final = 2**255 - 19
"""The prime of the field."""
L: Final = 2**252 + 27742317777372353535851937790883648493
"""The order of the group that the base point generates; the curve has 8 L points."""
_D: Final = -121665 * pow(121666, -1, P) % P
_ROOT: Final = pow(2, (P - 1) // 4, P)


class Point(NamedTuple):
    """A point of -x² + y² = 1 + d x² y², in affine coordinates."""

    x: int
    y: int


NEUTRAL: Final = Point(0, 1)


def add(one: Point, other: Point) -> Point:
    """Return the sum of two points; the formula is complete, so there are no special cases."""
    product = _D * one.x * other.x * one.y * other.y
    x = (one.x * other.y + other.x * one.y) * pow(1 + product, -1, P)
    y = (one.y * other.y + one.x * other.x) * pow(1 - product, -1, P)
    return Point(x % P, y % P)


def times(scalar: int, point: Point) -> Point:
    """Return `scalar` times a point, by doubling."""
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def root_of(y: int, sign: int) -> Point | None:
    """Return the point with this y whose x has this lowest bit, or None when there is none."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _ROOT % P
    if (x * x - square) % P:
        return None
    return Point(x if x % 2 == sign else -x % P, y % P)


def pack(point: Point) -> bytes:
    """Return the 32 bytes of a point."""
    return (point.y | (point.x & 1) << 255).to_bytes(32, "little")


def _base() -> Point:
    point = root_of(4 * pow(5, -1, P) % P, 0)
    if point is None:
        raise ArithmeticError("4/5 is the y of the base point")
    return point


BASE: Final = _base()


def _torsion() -> Point:
    """Return a point of order 8: the first y from 2 on with a point whose L-fold has that order."""
    for y in range(2, 100):
        point = root_of(y, 0)
        if point is not None:
            found = times(L, point)
            if times(4, found) != NEUTRAL:
                return found
    raise ArithmeticError("half of all points have a component of order 8")


TORSION: Final = _torsion()
"""Generates the eight points of small order."""


def challenge(commitment: bytes, public_key: bytes, message: bytes) -> int:
    """Return the scalar that a signature answers: SHA-512 over the three, modulo L."""
    return int.from_bytes(hashlib.sha512(commitment + public_key + message).digest(), "little") % L


def scalar(label: str) -> int:
    """Return a scalar below L made from a label: all vectors are the same on every run."""
    return int.from_bytes(hashlib.sha512(label.encode()).digest(), "little") % L
