"""A signature on which libraries disagree, though its key is a good one and registered.

Whoever knows a key may leave out the random part: R is the neutral point, and S = h a alone satisfies the
equation of RFC 8032. OpenSSL takes such a signature; libsodium refuses every R of small order. A ledger
whose nodes asked the one here and the other there would split on it.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from contracts.ledger.bundle import Bundle, bundle_sign_bytes
from contracts.primitives import signing
from contracts.primitives.encoding import Decoder, encode
from tests.vectors.curve import NEUTRAL, L, challenge, pack

_BUNDLES: Decoder[Bundle] = Decoder(Bundle, 32 << 20)


def crafted_signature(seed: bytes, message: bytes) -> bytes:
    """Return the signature of `seed`'s key that has no random part."""
    commitment = pack(NEUTRAL)
    low = bytearray(hashlib.sha512(seed).digest()[:32])
    low[0] &= 248
    low[31] = low[31] & 127 | 64
    secret = int.from_bytes(low, "little")
    answer = challenge(commitment, signing.public_key_of(seed), message) * secret % L
    return commitment + answer.to_bytes(32, "little")


def crafted_bundle(data: bytes, seed: bytes) -> bytes:
    """Return a bundle with a crafted signature of its own lane in the place of the good one."""
    bundle = _BUNDLES.decode(data)
    signature = crafted_signature(seed, bundle_sign_bytes(bundle.header))
    return encode(Bundle(bundle.header, signature, bundle.documents))


def openssl_accepts(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Ask the other library; nothing of Packtrail may."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
