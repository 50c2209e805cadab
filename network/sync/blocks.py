"""Block sync: fetching decided blocks from peers of whom all but one may lie, stall or dawdle; without I/O.

Heights are asked for in ranges, one range per peer at a time, so that many peers work at once and each
answers for whole blocks. What comes is checked against its own header at once, and proven in the order of
heights: it must follow the block before it, and a quorum of the validators of its height must have signed
its commit. Only proven blocks are delivered.

A peer's height is a claim, not a fact, and must not keep a node in sync for ever. A claim makes the node ask;
a peer that cannot show the block it claimed is banned, one that does not answer rests, each time for longer,
also after it came back, and a resting peer's claim does not count; nor does that of a peer which says that it
no longer has the block that is needed next. So the sync ends when no peer that keeps
its word is ahead, and goes on as long as one honest peer is. Whether the node is
behind, which others may act upon, is told by proven blocks alone.
"""

from collections import Counter
from collections.abc import Callable

from contracts.chain.header import MAX_BLOCK_BYTES
from contracts.chain.parameters import Limits
from contracts.chain.validators import ValidatorSet
from contracts.rules.enacting import LEAD
from network.sync.checks import prove_block, read_block
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
from network.sync.standing import MAX_DOUBLINGS, SyncPeer
from network.sync.window import Slot, Window
from network.wire.errors import RemoteProtocolError
from network.wire.messages import (
    MAX_BLOCKS_ASKED,
    MAX_COMMIT_BYTES,
    BlockAnswer,
    BlockBundles,
    BlockRequest,
    NoBlock,
)

VERIFIED_AT_ONCE = 256
"""About the most signatures verified in one turn of the event loop: some 20 ms."""

ValidatorsAt = Callable[[int], ValidatorSet | None]
"""Returns the set that votes at a height, or None when too little is applied to know it yet."""

Stands = Callable[[int], bytes | None]
"""Returns the id of the block that operators have settled on for a height of a fork, or None."""


