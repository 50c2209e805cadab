"""The author's outbox: bundles of this node's own lanes that are not in the chain yet.

A bundle's bytes and sequence are durable here before it is pushed, and after a restart the same bytes are
pushed again: an author that signs two different bundles for one sequence would stand as a cheat.

One record is one step, whole or absent after a crash: bundles that are added and entries that they replace go
together, so a document that moves to a later bundle is neither lost nor doubled. Removals of decided bundles
need no sync of their own: an entry that comes back after a power cut is pushed once more, and refused.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum

import msgspec

from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.errors import StorageDamaged
from node.storage.files import FileSystem
from node.storage.frames import MAX_PAYLOAD_BYTES, Record
from node.storage.segments import SegmentedLog


class OutboxEntry(msgspec.Struct, frozen=True, array_like=True):
    """One bundle of ours."""

    lane: bytes
    """32 bytes, the partner key that signed it."""
    after: int
    """Sequence it continues."""
    sequence: int
    """Its own, never used twice in a lane."""
    bundle_id: bytes
    """32 bytes."""
    data: bytes
    """The bundle's bytes, exactly as pushed."""


class _Step(msgspec.Struct, frozen=True, array_like=True):
    """One record: what is removed, what is added, and the last sequences used so far.

    `oldest` is the step that added the oldest entry still here after this one, or this step itself: files of
    earlier steps may have been released, later ones not.
    """

    added: tuple[OutboxEntry, ...]
    removed: tuple[tuple[bytes, int], ...]
    last_used: tuple[tuple[bytes, int], ...]
    oldest: int


class _Kind(IntEnum):
    STEP = 1


_STEPS: Decoder[_Step] = Decoder(_Step, MAX_PAYLOAD_BYTES)


class Outbox:
    """The outbox in one folder. Not for two threads at once."""

    def __init__(
        self, files: FileSystem, folder: str, segment_bytes: int, draw_mark: Callable[[int], bytes]
    ) -> None:
        """Prepare; `recover` reads. See `SegmentedLog` for the arguments."""
        self._log = SegmentedLog(files, folder, segment_bytes, draw_mark)
        self._folder = folder
        self._entries: dict[tuple[bytes, int], OutboxEntry] = {}
        self._step_of: dict[tuple[bytes, int], int] = {}
        self._last_used: dict[bytes, int] = {}
        self._step = 0

    def recover(self) -> None:
        """Read everything, and get ready to append. Call it once, first.

        Raises:
            StorageDamaged: Something that was durable is damaged or missing; names the file and the offset.
            StorageFailed: The disk refused.
        """
        first = oldest = 0
        for record in self._log.recover():
            step = self._decode(record)
            self._step = record.number
            first, oldest = first or record.number, step.oldest
            self._last_used.update(step.last_used)
            self._apply(step)
        if oldest < first:
            raise StorageDamaged(
                f"{self._folder}/", f"a file is missing: it begins at step {first}, not {oldest}"
            )

    def _decode(self, record: Record) -> _Step:
        where = f"{self._folder}, step {record.number}"
        if record.kind != _Kind.STEP:
            raise StorageDamaged(where, f"a record of unknown kind {record.kind}")
        try:
            return _STEPS.decode(record.payload)
        except MalformedBytes as error:
            raise StorageDamaged(where, str(error)) from error

    def _apply(self, step: _Step) -> None:
        for place in step.removed:
            self._entries.pop(place, None)
            self._step_of.pop(place, None)
        for entry in step.added:
            place = (entry.lane, entry.sequence)
            self._entries[place] = entry
            self._step_of[place] = self._step
            self._last_used[entry.lane] = max(entry.sequence, self._last_used.get(entry.lane, 0))

    def put(self, added: Sequence[OutboxEntry], replaced: Sequence[tuple[bytes, int]] = ()) -> None:
        """Add bundles; when it returns they are durable and may be pushed.

        Args:
            added: The bundles; their sequences were never used in their lanes.
            replaced: (lane, sequence) of entries that these take the place of; removed in the same step.

        Raises:
            StorageFailed: The disk refused; nothing may be pushed, and nothing can be added any more.
            ValueError: A sequence was used already in its lane.
        """
        for entry in added:
            if entry.sequence <= self.last_used(entry.lane):
                raise ValueError(f"sequence {entry.sequence} of lane {entry.lane.hex()} was used already")
        self._append(tuple(added), tuple(replaced))
        self._log.sync()
        self._release()

    def remove(self, places: Sequence[tuple[bytes, int]]) -> None:
        """Remove bundles that are in the chain or can never be, by (lane, sequence); strangers are skipped.

        Raises:
            StorageFailed: The disk refused; nothing can be added any more.
        """
        known = tuple(place for place in places if place in self._entries)
        if known:
            self._append((), known)

    def _append(self, added: tuple[OutboxEntry, ...], removed: tuple[tuple[bytes, int], ...]) -> None:
        # Every step carries the last sequences, so that no sequence is used again once its files are gone.
        self._step += 1
        kept = [step for place, step in self._step_of.items() if place not in removed]
        oldest = min(kept, default=self._step)
        step = _Step(added, removed, tuple(sorted(self._last_used.items())), oldest)
        self._log.append(_Kind.STEP, self._step, encode(step))
        self._apply(step)

    def _release(self) -> None:
        """Remove the files whose steps added nothing that is still here; the newest step is durable."""
        self._log.release(min(self._step_of.values(), default=self._step) - 1)

    def last_used(self, lane: bytes) -> int:
        """Return the greatest sequence that was ever put for a lane; 0 for none."""
        return self._last_used.get(lane, 0)

    def entries(self, lane: bytes | None = None) -> tuple[OutboxEntry, ...]:
        """Return what is not removed yet, of one lane or of all, by lane and ascending sequence."""
        places = sorted(place for place in self._entries if lane is None or place[0] == lane)
        return tuple(self._entries[place] for place in places)

    def close(self) -> None:
        """Close; closing twice is allowed. Does not sync."""
        self._log.close()
