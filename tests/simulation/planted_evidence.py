"""Planted bugs about evidence: what is said of liars in blocks (`lies.py` finds them)."""

from contextlib import ExitStack
from typing import Final

from contracts.chain import evidence
from contracts.rules import convicting
from contracts.state import evidence as window
from node.host.evidence import EvidenceBook
from tests.simulation.planting import UNTOLD, Planted, lying, replace, replace_function


def _count_twice(stack: ExitStack) -> None:
    replace_function(stack, convicting._is_recorded, lambda _state, _key, _height: False)


def _take_old(stack: ExitStack) -> None:
    replace_function(stack, window.lowest_height, lambda _state, _moment: 1)


def _believe_accusations(stack: ExitStack) -> None:
    replace_function(stack, evidence.verify_evidence, lambda _chain_id, _validators, _evidence: True)


def _keep_to_oneself(stack: ExitStack) -> None:
    replace(stack, EvidenceBook, "pending", lambda _self: ())


def _forget_at_the_first_block(stack: ExitStack) -> None:
    original = EvidenceBook._on_applied

    def on_applied(self: EvidenceBook, *arguments: object) -> None:
        original(self, *arguments)  # type: ignore[arg-type]
        self._pending.clear()

    replace(stack, EvidenceBook, "_on_applied", on_applied)


PLANTED_EVIDENCE: Final = (
    Planted("counted_twice", "a lie counts as often as it is shown", (UNTOLD,), _count_twice),
    Planted("old_evidence", "evidence of any age counts", (UNTOLD,), _take_old, where=lying("propose")),
    Planted(
        "slander", "evidence is believed unread", (UNTOLD,), _believe_accusations, where=lying("propose")
    ),
    Planted("own_secret", "evidence is kept and never proposed", (UNTOLD,), _keep_to_oneself),
    Planted(
        *("one_block", "evidence waits for one block", (UNTOLD,), _forget_at_the_first_block),
        where=lying("prevote", "precommit"),
    ),
)
