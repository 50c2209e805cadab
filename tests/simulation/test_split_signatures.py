"""A liar proposes what OpenSSL would take and libsodium does not: all honest nodes vote alike.

The liar's node is real. It proposes bundles of its own lanes that nobody has, and gives them to whoever asks
with a crafted signature (`tests.support.crafted`), which one of the two libraries accepts under a registered
key. The id stays the same, for no id depends on a signature. In the second world some get the good bytes.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

import msgspec
import pytest

from consensus.effects import Effect, Input, Sign
from consensus.engine import Engine
from consensus.values import Step
from contracts.chain.header import BLOCKS
from contracts.ledger.bundle import Bundle, bundle_id, bundle_sign_bytes
from contracts.primitives.encoding import Decoder
from network.peer.face import PeerIdentity
from network.wire.messages import BlockBundles, BundleAnswer, BundlePush, Message, ProposalMessage
from tests.simulation.machine import Machine
from tests.simulation.outcome import quiet
from tests.simulation.plan import Plan, make_plan
from tests.simulation.signatures import SignatureBook, signatures
from tests.simulation.world import World
from tests.support.crafted import crafted_bundle, openssl_accepts

_BUNDLES: Decoder[Bundle] = Decoder(Bundle, 32 << 20)
LIAR = "v0"


class Crafter:
    """Changes the signatures of a node's own bundles on the way out.

    Attributes:
        counts: How often it did what.
        crafted: What it has crafted, by bundle id.
        named: (height, block id) of its proposals that name a bundle it has crafted.
    """

    def __init__(self, seeds: Mapping[bytes, bytes], spared: frozenset[str]) -> None:
        self._seeds = seeds
        self._spared = spared
        self.counts: Counter[str] = Counter()
        self.crafted: dict[bytes, bytes] = {}
        self.named: set[tuple[int, bytes]] = set()

    def change(self, peer: PeerIdentity, message: Message) -> list[Message]:
        match message:
            case ProposalMessage(proposal=proposal, block=block):
                if self.crafted.keys() & {entry.bundle_id for entry in BLOCKS.decode(block).bundles}:
                    self.named.add((proposal.height, proposal.block_id))
            case BundlePush(data=data) if peer.name not in self._spared:
                # Kept back until somebody asks: who sends nonsense unasked is not listened to for a while.
                return [message] if self._craft(data) == data else []
            case BundleAnswer(data=data) if peer.name not in self._spared:
                return [msgspec.structs.replace(message, data=self._craft(data))]
            case BlockBundles() if peer.name not in self._spared:
                return [msgspec.structs.replace(message, bundles=tuple(map(self._craft, message.bundles)))]
            case _:
                pass
        return [message]

    def introduce(self, height: int, block_id: bytes) -> tuple[int, bytes]:
        return height, block_id

    def _craft(self, data: bytes) -> bytes:
        header = _BUNDLES.decode(data).header
        seed = self._seeds.get(header.lane)
        if seed is None:
            return data
        changed = crafted_bundle(data, seed)
        self.crafted[bundle_id(header)] = changed
        self.counts["craft"] += 1
        return changed


class SplitWorld(World):
    """A world with one crafter, in which prevotes are written down.

    Attributes:
        prevotes: By (height, block id), which honest nodes prevoted for it.
    """

    def __init__(self, plan: Plan, book: SignatureBook, spared: frozenset[str]) -> None:
        self._spared = spared
        super().__init__(plan, book)
        self.prevotes: dict[tuple[int, bytes], set[str]] = defaultdict(set)
        heard = self.invariants.on_handled

        def on_handled(machine: Machine, engine: Engine, event: Input, effects: list[Effect]) -> None:
            heard(machine, engine, event, effects)
            for effect in effects:
                if isinstance(effect, Sign) and effect.step is Step.PREVOTE and machine.name != LIAR:
                    self.prevotes[effect.height, effect.block_id].add(machine.name)

        self.invariants.on_handled = on_handled  # type: ignore[method-assign]

    def _make_liars(self, book: SignatureBook):
        for role in self.cast.roles:
            if role.name != LIAR and role.validator_seed:
                book.watch(role.name, role.validator_seed)
        (own,) = (role for role in self.cast.roles if role.name == LIAR)
        seeds = {key.public_key: key.seed for key in own.keys}
        crafter = Crafter(seeds, self._spared)
        self.machines[LIAR].tampering = crafter
        return {LIAR: crafter}

    @property
    def crafter(self) -> Crafter:
        (crafter,) = self.liars.values()
        return crafter  # type: ignore[return-value]


def _plan(seed: int) -> Plan:
    """A calm world of four with one liar: what happens is the liar's doing alone."""
    return msgspec.structs.replace(
        make_plan(seed),
        powers=(1, 1, 1, 1),
        liars=(0,),
        skewed=(),
        faults=("slow_disk",),
        real_signatures=True,
        governs=False,
        shares_lane=False,
        has_member=True,
        has_observer=True,
        loss=0.0,
        duplicates=0.0,
        late=0.0,
        documents_per_second=25,
    )


def _run(seed: int, spared: frozenset[str]) -> SplitWorld:
    book = SignatureBook()
    with quiet(), signatures(book.note, real=True):
        world = SplitWorld(_plan(seed), book, spared)
        world.run()
    return world


@pytest.mark.parametrize("seed", [2, 9, 10, 13])
def test_nobody_votes_for_what_one_library_takes(seed: int) -> None:
    """The world's own invariants hold besides: one block a height, one app hash, nobody honest accused."""
    world = _run(seed, frozenset())
    crafter = world.crafter
    assert crafter.counts["craft"] > 10
    for data in crafter.crafted.values():
        bundle = _BUNDLES.decode(data)
        assert openssl_accepts(bundle.header.lane, bundle_sign_bytes(bundle.header), bundle.signature)
    assert len(crafter.named) > 0
    assert [world.prevotes.get(place) for place in crafter.named] == [None] * len(crafter.named)
    # The others' blocks are voted for, so the votes are seen.
    assert max(map(len, world.prevotes.values())) == 3


@pytest.mark.parametrize("seed", [9, 13])
def test_good_bytes_that_some_have_reach_everybody(seed: int) -> None:
    """Whoever was given a crafted signature gets the same bundle with a good one from the others."""
    world = _run(seed, frozenset({"v1", "v2"}))
    assert world.crafter.counts["craft"] > 0
    voted = [len(world.prevotes.get(place, ())) for place in world.crafter.named]
    assert max(voted) == 3
