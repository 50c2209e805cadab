"""Where the chain of a peer and this node's part: found by asking, from what the peer claims (ADR 28).

Every height that a peer tells comes with the id of its block. When that is not this node's own, or block sync
is shown a block that follows another than this node's, the peer is asked for its commits: halving the heights
between the last one that both have in common and the first that differs leads to the first that differs, and
to what the peer has there. Whether that is proven, somebody else judges.

A claim costs the peer more than this node: one question at a time, about as many as the height has binary
digits; who claims one thing and shows another is banned; who does not answer, or leads nowhere, is asked more
and more seldom.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

import msgspec
import structlog

from contracts.chain.commit import Commit
from contracts.primitives.encoding import MalformedBytes
from network.sync.checks import COMMITS
from network.wire.errors import RemoteProtocolError
from network.wire.messages import DecisionAnswer, DecisionRequest
from node.host.applied import Applied
from node.host.chain import Chain
from node.host.surroundings import Surroundings
from node.host.worker import Worker

ANSWER_MS: Final = 10_000
"""A peer that has not answered for this long is asked again later, if it still claims what it claimed."""
REST_MS: Final = 10_000
"""How much later; each further time doubles it."""
MAX_DOUBLINGS: Final = 6
LOOK_MS: Final = 10_000
"""A peer that is far behind is compared with what the disk holds this often."""
RECENT: Final = 256
"""Ids of the newest blocks are at hand."""

_log = structlog.get_logger(__name__)


class _Inquiry(msgspec.Struct):
    """What is known of where one peer's chain and this node's part."""

    low: int
    """Both have the same block here."""
    high: int
    """The peer has another one here, as it claims or has shown."""
    asked: int
    """The height it was asked about last; 0 while its answer is being compared."""
    since_ms: int
    """When."""
    theirs: Commit | None = None
    """Its commit of `high`, once it has shown it."""


class Partings:
    """Asks peers whose chain is another one. Used on the event loop; the reader thread reads."""

    def __init__(
        self,
        surroundings: Surroundings,
        chain: Chain,
        reader: Worker,
        base: int,
        found: Callable[[str, Commit], None],
    ) -> None:
        """Join the parts.

        Args:
            surroundings: Time, threads, peers.
            chain: The decided chain.
            reader: A thread that may read the history.
            base: Blocks up to this height are not here.
            found: Told of a peer and its commit of the first height at which it has another block; until it
                says `lied` or `settled` of the peer, that is asked nothing more.
        """
        self._surroundings = surroundings
        self._chain = chain
        self._reader = reader
        self._base = base
        self._found = found
        self._blocks = chain.ledger.blocks
        self._inquiries: dict[str, _Inquiry] = {}
        # By name, also of peers that are gone: who comes back has no new patience. The ledger names them all.
        self._strikes: dict[str, int] = {}
        self._due_ms: dict[str, int] = {}
        self._look_ms: dict[str, int] = {}
        self._recent: dict[int, bytes] = {chain.tip.height: chain.tip.block_id}
        chain.subscribe(self._on_applied)

    def _on_applied(self, applied: Applied, _commit: Commit) -> None:
        height = applied.tip.height
        self._recent[height] = applied.tip.block_id
        self._recent.pop(height - RECENT, None)

    # ------------------------------------------------------------------------------- claims

    def hear(self, peer: str, height: int, block_id: bytes) -> None:
        """A peer says which block it has at a height."""
        if not self._base < height <= self._chain.tip.height:
            return
        own = self._recent.get(height)
        if own is None:
            self._look_up(peer, height, block_id)
        elif own != block_id:
            self.doubt(peer, height)

    def _look_up(self, peer: str, height: int, block_id: bytes) -> None:
        """Compare with what the disk holds, now and then."""
        now_ms = self._surroundings.clock.now_ms()
        if now_ms < self._look_ms.get(peer, now_ms):
            return
        self._look_ms[peer] = now_ms + LOOK_MS

        def compare(own: Commit | None) -> None:
            if own is not None and own.block_id != block_id:
                self.doubt(peer, height)

        self._reader.submit(partial(self._blocks.commit_of, height), compare)

    def doubt(self, peer: str, height: int) -> None:
        """A peer claims, or has shown block sync, that it has another block at a height than this node."""
        if self._base < height <= self._chain.tip.height and self._may_ask(peer):
            self._ask(peer, _Inquiry(self._base, height, height, 0), height)

    def peer_down(self, peer: str) -> None:
        """Forget what a peer was asked."""
        if peer in self._inquiries:
            self.settled(peer)

    def _may_ask(self, peer: str) -> bool:
        now_ms = self._surroundings.clock.now_ms()
        under_way = self._inquiries.get(peer)
        if under_way is not None and now_ms - under_way.since_ms > ANSWER_MS:
            self.settled(peer)
        return peer not in self._inquiries and now_ms >= self._due_ms.get(peer, now_ms)

    def _ask(self, peer: str, inquiry: _Inquiry, height: int) -> None:
        inquiry.asked, inquiry.since_ms = height, self._surroundings.clock.now_ms()
        self._inquiries[peer] = inquiry
        self._surroundings.network.send(peer, DecisionRequest(height))

    # ------------------------------------------------------------------------------ answers

    def take_answer(self, peer: str, answer: DecisionAnswer) -> None:
        """A peer shows what it has at a height; what was not asked is passed over.

        Raises:
            RemoteProtocolError: It is no commit of that height.
        """
        inquiry = self._inquiries.get(peer)
        if inquiry is None or answer.height != inquiry.asked:
            return
        if not answer.commit:
            self.settled(peer)
            return
        try:
            theirs = COMMITS.decode(answer.commit)
        except MalformedBytes as error:
            raise RemoteProtocolError(f"commit of height {answer.height}: {error}") from error
        if theirs.height != answer.height:
            raise RemoteProtocolError(f"asked for height {answer.height}, it sent that of {theirs.height}")
        inquiry.asked = 0
        read = partial(self._blocks.commit_of, answer.height)
        self._reader.submit(read, partial(self._compare, peer, inquiry, theirs))

    def _compare(self, peer: str, inquiry: _Inquiry, theirs: Commit, own: Commit | None) -> None:
        if self._inquiries.get(peer) is not inquiry:
            return
        if own is None:
            self.settled(peer)
            return
        if own.block_id != theirs.block_id:
            inquiry.high, inquiry.theirs = own.height, theirs
        elif inquiry.theirs is None:
            self.lied(peer, f"claimed another block at height {own.height}, and has the same")
            return
        else:
            inquiry.low = own.height
        if inquiry.high - inquiry.low > 1:
            self._ask(peer, inquiry, (inquiry.low + inquiry.high) // 2)
        elif inquiry.theirs is not None:
            self._found(peer, inquiry.theirs)

    # --------------------------------------------------------------------------- what came of it

    def settled(self, peer: str) -> None:
        """What a peer claimed led nowhere, or is known: ask it nothing for a while."""
        self._inquiries.pop(peer, None)
        strikes = self._strikes.get(peer, 0)
        self._strikes[peer] = min(strikes + 1, MAX_DOUBLINGS)
        self._due_ms[peer] = self._surroundings.clock.now_ms() + (REST_MS << strikes)

    def lied(self, peer: str, reason: str) -> None:
        """A peer cannot prove what it claimed."""
        if peer in self._inquiries:
            self.settled(peer)
            _log.warning("false_fork", peer=peer, reason=reason)
            self._surroundings.network.ban(peer, reason)
