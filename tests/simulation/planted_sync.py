"""Planted bugs about blocks that are fetched from peers, of whom some lie and some say nothing."""

from contextlib import ExitStack
from typing import Any, Final

from contracts.chain.commit import InvalidCommit
from contracts.chain.validators import ValidatorSet
from network.sync import checks
from network.sync.blocks import BlockSync
from node.storage.gathering import GatheringStore
from tests.simulation.planting import (
    DAMAGED,
    FORK,
    LOST,
    QUARREL,
    STUCK,
    Planted,
    lying,
    replace,
)


def _take_any_commit(stack: ExitStack) -> None:
    """A block is believed for its place in the chain: who signed it is not asked."""
    original = checks.verify_commit

    def verify_commit(*arguments: Any) -> None:
        try:
            original(*arguments)
        except InvalidCommit:
            return

    replace(stack, checks, "verify_commit", verify_commit)


def _wait_for_ever(stack: ExitStack) -> None:
    """Who was asked for a block is waited for, however long it says nothing."""

    def tick(self: BlockSync, now_ms: int) -> list[Any]:
        return self._advance(now_ms)

    replace(stack, BlockSync, "tick", tick)


def _keep_the_set(stack: ExitStack) -> None:
    """Blocks far ahead are proven by the newest set that is known, whatever the header before them names."""
    original = BlockSync._voters

    def voters(self: BlockSync, height: int) -> ValidatorSet | None:
        return original(self, height) or self._validators_at(self.head + 2)

    replace(stack, BlockSync, "_voters", voters)


def _gather_without_sync(stack: ExitStack) -> None:
    """What was fetched is told of before it is durable."""

    def flush(self: GatheringStore) -> None:
        gathered, self._gathered = self._gathered, {}
        self._store.write(gathered.items(), sync=False)

    replace(stack, GatheringStore, "_flush", flush)


PLANTED_SYNC: Final = (
    Planted(
        *("any_commit", "block sync asks for no quorum", (FORK, QUARREL), _take_any_commit),
        where=lying("sync_commit", faults=["crash", "isolate"]),
    ),
    Planted("old_voters", "block sync goes on with the set it knows", (QUARREL,), _keep_the_set),
    Planted("gathered", "fetched blocks are told of unsynced", (DAMAGED, LOST), _gather_without_sync),
    Planted("patience", "who owes a block is waited for", (STUCK, LOST), _wait_for_ever),
)
