"""Snapshot sync against peers that lie, stall and dawdle, in virtual time."""

import heapq
import itertools

import msgspec
import pytest

from contracts.chain.snapshot import (
    MAX_CHUNK_BYTES,
    chunk_hash,
    manifest_hash,
    vouch,
)
from contracts.primitives.encoding import encode
from network.sync.effects import BanPeer
from network.sync.packing import pack_chunk, unpack_chunk
from network.sync.snapshots import (
    AskChunk,
    AskSnapshot,
    Begin,
    Complete,
    GiveUp,
    SnapshotConfig,
    SnapshotSync,
    TakeChunk,
)
from network.wire.errors import RemoteProtocolError
from network.wire.messages import ChunkAnswer, ChunkRequest, NoChunk, NoSnapshot, SnapshotOffer
from tests.support.manifests import CHUNKS, HEIGHT, anchor_at, manifest_at
from tests.unit.network.chain import CHAIN, SEEDS, VALIDATORS

TICK_MS = 250
POWERS = {"alder": 1, "birch": 1, "cedar": 1, "damson": 1}


def offer_of(manifest, signers=(0, 1), anchor=None):
    vouchers = tuple(vouch(CHAIN, SEEDS[at], manifest.height, manifest_hash(manifest)) for at in signers)
    return SnapshotOffer(encode(manifest), vouchers, encode(anchor or anchor_at(manifest.height)))


MANIFEST = manifest_at(HEIGHT)
NEWER = manifest_at(HEIGHT + 2)


def honest(manifest=MANIFEST, chunks=CHUNKS, signers=(0, 1), delay_ms=20):
    """Return a peer: a function of what it is asked, to the answers with their delays."""
    offer = offer_of(manifest, signers)

    def answer(request):
        if not isinstance(request, ChunkRequest):
            return [(delay_ms, offer)]
        if request.manifest_hash != manifest_hash(manifest):
            return [(delay_ms, NoChunk(request.manifest_hash, request.index))]
        return [
            (delay_ms, ChunkAnswer(request.manifest_hash, request.index, pack_chunk(chunks[request.index])))
        ]

    return answer


def instead(change, truth=None):
    """Return a peer that offers honestly and answers requests for chunks as `change` makes of them."""
    truth = truth or honest()
    return lambda request: change(request) if isinstance(request, ChunkRequest) else truth(request)


def silent(_request):
    return []


class World:
    def __init__(self, peers, config=SnapshotConfig(), above=0, write_ms=0):  # noqa: B008 - frozen
        self.peers = dict(peers)
        self.write_ms = write_ms
        self.unwritten = self.most_unwritten = 0
        self.written_ms = 0
        self.now = 0
        self.order = itertools.count()
        self.queue = []
        self.banned = {}
        self.asked = []
        self.chunks = {}
        self.began = []
        self.outcome = None
        self.sync = SnapshotSync(VALIDATORS, POWERS, CHAIN, above, config, 0)
        for name in self.peers:
            self.later(0, lambda name=name: self.sync.on_peer(name, self.now))

    def later(self, delay, call):
        heapq.heappush(self.queue, (self.now + delay, next(self.order), call))

    def run(self, until_ms=200_000):
        while self.now < until_ms and self.outcome is None:
            due = self.now + TICK_MS
            while self.queue and self.queue[0][0] <= due:
                self.now, _order, call = heapq.heappop(self.queue)
                self.carry_out(call())
            self.now = due
            self.carry_out(self.sync.tick(self.now))
        return self.outcome

    def carry_out(self, effects):
        for effect in effects:
            assert self.outcome is None, "nothing follows the end"
            match effect:
                case AskSnapshot(peer=peer, request=request) | AskChunk(peer=peer, request=request):
                    self.asked.append((self.now, peer, request))
                    for delay, message in self.peers[peer](request):
                        self.later(delay, lambda peer=peer, message=message: self.receive(peer, message))
                case Begin(candidate=candidate, goes_on=goes_on):
                    self.began.append(candidate.manifest.height)
                    self.chunks = self.chunks if goes_on else {}
                case TakeChunk(index=index, packed=packed):
                    assert index not in self.chunks
                    self.chunks[index] = packed
                    self.write(len(packed))
                case BanPeer(peer=peer, reason=reason):
                    self.banned[peer] = reason
                case Complete() | GiveUp():
                    self.outcome = effect

    def write(self, size):
        """Let the disk write one chunk after the other."""
        self.unwritten += size
        self.most_unwritten = max(self.most_unwritten, self.unwritten)
        self.written_ms = max(self.written_ms, self.now) + self.write_ms
        self.later(self.written_ms - self.now, lambda: self.written(size))

    def written(self, size):
        self.unwritten -= size
        return self.sync.on_written(size, self.now)

    def receive(self, peer, message):
        match message:
            case SnapshotOffer():
                return self.sync.on_offer(peer, message, self.now)
            case NoSnapshot():
                return self.sync.on_none(peer, self.now)
            case ChunkAnswer():
                return self.sync.on_chunk(peer, message, self.now)
            case NoChunk():
                return self.sync.on_no_chunk(peer, message, self.now)

    def check(self, chunks=CHUNKS, manifest=MANIFEST):
        assert self.outcome == Complete()
        assert self.sync.is_over
        opened = [unpack_chunk(self.chunks[at], manifest.chunks[at]) for at in range(len(chunks))]
        assert tuple(opened) == chunks

    def chunks_asked_of(self, peer):
        return [request.index for _now, name, request in self.asked if name == peer and is_chunk(request)]


