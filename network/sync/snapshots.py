"""Snapshot sync: fetching a snapshot from peers that may lie, stall or dawdle; without I/O.

Two phases. First peers are asked what they hold; an offer counts when its anchor ties it to the chain and
validators with more than one third of the power of its height vouch for its manifest, with the vouchers of
all peers taken together. The highest such snapshot is chosen. Then its chunks are fetched, one at a time from
every peer that offers it, and each is checked against the manifest at once: who sends a wrong one is banned,
who stalls rests, and what a slow one owes is asked of a quick one too. One honest peer of many is enough:
when those who hold the chosen snapshot give nothing of it, one that others hold is chosen instead.

Whatever does not lead there in time ends with `GiveUp`: the node then fetches blocks, which needs nobody's
word.
"""

from collections.abc import Collection, Mapping

import msgspec

from contracts.chain.validators import ValidatorSet
from network.sync.effects import BanPeer
from network.sync.offers import Candidate, Offers
from network.sync.packing import unpack_chunk
from network.sync.standing import MAX_DOUBLINGS
from network.wire.errors import RemoteProtocolError
from network.wire.messages import (
    ChunkAnswer,
    ChunkRequest,
    NoChunk,
    SnapshotOffer,
    SnapshotRequest,
)

MAX_ATTEMPTS = 3
"""So many snapshots are begun of those who may all lose them; of others, whose offers are new, any number."""


class SnapshotConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Times in ms."""

    unwritten_bytes: int = 64 << 20
    """With this much taken and not yet on the disk, no more chunks are asked for."""
    settle_ms: int = 3_000
    """Peers are given this long to be reached and to answer, before a snapshot is chosen or none is."""
    trust_ms: int = 20_000
    """After this long without a snapshot that enough validators vouch for, blocks are fetched."""
    ask_ms: int = 2_000
    """How often peers that offer nothing of use are asked again."""
    answer_ms: int = 5_000
    """A peer whose chunk has not come for this long stalls."""
    hurry_ms: int = 2_000
    """A chunk that is the last ones' and takes this long is asked of another peer too."""
    rest_ms: int = 10_000
    """A peer that stalls is not asked for this long; each further time doubles it."""
    stuck_ms: int = 15_000
    """After this long without a new chunk, another snapshot is chosen, if others hold one; those who held it
    and lost their connection have this long to come back."""
    progress_ms: int = 60_000
    """After this long without a new chunk, blocks are fetched."""


class AskSnapshot(msgspec.Struct, frozen=True):
    """Send this request."""

    peer: str
    """To whom."""
    request: SnapshotRequest
    """What."""


class AskChunk(msgspec.Struct, frozen=True):
    """Send this request."""

    peer: str
    """To whom."""
    request: ChunkRequest
    """What."""


class Begin(msgspec.Struct, frozen=True):
    """This snapshot is to be believed, and is fetched now; what was fetched of another is of no use."""

    candidate: Candidate
    """Which one."""
    goes_on: bool = False
    """Whether it is the one that was begun last: what was taken of it is not taken again."""


class TakeChunk(msgspec.Struct, frozen=True):
    """A chunk of it has come, and is the one that the manifest names."""

    index: int
    """Which one."""
    packed: bytes
    """As it came, compressed."""


class Complete(msgspec.Struct, frozen=True):
    """All chunks have come."""


class GiveUp(msgspec.Struct, frozen=True):
    """No snapshot can be had: fetch blocks."""

    reason: str
    """A sentence."""


SnapshotEffect = AskSnapshot | AskChunk | Begin | TakeChunk | Complete | GiveUp | BanPeer
"""Everything that snapshot sync returns."""


class _Peer(msgspec.Struct):
    """What is known of one peer."""

    asked_ms: int
    """When it was last asked what it holds."""
    is_asked: bool = True
    """Whether it was asked what it holds and has not said it since."""
    answered: bool = False
    """Whether it has said what it holds, or that it holds nothing."""
    holds: bytes = b""
    """Hash of the manifest that it offers; empty for none."""
    owes: int = -1
    """Chunk that it was asked for; -1 for none."""
    late: int = -1
    """Chunk that it did not send in time; taken if it comes after all."""
    since_ms: int = 0
    """When it was asked for that."""
    strikes: int = 0
    """How often it stalled."""
    resting_until_ms: int = 0
    """Until when it is not asked."""

    def says(self, holds: bytes) -> None:
        """It says what it holds: the hash of a manifest, or nothing."""
        self.is_asked, self.answered, self.holds = False, True, holds

    def gave(self, index: int, now_ms: int) -> None:
        """It sent what it owed: in time, which makes up for a stall, or late, which ends its rest."""
        if index == self.owes:
            self.owes = -1
            self.strikes = max(0, self.strikes - 1)
        else:
            self.late = -1
        self.resting_until_ms = now_ms

    def rest(self, now_ms: int, rest_ms: int) -> None:
        """It stalls."""
        self.late, self.owes = self.owes, -1
        self.resting_until_ms = now_ms + (rest_ms << min(self.strikes, MAX_DOUBLINGS))
        self.strikes += 1


