"""What a node tells peers of its snapshots: which it holds, who vouches for them, and their chunks.

Validators send what they vouch for to everybody, once it is made and again to every new peer; the desk keeps
the newest vouchers of each. An offer is the newest snapshot here with the vouchers for its manifest; whether
they are enough, the asker judges. Reading runs on the peers' reader thread, few requests per peer at a time,
and what a peer is given counts with the blocks that it is given (`portions.py`).

A voucher costs one signature check, on the event loop. One that is of no use here costs none: of a key that
does not vote, of a height of which this node neither has nor makes a snapshot, of a height that its author
has vouched for already. A validator that lies can sign any number of others, so each peer has an allowance.
"""

from collections.abc import Sequence
from functools import partial

import structlog

from contracts.chain.snapshot import Manifest, Voucher, is_vouched_for, verify_voucher
from contracts.ledger.anchor import MAX_ANCHOR_BYTES
from contracts.primitives.encoding import encode
from network.peer.allowance import Allowance
from network.sync.packing import unpack_chunk
from network.wire.errors import RemoteProtocolError
from network.wire.messages import (
    ChunkAnswer,
    ChunkRequest,
    NoChunk,
    NoSnapshot,
    SnapshotOffer,
    SnapshotRequest,
    VoucherMessage,
)
from node.host.chain import Chain
from node.host.leases import MAX_LEASED, Leases
from node.host.portions import Portions
from node.host.snapshot_maker import Made, SnapshotShelf
from node.host.surroundings import Surroundings
from node.host.worker import Worker
from node.storage.errors import HistoryNotHere, StorageError
from node.storage.history import History
from node.storage.proofs import build_anchor
from node.storage.snapshot_files import HeldSnapshot
from node.storage.store import KeyValueStore

_log = structlog.get_logger(__name__)

MAX_VOUCHERS = 4
"""Vouchers kept of one validator: those of the greatest heights."""
VOUCHERS_PER_SECOND = 4
"""How many vouchers a second one peer may bring whose signatures are to be verified."""
VOUCHERS_BURST = 4 * MAX_VOUCHERS
"""How many of them at once: this node has just started, or is far behind."""


