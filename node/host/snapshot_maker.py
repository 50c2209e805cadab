"""Making snapshots: every so many heights, beside the chain and never in its way (ADR 20).

The state is pinned on the writer's thread in the moment in which a block is durable and the next one is not
begun; that costs nothing. Cutting, compressing and writing it are jobs of one chunk each on a thread of their
own. When a snapshot takes longer than the interval, the next one is left out. A validator then vouches for
the manifest, if its key is in the set that decided the block.

A snapshot is for others, and the chain is not to run out of room for it: where the disk would have less left
than a node wants to be free, or refuses for want of room all at once, it is given up. Validators with equal
disks would else stop at one height. Any other failure of the disk stops the node, as everywhere; so does
want of room for the record of what was vouched for, which is a signer's.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import msgspec
import structlog

from contracts.chain.commit import Commit
from contracts.chain.snapshot import (
    MANIFEST_VERSION,
    MAX_CHUNKS,
    Manifest,
    Voucher,
    chunk_hash,
)
from contracts.ledger.block import ChainTip
from network.sync.packing import pack_chunk
from node.host.applied import Applied
from node.host.ledger import Ledger
from node.host.worker import Worker, no_answer
from node.identity.vouching import VoucherSigner
from node.pool.settled import Settled
from node.storage.chunks import Cutting
from node.storage.errors import StorageDamaged, StorageFull
from node.storage.files import MIN_FREE_BYTES
from node.storage.snapshot_files import HeldSnapshot, SnapshotFiles
from node.storage.store import Snapshot

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class SnapshotShelf:
    """Where a node's snapshots are, and how it makes them."""

    files: SnapshotFiles
    """The folder."""
    signer: VoucherSigner | None
    """Vouches for what was made; None on a node that does not vote."""
    interval: int
    """A snapshot is made at every height that this divides; 0 for none."""
    keep: int
    """How many are kept."""


class Made(msgspec.Struct, frozen=True):
    """A snapshot that this node has made."""

    held: HeldSnapshot
    """What is on the disk."""
    voucher: Voucher | None
    """This validator's word for it; None on a node that has none to give."""
    heights: tuple[int, ...]
    """Of all snapshots that are on the disk now."""


class NoRoom(msgspec.Struct, frozen=True):
    """A snapshot that the disk has no room for."""

    reason: str
    """What is free and what is wanted, or what the disk said."""


class MadeReceiver(Protocol):
    """Who gives snapshots to others."""

    def on_made(self, made: Made) -> None:
        """One was made, and others may have been removed."""
        ...

    def leased(self) -> Collection[int]:
        """Return the heights of snapshots that are not to be removed yet, for they are being fetched."""
        ...


class _Run(msgspec.Struct):
    """One snapshot being made."""

    tip: ChainTip
    """The chain's, at its height."""
    pinned: Snapshot
    """The state."""
    cutting: Cutting | None = None
    """Set by the first job."""
    chunks: list[bytes] = []
    """Hashes so far."""
    stored_bytes: int = 0
    """Length of the compressed chunks so far."""


