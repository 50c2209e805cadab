"""Liars that are asked for snapshots.

What such a liar may do:

    snapshot_none      it has none, or not the chunk that it was asked for
    snapshot_stall     no answer
    snapshot_old       the first offer that it ever made, for ever
    snapshot_chunk     a chunk with a byte changed, one with a row changed, or one without end
    snapshot_unsigned  an offer for which nobody vouches
    snapshot_forged    a snapshot with a row changed, or of another app hash, for which others seem to vouch
    snapshot_vouched   such a snapshot, for which it vouches itself, and nobody else
    snapshot_miser     an offer like everybody's, and never a chunk

and, where it vouches for its own:

    voucher_flood      vouchers for heights to come as well, more at once than anybody listens to
"""

from collections import Counter
from collections.abc import Callable, Collection
from random import Random
from typing import Final

import msgspec
import zstandard

from contracts.chain.snapshot import (
    CHUNKS,
    MANIFESTS,
    MAX_CHUNK_BYTES,
    Manifest,
    Voucher,
    chunk_hash,
    manifest_hash,
    vouch,
)
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import HASH_BYTES
from network.sync.packing import pack_chunk
from network.wire.messages import ChunkAnswer, Message, NoChunk, NoSnapshot, SnapshotOffer, VoucherMessage
from node.host.snapshot_desk import VOUCHERS_BURST
from node.storage.store import STATE

SNAPSHOT_BEHAVIOURS: Final = (
    *("snapshot_none", "snapshot_stall", "snapshot_old"),
    *("snapshot_chunk", "snapshot_unsigned", "snapshot_forged"),
)
MORE_SNAPSHOT_BEHAVIOURS: Final = ("snapshot_vouched", "snapshot_miser")
"""Drawn apart."""
VOUCHER_BEHAVIOURS: Final = ("voucher_flood",)
"""Drawn after all others."""
ChunkOf = Callable[[int, int], bytes | None]
"""Returns a chunk of this node's snapshot of a height, as it is stored."""
_FORGE: Final = 0.5
"""Part of the answers that are forged, where the liar forges …"""
_BOLD: Final = ("snapshot_chunk", "snapshot_forged", "snapshot_vouched")
_DENY: Final = 0.15
"""… or that say less than is true, in one way."""
_FLOOD: Final = 0.3
_FLOOD_VOUCHERS: Final = 2 * VOUCHERS_BURST