class SnapshotDesk:
    """Serves one node's snapshots. On the event loop.

    Attributes:
        held: Complete snapshots here, by ascending height.
        unheard: Vouchers that were not looked at, for their sender had brought too many.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        reader: Worker,
        store: KeyValueStore,
        chain: Chain,
        shelf: SnapshotShelf,
        held: dict[int, HeldSnapshot],
        portions: Portions,
    ) -> None:
        """Join the parts.

        Args:
            surroundings: Time, and where answers go.
            reader: A thread that may read the store and the files.
            store: For the headers that lead to a snapshot's block.
            chain: For the present validators.
            shelf: The files, and what this validator vouches for.
            held: What is on the disk.
            portions: What each peer may take.
        """
        self._network = surroundings.network
        self._clock = surroundings.clock
        self._reader = reader
        self._store = store
        self._chain = chain
        self._shelf = shelf
        self.held = held
        self._portions = portions
        # By height, empty when it is too long; an anchor never changes once it is whole.
        self._anchors: dict[int, bytes] = {}
        # By validator, then height.
        self._vouchers: dict[bytes, dict[int, Voucher]] = {}
        # By name, also of peers that are gone: who comes back has no new one. The ledger names them all.
        self._allowances: dict[str, Allowance] = {}
        self._leases = Leases(surroundings.clock.now_ms)
        self.unheard = 0
        self._own = () if shelf.signer is None else shelf.signer.vouchers
        for voucher in self._own:
            self._keep(voucher)

    # ---------------------------------------------------------------------------------------- vouchers

    def on_made(self, made: Made) -> None:
        """A snapshot was made here: hold it, forget what was removed, tell everybody who vouches for it."""
        held = {**self.held, made.held.manifest.height: made.held}
        self.held = {height: held[height] for height in sorted(held) if height in made.heights}
        self._anchors = {height: self._anchors[height] for height in self.held if height in self._anchors}
        if made.voucher is not None:
            self._own = (*self._own, made.voucher)[-MAX_VOUCHERS:]
            self._keep(made.voucher)
            self._network.broadcast(VoucherMessage(made.voucher))

    def leased(self) -> frozenset[int]:
        """Return what peers are fetching and would be removed when the next one is made."""
        newest_first = sorted(self.held, reverse=True)
        return self._leases.held_back(self.held, beside=newest_first[: self._shelf.keep - 1])

    def greet(self, peer: str) -> None:
        """Tell a new peer what this validator vouches for."""
        for voucher in self._own:
            self._network.send(peer, VoucherMessage(voucher))

    def take_voucher(self, peer: str, voucher: Voucher) -> None:
        """Keep a validator's voucher: the first of a height, for nobody honest vouches for two manifests.

        Raises:
            RemoteProtocolError: Its signature is wrong.
        """
        if not self._is_of_use(voucher) or not self._may_vouch(peer):
            return
        if not verify_voucher(self._chain.tip.chain_id, voucher):
            raise RemoteProtocolError(f"a forged voucher for height {voucher.height}")
        self._keep(voucher)

    def _is_of_use(self, voucher: Voucher) -> bool:
        """Tell whether a voucher would be kept, and might be offered, if its signature is right.

        It may be far ahead: who is behind makes that snapshot later, and is not told again.
        """
        tip, kept = self._chain.tip, self._vouchers.get(voucher.validator, {})
        sets = (tip.last_validators, tip.validators, tip.next_validators)
        if all(validators.index_of(voucher.validator) is None for validators in sets):
            return False
        if voucher.height in kept or (len(kept) >= MAX_VOUCHERS and voucher.height < min(kept)):
            return False
        return voucher.height in self.held or self._is_to_come(voucher.height)

    def _is_to_come(self, height: int) -> bool:
        """Tell whether this node makes a snapshot of a height, now or when it is there."""
        interval = self._shelf.interval
        return interval > 0 and height % interval == 0 and height > max(self.held, default=0)

    def _may_vouch(self, peer: str) -> bool:
        """Charge a peer for a signature; false, and nothing is charged, when it has brought too many."""
        now_ms = self._clock.now_ms()
        allowance = self._allowances.get(peer)
        if allowance is None:
            allowance = self._allowances[peer] = Allowance(VOUCHERS_PER_SECOND, VOUCHERS_BURST, now_ms)
        may_vouch = allowance.afford(1, now_ms)
        self.unheard += not may_vouch
        return may_vouch

    def _keep(self, voucher: Voucher) -> None:
        kept = self._vouchers.setdefault(voucher.validator, {})
        kept[voucher.height] = voucher
        if len(kept) > MAX_VOUCHERS:
            del kept[min(kept)]

    def vouchers_for(self, held: HeldSnapshot) -> tuple[Voucher, ...]:
        """Return who is known to vouch for a snapshot."""
        found = (kept.get(held.manifest.height) for kept in self._vouchers.values())
        return tuple(each for each in found if each is not None and each.manifest_hash == held.hash)

    def _is_believed(self, held: HeldSnapshot) -> bool:
        """Tell whether enough of the present validators vouch; the asker judges by those of its height."""
        validators = self._chain.tip.validators
        return is_vouched_for(validators, held.manifest.height, held.hash, self.vouchers_for(held))

    # ---------------------------------------------------------------------------------------- requests

    def serve_offer(self, peer: str, request: SnapshotRequest) -> None:
        """Offer the newest snapshot that the block after it certifies; a request too many is dropped.

        One that enough validators are known here to vouch for goes before a newer one: where blocks are
        quick, the newest has often just been made. When no more can be held back for peers, one that is
        goes before one that is not.
        """
        leased = self.leased()
        is_full = len(leased) >= MAX_LEASED
        newest_first = [height for height in sorted(self.held, reverse=True) if height > request.above]
        heights = sorted(
            newest_first,
            key=lambda height: (not self._is_believed(self.held[height]), is_full and height not in leased),
        )
        if self._portions.begin(peer):
            known = dict(self._anchors)
            self._reader.submit(partial(self._tie, heights, known), partial(self._offer, peer, heights))

    def serve_chunk(self, peer: str, request: ChunkRequest) -> None:
        """Give a chunk; a request too many of the same peer is dropped."""
        held = next((each for each in self.held.values() if each.hash == request.manifest_hash), None)
        if held is None or request.index >= len(held.manifest.chunks):
            self._network.send(peer, NoChunk(request.manifest_hash, request.index))
        elif self._portions.begin(peer):
            self._leases.use(peer, held.manifest.height)
            read = partial(self._read, held.manifest, request.index)
            self._reader.submit(read, partial(self._give, peer, held, request.index))

    def _offer(self, peer: str, heights: Sequence[int], built: dict[int, bytes]) -> None:
        self._portions.end(peer)
        for height in built.keys() & self.held.keys() - self._anchors.keys():
            self._keep_anchor(height, built[height])
        held = next((self.held[height] for height in heights if self._is_on_offer(height)), None)
        if held is None:
            self._network.send(peer, NoSnapshot(self._chain.tip.height))
            return
        anchor = self._anchors[held.manifest.height]
        self._leases.use(peer, held.manifest.height)
        self._portions.charge(peer, len(held.data) + len(anchor))
        self._network.send(peer, SnapshotOffer(held.data, self.vouchers_for(held), anchor))

    def _is_on_offer(self, height: int) -> bool:
        """Tell whether a snapshot is here, and an anchor of it that a peer reads."""
        return height in self.held and bool(self._anchors.get(height))

    def _keep_anchor(self, height: int, anchor: bytes) -> None:
        """Keep an anchor; one that is too long is not, and said once."""
        if len(anchor) > MAX_ANCHOR_BYTES:
            reason = "the validators changed too often for peers to read how"
            lengths = {"anchor_bytes": len(anchor), "most_bytes": MAX_ANCHOR_BYTES}
            _log.error("snapshot_not_offered", height=height, reason=reason, **lengths)
            anchor = b""
        self._anchors[height] = anchor

    def _give(self, peer: str, held: HeldSnapshot, index: int, data: bytes | None) -> None:
        self._portions.end(peer)
        if data is not None:
            self._portions.charge(peer, len(data))
            self._network.send(peer, ChunkAnswer(held.hash, index, data))
            return
        # The disk gave back something else, or it is removed: no peer is to take this node for a liar.
        height = held.manifest.height
        if self.held.pop(height, None) is not None:
            _log.error("snapshot_damaged", height=height, chunk=index)
        self._network.send(peer, NoChunk(held.hash, index))

    # ------------------------------------------------------------------- jobs, on the reader's thread

    def _tie(self, heights: Sequence[int], known: dict[int, bytes]) -> dict[int, bytes]:
        """Return anchors that are not known yet, up to the first of some heights that peers can read of."""
        built: dict[int, bytes] = {}
        for height in heights:
            if known.get(height):
                break
            if height in known:
                continue
            with self._store.snapshot() as snapshot:
                try:
                    anchor = build_anchor(History(snapshot), height)
                except HistoryNotHere:
                    continue
            if anchor is not None:
                built[height] = encode(anchor)
                if len(built[height]) <= MAX_ANCHOR_BYTES:
                    break
        return built

    def _read(self, manifest: Manifest, index: int) -> bytes | None:
        """Return a chunk as it is stored; None when it is not the one that the manifest names any more.

        A file that cannot be read is that too: nothing of this node rests on it.
        """
        try:
            data = self._shelf.files.read_chunk(manifest.height, index)
            if data is not None:
                unpack_chunk(data, manifest.chunks[index])
        except (RemoteProtocolError, StorageError):
            return None
        return data