def is_chunk(request):
    return isinstance(request, ChunkRequest)


def test_one_honest_peer_is_enough():
    world = World({"birch": honest()})
    world.run()
    world.check()
    assert world.banned == {}
    assert world.now < 4_500


def test_the_work_is_shared():
    world = World({name: honest(signers=(at,)) for at, name in enumerate(("birch", "cedar", "maple"))})
    world.run()
    world.check()
    assert all(len(world.chunks_asked_of(name)) == 4 for name in world.peers)


def wrong_bytes(request):
    return [(5, ChunkAnswer(request.manifest_hash, request.index, pack_chunk(b"other rows")))]


def not_compressed(request):
    return [(5, ChunkAnswer(request.manifest_hash, request.index, CHUNKS[request.index]))]


def bomb(request):
    return [(5, ChunkAnswer(request.manifest_hash, request.index, pack_chunk(bytes(64 * MAX_CHUNK_BYTES))))]


def another_chunk(request):
    other = (request.index + 1) % len(CHUNKS)
    return [(5, ChunkAnswer(request.manifest_hash, request.index, pack_chunk(CHUNKS[other])))]


def forged_manifest(_request):
    """Its own manifest, vouched for by signatures that nobody made."""
    manifest = manifest_at(HEIGHT, CHUNKS[:3])
    good = offer_of(manifest)
    forged = tuple(msgspec.structs.replace(voucher, signature=bytes(64)) for voucher in good.vouchers)
    return [(5, msgspec.structs.replace(good, vouchers=forged))]


def borrowed_vouchers(_request):
    """The true vouchers under a manifest that they are not about."""
    return [
        (
            5,
            msgspec.structs.replace(
                offer_of(manifest_at(HEIGHT, CHUNKS[:3])), vouchers=offer_of(MANIFEST).vouchers
            ),
        )
    ]


def other_height(_request):
    manifest = msgspec.structs.replace(MANIFEST, height=HEIGHT + 1)
    return [(5, offer_of(manifest, anchor=anchor_at(HEIGHT)))]


def garbage(_request):
    return [(5, SnapshotOffer(b"\xc1", (), b"\xc1"))]


LIARS = {
    "other bytes": instead(wrong_bytes),
    "not compressed": instead(not_compressed),
    "a bomb": instead(bomb),
    "another chunk": instead(another_chunk),
    "forged vouchers": forged_manifest,
    "vouchers of another manifest": borrowed_vouchers,
    "a block of another height": other_height,
    "garbage": garbage,
}


@pytest.mark.parametrize("kind", LIARS)
def test_a_liar_is_banned_and_costs_little(kind):
    world = World({"alder": LIARS[kind], "birch": honest()})
    world.run()
    world.check()
    assert list(world.banned) == ["alder"]
    assert world.now < 6_000


