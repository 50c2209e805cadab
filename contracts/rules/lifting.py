"""How holds come onto items and off again: by whom, and what a verification lifts (rules 10, 14, 15, 23).

A hold lies on the row of the item that it was put on and binds everything inside; what comes out takes it
along. So it is lifted where it lies. Partners' holds carry their setter's number, the law's own carry 0.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from contracts.records.head import Head
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import actor_profile, life_fault
from contracts.rules.implied import again
from contracts.rules.verdict import Verdict
from contracts.state.containers import rewrite
from contracts.state.directory import partner
from contracts.state.layout import LAW_HOLDS, number_key
from contracts.state.parties import has_role, is_in_hand, is_party, stakeholders
from contracts.state.places import Holds, Position, merge_holds, with_holds
from contracts.state.rows import THE_LAW, HoldKind, Life, Role
from contracts.state.seals import is_seen_whole

Hold = tuple[int, int]
"""(`HoldKind`, setter's number)."""

Lifted = Sequence[tuple[Position, Holds]]
"""Items, each with those of its own holds that go."""

HOLDABLE: Final = frozenset({Life.PARTLY_DISPENSED})
"""Lives beside active in which goods are still at hand: opened packs are held back and let go like others."""
LIFTED_BY_VERIFICATION: Final = frozenset({HoldKind.QUARANTINED, HoldKind.RETURNED, HoldKind.UNCONFIRMED})
"""Kinds of the law's own holds that their holder's verification lifts (rule 23)."""


def put_hold(act: Act, items: Iterable[Position], hold: Hold) -> None:
    """Put a hold on items; the containers around them learn of it."""
    for item in items:
        found = again(act, item.key)
        rewrite(act.state, found, with_holds(found.row, merge_holds(found.row.holds, (hold,))))


def own_holds(position: Position, kinds: Iterable[HoldKind]) -> Holds:
    """Return the holds of these kinds that an item carries itself."""
    wanted = frozenset(kinds)
    return tuple(hold for hold in position.row.holds if hold[0] in wanted)


def lift_code(act: Act, head: Head, position: Position, setter: int) -> Code | None:
    """Return why the signer may not lift a hold of this setter; None when it may.

    Setter; for a regulator's any regulator; else, where the profile allows, whoever has the item in hand now.
    """
    if setter == THE_LAW:
        return Code.NEEDS_VERIFICATION
    if is_party(setter, act.signer):
        return None
    if has_role(partner(act.state, setter), Role.REGULATOR):
        return None if has_role(act.partner, Role.REGULATOR) else Code.REGULATORS_HOLD
    if is_in_hand(act.signer, position) and actor_profile(act, head).successor_lifts_holds:
        return None
    return Code.NOT_SETTER


def lift(act: Act, lifted: Lifted) -> None:
    """Take holds off items, and tell their setters and everyone with a stake."""
    take_off(act, lifted)
    told = (
        (position.key, (*stakeholders(position), *(setter for _kind, setter in holds)))
        for position, holds in lifted
    )
    tell_each(act, EventKind.HOLD_LIFTED, told)


def take_off(act: Act, lifted: Lifted) -> None:
    """Take holds off the items that carry them; the containers around them learn of it."""
    for position, holds in lifted:
        found = again(act, position.key)
        left = tuple(hold for hold in found.row.holds if hold not in holds)
        rewrite(act.state, found, with_holds(found.row, left))


def lifted_from_each(
    items: Iterable[Position], liftable: Callable[[Position], Holds | Verdict]
) -> list[Holds] | Verdict:
    """Return which holds come off each item; the first item that must keep what it carries decides.

    Args:
        items: In listed order.
        liftable: Returns what the signer may lift of one item, or why not.
    """
    lifted: list[Holds] = []
    for item in items:
        fault = life_fault(item, HOLDABLE)
        if fault:
            return fault
        holds = liftable(item)
        if isinstance(holds, Verdict):
            return holds
        lifted.append(holds)
    return lifted


def lift_by_verification(act: Act, position: Position) -> Holds | Code:
    """Return the holds that the signer's verification of an item lifts: the law's own, of certain kinds.

    Only what the signer has in hand is released by it, and only at a height after the law's hold: a
    verification is an act of its own, not a word in the document that brought the goods back.

    Returns:
        The holds, none when there is nothing to lift; or why it is too soon, or too little to look at.
    """
    if not is_in_hand(act.signer, position):
        return ()
    found = tuple(hold for hold in own_holds(position, LIFTED_BY_VERIFICATION) if hold[1] == THE_LAW)
    if found and act.state.read(LAW_HOLDS, number_key(act.signer)) == act.height:
        return Code.VERIFIED_TOO_SOON
    came_back = any(kind in {HoldKind.RETURNED, HoldKind.UNCONFIRMED} for kind, _setter in found)
    if came_back and not is_seen_whole(act.state, position):
        return Code.VERIFY_EACH_PACK
    return found


def note_law_hold(act: Act) -> None:
    """Remember that the law held goods back in the signer's hands at this height (`lift_by_verification`)."""
    act.state.write(LAW_HOLDS, number_key(act.signer), act.height)


def tell_each(
    act: Act, kind: EventKind, told: Iterable[tuple[bytes, Iterable[int]]], subject: bytes = b""
) -> None:
    """Report an event so that everyone hears of what is theirs, and of nothing else.

    Args:
        act: The record.
        kind: What happened.
        told: Item keys, each with who is concerned; groups come in the order of the list.
        subject: What it is about beside them.
    """
    groups: dict[tuple[int, ...], list[bytes]] = {}
    for key, concerned in told:
        groups.setdefault(tuple(sorted(set(concerned))), []).append(key)
    for everyone, keys in groups.items():
        act.tell(kind, keys, subject, everyone)
