"""Signatures on which libraries disagree, made by us, and what the ledger says to each.

The kinds of cases are those that the literature describes: RFC 8032 section 8.4 (malleable scalars);
Chalkias, Garillot and Nikolaenko, "Taming the many EdDSAs" (small-order and mixed-order points, non-canonical
encodings, the equation with and without the cofactor). The points and scalars are our own. The ledger's
predicate: lengths 32 and 64; S < L; the key canonical and not of small order; R not of small order; and R is
the canonical encoding of S B - h A, without the cofactor.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from contracts.primitives import signing
from tests.vectors.curve import (
    BASE,
    NEUTRAL,
    TORSION,
    L,
    P,
    Point,
    add,
    challenge,
    pack,
    root_of,
    scalar,
    times,
)
from tests.vectors.notation import to_json

RFC_SEED: Final = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
"""RFC 8032, section 7.1, TEST 1."""
A: Final = scalar("key")
R: Final = scalar("nonce")
KEY: Final = pack(times(A, BASE))
SMALL: Final = tuple(pack(times(index, TORSION)) for index in range(8))
"""The eight points of small order, canonically written."""


class Case(NamedTuple):
    """One question to the predicate."""

    name: str
    public_key: bytes
    message: bytes
    signature: bytes
    valid: bool
    """What the ledger answers."""


def _scalar_bytes(value: int) -> bytes:
    return value.to_bytes(32, "little")


def _flip(data: bytes, bit: int) -> bytes:
    return (int.from_bytes(data, "little") ^ 1 << bit).to_bytes(len(data), "little")


def _signature(key: bytes, commitment: bytes, message: bytes, nonce: int, secret: int) -> bytes:
    """Answer the challenge honestly: S = nonce + h · secret."""
    answer = (nonce + challenge(commitment, key, message) * secret) % L
    return commitment + _scalar_bytes(answer)


def _message_where(wanted: Callable[[bytes], bool], label: str) -> bytes:
    """Return the first numbered message for which something about its challenge holds."""
    for number in range(10_000):
        message = f"{label} {number}".encode()
        if wanted(message):
            return message
    raise ArithmeticError(f"no message for {label}")


def odd_encodings() -> dict[str, bytes]:
    """Return every encoding of a point of small order that is not canonical."""
    top = 1 << 255
    values = {
        "neutral, sign of x set": 1 | top,
        "order 2, sign of x set": P - 1 | top,
        "order 4, y = p": P,
        "order 4, y = p, other x": P | top,
        "neutral, y = p + 1": P + 1,
        "neutral, y = p + 1, sign of x set": P + 1 | top,
    }
    return {name: _scalar_bytes(value) for name, value in values.items()}


def _plain_cases() -> Iterator[Case]:
    rfc_key = signing.public_key_of(RFC_SEED)
    rfc = signing.sign(RFC_SEED, b"")
    yield Case("RFC 8032 test 1: the empty message", rfc_key, b"", rfc, valid=True)
    message = b"a plain message"
    commitment = pack(times(R, BASE))
    good = _signature(KEY, commitment, message, R, A)
    yield Case("plain", KEY, message, good, valid=True)
    yield Case("another message", KEY, b"a plain massage", good, valid=False)
    yield Case("another key", rfc_key, message, good, valid=False)
    yield Case("a bit of R flipped", KEY, message, _flip(good, 3), valid=False)
    yield Case("a bit of S flipped", KEY, message, _flip(good, 300), valid=False)
    yield Case("the sign of the key flipped", _flip(KEY, 255), message, good, valid=False)
    yield Case("R and S exchanged", KEY, message, good[32:] + good[:32], valid=False)
    yield Case("all zero", KEY, message, bytes(64), valid=False)
    for length in (0, 31, 33, 64):
        yield Case(f"key of {length} bytes", KEY.ljust(length, b"\0")[:length], message, good, valid=False)
    for length in (0, 32, 63, 65, 128):
        signature = good.ljust(length, b"\0")[:length]
        yield Case(f"signature of {length} bytes", KEY, message, signature, valid=False)


def _scalar_cases() -> Iterator[Case]:
    """Malleable signatures: S plus a multiple of L satisfies the equation just as well."""
    message = b"malleable"
    commitment = pack(times(R, BASE))
    good = _signature(KEY, commitment, message, R, A)
    answer = int.from_bytes(good[32:], "little")
    yield Case("S below L", KEY, message, good, valid=True)
    for factor in (1, 2, 7, 15):
        raised = commitment + _scalar_bytes(answer + factor * L)
        yield Case(f"S + {factor} L", KEY, message, raised, valid=False)
    for bit in (253, 254, 255):
        high = commitment + _scalar_bytes(answer | 1 << bit)
        yield Case(f"S with bit {bit} set", KEY, message, high, valid=False)
    yield Case("S = L, R and key neutral", SMALL[0], message, SMALL[0] + _scalar_bytes(L), valid=False)
    yield Case("S = 2^256 - 1", KEY, message, commitment + b"\xff" * 32, valid=False)


def _small_order_cases() -> Iterator[Case]:
    """Keys and commitments of small order: one signature for many messages, or for many keys."""
    commitment = pack(times(R, BASE))
    keys = {f"{index} T": key for index, key in enumerate(SMALL)} | odd_encodings()
    for name, key in keys.items():
        message = _message_where(
            lambda text, key=key: challenge(commitment, key, text) % 8 == 0, "small-order key"
        )
        signature = commitment + _scalar_bytes(R)
        yield Case(f"small-order key {name}, equation holds", key, message, signature, valid=False)
    message = b"small-order commitment"
    for name, small in keys.items():
        signature = _signature(KEY, small, message, 0, A)
        yield Case(f"small-order R {name}, equation holds up to the cofactor", KEY, message, signature, False)
    for index, small in enumerate(SMALL):
        yield Case(f"key and R both {index} T, S = 0", small, b"", small + bytes(32), valid=False)
    reduced = challenge(SMALL[0], KEY, message) * A % L
    odd = odd_encodings()["neutral, y = p + 1"] + _scalar_bytes(reduced)
    yield Case("R not canonical, hashed as if it were", KEY, message, odd, valid=False)


def _mixed_cases() -> Iterator[Case]:
    """Points with a component of small order: where verifying with and without the cofactor differ."""
    mixed_key = pack(add(times(A, BASE), TORSION))
    plain_commitment = pack(times(R, BASE))
    mixed_commitment = pack(add(times(R, BASE), TORSION))

    def rest(text: bytes) -> int:
        return challenge(plain_commitment, mixed_key, text) % 8

    for wanted in range(8):
        message = _message_where(lambda text, wanted=wanted: rest(text) == wanted, "mixed-order key")
        signature = _signature(mixed_key, plain_commitment, message, R, A)
        name = f"mixed-order key, h = {wanted} mod 8"
        yield Case(name, mixed_key, message, signature, valid=wanted == 0)
    message = b"mixed-order commitment"
    signature = _signature(KEY, mixed_commitment, message, R, A)
    yield Case("mixed-order R, equation holds with the cofactor only", KEY, message, signature, False)
    message = _message_where(
        lambda text: challenge(mixed_commitment, mixed_key, text) % 8 == 7, "both of mixed order"
    )
    signature = _signature(mixed_key, mixed_commitment, message, R, A)
    yield Case(
        "mixed-order key and R that cancel: holds without the cofactor", mixed_key, message, signature, True
    )
    message = _message_where(
        lambda text: challenge(mixed_commitment, mixed_key, text) % 8 == 3, "both of mixed order"
    )
    signature = _signature(mixed_key, mixed_commitment, message, R, A)
    yield Case("mixed-order key and R that do not cancel", mixed_key, message, signature, valid=False)


def _off_curve() -> bytes:
    """Return the smallest y that belongs to no point."""
    y = 2
    while root_of(y, 0) is not None:
        y += 1
    return _scalar_bytes(y)


def _off_curve_cases() -> Iterator[Case]:
    message = b"off the curve"
    commitment = pack(times(R, BASE))
    good = _signature(KEY, commitment, message, R, A)
    yield Case("key not on the curve", _off_curve(), message, good, valid=False)
    yield Case("R not on the curve", KEY, message, _off_curve() + good[32:], valid=False)


def signature_cases() -> list[Case]:
    """Return all cases."""
    groups = (_plain_cases, _scalar_cases, _small_order_cases, _mixed_cases, _off_curve_cases)
    return [case for group in groups for case in group()]


def key_cases() -> list[tuple[str, bytes, bool]]:
    """Return (name, key, whether it may be registered)."""
    negated = Point(-times(A, BASE).x % P, times(A, BASE).y)
    cases = [
        ("plain", KEY, True),
        ("the base point", pack(BASE), True),
        ("a plain key, negated", pack(negated), True),
        ("not on the curve", _off_curve(), False),
        ("all ones", b"\xff" * 32, False),
        ("empty", b"", False),
        ("31 bytes", KEY[:31], False),
        ("33 bytes", KEY + b"\0", False),
    ]
    cases += [(f"small order: {index} T", key, False) for index, key in enumerate(SMALL)]
    cases += [(f"small order, not canonical: {name}", key, False) for name, key in odd_encodings().items()]
    for index in range(1, 8):
        mixed = add(times(A, BASE), times(index, TORSION))
        cases.append((f"mixed order: plain + {index} T", pack(mixed), False))
    for excess in range(19):
        for sign in (0, 1):
            if excess > 1 and root_of(excess, sign) is not None:
                odd = _scalar_bytes(P + excess | sign << 255)
                cases.append((f"not canonical: y = p + {excess}, sign {sign}", odd, False))
    return cases


def build() -> dict[str, Any]:
    """Return the content of ed25519.json."""
    if times(L, BASE) != NEUTRAL or times(8, TORSION) != NEUTRAL:
        raise ArithmeticError("the curve is not that of RFC 8032")
    return {
        "signatures": [
            {
                "name": case.name,
                "public_key": to_json(case.public_key),
                "message": to_json(case.message),
                "signature": to_json(case.signature),
                "valid": case.valid,
            }
            for case in signature_cases()
        ],
        "keys": [
            {"name": name, "public_key": to_json(key), "registrable": registrable}
            for name, key, registrable in key_cases()
        ],
    }