class BlockSync:
    """Keeps one node's chain up with its peers.

    Every input returns what is to be done, in order. Time is given in ms by any clock that moves forward.

    Attributes:
        head: Last height that the host has applied.
        is_syncing: Whether blocks are being fetched.
        is_behind: Whether blocks above the next one were proven to be decided, and not all are applied yet or
            more of them are on their way. No claim alone makes it true.
    """

    def __init__(
        self,
        chain_id: str,
        limits: Limits,
        validators_at: ValidatorsAt,
        stands: Stands,
        head: int,
        head_id: bytes,
        config: SyncConfig,
    ) -> None:
        """Begin at block `head` with id `head_id` (32 bytes; zeros at height 0, as block 1 names it)."""
        self.head = head
        self.is_syncing = False
        self.is_behind = False
        self._chain_id = chain_id
        self._limits = limits
        self._validators_at = validators_at
        self._stands = stands
        self._config = config
        largest = MAX_BLOCK_BYTES + MAX_COMMIT_BYTES + limits.block_bytes
        self._window = Window(head, head_id, largest, config.budget_bytes)
        self._peers: dict[str, SyncPeer] = {}
        # Who went away with strikes, declined or was banned: as many names as genesis has at most.
        self._remembered: dict[str, SyncPeer] = {}
        self._banned: dict[str, int] = {}
        self._lies: Counter[str] = Counter()
        self._behind_since_ms = -1
        self._proven_ahead_ms = 0

    @property
    def proven_height(self) -> int:
        """The greatest height that is proven to be decided."""
        return max(self.head, self._window.proven)

    @property
    def out_of_reach(self) -> int:
        """The first height that peers ahead can give, when none has the next one any more; else 0."""
        ahead = [peer.first for peer in self._peers.values() if peer.height > self.head]
        first = min(ahead, default=0)
        return first if first > self.head + 1 else 0

    # Inputs.

    def on_tip(self, peer: str, height: int, now_ms: int) -> list[SyncEffect]:
        """A peer says how far it is."""
        if self._banned.get(peer, now_ms) > now_ms:
            return []
        self._banned.pop(peer, None)
        known = self._peers.get(peer) or self._remembered.pop(peer, None) or SyncPeer(height, [])
        known.height = height
        self._peers[peer] = known
        return self._advance(now_ms)

    def on_peer_down(self, peer: str, now_ms: int) -> list[SyncEffect]:
        """A peer is gone, and what it owed with it.

        Once that may be bad luck. Who goes away again before it has answered stalls, as if it had stayed.
        """
        known = self._peers.get(peer)
        if known is not None and known.owed and known.strikes:
            known.rest(now_ms, self._config.rest_ms)
        elif known is not None and known.owed:
            known.strikes = 1
        self._leave(peer)
        return self._advance(now_ms)

    def _leave(self, name: str) -> None:
        """Forget a peer, but not that it stalled or declined: a new session must not wipe that out."""
        known = self._peers.pop(name, None)
        if known is None:
            return
        self._release(known)
        if known.strikes or known.declined:
            self._remembered[name] = known

    def on_block(self, peer: str, answer: BlockAnswer, now_ms: int) -> list[SyncEffect]:
        """A block came; what was not asked for, or is asked of another by now, is ignored."""
        owing = self._owing(peer, answer.height)
        if owing is None:
            return []
        known, slot = owing
        if answer.height != known.owed[0] or slot.read is not None:
            return self._out_of_turn(peer, f"block {answer.height} came out of turn", now_ms)
        try:
            slot.read = read_block(self._chain_id, self._limits, answer)
        except RemoteProtocolError as error:
            return self._ban(peer, str(error), now_ms)
        return self._on_part(known, slot, now_ms)

    def on_bundles(self, peer: str, part: BlockBundles, now_ms: int) -> list[SyncEffect]:
        """Bundles of a block came."""
        owing = self._owing(peer, part.height)
        if owing is None:
            return []
        known, slot = owing
        if slot.read is None or part.first != len(slot.bundles):
            return self._out_of_turn(peer, f"bundles of block {part.height} came out of turn", now_ms)
        expected = slot.read.block.bundles[part.first : part.first + len(part.bundles)]
        if [entry.size for entry in expected] != [len(data) for data in part.bundles]:
            return self._ban(peer, f"bundles of block {part.height} are not as long as it says", now_ms)
        slot.bundles.extend(part.bundles)
        return self._on_part(known, slot, now_ms)

    def on_no_block(self, peer: str, answer: NoBlock, now_ms: int) -> list[SyncEffect]:
        """A peer's answer ends before all was sent."""
        owing = self._owing(peer, answer.height)
        if owing is None:
            return []
        known, slot = owing
        if answer.height != known.owed[0] or slot.read is not None:
            return self._out_of_turn(peer, f"the answer ended out of turn at {answer.height}", now_ms)
        if answer.head < answer.height:
            return self._ban(peer, f"claimed height {known.height}, has {answer.head}", now_ms)
        if answer.first > answer.head + 1:
            reason = f"gives blocks from height {answer.first} on, and has {answer.head}"
            return self._ban(peer, reason, now_ms)
        if answer.first > answer.height:
            known.decline(answer.first, now_ms, self._config.rest_ms)
        elif known.given == 0:
            known.rest(now_ms, self._config.rest_ms)
        self._release(known)
        return self._advance(now_ms)

    def on_head(self, height: int, block_id: bytes, now_ms: int) -> list[SyncEffect]:
        """The host has applied a block, whether it came from here or was decided by this node itself."""
        self.head = height
        self._behind_since_ms = -1
        self._window.apply(height, block_id)
        for peer in self._peers.values():
            peer.owed = [owed for owed in peer.owed if owed > height]
        return self._advance(now_ms)

    def refuse(self, height: int, reason: str, now_ms: int) -> list[SyncEffect]:
        """The bundles of a delivered block are not those it names (`open_bundles`): fetch it anew.

        Blocks delivered above it are void; they are delivered again after it.
        """
        liar = self._window.disprove(height)
        return [] if liar is None else self._ban(liar, reason, now_ms)

    def tick(self, now_ms: int) -> list[SyncEffect]:
        """Time has passed; to be called a few times a second."""
        for peer in self._peers.values():
            if peer.owed and now_ms - peer.heard_ms > self._config.answer_ms:
                peer.rest(now_ms, self._config.rest_ms)
                self._release(peer)
        self._pass_over_slow(now_ms)
        return self._advance(now_ms)

    # What follows from them.

    def _owing(self, peer: str, height: int) -> tuple[SyncPeer, Slot] | None:
        """Return the peer and the slot if it owes this height."""
        known, slot = self._peers.get(peer), self._window.get(height)
        if known is None or slot is None or height not in known.owed:
            return None
        return known, slot

    def _on_part(self, known: SyncPeer, slot: Slot, now_ms: int) -> list[SyncEffect]:
        """A part was accepted."""
        known.heard_ms = now_ms
        if slot.is_complete:
            self._window.completed(known.owed.pop(0))
            known.given += 1
            known.progress_ms = now_ms
            if not known.owed:
                known.batch = min(MAX_BLOCKS_ASKED, 2 * known.batch)
        return self._advance(now_ms)

    def _advance(self, now_ms: int) -> list[SyncEffect]:
        """Prove, deliver and ask for whatever can be by now."""
        effects: list[SyncEffect] = []
        self._prove(effects, now_ms)
        ahead = self._config.delivered_ahead, self._config.delivered_bytes
        effects.extend(map(DeliverBlock, self._window.undelivered(*ahead)))
        self._begin_or_end(effects, now_ms)
        self._judge(now_ms)
        if self.is_syncing:
            self._ask(effects, now_ms)
        return effects

    def _prove(self, effects: list[SyncEffect], now_ms: int) -> None:
        """Prove complete blocks in the order of heights, as far as their validators are known."""
        last, verified = self.head + self._config.delivered_ahead, 0
        while self._window.proven < last and (complete := self._window.next_read()) is not None:
            slot, read = complete
            validators = self._voters(read.height)
            if validators is None:
                return
            if read.block.header.previous_block_id != self._window.proven_id:
                # A lie, or a fork: the host asks what it has there, for the one must not pass for the other.
                self._pass_over(slot.peer, now_ms)
                effects.append(OtherChain(slot.peer, read.height - 1))
                continue
            try:
                prove_block(self._chain_id, validators, self._window.proven_id, read)
            except RemoteProtocolError as error:
                effects.append(self._convict(slot.peer, str(error), now_ms))
                continue
            if self._stands(read.height) not in {None, read.block_id}:
                self._pass_over(slot.peer, now_ms)
                effects.append(LosingBranch(slot.peer, read.height))
                continue
            self._window.prove(read)
            author = self._peers.get(slot.peer)
            if author is not None:
                author.gave_proven_block()
            verified += len(read.commit.signatures)
            if verified >= VERIFIED_AT_ONCE:
                # The others are proven when these are applied, or the next message comes.
                return

    def _voters(self, height: int) -> ValidatorSet | None:
        """Return the set that votes at the height after the proven ones.

        The host knows two sets ahead of its state. Beyond these the header before, which is proven, names the
        set by its hash: it is the newest that the host knows, or not known before more is applied.
        """
        known, newest = self._validators_at(height), self._validators_at(self.head + LEAD)
        before = self._window.get(height - 1)
        if known is not None or newest is None or before is None or before.read is None:
            return known
        return newest if before.read.block.header.next_validators_hash == newest.hash else None

    def _begin_or_end(self, effects: list[SyncEffect], now_ms: int) -> None:
        needed = self.head + 1
        claims = (peer.height for peer in self._peers.values() if peer.may_give(needed, now_ms))
        behind = max(claims, default=0) - self.head
        if behind > 0:
            if self._behind_since_ms < 0:
                self._behind_since_ms = now_ms
            patience_is_over = now_ms - self._behind_since_ms >= self._config.patience_ms
            self.is_syncing = self.is_syncing or patience_is_over or behind >= self._config.far
            return
        self._behind_since_ms = -1
        if self.is_syncing and self._window.proven == self.head:
            self.is_syncing = False
            self._window.clear()
            for peer in self._peers.values():
                peer.owed = []
            effects.append(SyncDone(self.head))

    def _judge(self, now_ms: int) -> None:
        """Tell whether this node is behind; between two answers it stays so for as long as one may take."""
        if self._window.proven > self.head + 1:
            self.is_behind, self._proven_ahead_ms = True, now_ms
        elif not self.is_syncing or now_ms - self._proven_ahead_ms >= self._config.answer_ms:
            self.is_behind = False

    def _ask(self, effects: list[SyncEffect], now_ms: int) -> None:
        """Give idle peers ranges of heights: the lowest heights first, to whoever waited longest."""
        while True:
            first = self._window.lowest_missing()
            idle = [
                (peer.strikes, peer.asked_ms, name)
                for name, peer in self._peers.items()
                if not peer.owed and peer.may_give(first, now_ms) and peer.height >= first
            ]
            if not idle or not self._window.has_room(first):
                return
            name = min(idle)[-1]
            peer = self._peers[name]
            last = min(first + peer.batch - 1, peer.height)
            peer.owed, peer.given = self._window.open_range(name, first, last), 0
            peer.asked_ms = peer.heard_ms = peer.progress_ms = now_ms
            effects.append(AskBlocks(name, BlockRequest(first, len(peer.owed))))

    def _pass_over_slow(self, now_ms: int) -> None:
        """Give the block that everybody waits for to a quicker peer, if an idle one has shown to be quick.

        After a while any idle one will do: when this node's line was down all have stalled, and who brings
        a bundle now and then would never be passed over. Rests grow, so among slow peers each gets its time.
        """
        needed = self._window.proven + 1
        slot = self._window.get(needed)
        slow = None if slot is None or slot.is_complete else self._peers.get(slot.peer)
        if slow is None or now_ms - slow.progress_ms <= self._config.hurry_ms:
            return
        is_long = now_ms - slow.progress_ms > self._config.dawdle_ms
        if any(
            not peer.owed
            and peer.first <= needed <= peer.height
            and ((peer.strikes == 0 and peer.batch > 1) or (is_long and peer.may_give(needed, now_ms)))
            for peer in self._peers.values()
        ):
            slow.rest(now_ms, self._config.rest_ms)
            self._release(slow)

    def _release(self, peer: SyncPeer) -> None:
        """Let others be asked for what a peer owes."""
        self._window.drop(peer.owed)
        peer.owed = []

    def _convict(self, liar: str, reason: str, now_ms: int) -> BanPeer:
        self._pass_over(liar, now_ms)
        return BanPeer(liar, reason)

    def _pass_over(self, name: str, now_ms: int) -> None:
        """Ask a peer no more, for longer every time."""
        self._leave(name)
        self._window.drop_unproven(name)
        self._banned[name] = now_ms + (self._config.ban_ms << min(self._lies[name], MAX_DOUBLINGS))
        self._lies[name] += 1

    def _out_of_turn(self, peer: str, reason: str, now_ms: int) -> list[SyncEffect]:
        """Ban a peer that answers out of turn, unless it may be slow: then it is the rest of an older answer.

        Who only pretends gains nothing: what is out of turn is not taken, and its time runs out.
        """
        known = self._peers.get(peer)
        return [] if known is not None and known.strikes else self._ban(peer, reason, now_ms)

    def _ban(self, liar: str, reason: str, now_ms: int) -> list[SyncEffect]:
        return [self._convict(liar, reason, now_ms), *self._advance(now_ms)]
