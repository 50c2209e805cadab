"""Executing a block: documents in order, each accepted or refused, to writes, receipts and the app hash.

The result is a function of (state, height, block time, evidence, ordered bundles) and of nothing else, so the
law is not even told the block's id, proposer or round. The host calls `step` document by document,
and may pause between two; the last step counts what the evidence convicts of, and writes what governance lets
act from the next height on. A failure of the law itself (a broken invariant) is an exception, and stops the
node.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from contracts.chain.evidence import Evidence
from contracts.ledger.bundle import OpenBundle
from contracts.ledger.document import Document
from contracts.ledger.lanes import BundleOutOfPlace, advance_lane, lane_fault
from contracts.ledger.receipt import ACCEPTED, Event, Receipt, receipts_root
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import APP, NO_HASH, WRITES, Hash
from contracts.rules.act import Act
from contracts.rules.convicting import convict
from contracts.rules.enacting import end_block
from contracts.rules.registry import judge
from contracts.state.directory import limits, signer_of
from contracts.state.evidence import Moment, note_time
from contracts.state.view import TOMBSTONE, DirectoryCache, Overlay, StateReader, Writes

MAX_SUBJECT_BYTES = 32
"""A receipt names no more of what was refused: longer than any key, it can only be malformed."""

NO_LANE = b""
"""Whose writes follow from the height alone."""

GENESIS_PREVIOUS = NO_HASH
"""App hash before genesis."""


class BlockContext(msgspec.Struct, frozen=True):
    """The moment at which documents are judged."""

    height: int
    """The block's, from 1."""
    time_ms: int
    """Block time in ms since 1970-01-01 UTC."""


class BlockResult(msgspec.Struct, frozen=True):
    """What follows from a block."""

    writes: Writes
    """Changed rows in key order; an empty value deletes."""
    receipts: tuple[Receipt, ...]
    """One per document, in order."""
    receipts_root: Hash
    """What the next header names."""
    app_hash: Hash
    """After this block."""
    events: tuple[Event, ...]
    """What came of the block's evidence; each names the piece as its record. They stand in no receipt."""
    governed: bool
    """Whether governance changed something after the last document."""


class BlockExecution:
    """One block being executed.

    Attributes:
        written: Keys that the documents of each lane wrote, table bytes included, by the lane's key; and by
            `NO_LANE`, what the end of the block wrote.
    """

    def __init__(
        self,
        reader: StateReader,
        context: BlockContext,
        bundles: Iterable[OpenBundle],
        evidence: Sequence[Evidence],
        previous_app_hash: Hash,
        directory: DirectoryCache | None = None,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            reader: State after the previous block.
            context: Height and time.
            bundles: In canonical order, verified.
            evidence: The block's, in its order, checked.
            previous_app_hash: After the previous block.
            directory: The caller's cache of directory rows for this chain, or None.
        """
        self._state = Overlay(reader, directory)
        self._context = context
        self._evidence = evidence
        self._previous = previous_app_hash
        self._receipts: list[Receipt] = []
        self._bundles: list[tuple[bytes, int]] = []
        self.written: dict[bytes, list[bytes]] = {}
        self._documents = self._in_order(bundles)

    @property
    def after(self) -> Overlay:
        """State as far as it was executed; after `finish`, that which follows from the block."""
        return self._state

    def step(self) -> bool:
        """Execute the next document; return False when there was none left.

        Raises:
            BundleOutOfPlace: The block was decided with a bundle that can be in no block.
        """
        following = next(self._documents, None)
        if following is None:
            return False
        lane, identifier, document = following
        index = len(self._receipts)
        self._receipts.append(execute_document(self._state, self._context, lane, document, identifier, index))
        return True

    def finish(self) -> BlockResult:
        """Execute what is left and return what follows from the block."""
        while self.step():
            pass
        moment = Moment(self._context.height, self._context.time_ms)
        events = tuple(self._convict(moment))
        governed = end_block(self._state, self._context.height)
        note_time(self._state, moment)
        self._state.keep()
        self.written[NO_LANE] = self._state.take_written()
        writes = self._state.changes()
        receipts = tuple(self._receipts)
        root = receipts_root(self._bundles, receipts)
        app_hash = next_app_hash(self._previous, writes)
        return BlockResult(writes, receipts, root, app_hash, events, governed)

    def _convict(self, moment: Moment) -> Iterator[Event]:
        """Count what each piece of evidence convicts of."""
        for at, piece in enumerate(self._evidence):
            kind, items, subject, told = convict(self._state, moment, piece)
            yield Event(kind, at, items, subject, told)

    def _in_order(self, bundles: Iterable[OpenBundle]) -> Iterator[tuple[bytes, bytes, Document]]:
        """Yield (lane, document id, document); a bundle takes its place in its lane when its turn comes."""
        for bundle in bundles:
            header = bundle.header
            fault = lane_fault(self._state, header, self._context.height, self._context.time_ms)
            if fault is not None:
                raise BundleOutOfPlace(fault, header.lane, header.sequence)
            advance_lane(self._state, header)
            # The place in the lane is taken whatever becomes of the documents.
            self._state.keep()
            self._bundles.append((bundle.id, len(bundle.documents)))
            for identifier, document in zip(bundle.document_ids, bundle.documents, strict=True):
                yield header.lane, identifier, document
            self.written.setdefault(header.lane, []).extend(self._state.take_written())


def execute_document(
    state: Overlay, context: BlockContext, lane: bytes, document: Document, identifier: bytes, index: int
) -> Receipt:
    """Judge a document's records in order: all act, or none does.

    Args:
        state: What is read and written; nothing is left written when the document is refused.
        context: Height and time.
        lane: The registered key that signed it.
        document: Well formed.
        identifier: Document id, 32 bytes.
        index: Its index in the block.
    """
    moment = (context.height, context.time_ms)
    act = Act(state, limits(state), moment, signer_of(state, lane), (identifier, index))
    events: list[Event] = []
    for position, record in enumerate(document.records):
        act.record_index = position
        verdict = judge(act, record)
        if verdict is not None:
            state.rollback()
            return Receipt(identifier, verdict.code.value, position, verdict.subject[:MAX_SUBJECT_BYTES], ())
        for kind, items, subject, told in act.occurrences:
            events.append(Event(kind, position, items, subject, told))
        act.occurrences.clear()
    state.keep()
    return Receipt(identifier, ACCEPTED, 0, b"", tuple(events))


def writes_hash(writes: Writes) -> Hash:
    """Return the hash of a block's writes (ADR 1, App hash)."""
    parts: list[bytes] = []
    for key, value in writes:
        kind = b"\x00" if value == TOMBSTONE else b"\x01"
        parts += (len(key).to_bytes(4, "big"), key, kind, len(value).to_bytes(4, "big"), value)
    return WRITES.hash(b"".join(parts))


def next_app_hash(previous: Hash, writes: Writes) -> Hash:
    """Return the app hash after a block with these writes; an empty block changes nothing."""
    if not writes:
        return previous
    return APP.hash(encode((previous, writes_hash(writes))))
