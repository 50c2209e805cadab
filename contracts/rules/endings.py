"""Final steps: how an item's life ends in its holder's hands, and what a repeated final step does."""

from contracts.records.head import Head
from contracts.rules.act import Act
from contracts.rules.events import EventKind
from contracts.rules.guards import Positions, stated_number
from contracts.rules.implied import move_implied, unpack_implied
from contracts.state.containers import end_life
from contracts.state.endings import note_ending
from contracts.state.parties import is_holder, stakeholders
from contracts.state.places import Position
from contracts.state.rows import Life


def is_repetition(act: Act, head: Head, position: Position) -> bool:
    """Tell whether a partner repeats its own final step at the same premises (a scanner that fires twice)."""
    stated = stated_number(act, head)
    return is_holder(act.signer, position) and stated in {0, position.top.premises}


def end_lives(act: Act, head: Head, items: Positions, life: Life) -> None:
    """End the lives of items in the signer's hands, each taken out of its container first."""
    for item in move_implied(act, head, unpack_implied(act, items)):
        end_where_it_is(act, item, life)


def end_where_it_is(act: Act, item: Position, life: Life) -> None:
    """End an item's life in its place, and remember how."""
    note_ending(act.state, item, life, act.signer, act.time_ms)
    end_life(act.state, item, life)


def tell_repeated(act: Act, items: Positions) -> None:
    """Report items whose final step was only repeated; nothing changes."""
    if items:
        act.tell(EventKind.REPEATED_STEP, (item.key for item in items), b"")


def tell_stakeholders(act: Act, kind: EventKind, items: Positions, *others: int) -> None:
    """Tell everyone of what is theirs, and of nothing else; groups come in the order of the list.

    Args:
        act: The record.
        kind: What happened.
        items: To these, as they stood.
        others: Who else is told of all of them.
    """
    groups: dict[tuple[int, ...], list[bytes]] = {}
    for item in items:
        groups.setdefault(tuple(sorted({*stakeholders(item), *others})), []).append(item.key)
    for concerned, keys in groups.items():
        act.tell(kind, keys, b"", concerned)
