"""Following the chain: blocks that others decided are fetched, proven, checked, and applied.

It drives block sync for every kind of node. A member or observer learns all blocks here; a validator only
those that it did not decide itself, because it was down, cut off or slow. A proven block that this node holds
to be invalid means that its own state or program differs from the network's: it stops, and says why.
"""

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from contracts.chain.commit import Commit
from contracts.chain.validators import ValidatorSet
from contracts.ledger.bundle import BundleReader, OpenBundle
from network.sync.blocks import BlockSync
from network.sync.checks import ReceivedBlock, open_bundles
from network.sync.effects import (
    AskBlocks,
    BanPeer,
    DeliverBlock,
    LosingBranch,
    OtherChain,
    SyncConfig,
    SyncDone,
    SyncEffect,
)
from network.wire.errors import RemoteProtocolError
from network.wire.messages import BlockAnswer, BlockBundles, NoBlock
from node.host.applied import Applied, Decided
from node.host.chain import Chain
from node.host.ledger import MAX_RUN
from node.host.surroundings import Surroundings
from node.host.worker import Worker

_log = structlog.get_logger(__name__)

TICK_MS = 250
"""How often block sync looks at the clock."""
MAX_RUN_BYTES = 4 << 20
"""Most bytes of bundles in a batch of more than one block."""

Opened = tuple[ReceivedBlock, Sequence[OpenBundle] | RemoteProtocolError]


