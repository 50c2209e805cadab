"""What the chain remembers: was this stated before, even if later records changed it (LAW, EPCIS rule a)?

Memories, from quick to slow: fingerprints of what this node's own keys stated (`Statements`), those of
documents that are on their way into the chain, own events that said nothing new (`Notes`), and the indices of
journeys, which know every partner's records but are looked up by item. Blocking; used on the thread that owns
the ledger.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from contracts.gs1.keys import ItemKey
from contracts.records.corrections import Correct
from contracts.records.custody import Receive, ReceiveMode, Ship, Void, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.holds import LiftHold, PlaceHold
from contracts.records.record import Record, listed, plain
from contracts.records.supply import Decommission, Observe, Pack, Unpack
from contracts.state.layout import CONTAINERS, ITEMS
from contracts.state.view import Overlay
from node.epcis.notes import Notes
from node.epcis.steps import Statement, Step
from node.storage.history import History, PlacedDocument
from node.storage.journeys import THE_RECORD, Journeys, Touch
from node.storage.statements import Statements
from node.storage.store import Reader

MAX_TOUCHES: Final = 500
"""Most index rows looked at for one question: the oldest."""
MAX_ASKED_ITEMS: Final = 20
"""Of how many of an event's items the history is looked up."""
MAX_KEPT_DOCUMENTS: Final = 64
MAX_LOADS: Final = 2_000
"""Among how many shipments of packs without serials those are looked for that arrive."""

_Claim = tuple[int, int]
"""Signer's number and claimed time."""

_KINDS: Final[dict[Step, type[Record]]] = {
    Step.PACK: Pack,
    Step.UNPACK: Unpack,
    Step.VOID: Void,
    Step.RECEIVE: Receive,
    Step.DISPENSE: Dispense,
    Step.DECOMMISSION: Decommission,
    Step.OBSERVE: Observe,
    Step.HOLD: PlaceHold,
    Step.RELEASE: LiftHold,
    Step.NEVER_MADE: Correct,
    Step.NEVER_PACKED: Correct,
}