class SnapshotMaker:
    """Makes the snapshots of one node.

    Attributes:
        made: How many were made since the start.
        left_out: How many were left out since the start, for another was being made, or for want of room.
    """

    def __init__(
        self, shelf: SnapshotShelf, ledger: Ledger, worker: Worker, base: int, receiver: MadeReceiver
    ) -> None:
        """Join the parts; `ledger` is watched from now on.

        Args:
            shelf: Where to.
            ledger: What from.
            worker: The thread that cuts.
            base: Height of the snapshot that the database began with: it stays. 0 for none.
            receiver: Told on the event loop.
        """
        self._shelf = shelf
        self._ledger = ledger
        self._worker = worker
        self._base = base
        self._receiver = receiver
        self._run: _Run | None = None
        self.made = 0
        self.left_out = 0
        if shelf.interval:
            ledger.watch(self._pin)

    def _pin(self, _settled: Settled) -> None:
        """Pin the state, on the writer's thread, when it is time."""
        tip = self._ledger.tip
        if tip.height % self._shelf.interval:
            return
        if self._run is not None:
            self.left_out += 1
            return
        self._run = _Run(tip, self._ledger.pin())

    def on_applied(self, applied: Applied, _commit: Commit) -> None:
        """Begin to cut what was pinned at this height."""
        run = self._run
        if run is not None and run.tip.height == applied.tip.height:
            self._worker.submit(partial(self._begin, run), partial(self._went_on, run))

    def close(self) -> None:
        """Release what is pinned; the worker must have ended."""
        run, self._run = self._run, None
        if run is not None:
            run.pinned.close()

    # ------------------------------------------------------------------- jobs, on the worker's thread

    def _begin(self, run: _Run) -> NoRoom | None:
        try:
            self._shelf.files.begin(run.tip.height)
        except StorageFull as error:
            return self._refused(error)
        if (lacking := self._lacking(self._bytes_of_last())) is not None:
            return lacking
        run.cutting = Cutting(run.pinned)
        return None

    def _bytes_of_last(self) -> int:
        """Return how long the newest snapshot here is: the next one will be about as long."""
        files = self._shelf.files
        heights = files.heights()
        try:
            last = files.load(heights[-1]) if heights else None
        except StorageDamaged:
            last = None
        return 0 if last is None else last.stored_bytes

    def _lacking(self, more_bytes: int) -> NoRoom | None:
        """Return what is wanted and free when the disk has no room for so much."""
        free_bytes, wanted_bytes = self._shelf.files.free_bytes(), more_bytes + MIN_FREE_BYTES
        if free_bytes >= wanted_bytes:
            return None
        return NoRoom(f"{free_bytes >> 20} MiB are free, and {wanted_bytes >> 20} wanted")

    def _refused(self, error: StorageFull) -> NoRoom:
        """Return what the disk said that had no room, and what it says is free: quotas are not in that."""
        return NoRoom(f"{error}; {self._shelf.files.free_bytes() >> 20} MiB are free on the disk")

    def _cut(self, run: _Run, leased: Collection[int]) -> Made | NoRoom | None:
        """Write one chunk; return the snapshot after the last."""
        chunk = None if run.cutting is None else run.cutting.next_chunk()
        if chunk is None or run.cutting is None:
            return self._finish(run, 0 if run.cutting is None else run.cutting.rows, leased)
        packed = pack_chunk(chunk)
        if (lacking := self._lacking(len(packed))) is not None:
            return lacking
        try:
            self._shelf.files.write_chunk(run.tip.height, len(run.chunks), packed)
        except StorageFull as error:
            return self._refused(error)
        run.chunks.append(chunk_hash(chunk))
        run.stored_bytes += len(packed)
        return None

    def _finish(self, run: _Run, rows: int, leased: Collection[int]) -> Made | NoRoom:
        tip = run.tip
        manifest = Manifest(
            *(MANIFEST_VERSION, tip.chain_id, tip.height, tip.block_id, tip.app_hash),
            *(rows, tuple(run.chunks)),
        )
        try:
            held = self._shelf.files.finish(manifest, run.stored_bytes)
        except StorageFull as error:
            return self._refused(error)
        voucher = self._vouch(tip, held.hash)
        clean = partial(self._shelf.files.clean, self._shelf.keep, {self._base, *leased})
        self._tidy(tip.height, clean)
        return Made(held, voucher, tuple(self._shelf.files.heights()))

    def _vouch(self, tip: ChainTip, hash_: bytes) -> Voucher | None:
        signer = self._shelf.signer
        if signer is None or tip.last_validators.index_of(signer.public_key) is None:
            return None
        voucher = signer.sign(tip.height, hash_)
        if voucher is None:
            _log.warning(
                "snapshot_not_vouched_for", height=tip.height, reason="signed for it, or above, before"
            )
        return voucher

    def _tidy(self, height: int, removal: Callable[[], object]) -> None:
        """Remove files; what a disk so full that it cannot even do that keeps goes with the next snapshot."""
        try:
            removal()
        except StorageFull as error:
            _log.warning("snapshots_not_removed", height=height, reason=str(error))

    # ----------------------------------------------------------------------------- on the event loop

    def _went_on(self, run: _Run, made: Made | NoRoom | None) -> None:
        if made is None and len(run.chunks) <= MAX_CHUNKS:
            cut = partial(self._cut, run, self._receiver.leased())
            self._worker.submit(cut, partial(self._went_on, run))
            return
        run.pinned.close()
        self._run = None
        if not isinstance(made, Made):
            self._give_up(run.tip.height, made)
            return
        self.made += 1
        _log.info(
            "snapshot_made", height=run.tip.height, rows=made.held.manifest.rows, bytes=run.stored_bytes
        )
        self._receiver.on_made(made)

    def _give_up(self, height: int, lacking: NoRoom | None) -> None:
        """Say why there is no snapshot of this height, and remove what was written of it."""
        if lacking is None:
            _log.error("snapshot_too_large", height=height, most_chunks=MAX_CHUNKS)
        else:
            self.left_out += 1
            _log.warning(
                "snapshot_left_out",
                height=height,
                reason=lacking.reason,
                what_to_do="make room, or move old blocks into an archive on another disk",
            )
        remove = partial(self._shelf.files.remove, height)
        self._worker.submit(partial(self._tidy, height, remove), no_answer)
