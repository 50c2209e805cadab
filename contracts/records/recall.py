"""Records of recalls: rule 17."""

from enum import IntEnum
from typing import assert_never

import msgspec

from contracts.gs1.keys import MAX_SERIAL_BYTES
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import RECALL
from contracts.records.head import Head

RECALL_ID_BYTES = 16
MAX_RANGE = 10_000
"""Most serials in one range of a scope."""


class RecallKind(IntEnum):
    """What goods are called back for."""

    RECALL = 1
    WITHDRAWAL = 2


class RecallOrigin(IntEnum):
    """On whose initiative."""

    VOLUNTARY = 1
    ORDERED = 2


class RecallClass(IntEnum):
    """How dangerous it is to use the goods; I is the worst (21 CFR 7.3(m))."""

    UNCLASSIFIED = 0
    CLASS_I = 1
    CLASS_II = 2
    CLASS_III = 3


class RecallDepth(IntEnum):
    """Down to whom goods are called back (21 CFR 7.42(b)(1))."""

    CONSUMER = 1
    RETAIL = 2
    WHOLESALE = 3


class RecallReason(IntEnum):
    """Why."""

    QUALITY_DEFECT = 1
    CONTAMINATION = 2
    LABELLING = 3
    PACKAGING = 4
    STABILITY = 5
    ADVERSE_EVENTS = 6
    FALSIFIED = 7
    COLD_CHAIN = 8
    LICENCE = 9
    OTHER = 10


class Scope(msgspec.Struct, frozen=True, array_like=True):
    """One alternative of a recall's scope: goods for which all that is stated here holds (AND).

    A recall has several of them (OR). What is not stated is empty or 0.
    """

    gtin: bytes
    """Packed GTIN, 6 bytes."""
    family: int
    """1: also the products that this GTIN's packs contain, at every level; else 0."""
    lot: bytes
    """Lot."""
    line: bytes
    """Production line."""
    from_ms: int
    """Made from this time on, widened to its hour."""
    until_ms: int
    """Made before this time, widened to the end of its hour."""
    site: bytes
    """Packed GLN of the premises where they were made."""
    market: str
    """Code of a market that the product is made for."""
    items: tuple[bytes, ...]
    """Item keys: these packs or cases and no others."""
    first_serial: bytes
    """First serial of a range of the GTIN: digits, as many as in the last."""
    last_serial: bytes
    """Last serial of that range."""
    material_gtin: bytes = b""
    """Packed GTIN of a material, 6 bytes: lots that were made of it, at any level."""
    material_lot: bytes = b""
    """That material's lot."""
    session: int = 0
    """Number of a cold-chain session: what was in breach in it, and what comes of that."""


class OpenRecall(msgspec.Struct, frozen=True, array_like=True, tag=40):
    """Rule 17: goods are recalled or withdrawn, or it is tried out."""

    head: Head
    """When and where."""
    kind: RecallKind
    """Recall or withdrawal."""
    drill: int
    """1 for a drill: everything happens but the marks; else 0."""
    origin: RecallOrigin
    """Voluntary or ordered."""
    recall_class: RecallClass
    """How dangerous; may be assigned later."""
    depth: RecallDepth
    """Down to whom."""
    reason: RecallReason
    """Why."""
    scope: tuple[Scope, ...]
    """Which goods: what at least one of these says."""
    evaluation: bytes
    """Hash (32 bytes) of the health hazard evaluation, or empty."""
    contact: bytes
    """Hash (32 bytes) of whom to ask, or empty."""
    respond_by_ms: int
    """Time by which partners must respond; 0 for the profile's default."""


class WidenRecall(msgspec.Struct, frozen=True, array_like=True, tag=41):
    """Rule 17: a recall reaches more goods than before."""

    head: Head
    """When and where."""
    recall: bytes
    """Recall id, 16 bytes."""
    scope: tuple[Scope, ...]
    """Which goods too."""


class ClassifyRecall(msgspec.Struct, frozen=True, array_like=True, tag=42):
    """Rule 17: a recall's class is set or amended."""

    head: Head
    """When and where."""
    recall: bytes
    """Recall id, 16 bytes."""
    recall_class: RecallClass
    """I, II or III."""


