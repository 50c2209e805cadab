"""Rule 19: what a partner recorded by mistake is taken back, while nobody built on it, or with consent."""

from collections.abc import Iterable
from typing import Final, assert_never

from contracts.gs1.keys import SGTIN_KIND
from contracts.records.corrections import Correct, ErrorIn
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import (
    Positions,
    hand_fault,
    hold_code,
    life_fault,
    list_fault,
    locate_all,
    packing_fault,
    recall_fault,
    signer_fault,
)
from contracts.rules.implied import again, by_parent, unpack_implied
from contracts.rules.verdict import Verdict
from contracts.state.agreement_rows import ProposalRow
from contracts.state.claims import claim_of
from contracts.state.concerned import is_sole_maker, makers_of
from contracts.state.containers import end_life, find_contents, rewrite, take_out
from contracts.state.directory import partner
from contracts.state.endings import note_ending, remainder_of
from contracts.state.layout import CONTAINERS, LAW_HOLDS, LISTS, number_key
from contracts.state.lists import origins_of_make
from contracts.state.parties import HANDLING, has_role, holder_of, is_holder, is_owner, is_party, stakeholders
from contracts.state.places import (
    QUARANTINE,
    Position,
    effective_holds,
    effective_life,
    joined_reliance,
    merge_holds,
    reliance_on,
    with_holds,
    with_life,
)
from contracts.state.rows import NOBODY, Life, Role
from contracts.state.sources import lot_of, lot_row

REVIVABLE: Final = frozenset(
    {
        *(Life.SUPPLIED, Life.DESTROYED, Life.STOLEN, Life.LOST),
        *(Life.EXPORTED, Life.SAMPLE, Life.FREE_SAMPLE, Life.CHECKED_OUT),
    }
)
"""Ends that may have been recorded by mistake; what was repacked, burned or sent outside is no such."""


