"""Where the history in a database begins: at block 1, or after the snapshot that a node began with.

Row, in the META space:
    base    `Base`; absent in a database that has every block
"""

from typing import Final

import msgspec

from contracts.chain.snapshot import Voucher
from contracts.ledger.anchor import ANCHORS, MAX_ANCHOR_BYTES, Anchor
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.errors import HistoryNotHere, StorageDamaged
from node.storage.store import META, Reader, Space, Write, put

_KEY: Final = b"base"


class Base(msgspec.Struct, frozen=True, array_like=True):
    """The snapshot that a database began with."""

    height: int
    """Its height: bodies of blocks are here from the next one on."""
    manifest_hash: bytes
    """32 bytes."""
    anchor: bytes
    """Encoded: how the validators of genesis lead to its block."""
    vouchers: tuple[Voucher, ...]
    """Of validators with more than one third of the power of its height."""


_BASES: Final[Decoder[Base]] = Decoder(Base, MAX_ANCHOR_BYTES + (64 << 10))


def base_entry(base: Base) -> Write:
    """Build the entry that says where a database began; it goes into the batch of the head."""
    return put(META, _KEY, encode(base))


def load_base(reader: Reader) -> Base | None:
    """Return the snapshot that a database began with; None when it has every block.

    Raises:
        StorageDamaged: The row does not decode.
    """
    data = Space(reader, META).get(_KEY)
    if data is None:
        return None
    try:
        return _BASES.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged("database, base row", str(error)) from error


def anchor_of(base: Base) -> Anchor:
    """Return the anchor of a base.

    Raises:
        StorageDamaged: It does not decode.
    """
    try:
        return ANCHORS.decode(base.anchor)
    except MalformedBytes as error:
        raise StorageDamaged("database, base row", str(error)) from error


def require_history(reader: Reader) -> None:
    """Ask that every block is here, for an answer that sums up all that ever happened.

    Raises:
        HistoryNotHere: The database began with a snapshot.
    """
    height = base_height(reader)
    if height:
        raise HistoryNotHere(height + 1)


def base_height(reader: Reader) -> int:
    """Return the height of the snapshot that a database began with; 0 when it has every block."""
    base = load_base(reader)
    return 0 if base is None else base.height