class AcknowledgeRecall(msgspec.Struct, frozen=True, array_like=True, tag=43):
    """Rule 17: a partner has read the notice."""

    head: Head
    """When and where."""
    recall: bytes
    """Recall id, 16 bytes."""


class Quantities(msgspec.Struct, frozen=True, array_like=True):
    """What a partner found of recalled goods, counted in serials."""

    set_aside: int
    """In its hands, kept apart."""
    returned: int
    """Sent back."""
    destroyed: int
    """Destroyed."""
    dispensed: int
    """Supplied before the notice came."""
    missing: int
    """The ledger says it holds them, and it does not find them."""


class RespondToRecall(msgspec.Struct, frozen=True, array_like=True, tag=44):
    """Rule 17: a partner says what it found; a later answer replaces an earlier one."""

    head: Head
    """When and where."""
    recall: bytes
    """Recall id, 16 bytes."""
    quantities: Quantities
    """What was found."""


class CloseRecall(msgspec.Struct, frozen=True, array_like=True, tag=45):
    """Rule 17: a recall ends. It releases nothing."""

    head: Head
    """When and where; the final report goes with the attachments."""
    recall: bytes
    """Recall id, 16 bytes."""


class ReleaseFromRecall(msgspec.Struct, frozen=True, array_like=True, tag=46):
    """Rule 17: single items turn out to be sound and leave a recall."""

    head: Head
    """When and where; the evidence goes with the attachments."""
    recall: bytes
    """Recall id, 16 bytes."""
    items: tuple[bytes, ...]
    """Item keys."""


class ReleaseLot(msgspec.Struct, frozen=True, array_like=True, tag=74):
    """Rules 17 and 30: the packs without serials of one lot turn out to be sound and leave a recall."""

    head: Head
    """When and where; the evidence goes with the attachments."""
    recall: bytes
    """Recall id, 16 bytes."""
    gtin: bytes
    """Packed GTIN, 6 bytes."""
    lot: bytes
    """1 to 20 characters of set 82; empty for a product without lots."""


AboutRecall = (
    WidenRecall
    | ClassifyRecall
    | AcknowledgeRecall
    | RespondToRecall
    | CloseRecall
    | ReleaseFromRecall
    | ReleaseLot
)
"""Records that name a recall which is there already."""

RecallRecord = OpenRecall | AboutRecall
"""Any record of a recall."""


def recall_id(document_id: bytes, record_index: int) -> bytes:
    """Return the 16-byte id of the recall that a document's `record_index`-th record opens."""
    return RECALL.hash(encode((document_id, record_index)))[:RECALL_ID_BYTES]


def items_of_scope(scope: tuple[Scope, ...]) -> tuple[bytes, ...]:
    """Return all item keys that a scope lists."""
    return tuple(key for one in scope for key in one.items)


def listed_in_recall(record: RecallRecord) -> tuple[bytes, ...]:
    """Return the item keys that a record of a recall lists."""
    match record:
        case OpenRecall(scope=scope) | WidenRecall(scope=scope):
            return items_of_scope(scope)
        case ReleaseFromRecall(items=items):
            return items
        case ClassifyRecall() | AcknowledgeRecall() | RespondToRecall() | CloseRecall() | ReleaseLot():
            return ()
        case _:
            assert_never(record)


def range_length(one: Scope) -> int:
    """Return how many serials the range of a scope spans, at most one more than may be; 0 without one.

    A malformed range is -1 long.
    """
    first, last = one.first_serial, one.last_serial
    if not first and not last:
        return 0
    is_range = first.isdigit() and last.isdigit() and len(first) == len(last) <= MAX_SERIAL_BYTES
    return min(int(last) - int(first), MAX_RANGE) + 1 if is_range and first <= last else -1


def scope_weight(scope: tuple[Scope, ...]) -> int:
    """Return the weight of a scope: the identifiers that it lists or spans."""
    return sum(len(one.items) + max(0, range_length(one)) for one in scope)
