"""Goods set apart and let go (LAW, EPCIS table): quarantine and release, as the actor's own hold."""

from collections.abc import Iterable

from contracts.gs1.keys import ItemKey
from contracts.records.head import Head
from contracts.records.holds import HoldAction, LiftHold, PlaceHold
from contracts.state.places import effective_holds, locate
from contracts.state.rows import HoldKind
from contracts.state.view import Overlay
from node.epcis.steps import Statement, Step


def quarantine_of(partner: int) -> tuple[int, int]:
    """Return the hold that a partner, by its number, puts on what it quarantines."""
    return int(HoldKind.QUARANTINED), partner


def hold_record(statement: Statement, items: tuple[ItemKey, ...], head: Head) -> PlaceHold | LiftHold:
    """Return the record that some items of a statement are let go, or set apart: whatever else it states."""
    kind = LiftHold if statement.step is Step.RELEASE else PlaceHold
    return kind(head, HoldAction.QUARANTINE, items)


def still_to_do(state: Overlay, statement: Statement, partner: int) -> tuple[ItemKey, ...]:
    """Return the items of a statement that a partner does not hold apart yet, or still does.

    Unknown items are among them: the rule says so better.
    """
    is_wanted = statement.step is not Step.RELEASE
    held = _held(state, statement.items, partner)
    return tuple(item for item, is_held in held if is_held is None or is_held != is_wanted)


def _held(state: Overlay, items: Iterable[ItemKey], partner: int) -> Iterable[tuple[ItemKey, bool | None]]:
    for item in items:
        position = locate(state, item)
        yield item, None if position is None else quarantine_of(partner) in effective_holds(position)
