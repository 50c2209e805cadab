"""Rule 25: what makers say of onboarded items, by a record of their own or by a commission of their serials.

A serial is given once, so a commission never creates what somebody onboarded before: it answers the claim.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from contracts.records.onboarding import AnswerClaim, ClaimAnswer
from contracts.records.supply import Commission
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.crossing import UNCONFIRMED
from contracts.rules.events import EventKind
from contracts.rules.guards import list_fault, locate_all, signer_fault
from contracts.rules.implied import again
from contracts.rules.lifting import put_hold, tell_each
from contracts.rules.suspecting import suspicion_of
from contracts.rules.verdict import Verdict
from contracts.state.claim_rows import ClaimRow, ClaimStanding
from contracts.state.claims import (
    answer_to,
    claim_of,
    count_claims,
    gtin_of,
    is_answered_by_commission,
    link_to_make,
    note_answer,
    printed_expiry,
)
from contracts.state.concerned import alarmed
from contracts.state.containers import rewrite
from contracts.state.layout import ITEMS
from contracts.state.lists import TooManyRows
from contracts.state.parties import MARKETING, is_maker, stakeholders
from contracts.state.places import Position, with_holds
from contracts.state.recalls import recall_row
from contracts.state.sources import former_expiries, lot_of, lot_row
from contracts.state.titles import NO_TITLE, title_of


class Claimed(msgspec.Struct, frozen=True):
    """An onboarded item that a commission names."""

    source: int
    """Number of its claimed source."""
    claim: ClaimRow
    """What is claimed of it."""


def claimed_among(act: Act, keys: Sequence[bytes]) -> dict[bytes, Claimed] | Verdict:
    """Return which of the keys that a commission names were onboarded, and not commissioned since.

    Every other key must be new: the first one that is not is refused. Each key is looked up once.
    """
    found: dict[bytes, Claimed] = {}
    rest = iter(keys)
    while (key := act.state.first_present(ITEMS, rest)) is not None:
        row = act.state.require(ITEMS, key)
        claim = claim_of(act.state, row)
        if claim is None or is_answered_by_commission(answer_to(act.state, key)):
            return Verdict(Code.ALREADY_COMMISSIONED, key)
        found[key] = Claimed(row.source, claim)
    return found


def answer_by_commission(
    act: Act, record: Commission, make: int, claimed: Mapping[bytes, Claimed]
) -> Verdict | None:
    """Let a commission confirm what agrees with it, and make suspect what does not.

    Args:
        act: The commission.
        record: What it states.
        make: Its source number.
        claimed: Onboarded items that it names.
    """
    dates = frozenset((record.expiry, *former_expiries(act.state, lot_of(make))))
    agreeing = {key: one for key, one in claimed.items() if _agrees(act, record, dates, key, one)}
    try:
        _share_fate(act, make, agreeing)
    except TooManyRows:
        return Verdict(Code.SCOPE_TOO_WIDE, record.lot)
    # After this point it must succeed.
    _confirm(act, tuple(agreeing), commissioned=True)
    _contradict(act, tuple(key for key in claimed if key not in agreeing), commissioned=True)
    return None


def _share_fate(act: Act, make: int, claimed: Mapping[bytes, Claimed]) -> None:
    """Let what speaks against a make speak against the claims that it confirms, now and later."""
    claims = {one.source: one.claim for one in claimed.values()}
    for source in sorted(claims):
        for number in sorted(link_to_make(act.state, source, make)):
            row = recall_row(act.state, number)
            act.tell(EventKind.RECALL_REACHED, (), row.identifier, (row.opener, claims[source].claimant))


def _agrees(act: Act, record: Commission, dates: frozenset[int], key: bytes, one: Claimed) -> bool:
    """Tell whether a commission says the same of an item as its claim, and nobody denied that.

    What was made after it was claimed is not what was claimed.

    Args:
        act: The commission.
        record: What it states.
        dates: Last days of use that its lot has and had: one of them is printed.
        key: Key of the item.
        one: What was claimed of it.
    """
    lot = lot_row(act.state, lot_of(one.source))
    before = answer_to(act.state, key)
    is_denied = before is not None and before.standing == ClaimStanding.CONTRADICTED
    is_older = record.made_at_ms <= one.claim.claimed_at_ms
    is_printed = printed_expiry(act.state, lot_of(one.source)) in dates
    return lot.lot == record.lot and is_printed and is_older and not is_denied


def answer_claim(act: Act, record: AnswerClaim) -> Verdict | None:
    """Rule 25: the product's holder confirms, or denies, that onboarded items are what they claim to be."""
    is_confirming = record.answer == ClaimAnswer.CONFIRMED
    fault = signer_fault(act, record.head, MARKETING, licensed=is_confirming) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    wanted = ClaimStanding.CONFIRMED if is_confirming else ClaimStanding.CONTRADICTED
    for item in items:
        fault = _answer_fault(act, item, wanted)
        if fault:
            return fault
    # After this point it must succeed.
    (_confirm if is_confirming else _contradict)(act, record.items, commissioned=False)
    return None


