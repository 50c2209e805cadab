"""Ed25519, judged by one predicate.

Libraries disagree about crafted signatures (small-order keys, non-canonical points), and a ledger whose
nodes disagree about a signature splits there. So all signatures of the ledger pass this module, which asks
libsodium and nothing else, and public keys are checked when they are registered. A signature never enters
an id: two signatures may be valid for the same bytes.

Signed bytes start with a domain and the chain id, so a signature made for one purpose, or one network, is
worth nothing for another.
"""

from typing import NewType

from nacl import bindings, exceptions

from contracts.primitives.encoding import encode
from contracts.primitives.hashing import Domain

PublicKey = NewType("PublicKey", bytes)
"""32 bytes, an Ed25519 public key."""
Signature = NewType("Signature", bytes)
"""64 bytes."""

PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64
SEED_BYTES = 32

VOTE = Domain("packtrail/sign-vote/1")
PROPOSAL = Domain("packtrail/sign-proposal/1")
BUNDLE = Domain("packtrail/sign-bundle/1")
SNAPSHOT = Domain("packtrail/sign-snapshot/1")


def sign_bytes(domain: Domain, chain_id: str, payload: tuple[object, ...]) -> bytes:
    """Return the bytes to sign for `payload` on the network `chain_id`.

    Shape: the domain's length-prefixed tag, then canonical MessagePack of [chain id, *payload].
    """
    return domain.tag + encode((chain_id, *payload))


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is `public_key`'s on `message`, by libsodium's predicate.

    Never raises: keys and signatures of the wrong length are simply not valid.
    """
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        bindings.crypto_sign_open(signature + message, public_key)
    except exceptions.BadSignatureError:
        return False
    return True


def is_valid_public_key(public_key: bytes) -> bool:
    """Tell whether a key may be registered: 32 canonical bytes, on the curve, in the prime-order group."""
    if len(public_key) != PUBLIC_KEY_BYTES:
        return False
    return bool(bindings.crypto_core_ed25519_is_valid_point(public_key))


def public_key_of(seed: bytes) -> PublicKey:
    """Return the public key that belongs to a 32-byte seed."""
    public_key, _secret = bindings.crypto_sign_seed_keypair(seed)
    return PublicKey(public_key)


def sign(seed: bytes, message: bytes) -> Signature:
    """Sign `message` with the key of a 32-byte seed; Ed25519 is deterministic: always the same 64 bytes."""
    _public_key, secret = bindings.crypto_sign_seed_keypair(seed)
    return Signature(bindings.crypto_sign(message, secret)[:SIGNATURE_BYTES])