@pytest.mark.parametrize("kind", LIARS)
def test_liars_alone_end_in_block_sync(kind):
    world = World({"alder": LIARS[kind], "birch": LIARS[kind]})
    assert isinstance(world.run(), GiveUp)
    assert world.now <= 100_000


@pytest.mark.parametrize(
    "quiet", [silent, lambda request: [(5, NoChunk(request.manifest_hash, request.index))]]
)
def test_who_gives_no_chunk_does_not_hold_up_the_others(quiet):
    world = World({"alder": instead(quiet), "birch": honest()})
    world.run()
    world.check()
    assert world.banned == {}
    assert world.now < 12_000


def test_what_a_slow_peer_owes_is_asked_of_a_quick_one():
    slow = instead(lambda request: [(4_900, honest()(request)[0][1])])
    world = World({"alder": slow, "birch": honest()})
    world.run()
    world.check()
    assert world.now < 7_000


def test_a_network_that_is_slow_alike_still_ends():
    """Later than patience allows, but what comes late is taken."""
    world = World({"alder": instead(lambda request: [(9_000, honest()(request)[0][1])])})
    world.run(2_000_000)
    world.check()


def test_a_slow_disk_is_waited_for_and_nobody_is_blamed():
    """It takes longer for a chunk than any patience with peers lasts."""
    largest = max(map(len, map(pack_chunk, CHUNKS)))
    config = SnapshotConfig(unwritten_bytes=largest + 1)
    world = World({name: honest() for name in ("birch", "cedar")}, config, write_ms=100_000)
    world.run(4_000_000)
    world.check()
    assert world.began == [HEIGHT]
    assert world.banned == {}
    # What was on its way when the room was used up is taken, too: a chunk of each peer.
    assert world.most_unwritten <= 4 * largest
    assert sum(len(world.chunks_asked_of(name)) for name in world.peers) == len(CHUNKS)


def test_all_holders_stall():
    world = World({"alder": instead(silent), "birch": instead(silent)})
    outcome = world.run()
    assert outcome == GiveUp(f"nobody gives the rest of that of height {HEIGHT}: {len(CHUNKS)} chunks")


def test_the_highest_trusted_snapshot_is_chosen():
    higher = manifest_at(HEIGHT + 1)
    dreamt = manifest_at(HEIGHT + 2)
    world = World(
        {"alder": honest(), "birch": honest(higher), "cedar": honest(dreamt, signers=(2,))},
    )
    world.run()
    world.check()
    assert world.began == [HEIGHT + 1]


def test_a_fork_by_few_is_not_believed():
    """One of four vouches for another state, loudly, before the others speak."""
    forked = manifest_at(HEIGHT, CHUNKS[::-1])
    world = World({"alder": honest(forked, CHUNKS[::-1], signers=(3,), delay_ms=1), "birch": honest()})
    world.run()
    world.check()


def test_power_counts_and_not_signatures():
    """The same voucher many times, and vouchers of strangers, are those of one."""
    stranger = vouch(CHAIN, bytes(32), HEIGHT, manifest_hash(MANIFEST))
    good = offer_of(MANIFEST, signers=(0,))
    padded = msgspec.structs.replace(good, vouchers=(*good.vouchers * 5, stranger))
    world = World({"alder": lambda _request: [(5, padded)]})
    assert world.run() == GiveUp(f"for that of height {HEIGHT} power 1 of 4 vouches, too little")
    assert world.banned == {}


def test_holders_that_lose_it_are_left_for_others():
    """Old snapshots are removed: a newer one is begun."""
    asked = itertools.count()

    def forgetful(request):
        if not is_chunk(request):
            return honest()(request) if next(asked) < 2 else honest(NEWER)(request)
        return honest(NEWER)(request)

    world = World({"alder": forgetful})
    world.run()
    world.check()
    assert world.began == [HEIGHT, HEIGHT + 2]


def holds_none(_request):
    return [(20, NoSnapshot(HEIGHT))]


