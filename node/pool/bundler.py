"""From cut documents to durable, signed bundles: what runs on the disk thread.

The author writes bytes and sequence to the outbox, fsynced, before the push, and pushes the same bytes again
after a restart. One put makes all bundles of a batch durable.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter

import msgspec

from contracts.chain.header import BundleEntry
from contracts.ledger.bundle import (
    Bundle,
    BundleHeader,
    OpenBundle,
    build_header,
    bundle_id,
    bundle_sign_bytes,
)
from contracts.ledger.document import encode_document
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from node.pool.lane_writer import CutBundle, QueuedDocument
from node.storage.outbox import Outbox, OutboxEntry


class LaneKey(msgspec.Struct, frozen=True):
    """A partner key that this node signs with."""

    public_key: bytes
    """32 bytes: the lane."""
    seed: bytes
    """32 bytes, secret."""
    partner: str
    """GLN of the partner it signs for."""

    def __repr__(self) -> str:
        """Show whose key it is, never the seed."""
        return f"LaneKey({self.public_key.hex()}, partner={self.partner})"


class MadeBundle(msgspec.Struct, frozen=True):
    """A bundle of ours, durable and ready to be pushed."""

    cut: CutBundle
    """Its place and documents."""
    header: BundleHeader
    """What was signed."""
    bundle_id: bytes
    """32 bytes."""
    data: bytes
    """Its bytes."""


def make_bundle(chain_id: str, key: LaneKey, cut: CutBundle, expires_at_ms: int) -> MadeBundle:
    """Build and sign the bundle for a cut.

    Args:
        chain_id: Network it is for.
        key: The lane's key.
        cut: Place and documents.
        expires_at_ms: Block time from which it may enter no block.
    """
    documents = [(document.data, document.weight) for document in cut.documents]
    header = build_header(chain_id, key.public_key, cut.after, cut.sequence, expires_at_ms, documents)
    signature = signing.sign(key.seed, bundle_sign_bytes(header))
    data = encode(Bundle(header, signature, tuple(document.data for document in cut.documents)))
    return MadeBundle(cut, header, bundle_id(header), data)


def store_bundles(
    outbox: Outbox, bundles: Sequence[MadeBundle], replaced: Sequence[tuple[bytes, int]]
) -> None:
    """Make bundles durable before they are pushed.

    Args:
        outbox: The node's outbox.
        bundles: In order of sequence.
        replaced: (lane, sequence) of bundles given up, whose documents are in these or still queued.

    Raises:
        StorageFailed: The disk refused; nothing may be pushed.
    """
    entries = [
        OutboxEntry(made.header.lane, made.header.after, made.header.sequence, made.bundle_id, made.data)
        for made in bundles
    ]
    outbox.put(entries, replaced)


def cut_of(bundle: OpenBundle) -> CutBundle:
    """Return the cut that a bundle found in the outbox stands for."""
    header = bundle.header
    queued = tuple(
        QueuedDocument(identifier, encode_document(document), document.weight)
        for identifier, document in zip(bundle.document_ids, bundle.documents, strict=True)
    )
    return CutBundle(header.after, header.sequence, queued)


def entry_for(made: MadeBundle) -> BundleEntry:
    """Return how blocks and announcements name a bundle."""
    return BundleEntry(made.bundle_id, len(made.data), made.header.weight)


def in_turn(bundles: Iterable[MadeBundle]) -> list[MadeBundle]:
    """Put every lane's first bundle before anybody's second: only a first can enter next."""
    before: Counter[bytes] = Counter()
    placed: list[tuple[int, MadeBundle]] = []
    for made in bundles:
        placed.append((before[made.header.lane], made))
        before[made.header.lane] += 1
    return [made for _, made in sorted(placed, key=itemgetter(0))]
