"""The head of the chain and the identity of the database, in the META space.

The head row is written in the batch of its block, so store and head never disagree.
"""

from typing import Final

import msgspec

from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.errors import StorageDamaged, StorageError
from node.storage.store import META, Reader, Space, Write, put

_HEAD_KEY: Final = b"head"
_IDENTITY_KEY: Final = b"identity"
FORMAT: Final = 3
"""Version of the rows that this release writes; docs/persistence.md says when it is raised."""
OLDEST_BLOCKS: Final = 3
"""First format whose blocks this release reads: from those of an older one nothing is built anew (ADR 32)."""


class Head(msgspec.Struct, frozen=True, array_like=True):
    """The last block that was committed and executed."""

    height: int
    """0 for genesis alone."""
    block_id: bytes
    """32 bytes; 32 zero bytes at height 0."""
    time_ms: int
    """Its block time; genesis time at height 0."""
    app_hash: bytes
    """32 bytes, after executing it."""
    receipts_root: bytes
    """32 bytes, over its receipts: what the next header carries."""


class Identity(msgspec.Struct, frozen=True, array_like=True):
    """What this database is of."""

    format: int
    """`FORMAT` of the release that created it."""
    genesis_hash: bytes
    """32 bytes, the network it belongs to."""


class WrongStore(StorageError):
    """An intact database, but of another network or another release's format."""


class OtherFormat(WrongStore):
    """An intact database whose rows another release wrote: this one would misread or miss some of them."""


_HEADS: Decoder[Head] = Decoder(Head)
_IDENTITIES: Decoder[Identity] = Decoder(Identity)


def head_entry(head: Head) -> Write:
    """Build the batch entry that moves the head."""
    return put(META, _HEAD_KEY, encode(head))


def load_head(reader: Reader) -> Head | None:
    """Return the head, or None in a database that genesis was not yet written to.

    Raises:
        StorageDamaged: The row does not decode.
    """
    data = Space(reader, META).get(_HEAD_KEY)
    if data is None:
        return None
    try:
        return _HEADS.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged("database, head row", str(error)) from error


def identity_entry(genesis_hash: bytes) -> Write:
    """Build the entry that marks a new database; it goes into the batch of genesis."""
    return put(META, _IDENTITY_KEY, encode(Identity(FORMAT, genesis_hash)))


def check_identity(reader: Reader, genesis_hash: bytes) -> None:
    """Check that a database that holds a head belongs to this network and format.

    Raises:
        OtherFormat: Another release wrote its rows.
        WrongStore: It belongs to another network.
        StorageDamaged: The row is missing or does not decode.
    """
    identity = _load_identity(reader)
    if identity is None:
        raise StorageDamaged("database, identity row", "it is missing")
    _check_blocks_of(identity)
    if identity.format != FORMAT:
        raise OtherFormat(
            "database",
            f"written in format {identity.format}, this release reads {FORMAT}: packtrail node reindex builds"
            " it anew from its blocks, node repair from those of peers; or start the release that wrote it",
        )
    if identity.genesis_hash != genesis_hash:
        raise WrongStore(
            "database",
            f"belongs to the network with genesis {identity.genesis_hash.hex()}, not {genesis_hash.hex()}",
        )


def check_blocks(reader: Reader) -> None:
    """Check that this release reads the blocks of a database, whatever it makes of the other rows.

    Raises:
        OtherFormat: They are of an earlier version of the ledger.
        StorageDamaged: The identity row does not decode.
    """
    identity = _load_identity(reader)
    if identity is not None:
        _check_blocks_of(identity)


def _check_blocks_of(identity: Identity) -> None:
    if identity.format < OLDEST_BLOCKS:
        raise OtherFormat(
            "database",
            f"written in format {identity.format}, this release reads {FORMAT}: its blocks are of an earlier"
            " version of the ledger (ADR 32), nothing is built from them: start the release that wrote it",
        )


def _load_identity(reader: Reader) -> Identity | None:
    data = Space(reader, META).get(_IDENTITY_KEY)
    if data is None:
        return None
    try:
        return _IDENTITIES.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged("database, identity row", str(error)) from error