def correct(act: Act, record: Correct) -> Verdict | None:
    """Rule 19: the signer's own record was an error, and nobody relied on it."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    match record.error:
        case ErrorIn.COMMISSION:
            return _burn(act, items, NOBODY)
        case ErrorIn.PACK:
            return _was_never_inside(act, items)
        case ErrorIn.ENDING:
            return Verdict(Code.CONSENT_NEEDED, items[0].key)
        case _:
            assert_never(record.error)


def burn_with_consent(act: Act, proposer: int, keys: tuple[bytes, ...]) -> Verdict | None:
    """Burn what its maker commissioned by mistake, with the consent of the one partner that got it."""
    items = locate_all(act, keys)
    if isinstance(items, Verdict):
        return items
    for item in items:
        fault = origin_fault(act, proposer, item)
        if fault:
            return fault
    return _burn(act, items, act.signer)


def origin_fault(act: Act, party: int, item: Position) -> Verdict | None:
    """Ask whether an item is a pack or case of a lot that a party commissioned first."""
    if item.key[:1] != SGTIN_KIND:
        return Verdict(Code.NOT_A_PRODUCT, item.key)
    if not is_party(lot_row(act.state, lot_of(item.row.source)).maker, party):
        return Verdict(Code.NOT_ORIGINAL_SIGNER, item.key)
    return None


def make_fault(act: Act, item: Position) -> Verdict | None:
    """Ask whether an item was commissioned, neither repacked nor claimed, lives, and has nothing inside."""
    if item.key[:1] != SGTIN_KIND:
        return Verdict(Code.NOT_A_PRODUCT, item.key)
    fault = life_fault(item)
    if fault:
        return fault
    contents = find_contents(act.state, item.key, item.row)
    if contents is not None and contents.children:
        return Verdict(Code.CONTAINER_NOT_EMPTY, item.key)
    is_repacked = act.state.read(LISTS, origins_of_make(item.row.source)) is not None
    if is_repacked or claim_of(act.state, item.row) is not None:
        return Verdict(Code.NOT_COMMISSIONED, item.key)
    return None


def _burn(act: Act, items: Positions, consenting: int) -> Verdict | None:
    """End items that should never have been, for ever: their serials are never given again.

    Args:
        act: The record.
        items: What was commissioned by mistake.
        consenting: Who relied on them and agrees; `NOBODY` when nobody may have.
    """
    for item in items:
        fault = make_fault(act, item) or hand_fault(act, item)
        if fault:
            return fault
        holds = effective_holds(item)
        if holds:
            return Verdict(hold_code(holds), item.key)
        # Whoever calls goods back counts on finding them: they leave a recall by its own exits alone.
        fault = recall_fault(act, item)
        if fault:
            return fault
        if not is_party(reliance_on(item), consenting):
            return Verdict(Code.RELIED_ON, item.key)
    # After this point it must succeed.
    _tell(act, items)
    for item in unpack_implied(act, items):
        end_life(act.state, again(act, item.key), Life.BURNED)
    return None


def _was_never_inside(act: Act, items: Positions) -> Verdict | None:
    """Take items out of the containers that they were never in: no seal is broken by that."""
    for item in items:
        fault = _packing_error_fault(act, item)
        if fault:
            return fault
    # After this point it must succeed.
    for parent, children in by_parent(items).items():
        take_out(act.state, act.time_ms, [again(act, child.key) for child in children], was_error=True)
        act.tell(EventKind.CORRECTED, (child.key for child in children), parent, stakeholders(children[0]))
    return None


def _packing_error_fault(act: Act, item: Position) -> Verdict | None:
    """Ask whether the signer packed an item where it is, and has it in hand, sealed and unseen by others."""
    if not item.above:
        return Verdict(Code.NOT_INSIDE, item.key)
    fault = packing_fault(item) or hand_fault(act, item)
    if fault:
        return fault
    contents = act.state.require(CONTAINERS, item.row.parent)
    if contents.opened:
        return Verdict(Code.CONTAINER_OPENED, item.key)
    if not is_party(contents.introduced_by, act.signer):
        return Verdict(Code.NOT_ORIGINAL_SIGNER, item.key)
    relied = joined_reliance(NOBODY, *(row.relied_by for _key, row in item.above))
    return None if relied == NOBODY else Verdict(Code.RELIED_ON, item.key)


# ------------------------------------------------------------------------------------------ endings


def needs_regulator(act: Act, row: ProposalRow) -> bool:
    """Tell whether a maker's consent to a revival is to be followed by a regulator's."""
    is_makers = row.other != NOBODY
    return is_makers and not has_role(partner(act.state, row.proposer), Role.REGULATOR)


def revival_fault(act: Act, proposer: int, maker: int, keys: tuple[bytes, ...]) -> Verdict | None:
    """Ask whether items may live on after an end that was recorded by mistake, and who makes them.

    Args:
        act: The record.
        proposer: Number of the partner that holds or owns them.
        maker: Number of the marketing holder whose consent counts; `NOBODY` when it was given.
        keys: The items.
    """
    items = locate_all(act, keys)
    if isinstance(items, Verdict):
        return items
    for item in items:
        fault = _ending_fault(act, proposer, item)
        if fault:
            return fault
        if maker != NOBODY and not is_sole_maker(act.state, maker, item):
            return Verdict(Code.DIFFERENT_MAKERS, item.key)
    return None


def _ending_fault(act: Act, proposer: int, item: Position) -> Verdict | None:
    """Ask whether an item ended by itself, in a way that may be an error, and is the proposer's affair."""
    if effective_life(item) == Life.ACTIVE:
        return Verdict(Code.NOT_ENDED, item.key)
    fault = packing_fault(item)
    if fault:
        return fault
    if item.row.life not in REVIVABLE:
        return Verdict(Code.ENDING_STAYS, item.key)
    if remainder_of(act.state, item) is not None:
        return Verdict(Code.PACK_OPENED, item.key)
    if not is_holder(proposer, item) and not is_owner(proposer, item):
        return Verdict(Code.NOT_HOLDER_OR_OWNER, item.key)
    return None


def revive(act: Act, proposer: int, maker: int, keys: tuple[bytes, ...]) -> Verdict | None:
    """Let items live on, held by the law until whoever has them verifies them (rule 23)."""
    fault = revival_fault(act, proposer, maker, keys)
    if fault:
        return fault
    # After this point it must succeed.
    items = [again(act, key) for key in keys]
    _tell(act, items)
    for item in items:
        note_ending(act.state, item, Life.ACTIVE, act.signer, act.time_ms)
        held = with_holds(item.row, merge_holds(item.row.holds, (QUARANTINE,)))
        rewrite(act.state, again(act, item.key), with_life(held, Life.ACTIVE))
        act.state.write(LAW_HOLDS, number_key(holder_of(item)), act.height)
    return None


def _tell(act: Act, items: Iterable[Position]) -> None:
    """Tell makers and everyone with a stake that an earlier record was an error."""
    groups: dict[tuple[int, ...], list[bytes]] = {}
    for item in items:
        concerned = {*stakeholders(item), *makers_of(act.state, item)}
        groups.setdefault(tuple(sorted(concerned)), []).append(item.key)
    for everyone, keys in groups.items():
        act.tell(EventKind.CORRECTED, keys, b"", everyone)
