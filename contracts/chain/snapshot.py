"""The manifest of a snapshot: what the state was after a block, and which validators vouch for it (ADR 20).

The app hash follows the writes, block by block; it does not commit to the rows as a whole. So what binds a
snapshot to its height is the word of validators: more than one third of the power of that height's set, so
that an honest one is among them (ADR 20). A manifest names the block and the app hash that
its state follows from, and the hash of every chunk, in order; chunks are hashed as they are before any
compression. Honest nodes cut the same state into the same bytes.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.chain.validators import ValidatorSet
from contracts.chain.votes import MAX_HEIGHT
from contracts.primitives import signing
from contracts.primitives.encoding import Decoder, encode
from contracts.primitives.hashing import CHUNK, HASH_BYTES, MANIFEST, Hash
from contracts.primitives.signing import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, Signature

MANIFEST_VERSION: Final = 1
CHUNK_BYTES: Final = 1 << 20
"""Rows go into a chunk as long as keys and values, with `ROW_BYTES` for each, take no more than this."""
ROW_BYTES: Final = 16
"""What a row counts for beside its key and its value."""
MAX_ROW_BYTES: Final = CHUNK_BYTES
"""Longest key and value together; the rows of the law stay far below."""
MAX_CHUNK_BYTES: Final = MAX_ROW_BYTES + CHUNK_BYTES
"""No encoded chunk is longer."""
MAX_CHUNKS: Final = 24_576
"""Most chunks of a snapshot: about 24 GB of state."""
MAX_MANIFEST_BYTES: Final = 1 << 20

Row = tuple[bytes, bytes]
"""Key and value as they are stored."""


class Manifest(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot holds."""

    version: int
    """1; how rows are cut into chunks is read by it."""
    chain_id: str
    """The network's name."""
    height: int
    """The last block whose writes are in it."""
    block_id: bytes
    """32 bytes, of that block."""
    app_hash: bytes
    """32 bytes, after that block: the next header carries it."""
    rows: int
    """Rows in all chunks together."""
    chunks: tuple[bytes, ...]
    """Hashes of the chunks, 32 bytes each, in the order of their keys."""


class Voucher(msgspec.Struct, frozen=True, array_like=True):
    """One validator's word that it made this manifest from its own state."""

    height: int
    """The manifest's."""
    manifest_hash: bytes
    """32 bytes."""
    validator: bytes
    """32 bytes, the public key that it votes with."""
    signature: bytes
    """64 bytes over `voucher_sign_bytes`."""


MANIFESTS: Final[Decoder[Manifest]] = Decoder(Manifest, MAX_MANIFEST_BYTES)
CHUNKS: Final[Decoder[tuple[Row, ...]]] = Decoder(tuple[Row, ...], MAX_CHUNK_BYTES)


def manifest_hash(manifest: Manifest) -> Hash:
    """Return the hash by which vouchers name a manifest."""
    return MANIFEST.hash(encode(manifest))


def chunk_hash(chunk: bytes) -> Hash:
    """Return the hash by which a manifest names a chunk, encoded and not compressed."""
    return CHUNK.hash(chunk)


def voucher_sign_bytes(chain_id: str, height: int, hash_: bytes) -> bytes:
    """Return the bytes that a validator signs; the hash covers block id and app hash."""
    return signing.sign_bytes(signing.SNAPSHOT, chain_id, (height, hash_))


def vouch(chain_id: str, seed: bytes, height: int, hash_: bytes) -> Voucher:
    """Sign for a manifest with the key of a 32-byte seed; only for one that this node made by itself."""
    signature: Signature = signing.sign(seed, voucher_sign_bytes(chain_id, height, hash_))
    return Voucher(height, hash_, signing.public_key_of(seed), signature)


def is_well_formed_voucher(voucher: Voucher) -> bool:
    """Tell whether a voucher's fields are in range, before its signature is worth checking."""
    return (
        0 < voucher.height <= MAX_HEIGHT
        and len(voucher.manifest_hash) == HASH_BYTES
        and len(voucher.validator) == PUBLIC_KEY_BYTES
        and len(voucher.signature) == SIGNATURE_BYTES
    )


def verify_voucher(chain_id: str, voucher: Voucher) -> bool:
    """Tell whether a voucher is well formed and signed by the key that it names."""
    if not is_well_formed_voucher(voucher):
        return False
    message = voucher_sign_bytes(chain_id, voucher.height, voucher.manifest_hash)
    return signing.verify(voucher.validator, message, voucher.signature)


def is_vouched_for(validators: ValidatorSet, height: int, hash_: bytes, verified: Iterable[Voucher]) -> bool:
    """Tell whether validators with more than one third of the power vouch for a manifest.

    Args:
        validators: The set that decided the block at `height`.
        height: The manifest's.
        hash_: The manifest's, 32 bytes.
        verified: Vouchers whose signatures are verified; one that is about something else, or of a key
            outside the set, counts for nothing, and a key that signed twice counts once.
    """
    indices = (
        validators.index_of(voucher.validator)
        for voucher in verified
        if (voucher.height, voucher.manifest_hash) == (height, hash_)
    )
    return validators.has_honest(validators.power_of(index for index in indices if index is not None))


def is_well_formed_manifest(manifest: Manifest) -> bool:
    """Tell whether a manifest's fields are in range."""
    return (
        manifest.version == MANIFEST_VERSION
        and 0 < manifest.height <= MAX_HEIGHT
        and len(manifest.block_id) == len(manifest.app_hash) == HASH_BYTES
        and 0 < len(manifest.chunks) <= MAX_CHUNKS
        and manifest.rows >= len(manifest.chunks)
        and all(len(chunk) == HASH_BYTES for chunk in manifest.chunks)
    )