class Chronicle:
    """Remembers, for the length of one trial."""

    def __init__(self, reader: Reader, pending: Collection[bytes]) -> None:
        """Read from `reader`.

        Args:
            reader: The store, or a snapshot.
            pending: Fingerprints of accepted records that are not in the chain yet.
        """
        self._statements = Statements(reader)
        self._notes = Notes(reader)
        self._journeys = Journeys(reader)
        self._history = History(reader)
        self._pending = pending
        self._documents: dict[tuple[int, int], PlacedDocument] = {}

    def is_stated(self, statement: bytes) -> bool:
        """Tell whether one of this node's keys stated this, by its fingerprint, or is about to."""
        return statement in self._pending or self._statements.is_stated(statement)

    def loads_of(self, partner: int) -> list[bytes]:
        """Return the newest shipments of packs without serials that a partner sends or gets, newest first."""
        return self._journeys.loads_of(partner, MAX_LOADS)

    def is_noted(self, key: bytes) -> bool:
        """Tell whether an own event, by its `statement_key`, said nothing new when it came before."""
        return self._notes.is_noted(key)

    def was_stated(self, signer: int, statement: Statement, time_ms: int) -> bool:
        """Tell whether a partner stated this at this claimed time, by the indices.

        Args:
            signer: The partner's number.
            statement: What an event states; neither a commission, which the indices do not hold, nor a
                shipment (`was_shipped`).
            time_ms: Claimed time.
        """
        claim = (signer, time_ms)
        kind = _KINDS.get(statement.step)
        if kind is None:
            return False
        if statement.parent is not None:
            return any(
                isinstance(record, kind) and _is_claim(placed, record, claim) and _is_about(record, statement)
                for placed, _at, record in self._records_about(statement.parent)
            )
        return any(self._is_stated_of(item, kind, claim) for item in statement.items[:MAX_ASKED_ITEMS])

    def was_shipped(self, signer: int, receiver: bytes, items: Sequence[bytes], time_ms: int) -> bool:
        """Tell whether a partner announced one of these items to another at this claimed time.

        Args:
            signer: The sender's number.
            receiver: Packed GLN of the receiver.
            items: Item keys.
            time_ms: Claimed time.
        """
        return any(
            isinstance(record, Ship)
            and record.receiver == receiver
            and item in record.items
            and _is_claim(placed, record, (signer, time_ms))
            for item in items[:MAX_ASKED_ITEMS]
            for placed, _at, record in self._records_about(ItemKey(item))
        )

    def _is_stated_of(self, item: ItemKey, kind: type[Record], claim: _Claim) -> bool:
        for placed, at, record in self._records_about(item):
            if item not in listed(record):
                continue
            if isinstance(record, kind) and _is_claim(placed, record, claim):
                return True
            if isinstance(record, Ship) and self._is_ended(shipment_id(placed.id, at), item, kind, claim):
                return True
        return False

    def _is_ended(self, shipment: bytes, item: ItemKey, kind: type[Record], claim: _Claim) -> bool:
        """Tell whether a whole shipment was received or voided, an item of it included."""
        if kind not in {Receive, Void}:
            return False
        return any(
            isinstance(record, kind) and _is_claim(placed, record, claim) and _takes_along(record, item)
            for placed, _at, record in self._records(self._journeys.shipment(shipment, MAX_TOUCHES))
        )

    def contents(
        self, state: Overlay, parent: ItemKey, more: Iterable[ItemKey]
    ) -> tuple[ItemKey, ...] | None:
        """Return what is directly inside a container; None when it cannot be listed.

        Args:
            state: Says what is inside now.
            parent: The container.
            more: What else may be inside, of records that are not in the chain yet.
        """
        row = state.read(CONTAINERS, parent)
        if row is None or row.children == 0:
            return ()
        candidates: dict[ItemKey, None] = {}
        for _placed, _at, record in self._records_about(parent):
            if isinstance(record, Pack) and record.parent == parent:
                candidates.update(dict.fromkeys(map(ItemKey, record.children)))
        candidates.update(dict.fromkeys(more))
        inside = tuple(key for key in candidates if _is_inside(state, key, parent))
        return inside if len(inside) == row.children else None

    def _records_about(self, item: ItemKey) -> Iterable[tuple[PlacedDocument, int, Record]]:
        return self._records(self._journeys.item(item, MAX_TOUCHES))

    def _records(self, touches: Iterable[Touch]) -> Iterable[tuple[PlacedDocument, int, Record]]:
        for touch in touches:
            if touch.event == THE_RECORD:
                placed = self._document(touch.height, touch.document)
                yield placed, touch.record, plain(placed.document.records[touch.record])

    def _document(self, height: int, index: int) -> PlacedDocument:
        found = self._documents.get((height, index))
        if found is None:
            found = self._documents[height, index] = self._history.at(height, index)
            if len(self._documents) > MAX_KEPT_DOCUMENTS:
                del self._documents[next(iter(self._documents))]
        return found


def _is_claim(placed: PlacedDocument, record: Record, claim: _Claim) -> bool:
    return (placed.sender, record.head.claimed_at_ms) == claim


def _is_about(record: Record, statement: Statement) -> bool:
    """Tell whether a packing or unpacking is about the container of a statement, and some of its children."""
    if not isinstance(record, Pack | Unpack) or record.parent != statement.parent:
        return False
    return not statement.items or not frozenset(record.children).isdisjoint(statement.items)


def _takes_along(record: Record, item: ItemKey) -> bool:
    """Tell whether a receipt or void of a shipment is about this item of it."""
    match record:
        case Receive(mode=ReceiveMode.ALL) | Void(items=()):
            return True
        case Receive(mode=ReceiveMode.ALL_EXCEPT, items=items):
            return item not in items
        case _:
            return item in listed(record)


def _is_inside(state: Overlay, key: ItemKey, parent: ItemKey) -> bool:
    row = state.read(ITEMS, key)
    return row is not None and row.parent == parent
