"""One predicate judges every signature of the ledger: ours, libsodium's functions, and the vectors agree."""

from collections.abc import Callable
from typing import Any

import pytest
from nacl import bindings
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.exceptions import ValueError as KeyLengthError
from nacl.signing import VerifyKey

from contracts.primitives import signing
from tests.support.crafted import openssl_accepts
from tests.vectors.curve import BASE, NEUTRAL, TORSION, L, pack, times
from tests.vectors.notation import from_json, load

VECTORS = load("ed25519.json")
SIGNATURES = VECTORS["signatures"]
KEYS = VECTORS["keys"]


def _name(case: dict[str, Any]) -> str:
    return case["name"]


def _opened(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Ask libsodium through the high-level class: another way in, the same judge."""
    try:
        VerifyKey(public_key).verify(message, signature)
    except (BadSignatureError, KeyLengthError, CryptoError):
        return False
    return True


@pytest.mark.parametrize("case", SIGNATURES, ids=_name)
@pytest.mark.parametrize("judge", [signing.verify, _opened], ids=["contracts", "libsodium"])
def test_a_signature_is_judged_as_written(judge: Callable[[bytes, bytes, bytes], bool], case: Any) -> None:
    question = [from_json(case[field]) for field in ("public_key", "message", "signature")]
    assert judge(*question) is case["valid"]


@pytest.mark.parametrize("case", KEYS, ids=_name)
def test_a_key_is_registered_as_written(case: Any) -> None:
    assert signing.is_valid_public_key(from_json(case["public_key"])) is case["registrable"]


def test_only_a_key_of_mixed_order_is_valid_in_a_signature_and_yet_refused_at_registration() -> None:
    """So on the ledger, whose keys are registered, no crafted signature is ever valid."""
    valid = [from_json(case["public_key"]) for case in SIGNATURES if case["valid"]]
    registrable = [key for key in valid if signing.is_valid_public_key(key)]
    mixed = [case["name"] for case in SIGNATURES if case["valid"] and "mixed" in case["name"]]
    assert len(valid) == len(registrable) + len(mixed)
    assert len(mixed) == 2


def test_openssl_says_otherwise_and_is_not_asked() -> None:
    """Seventeen of these signatures split who asks two libraries; one of them by a good key."""
    split = {}
    for case in SIGNATURES:
        question = [from_json(case[field]) for field in ("public_key", "message", "signature")]
        if openssl_accepts(*question) is not case["valid"]:
            split[case["name"]] = signing.is_valid_public_key(question[0])
            # Never the other way round: libsodium is the stricter one.
            assert case["valid"] is False
    assert len(split) == 17
    assert all("small-order" in name or "both" in name for name in split)
    by_good_keys = [name for name, is_registrable in split.items() if is_registrable]
    assert by_good_keys == ["small-order R 0 T, equation holds up to the cofactor"]


def test_the_curve_of_the_generator_is_that_of_rfc_8032() -> None:
    assert times(L, BASE) == NEUTRAL
    assert times(8, TORSION) == NEUTRAL
    assert times(4, TORSION) != NEUTRAL
    assert bindings.crypto_scalarmult_ed25519_base_noclamp((7).to_bytes(32, "little")) == pack(times(7, BASE))


def test_signing_is_deterministic_and_bound_to_the_key() -> None:
    seed = bytes(range(32))
    signature = signing.sign(seed, b"message")
    assert signature == signing.sign(seed, b"message")
    assert signing.verify(signing.public_key_of(seed), b"message", signature)
    assert signing.is_valid_public_key(signing.public_key_of(seed))