@pytest.mark.parametrize(
    ("none", "until_ms"), [(("alder", "birch", "cedar"), 3_500), (("alder", "birch", "elder"), 20_500)]
)
def test_it_gives_up_soon_only_when_those_not_heard_could_not_vouch_for_one(none, until_ms):
    """`elder` votes not: two of four that hold none leave two that may."""
    world = World(dict.fromkeys(none, holds_none))
    assert world.run() == GiveUp("no peer has one")
    assert until_ms - 500 <= world.now <= until_ms


def test_a_few_that_hold_none_and_are_there_first_do_not_decide():
    world = World({"alder": holds_none, "birch": holds_none})
    world.peers["cedar"] = honest()
    world.later(8_000, lambda: world.sync.on_peer("cedar", world.now))
    world.run()
    world.check()


def test_a_snapshot_that_is_no_use_is_a_lie():
    world = World({"alder": honest()}, above=HEIGHT)
    assert isinstance(world.run(), GiveUp)
    assert "no use" in world.banned["alder"]


def test_what_was_not_asked_for_is_ignored():
    world = World({"alder": honest()})
    stray = ChunkAnswer(manifest_hash(MANIFEST), 3, pack_chunk(CHUNKS[3]))
    assert world.sync.on_chunk("alder", stray, 0) == []
    assert world.sync.on_offer("stranger", offer_of(MANIFEST), 0) == []
    world.run()
    world.check()
    assert world.sync.on_chunk("alder", stray, world.now) == []
    assert world.sync.tick(world.now) == world.sync.on_peer("late", world.now) == []


@pytest.mark.parametrize("fields", [{"app_hash": b"\x07" * 32}, {"chunks": ()}, {"block_id": bytes(32)}])
def test_a_manifest_that_the_anchor_does_not_tie_is_a_lie(fields):
    manifest = msgspec.structs.replace(MANIFEST, **fields)
    world = World({"alder": lambda _request: [(5, offer_of(manifest, anchor=anchor_at(HEIGHT)))]})
    world.run(4_000)
    assert list(world.banned) == ["alder"]
    assert world.began == []


def test_a_chunk_is_opened_within_bounds():
    data = pack_chunk(CHUNKS[0])
    assert unpack_chunk(data, chunk_hash(CHUNKS[0])) == CHUNKS[0]
    for broken in (b"", data[:-1], data[:9], b"\x28\xb5\x2f\xfd" + bytes(20), b"\xff" * 50):
        with pytest.raises(RemoteProtocolError):
            unpack_chunk(broken, chunk_hash(CHUNKS[0]))


@pytest.mark.parametrize(
    "quiet", [silent, lambda request: [(5, NoChunk(request.manifest_hash, request.index))]]
)
@pytest.mark.parametrize("liars", [1, 2])
def test_who_alone_holds_the_newest_and_gives_nothing_of_it_does_not_keep_others_out(quiet, liars):
    """What validators vouch for is known to all: a liar offers it before honest peers have made it."""
    names = ("alder", "aspen")[:liars]
    newest = {name: instead(quiet, honest(manifest_at(HEIGHT + 1 + at))) for at, name in enumerate(names)}
    world = World({**newest, "birch": honest()})
    world.run()
    world.check()
    assert world.began == [*range(HEIGHT + liars, HEIGHT - 1, -1)]
    assert world.banned == {}
    assert world.now < 45_000


def test_who_has_the_chosen_one_by_now_helps():
    """Of the honest peers one makes it a little later, and is asked again."""
    newer, made_ms = manifest_at(HEIGHT + 1), 6_000

    def later(request):
        return (honest(newer) if world.now >= made_ms else honest())(request)

    world = World({"alder": instead(silent, honest(newer)), "birch": later})
    world.run()
    world.check()
    assert world.began == [HEIGHT + 1]
    assert made_ms < world.now < 15_000


def test_an_offer_that_nobody_asked_for_is_not_even_read(monkeypatch):
    world = World({"alder": honest()})
    world.run(1_000)
    read = []
    monkeypatch.setattr(world.sync._offers, "take", read.append)
    for _ in range(100):
        assert world.sync.on_offer("alder", SnapshotOffer(b"\xc1", (), b"\xc1"), world.now) == []
        assert world.sync.on_none("alder", world.now) == []
    assert read == []
