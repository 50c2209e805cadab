"""The chain as the event loop sees it: one block after another is applied, and everybody concerned is told.

Blocks come from consensus (decided here) or from block sync (decided elsewhere); whoever comes first, each
height is applied once. Followers are told in the order in which they subscribed.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile

from contracts.chain.commit import Commit
from contracts.chain.header import Block, block_id
from contracts.ledger.block import ChainTip
from contracts.ledger.bundle import OpenBundle
from contracts.state.rows import KeyRow
from node.host.applied import Applied, Decided, Followed
from node.host.ledger import Ledger
from node.host.worker import Worker

Subscriber = Callable[[Applied, Commit], None]


class Chain:
    """Applies decided blocks on the writer thread and tells subscribers on the event loop.

    Attributes:
        tip: The decided end of the chain.
        commit: The commit that decided it; NO_COMMIT at height 0.
        lanes: Last sequence of every registered lane.
        keys: Every registered partner key, with the heights at which it acts.
        round_zero_signers: Keys that signed the commit which the tip's block carries.
        had_bundles: Whether the tip's block has bundles.
        stands: After a fork, which block stands, by height, as the operators have said. No other is applied
            there.
    """

    def __init__(
        self,
        ledger: Ledger,
        writer: Worker,
        commit: Commit,
        lanes: dict[bytes, int],
        keys: dict[bytes, KeyRow],
        *,
        had_bundles: bool,
    ) -> None:
        """Begin at the ledger's tip.

        Args:
            ledger: Open.
            writer: The thread that owns the ledger from now on.
            commit: For the tip; NO_COMMIT at height 0.
            lanes: As `Ledger.lanes` returns them.
            keys: As `Ledger.keys` returns them.
            had_bundles: Whether the tip's block has bundles.
        """
        self._ledger = ledger
        self._writer = writer
        self._subscribers: list[Subscriber] = []
        self._applying = ledger.tip.height
        self._is_halted = False
        self.tip: ChainTip = ledger.tip
        self.commit = commit
        self.lanes = lanes
        self.keys = keys
        self.round_zero_signers = ledger.round_zero_signers
        self.had_bundles = had_bundles
        self.stands: Mapping[int, bytes] = {}

    @property
    def has_more(self) -> bool:
        """Whether blocks after the tip are being applied, or are applied and subscribers not yet told."""
        return self._applying > self.tip.height

    @property
    def ledger(self) -> Ledger:
        """The ledger; only jobs on the writer may touch it."""
        return self._ledger

    def subscribe(self, subscriber: Subscriber) -> None:
        """Tell `subscriber` of every block from now on."""
        self._subscribers.append(subscriber)

    def is_next(self, height: int) -> bool:
        """Tell whether a block of this height could be applied now."""
        return not self._is_halted and height == self._applying + 1 == self.tip.height + 1

    def halt(self) -> None:
        """Apply nothing more, whoever decided it; what is being applied is."""
        self._is_halted = True

    def apply(self, block: Block, commit: Commit, bundles: Sequence[tuple[OpenBundle, bytes]]) -> bool:
        """Apply a decided block; subscribers are told when it is durable.

        Args:
            block: Follows the tip.
            commit: Decides it; verified.
            bundles: In its order, verified.

        Returns:
            False when this height is applied already, or being applied, or not next, or another block stands
            there.
        """
        height = block.header.height
        if not self.is_next(height) or not self._may_stand(block):
            return False
        self._applying = height
        self._writer.submit(
            lambda: self._ledger.apply(block, commit, bundles), lambda applied: self._applied(applied, commit)
        )
        return True

    def follow(self, run: Sequence[Decided], on_fault: Callable[[str], None]) -> bool:
        """Check and apply blocks that others decided; subscribers are told of each when all are durable.

        Args:
            run: They follow the tip, and each other.
            on_fault: Told on the event loop, after the subscribers, why the next block may not follow.

        Returns:
            False when the first height is applied already, or being applied, or not next, or another block
            stands there.
        """
        run = list(takewhile(lambda decided: self._may_stand(decided.block), run))
        if not run or not self.is_next(run[0].block.header.height):
            return False
        self._applying += len(run)

        def followed(found: Followed) -> None:
            # A height whose block this node refuses stays taken: nothing else may be applied there.
            self._applying = self.tip.height + len(found.applied) + (found.fault is not None)
            for applied, decided in zip(found.applied, run, strict=False):
                self._applied(applied, decided.commit)
            if found.fault is not None:
                on_fault(found.fault)

        self._writer.submit(lambda: self._ledger.follow(run), followed)
        return True

    def _may_stand(self, block: Block) -> bool:
        """Tell whether the operators have settled on no other block at its height."""
        stands = self.stands.get(block.header.height)
        return stands is None or stands == block_id(block.header)

    def _applied(self, applied: Applied, commit: Commit) -> None:
        self.tip = applied.tip
        self.commit = commit
        self.lanes.update(applied.lanes)
        self.keys.update(applied.keys)
        self.round_zero_signers = applied.round_zero_signers
        self.had_bundles = bool(applied.block.bundles)
        for subscriber in self._subscribers:
            subscriber(applied, commit)
