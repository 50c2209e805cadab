"""Convictions of validators: what state counts, and the event of each by the block with the evidence.

Rows, in the INDEX space:
    e  height (8), place in the block's evidence (2)    the event, as a block's execution reports it
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

import msgspec

from contracts.ledger.receipt import Event
from contracts.primitives.encoding import MalformedBytes, RowDecoder, encode
from contracts.rules.convicting import MAX_BLOCK_EVIDENCE
from contracts.state.evidence_rows import ConvictionsRow
from contracts.state.layout import CONVICTIONS
from node.storage.errors import StorageDamaged
from node.storage.store import INDEX, STATE, Reader, Space, Write, put

T = TypeVar("T")

_EVENT: Final = b"e"
_HEIGHT_BYTES: Final = 8
_PLACE_BYTES: Final = 2
_ROWS_READ: Final = 1_000
"""Rows read in one step."""

_decode: Final = RowDecoder(Event).decode


class Convicted(msgspec.Struct, frozen=True):
    """A key that was convicted."""

    public_key: bytes
    """32 bytes."""
    row: ConvictionsRow
    """Of what."""


def _block_prefix(height: int) -> bytes:
    return _EVENT + height.to_bytes(_HEIGHT_BYTES, "big")


def event_entries(height: int, events: Sequence[Event]) -> Iterator[Write]:
    """Yield the index rows of the events that a block's evidence led to."""
    for at, event in enumerate(events):
        yield put(INDEX, _block_prefix(height) + at.to_bytes(_PLACE_BYTES, "big"), encode(event))


class Convictions:
    """Reads what the ledger holds against validators, over a store or a pinned snapshot.

    All methods raise StorageDamaged, naming the row that cannot be read.
    """

    def __init__(self, reader: Reader) -> None:
        """Read from `reader`."""
        self._state, self._index = Space(reader, STATE), Space(reader, INDEX)

    def events(self, height: int) -> tuple[Event, ...]:
        """Return the events of a block's evidence, in its order."""
        found = self._index.scan(_block_prefix(height), limit=MAX_BLOCK_EVIDENCE)
        return tuple(_read(_decode, f"events of height {height}", data) for _key, data in found.rows)

    def of(self, public_key: bytes) -> ConvictionsRow:
        """Return what a key was convicted of; nothing is said of one that never was."""
        data = self._state.get(CONVICTIONS.prefix + public_key)
        return ConvictionsRow(0, ()) if data is None else _row(public_key, data)

    def all(self) -> Iterable[Convicted]:
        """Yield every key that was convicted, ascending."""
        start: bytes | None = None
        while True:
            page = self._state.scan(CONVICTIONS.prefix, start=start, limit=_ROWS_READ)
            for key, data in page.rows:
                public_key = key[len(CONVICTIONS.prefix) :]
                yield Convicted(public_key, _row(public_key, data))
            if page.resume is None:
                return
            start = page.resume


def _row(public_key: bytes, data: bytes) -> ConvictionsRow:
    return _read(CONVICTIONS.decode, f"convictions of {public_key.hex()}", data)


def _read(decode: Callable[[bytes], T], where: str, data: bytes) -> T:
    try:
        return decode(data)
    except MalformedBytes as error:
        raise StorageDamaged(where, str(error)) from error