class SnapshotSync:
    """Fetches one snapshot for a node that has nothing yet.

    Every input returns what is to be done, in order. Time is given in ms by any clock that moves forward.

    Attributes:
        is_over: Whether it is complete or was given up; inputs do nothing any more.
        chosen: The snapshot being fetched; None until one is trusted.
        missing: How many of its chunks have not come.
    """

    def __init__(
        self,
        genesis_set: ValidatorSet,
        powers: Mapping[str, int],
        chain_id: str,
        above: int,
        config: SnapshotConfig,
        now_ms: int,
    ) -> None:
        """Begin.

        Args:
            genesis_set: The validators that genesis names.
            powers: Their power, by the name of the peer.
            chain_id: The network.
            above: Only a snapshot of a greater height is of use.
            config: Patience.
            now_ms: The time.
        """
        self._offers = Offers(genesis_set, chain_id)
        self._genesis_set = genesis_set
        self._powers = powers
        self._request = SnapshotRequest(above)
        self._config = config
        self._began_ms = self._progress_ms = now_ms
        self._peers: dict[str, _Peer] = {}
        # Of the snapshot begun last, also while none is chosen.
        self._begun = b""
        self._missing: dict[int, None] = {}
        # Names of those who held the chosen one when their connection ended, and since when nobody holds it;
        # genesis names all that there can be.
        self._former: set[str] = set()
        self._alone_ms: int | None = None
        # Names of those who offered a chosen snapshot and did not give it; also when they come back.
        self._barren: set[str] = set()
        self._attempts = 0
        self._unwritten = 0
        self.is_over = False
        self.chosen: Candidate | None = None

    @property
    def missing(self) -> int:
        """How many chunks have not come."""
        return len(self._missing)

    # Inputs.

    def on_peer(self, peer: str, now_ms: int) -> list[SnapshotEffect]:
        """A peer is there."""
        if self.is_over:
            return []
        known = self._peers[peer] = _Peer(now_ms)
        if self.chosen is not None and peer in self._former:
            # Asked what it holds, it would offer the newest.
            known.says(self.chosen.hash)
            return self._advance(now_ms)
        return [AskSnapshot(peer, self._request)]

    def on_peer_down(self, peer: str, now_ms: int) -> list[SnapshotEffect]:
        """A peer is gone; who holds the chosen snapshot may come back."""
        gone = self._peers.pop(peer, None)
        if gone is not None and self.chosen is not None and gone.holds == self.chosen.hash:
            self._former.add(peer)
        return self._advance(now_ms)

    def on_offer(self, peer: str, offer: SnapshotOffer, now_ms: int) -> list[SnapshotEffect]:
        """A peer says what it holds; to judge it is dear, so who was not asked is not heard."""
        known = self._peers.get(peer)
        if known is None or self.is_over or not known.is_asked:
            return []
        try:
            candidate = self._offers.take(offer)
        except RemoteProtocolError as error:
            return self._ban(peer, str(error), now_ms)
        if candidate.manifest.height <= self._request.above:
            return self._ban(peer, f"offered height {candidate.manifest.height}, which is no use", now_ms)
        known.says(candidate.hash)
        kept = {each.holds for each in self._peers.values() if each.holds}
        self._offers.keep_only(kept if self.chosen is None else kept | {self.chosen.hash})
        return self._advance(now_ms)

    def on_none(self, peer: str, now_ms: int) -> list[SnapshotEffect]:
        """A peer says that it holds none."""
        known = self._peers.get(peer)
        if known is not None and known.is_asked:
            known.says(b"")
        return self._advance(now_ms)

    def on_chunk(self, peer: str, answer: ChunkAnswer, now_ms: int) -> list[SnapshotEffect]:
        """A chunk came; what nobody asked for, or is here by now, is ignored."""
        known = self._owing(peer, answer.manifest_hash, answer.index)
        if known is None or self.chosen is None:
            return []
        known.gave(answer.index, now_ms)
        effects: list[SnapshotEffect] = []
        if answer.index in self._missing:
            try:
                unpack_chunk(answer.data, self.chosen.manifest.chunks[answer.index])
            except RemoteProtocolError as error:
                return self._ban(peer, str(error), now_ms)
            del self._missing[answer.index]
            self._progress_ms, self._alone_ms = now_ms, None
            self._unwritten += len(answer.data)
            effects.append(TakeChunk(answer.index, answer.data))
        return [*effects, *self._advance(now_ms)]

    def on_written(self, size: int, now_ms: int) -> list[SnapshotEffect]:
        """A chunk of `size` bytes that was taken is on the disk: of this snapshot, or one begun before."""
        self._unwritten -= size
        return self._advance(now_ms)

    def on_no_chunk(self, peer: str, answer: NoChunk, now_ms: int) -> list[SnapshotEffect]:
        """A peer has lost what it offered: it may have removed an old snapshot."""
        known = self._owing(peer, answer.manifest_hash, answer.index)
        if known is None:
            return []
        known.holds, known.owes, known.late = b"", -1, -1
        self._former.discard(peer)
        self._barren.add(peer)
        return self._advance(now_ms)

    def tick(self, now_ms: int) -> list[SnapshotEffect]:
        """Time has passed; to be called a few times a second."""
        for peer in self._peers.values():
            if peer.owes >= 0 and now_ms - peer.since_ms > self._config.answer_ms:
                peer.rest(now_ms, self._config.rest_ms)
        return self._advance(now_ms)

    # What follows from them.

    def _owing(self, peer: str, hash_: bytes, index: int) -> _Peer | None:
        """Return the peer if it owes, or owed, this chunk of the chosen snapshot."""
        known = self._peers.get(peer)
        if self.is_over or known is None or self.chosen is None or hash_ != self.chosen.hash:
            return None
        return known if index in (known.owes, known.late) else None

    def _advance(self, now_ms: int) -> list[SnapshotEffect]:
        if self.is_over:
            return []
        effects: list[SnapshotEffect] = []
        if self.chosen is None:
            self._choose(effects, now_ms)
        if self.chosen is not None:
            self._go_on(effects, now_ms)
        if not self.is_over:
            self._ask_again(effects, now_ms)
        return effects

    def _choose(self, effects: list[SnapshotEffect], now_ms: int) -> None:
        """Choose the highest trusted snapshot, once all peers answered or had the time to."""
        waited_ms = now_ms - self._began_ms
        has_settled = waited_ms >= self._config.settle_ms
        held = {peer.holds for peer in self._peers.values() if peer.holds}
        if not has_settled:
            return
        trusted = [each for each in map(self._offers.get, held) if each.is_trusted]
        if trusted:
            fresh = self._held_by(self._peers.keys() - self._barren)
            self.chosen = max(
                trusted, key=lambda each: (each.hash in fresh, each.manifest.height, each.power, each.hash)
            )
            goes_on = self.chosen.hash == self._begun
            if not goes_on:
                self._begun = self.chosen.hash
                self._missing = dict.fromkeys(range(len(self.chosen.manifest.chunks)))
                self._former.clear()
            self._progress_ms, self._alone_ms = now_ms, None
            self._attempts += 1
            effects.append(Begin(self.chosen, goes_on))
        elif not held and self._is_there_none():
            self._end(effects, "no peer has one")
        elif waited_ms >= self._config.trust_ms:
            self._end(effects, self._why_none([self._offers.get(hash_) for hash_ in held]))

    def _is_there_none(self) -> bool:
        """Tell whether so many say that they hold none that those not heard yet cannot vouch for one.

        By the validators of genesis: the present ones are not known yet. A few peers that happen to be there
        first, and hold none, are not to make a newcomer execute everything.
        """
        power = sum(self._powers.get(name, 0) for name, peer in self._peers.items() if peer.answered)
        is_everybody = all(peer.answered for peer in self._peers.values())
        return is_everybody and not self._genesis_set.has_honest(self._genesis_set.total_power - power)

    def _held_by(self, names: Collection[str]) -> set[bytes]:
        """Return the hashes of the manifests that these peers offer."""
        return {self._peers[name].holds for name in names if self._peers[name].holds}

    def _why_none(self, candidates: list[Candidate]) -> str:
        if not candidates:
            return "no peer has one" if self._peers else "no peer is in touch"
        best = max(candidates, key=lambda each: each.power)
        power, total = best.power
        return f"for that of height {best.manifest.height} power {power} of {total} vouches, too little"

    def _go_on(self, effects: list[SnapshotEffect], now_ms: int) -> None:
        """Ask for what is missing of the chosen snapshot, or end."""
        chosen = self.chosen
        if chosen is None:
            return
        if not self._missing:
            self.is_over = True
            effects.append(Complete())
            return
        if self._unwritten >= self._config.unwritten_bytes:
            # It is the disk that is slow, and not who holds the snapshot.
            self._progress_ms = now_ms
            return
        holders = {name: peer for name, peer in self._peers.items() if peer.holds == chosen.hash}
        waited_ms = now_ms - self._progress_ms
        is_lost = not holders and self._attempts < MAX_ATTEMPTS
        is_late = self._is_late(holders, now_ms)
        if is_late and (is_lost or self._is_another_trusted(holders)):
            # Also who is away just now: else it would come back for every choice, and give nothing.
            self._barren.update(holders, self._former)
            self._begin_anew(now_ms)
        elif waited_ms >= self._config.progress_ms:
            height = chosen.manifest.height
            self._end(effects, f"nobody gives the rest of that of height {height}: {self.missing} chunks")
        else:
            self._ask_chunks(effects, holders, now_ms)

    def _is_late(self, holders: Collection[str], now_ms: int) -> bool:
        """Tell whether those who hold the chosen snapshot had their time, or those who held it.

        Who merely lost its connection has as long as one that gives nothing, from when the last of them was
        gone, and who came back within it the time of an answer. Coming and going begins neither anew: only a
        chunk does.
        """
        config = self._config
        if self._alone_ms is None and not holders:
            self._alone_ms = now_ms
        if self._alone_ms is None:
            return now_ms - self._progress_ms >= config.stuck_ms
        patience_ms = config.stuck_ms if self._former or holders else config.settle_ms
        return now_ms - self._alone_ms >= patience_ms + (config.answer_ms if holders else 0)

    def _is_another_trusted(self, holders: Collection[str]) -> bool:
        """Tell whether somebody else, of whom nothing bad is known, holds another snapshot to be believed."""
        others = self._held_by(self._peers.keys() - self._barren - set(holders))
        return any(self._offers.get(hash_).is_trusted for hash_ in others)

    def _begin_anew(self, now_ms: int) -> None:
        self.chosen = None
        self._began_ms = now_ms

    def _ask_chunks(self, effects: list[SnapshotEffect], holders: dict[str, _Peer], now_ms: int) -> None:
        """Give every idle holder a chunk: the lowest that nobody owes, else one that is long under way."""
        since = {peer.owes: peer.since_ms for peer in self._peers.values() if peer.owes >= 0}
        free = iter([index for index in self._missing if index not in since])
        for name, peer in sorted(holders.items(), key=lambda entry: (entry[1].strikes, entry[0])):
            if peer.owes >= 0 or peer.resting_until_ms > now_ms or self.chosen is None:
                continue
            index = next(free, -1)
            if index < 0 and peer.strikes == 0:
                index = self._overdue(since, now_ms)
            if index < 0:
                continue
            peer.owes, peer.since_ms = index, now_ms
            since[index] = now_ms
            effects.append(AskChunk(name, ChunkRequest(self.chosen.hash, index)))

    def _overdue(self, since: dict[int, int], now_ms: int) -> int:
        """Return the chunk that has been under way longest, when that is too long; else -1."""
        waiting = [(asked_ms, index) for index, asked_ms in since.items() if index in self._missing]
        asked_ms, index = min(waiting, default=(now_ms, -1))
        return index if now_ms - asked_ms >= self._config.hurry_ms else -1

    def _ask_again(self, effects: list[SnapshotEffect], now_ms: int) -> None:
        """Ask those anew who may have got a snapshot, or vouchers for it, meanwhile."""
        for name, peer in self._peers.items():
            is_of_use = self.chosen is not None and peer.holds == self.chosen.hash
            if not is_of_use and now_ms - peer.asked_ms >= self._config.ask_ms:
                peer.asked_ms, peer.is_asked = now_ms, True
                effects.append(AskSnapshot(name, self._request))

    def _end(self, effects: list[SnapshotEffect], reason: str) -> None:
        self.is_over = True
        effects.append(GiveUp(reason))

    def _ban(self, liar: str, reason: str, now_ms: int) -> list[SnapshotEffect]:
        self._peers.pop(liar, None)
        self._former.discard(liar)
        return [BanPeer(liar, reason), *self._advance(now_ms)]
