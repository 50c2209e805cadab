"""Tagged SHA-256: a hash says what kind of thing it is the hash of.

Every kind of hashed thing has a domain. The hash of `data` in a domain is SHA-256 over one length byte,
the domain's tag, and `data`; since tags are length-prefixed and unique, no byte string can be read as two
different kinds (ADR 0001). Composite data is encoded canonically first, never concatenated by hand.
"""

import hashlib
from typing import NewType

Hash = NewType("Hash", bytes)
"""32 bytes."""

HASH_BYTES = 32
NO_HASH = Hash(bytes(HASH_BYTES))
"""Thirty-two zero bytes: the previous block of the first block."""

_MAX_TAG_BYTES = 255


class Domain:
    """One kind of hashed (or signed) bytes."""

    __slots__ = ("_prefixed", "tag")

    def __init__(self, tag: str) -> None:
        """Create the domain named `tag`, such as `packtrail/bundle/1`.

        Raises:
            ValueError: The tag is empty or longer than 255 bytes.
        """
        raw = tag.encode("ascii")
        if not 0 < len(raw) <= _MAX_TAG_BYTES:
            msg = f"a domain tag has 1 to {_MAX_TAG_BYTES} bytes, this one has {len(raw)}"
            raise ValueError(msg)
        self.tag = bytes((len(raw),)) + raw
        self._prefixed = hashlib.sha256(self.tag)

    def hash(self, data: bytes) -> Hash:
        """Return the 32-byte hash of `data` in this domain."""
        digest = self._prefixed.copy()
        digest.update(data)
        return Hash(digest.digest())


DOCUMENT = Domain("packtrail/document/1")
BUNDLE = Domain("packtrail/bundle/1")
LANE_ORDER = Domain("packtrail/lane-order/1")
HEADER = Domain("packtrail/header/1")
COMMIT = Domain("packtrail/commit/1")
EVIDENCE = Domain("packtrail/evidence/1")
VALIDATORS = Domain("packtrail/validators/1")
PARAMETERS = Domain("packtrail/parameters/1")
GENESIS = Domain("packtrail/genesis/1")
RECEIPT = Domain("packtrail/receipt/2")
WRITES = Domain("packtrail/writes/1")
APP = Domain("packtrail/app/1")
SHIPMENT = Domain("packtrail/shipment/1")
RECALL = Domain("packtrail/recall/1")
PROPOSAL = Domain("packtrail/proposal/1")
TERMS = Domain("packtrail/terms/1")
CERTIFICATE = Domain("packtrail/certificate/1")
ATTACHMENT = Domain("packtrail/attachment/1")
REFERENCE = Domain("packtrail/reference/1")
MANIFEST = Domain("packtrail/manifest/1")
CHUNK = Domain("packtrail/chunk/1")
MERKLE_EMPTY = Domain("packtrail/merkle-empty/1")
MERKLE_LEAF = Domain("packtrail/merkle-leaf/1")
MERKLE_NODE = Domain("packtrail/merkle-node/1")
MERKLE_ROOT = Domain("packtrail/merkle-root/1")
