"""The consensus log: what a restart needs to be where the node was, written before a vote leaves.

Three kinds of records, in one file so that one fsync makes them all durable (consensus/SPEC.md, "Restart and
replay"): inputs of the engine, blocks that were proposed, and the bytes of their bundles. Bundles ride in the
log rather than in a synced batch of the database: a batch would cost a second fsync before every prevote, and
twice the time per megabyte.

The host appends, syncs once, and only then signs. The own message is appended without a sync; the signer's
record restores it. When a height is committed, `release` removes the files that hold nothing newer.
"""

from collections.abc import Callable
from enum import IntEnum

import msgspec

from consensus.effects import Input
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.hashing import HASH_BYTES
from node.storage.errors import StorageDamaged
from node.storage.files import FileSystem
from node.storage.frames import MAX_PAYLOAD_BYTES, Record
from node.storage.segments import SegmentedLog


class _Kind(IntEnum):
    INPUT = 1
    BLOCK = 2
    BUNDLE = 3


_INPUTS: Decoder[Input] = Decoder(Input, MAX_PAYLOAD_BYTES)  # type: ignore[arg-type]


class LoggedInput(msgspec.Struct, frozen=True):
    """An input that changed the engine."""

    height: int
    """Height the engine was at."""
    input: Input
    """The input."""


class Recovered(msgspec.Struct, frozen=True):
    """What the log held."""

    inputs: tuple[LoggedInput, ...]
    """In order; those of committed heights may still be among them."""
    blocks: dict[bytes, bytes]
    """Encoded blocks by block id."""
    bundles: dict[bytes, bytes]
    """Bundle bytes by bundle id."""


class ConsensusLog:
    """The log in one folder. Not for two threads at once."""

    def __init__(
        self, files: FileSystem, folder: str, segment_bytes: int, draw_mark: Callable[[int], bytes]
    ) -> None:
        """Prepare; `recover` reads. See `SegmentedLog` for the arguments."""
        self._log = SegmentedLog(files, folder, segment_bytes, draw_mark)
        self._folder = folder
        self._segment_of: dict[bytes, int] = {}
        self._first_segment = 0

    def recover(self) -> Recovered:
        """Read everything, cut off a torn tail, and get ready to append. Call it once, first.

        Raises:
            StorageDamaged: Something that was durable is damaged or missing; names the file and the offset.
            StorageFailed: The disk refused.
        """
        inputs: list[LoggedInput] = []
        parts: dict[_Kind, dict[bytes, bytes]] = {_Kind.BLOCK: {}, _Kind.BUNDLE: {}}
        for record in self._log.recover():
            kind = self._kind(record)
            if kind is _Kind.INPUT:
                inputs.append(self._input(record))
            else:
                parts[kind][record.payload[:HASH_BYTES]] = record.payload[HASH_BYTES:]
        return Recovered(tuple(inputs), parts[_Kind.BLOCK], parts[_Kind.BUNDLE])

    def _kind(self, record: Record) -> _Kind:
        try:
            return _Kind(record.kind)
        except ValueError as error:
            raise StorageDamaged(self._folder, f"a record of unknown kind {record.kind}") from error

    def _input(self, record: Record) -> LoggedInput:
        try:
            return LoggedInput(record.number, _INPUTS.decode(record.payload))
        except MalformedBytes as error:
            where = f"{self._folder}, an input of height {record.number}"
            raise StorageDamaged(where, str(error)) from error

    def append_input(self, height: int, event: Input) -> None:
        """Append an input of the engine; raises as `SegmentedLog.append`."""
        self._log.append(_Kind.INPUT, height, encode(event))

    def append_block(self, height: int, block_id: bytes, data: bytes) -> None:
        """Append a proposed block unless the log holds it; raises as `SegmentedLog.append`."""
        self._append_part(_Kind.BLOCK, height, block_id, data)

    def append_bundle(self, height: int, bundle_id: bytes, data: bytes) -> None:
        """Append a bundle of a proposed block unless the log holds it; raises as `SegmentedLog.append`."""
        self._append_part(_Kind.BUNDLE, height, bundle_id, data)

    def _append_part(self, kind: _Kind, height: int, identifier: bytes, data: bytes) -> None:
        if identifier not in self._segment_of:
            self._segment_of[identifier] = self._log.append(kind, height, identifier + data)

    def sync(self) -> None:
        """Return when everything appended is durable; raises as `SegmentedLog.sync`."""
        self._log.sync()

    def release(self, height: int) -> None:
        """Remove the files that hold nothing above `height`, which is committed in the database.

        Raises:
            StorageFailed: The disk refused.
        """
        self._log.release(height)
        first = self._log.first_segment
        if first == self._first_segment:
            # Thousands of small bundles share a file, and this is asked at every height.
            return
        self._first_segment = first
        gone = [identifier for identifier, segment in self._segment_of.items() if segment < first]
        for identifier in gone:
            del self._segment_of[identifier]

    def close(self) -> None:
        """Close; closing twice is allowed. Does not sync."""
        self._log.close()
