"""Planted bugs about blocks that are fetched from peers, of whom some lie and some say nothing."""

from contextlib import ExitStack
from typing import Any, Final

from contracts.chain.commit import InvalidCommit
from network.sync import checks
from network.sync.blocks import BlockSync
from tests.simulation.planting import (
    FORK,
    LOST,
    QUARREL,
    STUCK,
    Planted,
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


PLANTED_SYNC: Final = (
    Planted("any_commit", "block sync asks for no quorum", (FORK, QUARREL), _take_any_commit, is_quick=False),
    Planted("patience", "who owes a block is waited for", (STUCK, LOST), _wait_for_ever),
)