def _answer_fault(act: Act, item: Position, wanted: ClaimStanding) -> Verdict | None:
    """Ask whether an item was onboarded, is of the signer's product, and was not answered for like this."""
    if claim_of(act.state, item.row) is None:
        return Verdict(Code.NOT_CLAIMED, item.key)
    if not is_maker(act.state, act.signer, item):
        return Verdict(Code.NOT_PRODUCT_HOLDER, item.key)
    before = answer_to(act.state, item.key)
    if before is not None and before.standing == wanted:
        return Verdict(Code.ALREADY_ANSWERED, item.key)
    return None


def _confirm(act: Act, keys: Sequence[bytes], *, commissioned: bool) -> None:
    """Note that items are genuine; those that their claimant never let go of may be sold now."""
    _note(act, keys, ClaimStanding.CONFIRMED, commissioned=commissioned)
    for key in keys:
        item = again(act, key)
        # What changed hands or was outside since is held for that, and looked at by whoever has it.
        if UNCONFIRMED in item.row.holds and title_of(item) == NO_TITLE:
            left = tuple(hold for hold in item.row.holds if hold != UNCONFIRMED)
            rewrite(act.state, item, with_holds(item.row, left))
    items = [again(act, key) for key in keys]
    told = ((item.key, (*stakeholders(item), _claimant(act, item))) for item in items)
    tell_each(act, EventKind.CLAIM_CONFIRMED, told)


def _contradict(act: Act, keys: Sequence[bytes], *, commissioned: bool) -> None:
    """Note that items are not what they claim to be: they are suspect, in the signer's name."""
    _note(act, keys, ClaimStanding.CONTRADICTED, commissioned=commissioned)
    items = [again(act, key) for key in keys]
    put_hold(act, items, suspicion_of(act.signer))
    told = ((item.key, (*alarmed(act.state, item), _claimant(act, item))) for item in items)
    tell_each(act, EventKind.CLAIM_CONTRADICTED, told)


def _note(act: Act, keys: Iterable[bytes], standing: ClaimStanding, *, commissioned: bool) -> None:
    """Write what is said of items, and count the open claims of those who made them anew."""
    changes: dict[tuple[int, bytes], int] = {}
    for key in keys:
        about = _claimant(act, again(act, key)), gtin_of(key)
        change = note_answer(act.state, key, standing, act.signer, commissioned=commissioned)
        changes[about] = changes.get(about, 0) + change
    for (claimant, gtin), change in changes.items():
        count_claims(act.state, claimant, gtin, change)


def _claimant(act: Act, item: Position) -> int:
    """Return who brought an onboarded item in."""
    claim = claim_of(act.state, item.row)
    return 0 if claim is None else claim.claimant
