"""Joining by a snapshot: a node that has nothing yet fetches the state of a late height, and not every block.

It speaks with peers before there is a chain to follow, so it is its peers' only listener: what it does not
need it does not hear. Chunks go to the disk as they come, and become a database when all of them are there.
What comes of it is said once: the new head, or why there is none and blocks are to be fetched.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from contracts.chain.genesis import Genesis, validator_set
from network.peer.face import VALIDATOR, PeerIdentity, PeerNetwork
from network.sync.effects import BanPeer
from network.sync.snapshots import (
    AskChunk,
    AskSnapshot,
    Begin,
    Complete,
    GiveUp,
    SnapshotConfig,
    SnapshotEffect,
    SnapshotSync,
    TakeChunk,
)
from network.transport.base import Clock
from network.wire.messages import ChunkAnswer, Hello, Message, NoChunk, NoSnapshot, SnapshotOffer
from node.host.installing import install
from node.host.worker import Worker, no_answer
from node.storage.base import Base
from node.storage.head import Head
from node.storage.snapshot_files import SnapshotFiles
from node.storage.snapshot_reading import WrongSnapshot
from node.storage.store import KeyValueStore

_log = structlog.get_logger(__name__)

TICK_MS = 250
"""How often it looks at the clock."""
TELL_CHUNKS = 64
"""After so many chunks it is told how far it is."""

Ended = Callable[[Head | str], None]
"""Told the head of the new database, or why there is none, in a sentence."""


@dataclass(frozen=True)
class JoiningPlace:
    """Where it happens."""

    genesis: Genesis
    """The network."""
    store: KeyValueStore
    """Empty; becomes the database."""
    files: SnapshotFiles
    """Where the chunks go."""


class Joining:
    """Fetches and installs a snapshot. On the event loop; a peer listener."""

    def __init__(
        self,
        place: JoiningPlace,
        clock: Clock,
        worker: Worker,
        ended: Ended,
        config: SnapshotConfig = SnapshotConfig(),  # noqa: B008 - frozen
    ) -> None:
        """Join the parts; `start` begins."""
        self._place = place
        self._clock = clock
        self._worker = worker
        self._ended = ended
        self._network: PeerNetwork | None = None
        genesis = place.genesis
        powers = {node.name: node.power for node in genesis.nodes if node.role == VALIDATOR}
        validators, now_ms = validator_set(genesis), clock.now_ms()
        self._sync = SnapshotSync(validators, powers, genesis.chain_id, 0, config, now_ms)
        self._stored_bytes = 0

    def start(self, network: PeerNetwork) -> None:
        """Begin, with the network ready to send."""
        self._network = network
        self._clock.call_later(TICK_MS, self._tick)

    def _tick(self) -> None:
        self._carry_out(self._sync.tick(self._clock.now_ms()))
        if not self._sync.is_over:
            self._clock.call_later(TICK_MS, self._tick)

    # ----------------------------------------------------------------------------- what peers do

    def on_up(self, peer: PeerIdentity, hello: Hello) -> None:  # noqa: ARG002 - what it claims proves nothing
        """A session is open."""
        self._carry_out(self._sync.on_peer(peer.name, self._clock.now_ms()))

    def on_down(self, peer: PeerIdentity, reason: str) -> None:  # noqa: ARG002 - the network logs the reason
        """A session is over."""
        self._carry_out(self._sync.on_peer_down(peer.name, self._clock.now_ms()))

    def on_message(self, peer: PeerIdentity, message: Message) -> None:
        """A message came; there is no chain yet that any other kind could be about."""
        now_ms = self._clock.now_ms()
        match message:
            case SnapshotOffer():
                self._carry_out(self._sync.on_offer(peer.name, message, now_ms))
            case NoSnapshot():
                self._carry_out(self._sync.on_none(peer.name, now_ms))
            case ChunkAnswer():
                self._carry_out(self._sync.on_chunk(peer.name, message, now_ms))
            case NoChunk():
                self._carry_out(self._sync.on_no_chunk(peer.name, message, now_ms))
            case _:
                return

    # ------------------------------------------------------------------------------------ effects

    def _carry_out(self, effects: Sequence[SnapshotEffect]) -> None:
        network = self._network
        if network is None:
            return
        for effect in effects:
            match effect:
                case AskSnapshot(peer=peer, request=request) | AskChunk(peer=peer, request=request):
                    network.send(peer, request)
                case BanPeer(peer=peer, reason=reason):
                    _log.warning("peer_banned", peer=peer, reason=reason)
                    network.ban(peer, reason)
                case _:
                    self._fetch(effect)

    def _fetch(self, effect: Begin | TakeChunk | Complete | GiveUp) -> None:
        match effect:
            case Begin(goes_on=goes_on):
                self._begin(goes_on=goes_on)
            case TakeChunk(index=index, packed=packed):
                self._take(index, packed)
            case Complete():
                self._worker.submit(self._install, self._ended)
            case GiveUp(reason=reason):
                self._worker.submit(partial(self._clear, reason), self._ended)

    def _begin(self, *, goes_on: bool) -> None:
        chosen = self._sync.chosen
        if chosen is None:
            return
        manifest = chosen.manifest
        _log.info(
            "joining_by_snapshot",
            height=manifest.height,
            app_hash=manifest.app_hash.hex(),
            chunks=len(manifest.chunks),
            rows=manifest.rows,
            missing=self._sync.missing,
        )
        if goes_on:
            return
        self._stored_bytes = 0
        self._worker.submit(partial(self._make_room, manifest.height), no_answer)

    def _take(self, index: int, packed: bytes) -> None:
        chosen = self._sync.chosen
        if chosen is None:
            return
        self._stored_bytes += len(packed)
        job = partial(self._place.files.write_chunk, chosen.manifest.height, index, packed)
        self._worker.submit(job, lambda _none: self._written(len(packed)))
        if self._sync.missing % TELL_CHUNKS == 0:
            _log.info("joining_by_snapshot", missing=self._sync.missing)

    def _written(self, size: int) -> None:
        self._carry_out(self._sync.on_written(size, self._clock.now_ms()))

    # ------------------------------------------------------------------- jobs, on the worker's thread

    def _make_room(self, height: int) -> None:
        """Begin with nothing: what earlier attempts fetched of other snapshots is of no use any more."""
        self._place.files.clean(keep=0)
        self._place.files.begin(height)

    def _clear(self, reason: str) -> str:
        """Remove what was fetched, which never became a snapshot; return why."""
        self._place.files.clean(keep=0)
        return reason

    def _install(self) -> Head | str:
        chosen, place = self._sync.chosen, self._place
        if chosen is None:
            return "no snapshot was chosen"
        held = place.files.finish(chosen.manifest, self._stored_bytes)
        vouchers = tuple(chosen.vouchers[key] for key in sorted(chosen.vouchers))
        base = Base(chosen.manifest.height, chosen.hash, chosen.anchor, vouchers)
        try:
            return install(place.store, place.genesis, place.files, held, base, lambda _chunk: None)
        except WrongSnapshot as error:
            place.files.remove(chosen.manifest.height)
            return f"the snapshot of height {chosen.manifest.height} is wrong, though vouched for: {error}"
