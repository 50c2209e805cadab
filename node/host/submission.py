"""Submission: a client's document on its way through admission, the outbox and the chain.

Admission runs on the writer thread, signing and the outbox on the disk thread, everything else on the event
loop. A document is answered for as soon as it is durable in the outbox; whoever waits for the commit is told
with the block. What waits is bounded: beyond that a client is told to come back.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial

import structlog

from contracts.chain.commit import Commit
from contracts.ledger.bundle import BundleReader, OpenBundle
from contracts.ledger.document import encode_document
from contracts.ledger.receipt import ACCEPTED, Receipt
from network.peer.face import VALIDATOR
from network.wire.messages import BundlePush
from node.host.applied import Applied
from node.host.chain import Chain
from node.host.hindrance import Hindrance
from node.host.inquiries import Inquiries
from node.host.submitted import Admitted, Committed, Submitted, TooBusy
from node.host.surroundings import Surroundings
from node.host.worker import no_answer
from node.pool.admission import Admission, Candidate
from node.pool.bundler import LaneKey, MadeBundle, cut_of, make_bundle, store_bundles
from node.pool.lane_writer import CutBundle, LaneWriter, QueuedDocument
from node.pool.waiting_room import Load, RoomLimits, WaitingRoom
from node.storage.outbox import Outbox, OutboxEntry
from node.storage.store import KeyValueStore, Write

_log = structlog.get_logger(__name__)

MAX_ADMITTED_AT_ONCE = 64
"""Most documents judged in one job of the writer thread, so that a block never waits long behind them."""
STALL_MS = 500
"""A chain that stands still for so long, while documents wait for a bundle, may do so for long."""
MAX_STORED_AT_ONCE_BYTES = 16 << 20
"""Bundles of all lanes are made durable in steps of about this size: a step is one record of the outbox."""


class Submissions:
    """All lanes of one node.

    Attributes:
        waiting: Documents between submission and commit.
        room: What there is room for.
        inquiries: Questions to the state that these documents are judged by.
        hindrance: What keeps documents from coming in.
        on_kept: Told how many documents have just become durable, each once, whichever way they came.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        chain: Chain,
        admission: Admission,
        outbox: Outbox,
        store: KeyValueStore,
        keys: Sequence[LaneKey],
        on_made: Callable[[MadeBundle], None],
        room: RoomLimits,
    ) -> None:
        """Join the parts; `restore` comes before anything is submitted.

        Args:
            surroundings: Time, threads, peers.
            chain: The decided chain.
            admission: Judges documents; used on the writer thread alone.
            outbox: Open; used on the disk thread alone from now on.
            store: Keeps what belongs to documents and is this node's alone.
            keys: Partner keys this node signs with.
            on_made: Told of every bundle of ours that is durable, to put it into the pool.
            room: How much may be between submission and commit.
        """
        self._surroundings = surroundings
        self._chain = chain
        self._admission = admission
        self.inquiries = Inquiries(surroundings, admission)
        self._outbox = outbox
        self._store = store
        self.on_kept: Callable[[int], None] = no_answer
        self._keys: Mapping[bytes, LaneKey] = {key.public_key: key for key in keys}
        self._on_made = on_made
        self.hindrance = Hindrance(chain, surroundings.wall)
        self.room = WaitingRoom(room, self._keys, surroundings.clock.now_ms())
        self._writers: dict[bytes, LaneWriter] = {}
        self._made: dict[bytes, dict[int, MadeBundle]] = {key: {} for key in self._keys}
        self._given_up: dict[tuple[bytes, int], set[bytes]] = {}
        self._arrivals: deque[Submitted] = deque()
        self._unanswered: dict[bytes, list[Callable[[Admitted], None]]] = {}
        self._forecasts: dict[bytes, Receipt] = {}
        self._committing: dict[bytes, list[Callable[[Committed], None]]] = {}
        self._rows: dict[bytes, tuple[Write, ...]] = {}
        self._is_admitting = False
        self._is_storing = False
        self._is_watching = False
        self._is_stalled = False
        self._is_waiting = False
        chain.subscribe(self._on_applied)

    @property
    def waiting(self) -> int:
        """Documents between submission and commit."""
        return len(self._arrivals) + len(self._committing)

    @property
    def keys(self) -> Mapping[bytes, LaneKey]:
        """Partner keys by public key."""
        return self._keys

    def lanes(self) -> dict[str, bytes]:
        """Return the key to sign with now for each partner of whom one acts, by GLN.

        While a key is changed a partner has two: the one that began last signs, for the other may end.
        """
        height = self._chain.tip.height + 1
        acting = (
            (row.from_height, public_key)
            for public_key, row in ((one, self._chain.keys.get(one)) for one in self._keys)
            if row is not None and row.acts_at(height)
        )
        return {self._keys[public_key].partner: public_key for _since, public_key in sorted(acting)}

    def restore(
        self, entries: Sequence[OutboxEntry], reader: BundleReader, last_used: Mapping[bytes, int]
    ) -> None:
        """Go on with the bundles of the outbox that the chain does not hold.

        Args:
            entries: By lane and ascending sequence; those in the chain are left out by the caller.
            reader: Reads bundles under the network's limits.
            last_used: Greatest sequence ever used, by lane.
        """
        candidates: dict[bytes, Candidate] = {}
        for lane in self._keys:
            bundles = [(reader.read(entry.data), entry.data) for entry in entries if entry.lane == lane]
            made = [MadeBundle(cut_of(bundle), bundle.header, bundle.id, data) for bundle, data in bundles]
            is_placed = partial(self._is_placed, lane)
            kept = self._restore_lane(lane, made, last_used.get(lane, 0), is_placed)
            for bundle, _data in bundles:
                for identifier, document in zip(bundle.document_ids, bundle.documents, strict=True):
                    if identifier in kept:
                        candidates[identifier] = Candidate(identifier, lane, document)
        self._committing.update((identifier, []) for identifier in candidates)
        for candidate in candidates.values():
            load = Load(1, len(encode_document(candidate.document)), candidate.document.weight)
            self.room.enter(candidate.lane, load)
            self.room.keep(candidate.id, candidate.lane, load)
        # What is judged next is judged on top of what already waits.
        judge = partial(self._admission.admit, list(candidates.values()), self._surroundings.wall.now_ms())
        self._surroundings.writer.submit(judge, self._note_forecasts)
        for bundle_made in self.outstanding():
            self._on_made(bundle_made)
        self._bundle()

    def _is_placed(self, lane: bytes, identifier: bytes) -> bool:
        """Tell whether a bundle of this lane has brought a document into the chain. Before anything runs."""
        return self._chain.ledger.blocks.document(identifier, lane) is not None

    def _restore_lane(
        self, lane: bytes, found: Sequence[MadeBundle], last_used: int, is_placed: Callable[[bytes], bool]
    ) -> AbstractSet[bytes]:
        """Tell the bundles that still follow the chain from those given up; return the documents that wait.

        A bundle given up stays in the outbox until the last of its documents is in a later one. So a document
        may be found twice, or be in the chain by a later bundle, and must not be bundled again.
        """
        limits, chain_last = self._chain.tip.parameters.limits, self._chain.lanes.get(lane, 0)
        first = max(len(found) - 1, 0)
        while first > 0 and found[first].header.after == found[first - 1].header.sequence:
            first -= 1
        if found and found[first].header.after != chain_last:
            # A rival, or a bundle of ours that is gone from the outbox, has taken their place.
            first = len(found)
        given_up, current = found[:first], found[first:]
        self._made[lane] = {made.header.sequence: made for made in current}
        cuts = [made.cut for made in current]
        last_used = max([last_used, *(made.header.sequence for made in found)])
        writer = self._writers[lane] = LaneWriter(limits, chain_last, cuts, last_used)
        held = {document.id for cut in cuts for document in cut.documents}
        rest: dict[bytes, QueuedDocument] = {}
        for made in given_up:
            queued = (document for document in made.cut.documents if document.id not in held)
            left = {document.id: document for document in queued if not is_placed(document.id)}
            rest.update(left)
            self._given_up[lane, made.header.sequence] = set(left)
        writer.put_back(list(rest.values()))
        self._remove(self._replaced(frozenset()))
        return held | rest.keys()

    def _note_forecasts(self, receipts: Sequence[Receipt]) -> None:
        for receipt in receipts:
            self._forecasts[receipt.document_id] = receipt

    def outstanding(self) -> list[MadeBundle]:
        """Return our bundles that are not in the chain, to be pushed to whoever may lack them."""
        return [made for lane in self._made.values() for _sequence, made in sorted(lane.items())]

    # ----------------------------------------------------------------------- admission

    def submit(self, submitted: Submitted) -> None:
        """Take a document in.

        Raises:
            Halted: This node follows the network no more; nothing was kept.
            CatchingUp: This node's ledger is far behind; nothing was kept.
            TooBusy: Too much waits already, and this lane has its share; nothing was kept.
            KeyError: This node holds no such lane's key.
        """
        self.hindrance.check()
        writer, load = self._writers[submitted.lane], _load_of(submitted)
        full = self.room.full(submitted.lane, load)
        if not full and self._is_stalled and writer.is_full:
            full = "bundles"
        if full:
            raise TooBusy(full)
        self.room.enter(submitted.lane, load)
        self._arrivals.append(submitted)
        self._admit()

    def _admit(self) -> None:
        if self._is_admitting or not self._arrivals:
            return
        count = min(len(self._arrivals), MAX_ADMITTED_AT_ONCE)
        batch = [self._arrivals.popleft() for _ in range(count)]
        candidates = [Candidate(entry.id, entry.lane, entry.document) for entry in batch]
        self._is_admitting = True
        judge = partial(self._admission.admit, candidates, self._surroundings.wall.now_ms())
        self._surroundings.writer.submit(judge, partial(self._judged, batch))

    def _judged(self, batch: Sequence[Submitted], receipts: Sequence[Receipt]) -> None:
        self._is_admitting = False
        for submitted, receipt in zip(batch, receipts, strict=True):
            if submitted.id in self._committing:
                self.room.leave(submitted.lane, _load_of(submitted))
                self._join(submitted, receipt)
                continue
            if receipt.code != ACCEPTED and not submitted.record_refusal:
                self.room.leave(submitted.lane, _load_of(submitted))
                submitted.on_admitted(Admitted(submitted.id, receipt, is_submitted=False))
                continue
            self._committing[submitted.id] = _present(submitted.on_committed)
            self.room.keep(submitted.id, submitted.lane, _load_of(submitted))
            self._unanswered[submitted.id] = [submitted.on_admitted]
            self._forecasts[submitted.id] = receipt
            if submitted.rows:
                self._rows[submitted.id] = submitted.rows
            queued = QueuedDocument(submitted.id, submitted.data, submitted.document.weight)
            self._writers[submitted.lane].add(queued)
        self._bundle()
        self._admit()

    def _join(self, submitted: Submitted, receipt: Receipt) -> None:
        """The same bytes were handed in before: the first one's way is this one's too."""
        self._committing[submitted.id] += _present(submitted.on_committed)
        unanswered = self._unanswered.get(submitted.id)
        if unanswered is not None:
            unanswered.append(submitted.on_admitted)
            return
        forecast = self._forecasts.get(submitted.id, receipt)
        submitted.on_admitted(Admitted(submitted.id, forecast, is_submitted=True))

    # ------------------------------------------------------------------------ bundling

    def _bundle(self) -> None:
        """Cut what may be cut, in all lanes, and make it durable, one step at a time."""
        if self._is_storing or self._is_late():
            return
        chain_id, expires = self._chain.tip.chain_id, self._expiry_ms()
        jobs = self._cut()
        if not jobs:
            self._watch()
            return
        rows = [row for _key, cut in jobs for each in cut.documents for row in self._rows.pop(each.id, ())]
        replaced = self._replaced({document.id for _key, cut in jobs for document in cut.documents})
        self._is_storing = True

        def store() -> list[MadeBundle]:
            if rows:
                # Before the document: what its hashes stand for must not be lost when it is not.
                self._store.write(rows, sync=True)
            made = [make_bundle(chain_id, key, cut, expires) for key, cut in jobs]
            store_bundles(self._outbox, made, replaced)
            return made

        self._surroundings.disk.submit(store, self._stored)

    def _is_late(self) -> bool:
        """Tell whether bundles must wait: far behind, the place in the lane is an old one, and the time too.

        What the outbox held may wait then; it is looked again until this node has caught up.
        """
        is_late = self.hindrance.is_far_behind()
        if is_late and not self._is_waiting:
            self._is_waiting = True
            self._surroundings.clock.call_later(STALL_MS, self._look_again)
        return is_late

    def _look_again(self) -> None:
        self._is_waiting = False
        self._bundle()

    def _cut(self) -> list[tuple[LaneKey, CutBundle]]:
        """Cut bundles of all lanes, as many as one step takes; the rest follows when that is stored."""
        jobs: list[tuple[LaneKey, CutBundle]] = []
        room = MAX_STORED_AT_ONCE_BYTES
        for lane, writer in self._writers.items():
            while room > 0 and (cut := writer.cut(is_stalled=self._is_stalled)) is not None:
                jobs.append((self._keys[lane], cut))
                room -= sum(len(document.data) for document in cut.documents)
        return jobs

    def _watch(self) -> None:
        """Find out whether the chain stands still while clients wait for their documents to be durable.

        Bundles grow while the chain is the slower one; a network without quorum would make its clients wait
        for as long as that lasts.
        """
        if self._unanswered and not self._is_watching and not self._is_stalled:
            self._is_watching = True
            look = partial(self._look, self._chain.tip.height)
            self._surroundings.clock.call_later(STALL_MS, look)

    def _look(self, height: int) -> None:
        self._is_watching = False
        self._is_stalled = self._chain.tip.height == height
        self._bundle()

    def _expiry_ms(self) -> int:
        """Return when a bundle made now expires: soon by the clock, and never what the chain would refuse.

        A clock that is wrong by minutes must not keep this node's documents out of the chain.
        """
        tip, now_ms = self._chain.tip, self._surroundings.wall.now_ms()
        lifetime_ms = tip.parameters.tolerances.bundle_lifetime_ms
        return min(max(now_ms, tip.time_ms) + lifetime_ms // 2, tip.time_ms + lifetime_ms)

    def _replaced(self, moved: AbstractSet[bytes]) -> list[tuple[bytes, int]]:
        """Return the given-up bundles whose last document is among these: bundled again, or in the chain."""
        done: list[tuple[bytes, int]] = []
        for place, documents in list(self._given_up.items()):
            documents.difference_update(moved)
            if not documents:
                done.append(place)
                del self._given_up[place]
        return done

    def _stored(self, bundles: Sequence[MadeBundle]) -> None:
        self._is_storing = False
        kept = 0
        for made in bundles:
            if made.cut in self._writers[made.header.lane].outstanding:
                self._made[made.header.lane][made.header.sequence] = made
                self.push(made)
                self._on_made(made)
            for document in made.cut.documents:
                kept += document.id in self._unanswered
                for answer in self._unanswered.pop(document.id, ()):
                    answer(Admitted(document.id, self._forecasts[document.id], is_submitted=True))
                if document.id not in self._committing:
                    # Another bundle of ours has brought the same document into the chain.
                    self._forecasts.pop(document.id, None)
        self.on_kept(kept)
        self._bundle()

    def push(self, made: MadeBundle) -> None:
        """Send a bundle of ours to every validator."""
        self._surroundings.network.broadcast(BundlePush(made.bundle_id, made.data), (VALIDATOR,))

    # -------------------------------------------------------------------------- blocks

    def _on_applied(self, applied: Applied, _commit: Commit) -> None:
        self._is_stalled = False
        own = [bundle for bundle in applied.bundles if bundle.header.lane in self._keys]
        self._answer(applied)
        for lane, writer in self._writers.items():
            self._settle(lane, writer, [bundle for bundle in own if bundle.header.lane == lane], applied)
        self._bundle()

    def _answer(self, applied: Applied) -> None:
        """Tell who waits. What another signs is not its word, though it copied our document to the byte."""
        at = 0
        own = [bundle for bundle in applied.bundles if bundle.header.lane in self._keys]
        settled = (identifier for bundle in own for identifier in bundle.document_ids)
        self.room.settle(settled, self._surroundings.clock.now_ms())
        for bundle in applied.bundles:
            if bundle.header.lane not in self._keys:
                at += len(bundle.document_ids)
                continue
            for identifier in bundle.document_ids:
                for waiter in self._committing.pop(identifier, ()):
                    waiter(Committed(identifier, applied.tip.height, applied.receipts[at]))
                if identifier not in self._unanswered:
                    self._forecasts.pop(identifier, None)
                at += 1

    def _settle(
        self, lane: bytes, writer: LaneWriter, included: Sequence[OpenBundle], applied: Applied
    ) -> None:
        made = self._made[lane]
        done = {
            bundle.header.sequence
            for bundle in included
            if bundle.header.sequence in made and made[bundle.header.sequence].bundle_id == bundle.id
        }
        given_up = list(writer.chain_moved(self._chain.lanes.get(lane, 0), done))
        first = writer.outstanding[0] if writer.outstanding else None
        if first is not None and first.sequence in made:
            expires = made[first.sequence].header.expires_at_ms
            if expires <= applied.tip.time_ms:
                given_up += writer.give_back()
        self._note_given_up(lane, given_up)
        for sequence in done:
            del made[sequence]
        # Whatever of them a bundle given up has brought, or one of another holder of the key.
        placed = writer.drop_placed(self._committing)
        self._remove([*((lane, sequence) for sequence in done), *self._replaced(placed)])

    def _remove(self, places: Sequence[tuple[bytes, int]]) -> None:
        if places:
            self._surroundings.disk.submit(partial(self._outbox.remove, places), no_answer)

    def _note_given_up(self, lane: bytes, cuts: Sequence[CutBundle]) -> None:
        for cut in cuts:
            self._made[lane].pop(cut.sequence, None)
            self._given_up[lane, cut.sequence] = {document.id for document in cut.documents}
            _log.info("bundle_given_up", lane=lane.hex(), sequence=cut.sequence, documents=len(cut.documents))


def _load_of(submitted: Submitted) -> Load:
    return Load(1, len(submitted.data), submitted.document.weight)


def _present(waiter: Callable[[Committed], None] | None) -> list[Callable[[Committed], None]]:
    return [] if waiter is None else [waiter]
