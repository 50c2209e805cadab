"""Signatures: real ones, or quick stand-ins; and a book of everything that was signed.

A stand-in signature is a hash keyed with the public key: anybody could forge it, but nobody in a simulated
world tries (liars sign with their own keys). The law's one module for signatures is changed while a world
runs and put back afterwards. The book proves I5: an honest key never signs two values for one step.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import msgspec

from contracts.chain.votes import VoteType
from contracts.primitives import signing

_REMEMBERED = 1 << 14
"""Real signatures that are remembered, and what became of them."""
OnSign = Callable[[bytes, bytes], None]
"""Told of (seed, message) for every signature made."""


def _public_key_of(seed: bytes) -> signing.PublicKey:
    return signing.PublicKey(hashlib.blake2b(seed, digest_size=signing.PUBLIC_KEY_BYTES).digest())


def _sign(seed: bytes, message: bytes) -> signing.Signature:
    return signing.Signature(_keyed(_public_key_of(seed), message))


def _keyed(public_key: bytes, message: bytes) -> bytes:
    return hashlib.blake2b(message, key=public_key, digest_size=signing.SIGNATURE_BYTES).digest()


def _verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    return len(public_key) == signing.PUBLIC_KEY_BYTES and signature == _keyed(public_key, message)


def _is_valid_public_key(public_key: bytes) -> bool:
    return len(public_key) == signing.PUBLIC_KEY_BYTES


@contextmanager
def signatures(on_sign: OnSign, *, real: bool) -> Iterator[None]:
    """Have every signature told to `on_sign`, and made quickly unless they are to be `real`."""
    kept = (signing.sign, signing.verify, signing.public_key_of, signing.is_valid_public_key)
    # Ed25519 is a function of its arguments: what one node has worked out, no other need work out again.
    sign = lru_cache(_REMEMBERED)(signing.sign) if real else _sign

    def noted(seed: bytes, message: bytes) -> signing.Signature:
        on_sign(seed, message)
        return sign(seed, message)

    signing.sign = noted
    if real:
        signing.verify = lru_cache(_REMEMBERED)(signing.verify)
    else:
        signing.verify = _verify
        signing.public_key_of = _public_key_of
        signing.is_valid_public_key = _is_valid_public_key
    try:
        yield
    finally:
        signing.sign, signing.verify, signing.public_key_of, signing.is_valid_public_key = kept


class DoubleSigned(AssertionError):
    """I5 is broken."""


class SignatureBook:
    """What every honest validator key has signed."""

    def __init__(self) -> None:
        """Begin with no keys."""
        self._names: dict[bytes, str] = {}
        self._signed: dict[tuple[object, ...], tuple[object, ...]] = {}

    def watch(self, name: str, seed: bytes) -> None:
        """Hold the key of this seed, which is an honest validator's, to its word."""
        self._names[seed] = name

    def note(self, seed: bytes, message: bytes) -> None:
        """Write down a signature.

        Raises:
            DoubleSigned: The key signed another value for this height, round and step.
        """
        name = self._names.get(seed)
        if name is None:
            return
        if message.startswith(signing.VOTE.tag):
            _chain, kind, height, round_, *value = _payload(signing.VOTE.tag, message)
            step = "prevote" if kind == VoteType.PREVOTE else "precommit"
        elif message.startswith(signing.PROPOSAL.tag):
            _chain, height, round_, *value = _payload(signing.PROPOSAL.tag, message)
            step = "proposal"
        else:
            return
        place, signed = (name, height, round_, step), tuple(value)
        if self._signed.setdefault(place, signed) != signed:
            raise DoubleSigned(f"I5: {name} signed two {step}s at height {height}, round {round_}")


def _payload(tag: bytes, message: bytes) -> list[object]:
    payload: list[object] = msgspec.msgpack.decode(message[len(tag) :])
    return payload