class Follower:
    """Keeps one node's chain up with its peers.

    Attributes:
        stopped_because: Why this node no longer follows; empty while it does.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        verifier: Worker,
        chain: Chain,
        reader: BundleReader,
        config: SyncConfig,
        on_diverged: Callable[[str], None],
        on_other_chain: Callable[[str, int], None],
    ) -> None:
        """Join the parts.

        Args:
            surroundings: Time, threads, peers.
            verifier: Opens bundles off the event loop.
            chain: What is followed.
            reader: Reads bundles under the network's limits.
            config: Patience.
            on_diverged: Told why this node and the network part.
            on_other_chain: Told of a peer that seems to have another block at a height than this node.
        """
        self._surroundings = surroundings
        self._verifier = verifier
        self._chain = chain
        self._reader = reader
        self._on_diverged = on_diverged
        self._on_other_chain = on_other_chain
        self._opened: dict[int, Opened] = {}
        self._era = 0  # what was delivered in an earlier one is void
        self._told_of = 0
        self.stopped_because = ""
        tip = chain.tip
        self._sync = BlockSync(
            tip.chain_id,
            tip.parameters.limits,
            self._validators_at,
            self._stands,
            tip.height,
            tip.block_id,
            config,
        )
        chain.subscribe(self._on_applied)

    def _validators_at(self, height: int) -> ValidatorSet | None:
        """Return the set of a height: what is decided at the tip acts two heights later."""
        tip = self._chain.tip
        return {tip.height + 1: tip.validators, tip.height + 2: tip.next_validators}.get(height)

    def _stands(self, height: int) -> bytes | None:
        return self._chain.stands.get(height)

    @property
    def is_syncing(self) -> bool:
        """Whether blocks are being fetched because this node is behind: proven, not only claimed."""
        return self._sync.is_behind

    @property
    def out_of_reach(self) -> int:
        """The first height that peers ahead can give, when none has the next one any more; else 0."""
        return self._sync.out_of_reach

    @property
    def proven_height(self) -> int:
        """The greatest height that is proven to be decided."""
        return self._sync.proven_height

    def start(self) -> None:
        """Begin to look at the clock."""
        self._surroundings.clock.call_later(TICK_MS, self._tick)

    def stop(self, reason: str) -> None:
        """Follow no further; reads go on."""
        self.stopped_because = reason

    def _tick(self) -> None:
        self._carry_out(self._sync.tick(self._now_ms()))
        if self.out_of_reach != self._told_of:
            self._told_of = self.out_of_reach
            if self._told_of:
                # Nothing here can mend that: an operator must fetch an archive, or a peer that has it all.
                needed = self._chain.tip.height + 1
                _log.warning("blocks_archived_everywhere", needed=needed, given_from=self._told_of)
        self._surroundings.clock.call_later(TICK_MS, self._tick)

    def _now_ms(self) -> int:
        return self._surroundings.clock.now_ms()

    # ----------------------------------------------------------------------------- inputs

    def take_tip(self, peer: str, height: int) -> None:
        """A peer says how far it is."""
        self._carry_out(self._sync.on_tip(peer, height, self._now_ms()))

    def take_down(self, peer: str) -> None:
        """A peer is gone."""
        self._carry_out(self._sync.on_peer_down(peer, self._now_ms()))

    def take_answer(self, peer: str, answer: BlockAnswer | BlockBundles | NoBlock) -> None:
        """A peer answers a request for blocks."""
        now_ms = self._now_ms()
        match answer:
            case BlockAnswer():
                self._carry_out(self._sync.on_block(peer, answer, now_ms))
            case BlockBundles():
                self._carry_out(self._sync.on_bundles(peer, answer, now_ms))
            case NoBlock():
                self._carry_out(self._sync.on_no_block(peer, answer, now_ms))

    def _on_applied(self, applied: Applied, _commit: Commit) -> None:
        tip = applied.tip
        self._opened.pop(tip.height, None)
        self._carry_out(self._sync.on_head(tip.height, tip.block_id, self._now_ms()))
        self._apply_next()

    # ---------------------------------------------------------------------------- effects

    def _carry_out(self, effects: Sequence[SyncEffect]) -> None:
        if self.stopped_because:
            return
        for effect in effects:
            match effect:
                case AskBlocks(peer=peer, request=request):
                    self._surroundings.network.send(peer, request)
                case BanPeer(peer=peer, reason=reason):
                    _log.warning("peer_banned", peer=peer, reason=reason)
                    self._surroundings.network.ban(peer, reason)
                case OtherChain(peer=peer, height=height):
                    self._on_other_chain(peer, height)
                case DeliverBlock(received=received):
                    self._verifier.submit(partial(self._open, received), partial(self._on_opened, self._era))
                case LosingBranch() | SyncDone():
                    _note(effect)

    def _open(self, received: ReceivedBlock) -> Opened:
        try:
            return received, open_bundles(self._reader, received)
        except RemoteProtocolError as error:
            return received, error

    def _on_opened(self, era: int, opened: Opened) -> None:
        height = opened[0].read.height
        if era == self._era and height > self._chain.tip.height:
            self._opened[height] = opened
            self._apply_next()

    def _apply_next(self) -> None:
        """Check and apply the blocks after the tip, as far as they are open."""
        height = self._chain.tip.height + 1
        opened = self._opened.get(height)
        if opened is None or not self._chain.is_next(height):
            return
        if isinstance(opened[1], RemoteProtocolError):
            self._opened.clear()
            self._era += 1
            self._carry_out(self._sync.refuse(height, str(opened[1]), self._now_ms()))
            return
        self._chain.follow(self._run(height), self._on_fault)

    def _run(self, height: int) -> list[Decided]:
        """Return the open blocks from a height on: the first, and as many more as one batch may hold."""
        run: list[Decided] = []
        room = MAX_RUN_BYTES
        while len(run) < MAX_RUN and (opened := self._opened.get(height + len(run))) is not None:
            received, bundles = opened
            if isinstance(bundles, RemoteProtocolError):
                break
            decided = Decided(
                received.read.block,
                received.read.commit,
                list(zip(bundles, received.bundles, strict=True)),
            )
            room -= decided.size
            if run and room < 0:
                break
            run.append(decided)
        return run

    def _on_fault(self, fault: str) -> None:
        if self.stopped_because:
            return
        height = self._chain.tip.height + 1
        self.stopped_because = f"block {height}, decided by a quorum, is invalid to this node: {fault}"
        self._on_diverged(self.stopped_because)


def _note(effect: LosingBranch | SyncDone) -> None:
    """Log what needs nothing else."""
    if isinstance(effect, LosingBranch):
        reason = "its block is not the one that stands, as operators have settled"
        _log.warning("peer_passed_over", peer=effect.peer, height=effect.height, reason=reason)
        return
    _log.debug("in_step", height=effect.height)
