"""What happened, block by block, as subscribers hear of it.

The feed is read from the ledger, not queued: a subscriber has a place in the chain and nothing else, so one
that is slow, or comes back after a week, costs no memory and misses nothing. What was read for one is kept a
while for the others.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

import msgspec

from contracts.chain.header import block_id
from contracts.gs1.dates import format_timestamp
from contracts.ledger.events import EventKind
from contracts.ledger.receipt import ACCEPTED
from node.api.answers import json_bytes
from node.api.blocks import Validators
from node.api.context import ApiContext
from node.api.documents import concerned_glns
from node.api.receipts_json import EventView, event_view
from node.api.refused_subjects import subject_text
from node.storage.convictions import Convictions
from node.storage.custody import Custody
from node.storage.history import History, PlacedDocument
from node.storage.steps import record_name
from node.storage.store import Snapshot

MAX_KEPT_BYTES: Final = 16 << 20
"""Of feeds kept for several subscribers."""

Place = tuple[int, int, int]
"""Height, document (0 for the block itself, else from 1), event (0 for the block or document itself)."""


class BlockFact(msgspec.Struct, frozen=True):
    """A block was decided."""

    height: int
    """From 1."""
    block_id: str
    """Hex."""
    time: str
    """Block time."""
    proposer: str
    """Name of the validator that built it."""
    documents: int
    """How many it holds."""


class DocumentFact(msgspec.Struct, frozen=True):
    """A document is in a block."""

    height: int
    """Height of the block."""
    time: str
    """Block time."""
    document: str
    """Document id, hex."""
    partner: str
    """GLN of the partner that signed it."""
    code: str
    """accepted, or the verdict code."""
    accepted: bool
    """Whether it acted."""
    subject: str
    """What was refused; empty when accepted."""
    records: tuple[str, ...]
    """What its records are called."""


class LedgerFact(EventView, frozen=True, kw_only=True):
    """The law did something beside a record, or someone must be told."""

    height: int
    """Height of the block."""
    time: str
    """Block time."""
    document: str
    """Document id, hex; empty when the block's evidence led to it."""
    partner: str
    """GLN of the partner that signed it; empty when none did."""


FACTS: Final = (BlockFact, DocumentFact, LedgerFact)
"""What the data of an event may be."""

_NOTICES: Final = frozenset(
    {
        EventKind.RECALL_OPENED,
        EventKind.DRILL_OPENED,
        EventKind.RECALL_WIDENED,
        EventKind.RECALL_CLASSIFIED,
        EventKind.RECALL_CLOSED,
    }
)
"""Events that everybody is told of."""


class FeedEntry(NamedTuple):
    """One thing that happened."""

    place: Place
    """Where in the chain."""
    kind: str
    """block, document or event."""
    data: bytes
    """The fact, JSON."""
    concerned: frozenset[str | None] | None
    """GLNs of those whom it concerns; None for everybody."""

    @property
    def cursor(self) -> str:
        """Where to go on after it."""
        return ".".join(map(str, self.place))


Entries = tuple[FeedEntry, ...]


class Feed:
    """Reads what happened at a height, once for all who ask at about the same time."""

    def __init__(self, context: ApiContext) -> None:
        """Read the ledger of the node of `context`."""
        self._readers = context.readers
        self._kept: OrderedDict[int, Entries] = OrderedDict()
        self._kept_bytes = 0
        self._reading: dict[int, asyncio.Task[Entries]] = {}

    async def at(self, height: int) -> Entries:
        """Return what happened at a height up to the tip.

        Raises:
            ReadersBusy, StorageDamaged, StorageFailed: As reading does.
        """
        kept = self._kept.get(height)
        if kept is not None:
            return kept
        task = self._reading.get(height)
        if task is None:
            task = asyncio.create_task(self._read(height))
            self._reading[height] = task
            task.add_done_callback(lambda _task: self._reading.pop(height, None))
        # One who leaves must not take it from the others.
        return await asyncio.shield(task)

    async def _read(self, height: int) -> Entries:
        entries = await self._readers.read(partial(_entries, height=height))
        self._kept[height] = entries
        self._kept_bytes += _size(entries)
        while self._kept_bytes > MAX_KEPT_BYTES and len(self._kept) > 1:
            _height, dropped = self._kept.popitem(last=False)
            self._kept_bytes -= _size(dropped)
        return entries


def _size(entries: Entries) -> int:
    return sum(len(entry.data) for entry in entries)


def _entries(snapshot: Snapshot, height: int) -> Entries:
    validators = Validators(snapshot)
    custody, history = Custody(snapshot), History(snapshot)
    header = history.block(height).header
    receipts = history.receipts(height)
    time = format_timestamp(header.time_ms)
    proposer = validators.name(header.proposer)
    block = BlockFact(height, block_id(header).hex(), time, proposer, len(receipts))
    entries = [FeedEntry((height, 0, 0), "block", json_bytes(block), None)]
    entries += _evidence_entries(custody, Convictions(snapshot), height, time)
    for index in range(len(receipts)):
        entries += _document_entries(custody, history.at(height, index), time)
    return tuple(entries)


def _evidence_entries(
    custody: Custody, convictions: Convictions, height: int, time: str
) -> Iterator[FeedEntry]:
    """Yield what the evidence of a block led to."""
    for at, event in enumerate(convictions.events(height), start=1):
        view = msgspec.structs.asdict(event_view(event, custody.gln_of))
        told = LedgerFact(**view, height=height, time=time, document="", partner="")
        yield FeedEntry((height, 0, at), "event", json_bytes(told), frozenset(told.concerned))


def _document_entries(custody: Custody, placed: PlacedDocument, time: str) -> list[FeedEntry]:
    receipt, records = placed.receipt, placed.document.records
    partner = custody.gln_of(placed.sender) or ""
    fact = DocumentFact(
        placed.height,
        time,
        placed.id.hex(),
        partner,
        receipt.code,
        receipt.code == ACCEPTED,
        subject_text(receipt, records),
        tuple(map(record_name, records)),
    )
    number = placed.index + 1
    entries = [
        FeedEntry((placed.height, number, 0), "document", json_bytes(fact), concerned_glns(custody, placed))
    ]
    for at, event in enumerate(receipt.events, start=1):
        told = LedgerFact(
            **msgspec.structs.asdict(event_view(event, custody.gln_of)),
            height=placed.height,
            time=time,
            document=placed.id.hex(),
            partner=partner,
        )
        # A notice of recall is for everybody: also for those who held the goods once, which no row says.
        concerned = None if event.kind in _NOTICES else frozenset({partner, *told.concerned})
        entries.append(FeedEntry((placed.height, number, at), "event", json_bytes(told), concerned))
    return entries