class SnapshotLiar:
    """How one liar speaks of snapshots."""

    def __init__(
        self,
        random: Random,
        behaviours: Collection[str],
        counts: Counter[str],
        chunk_of: ChunkOf,
        seed: bytes,
    ) -> None:
        """Lie in the ways of `behaviours`, under the key of `seed`, and count each lie."""
        self._seed = seed
        self._random = random
        self._behaviours = frozenset(behaviours)
        self._counts = counts
        self._chunk_of = chunk_of
        self._first: SnapshotOffer | None = None
        self._forged: dict[bytes, tuple[Manifest, int, bytes]] = {}

    def _lies(self, behaviour: str) -> bool:
        part = _FORGE if behaviour in _BOLD else _DENY
        return behaviour in self._behaviours and self._random.random() < part

    def _count(self, behaviour: str, told: Message, truth: Message) -> Message:
        self._counts[behaviour] += told != truth
        return told

    def change(self, message: Message) -> list[Message]:
        """Return what is told instead of an answer about snapshots."""
        if self._lies("snapshot_stall"):
            self._counts["snapshot_stall"] += 1
            return []
        match message:
            case SnapshotOffer():
                return [self._offer(message)]
            case ChunkAnswer() if "snapshot_miser" in self._behaviours:
                self._counts["snapshot_miser"] += 1
                return []
            case ChunkAnswer():
                return [self._chunk(message)]
            case NoChunk(manifest_hash=hash_, index=index) if hash_ in self._forged:
                return self._forged_chunk(hash_, index)
            case _:
                return [message]

    def vouch_on(self, chain_id: str, message: VoucherMessage) -> list[Message]:
        """Return what is told instead of a voucher of its own: that one, and others that each would be kept.

        All liars name one manifest, of heights that no world comes to: the invariants hold who vouches for
        what against all others.
        """
        if "voucher_flood" not in self._behaviours or self._random.random() >= _FLOOD:
            return [message]
        first = self._random.randrange(1_000, 1_000_000)
        heights = [message.voucher.height * (first + more) for more in range(_FLOOD_VOUCHERS)]
        self._counts["voucher_flood"] += len(heights)
        vouchers = [vouch(chain_id, self._seed, height, bytes(HASH_BYTES)) for height in heights]
        return [message, *map(VoucherMessage, vouchers)]

    def _offer(self, offer: SnapshotOffer) -> Message:
        self._first = self._first or offer
        if self._lies("snapshot_none"):
            return self._count("snapshot_none", NoSnapshot(0), offer)
        if self._lies("snapshot_old"):
            return self._count("snapshot_old", self._first, offer)
        if self._lies("snapshot_unsigned"):
            return self._count("snapshot_unsigned", msgspec.structs.replace(offer, vouchers=()), offer)
        if self._lies("snapshot_forged"):
            return self._count("snapshot_forged", self._forge(offer), offer)
        if self._lies("snapshot_vouched"):
            return self._count("snapshot_vouched", self._vouch(self._forge(offer)), offer)
        return offer

    def _vouch(self, forged: SnapshotOffer) -> SnapshotOffer:
        """Vouch for it alone."""
        manifest = MANIFESTS.decode(forged.manifest)
        own = vouch(manifest.chain_id, self._seed, manifest.height, manifest_hash(manifest))
        return msgspec.structs.replace(forged, vouchers=(own,))

    def _forge(self, offer: SnapshotOffer) -> SnapshotOffer:
        """Offer another snapshot, with signatures of those who vouch for the true one."""
        manifest = MANIFESTS.decode(offer.manifest)
        index = self._random.randrange(len(manifest.chunks))
        data = self._chunk_of(manifest.height, index)
        if data is None:
            return offer
        chunk = _bent(self._random, data)
        hashes = (*manifest.chunks[:index], chunk_hash(chunk), *manifest.chunks[index + 1 :])
        if self._random.random() < 0.5:
            forged = msgspec.structs.replace(manifest, app_hash=manifest.app_hash[::-1])
        else:
            forged = msgspec.structs.replace(manifest, chunks=hashes)
        hash_ = manifest_hash(forged)
        self._forged[hash_] = (forged, index, pack_chunk(chunk))
        vouchers = tuple(
            Voucher(each.height, hash_, each.validator, each.signature) for each in offer.vouchers
        )
        return SnapshotOffer(encode(forged), vouchers, offer.anchor)

    def _forged_chunk(self, hash_: bytes, index: int) -> list[Message]:
        manifest, changed, data = self._forged[hash_]
        is_changed = index == changed and chunk_hash(_opened(data)) == manifest.chunks[index]
        found = data if is_changed else self._chunk_of(manifest.height, index)
        return [NoChunk(hash_, index) if found is None else ChunkAnswer(hash_, index, found)]

    def _chunk(self, answer: ChunkAnswer) -> Message:
        if self._lies("snapshot_none"):
            return self._count("snapshot_none", NoChunk(answer.manifest_hash, answer.index), answer)
        if not self._lies("snapshot_chunk"):
            return answer
        kind = self._random.randrange(8)
        if kind == 0:
            told = pack_chunk(bytes(MAX_CHUNK_BYTES + 1))
        elif kind < 4:
            at = self._random.randrange(len(answer.data))
            told = answer.data[:at] + bytes((answer.data[at] ^ 1,)) + answer.data[at + 1 :]
        else:
            told = pack_chunk(_bent(self._random, answer.data))
        return self._count("snapshot_chunk", msgspec.structs.replace(answer, data=told), answer)


def _opened(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(data)


def _bent(random: Random, data: bytes) -> bytes:
    """Return a chunk, encoded, of which one row of the state says something else."""
    rows = list(CHUNKS.decode(_opened(data)))
    places = [at for at, (key, value) in enumerate(rows) if key.startswith(STATE) and value] or [0]
    at = random.choice(places)
    key, value = rows[at]
    rows[at] = (key, value[:-1] + bytes((value[-1] ^ 1,)))
    return encode(tuple(rows))
