"""Rule 17: what is entered after a recall was opened belongs to it as well, so that nobody evades by delay.

A make, or a serial in a range, is marked when it is entered. What a recall lists by name is there already.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from contracts.gs1.keys import GTIN_BYTES
from contracts.records.recall import Scope
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.implied import again
from contracts.rules.verdict import Verdict
from contracts.state.containers import rewrite
from contracts.state.directory import partner, premises
from contracts.state.genealogy import reached_by
from contracts.state.layout import PRODUCTS, RECALLS, number_key
from contracts.state.parties import has_role, is_party
from contracts.state.places import merge_holds, with_holds
from contracts.state.recall_rows import RecallRow, RecallStanding, TooManyMarks
from contracts.state.recalls import (
    RECALL_HOLDS,
    hold_of,
    mark_makes,
    open_for_gtin,
    open_for_site,
    open_recalls,
    recall_row,
)
from contracts.state.rows import MAKES_PER_LOT, Role, SourceRow
from contracts.state.scopes import is_made_so
from contracts.state.sources import lot_of, lot_row, source_row

MAX_ITEM_RECALLS: Final = 64
"""Most recalls that hold one item by name or by its serial."""
_PREFIX_BYTES: Final = 1 + GTIN_BYTES
"""Bytes of an item key before the serial."""


def reach_new_make(act: Act, source: int) -> None:
    """Mark a make that was entered after recalls were opened that call it back."""
    lot, make = lot_row(act.state, lot_of(source)), source_row(act.state, source)
    site = _site_gln(act, make)
    materials = reached_by(act.state, lot.gtin, lot.lot)
    numbers = {
        *open_recalls(act.state, open_for_gtin(lot.gtin)),
        *(open_recalls(act.state, open_for_site(site)) if site else ()),
        *(number for number, _position in materials),
    }
    for number in sorted(numbers):
        row = recall_row(act.state, number)
        if not calls_back(act, row, lot.gtin):
            continue
        named = {position for recall, position in materials if recall == number}
        some = (one for one in _alternatives(row, named) if not (one.first_serial or one.session))
        if any(is_made_so(act.state, one, lot, make) for one in some):
            mark_makes(act.state, lot_of(source), (source % MAKES_PER_LOT,), hold_of(row), number)
            keep_as_own(act, number, row, lot.gtin)
            act.tell(EventKind.RECALL_REACHED, (), row.identifier, (row.opener, lot.maker))


def keep_as_own(act: Act, number: int, row: RecallRow, gtin: bytes) -> None:
    """Let a recall reach a product of its opener from now on, whoever's that becomes (rule 24)."""
    holder = act.state.require(PRODUCTS, gtin).holder
    if gtin in row.own or not is_party(holder, row.opener):
        return
    products, own = ({*row.products, gtin}, {*row.own, gtin})
    after = msgspec.structs.replace(row, products=tuple(sorted(products)), own=tuple(sorted(own)))
    act.state.write(RECALLS, number_key(number), after)


def reach_new_items(act: Act, source: int, keys: Sequence[bytes]) -> None:
    """Hold items of one make that came to life just now, and are in ranges of serials that were called back.

    Each recall costs a search in the sorted serials, however long its ranges and the record are.
    """
    lot = lot_row(act.state, lot_of(source))
    numbers = open_recalls(act.state, open_for_gtin(lot.gtin))
    if not numbers:
        return
    make, sorted_keys = source_row(act.state, source), _by_length(keys)
    materials = reached_by(act.state, lot.gtin, lot.lot)
    for number in sorted(numbers):
        row = recall_row(act.state, number)
        if not calls_back(act, row, lot.gtin):
            continue
        named = {position for recall, position in materials if recall == number}
        found = {
            key
            for one in _alternatives(row, named)
            if one.first_serial and one.gtin == lot.gtin and is_made_so(act.state, one, lot, make)
            for key in _within(one, sorted_keys)
        }
        if found:
            reached = [key for key in keys if key in found]
            hold_items(act, reached, row, number)
            act.tell(EventKind.RECALL_REACHED, reached, row.identifier, (row.opener, lot.maker))


def hold_items(act: Act, keys: Sequence[bytes], row: RecallRow, number: int) -> None:
    """Let items carry the hold of a recall, wherever they are.

    Raises:
        TooManyMarks: An item carries as many as may be.
    """
    for key in keys:
        item = again(act, key)
        holds = merge_holds(item.row.holds, ((int(hold_of(row)), number),))
        if sum(kind in RECALL_HOLDS for kind, _by in holds) > MAX_ITEM_RECALLS:
            raise TooManyMarks(key)
        rewrite(act.state, item, with_holds(item.row, holds))


def no_room(full: TooManyMarks) -> Verdict:
    """Return why a record that brings something under a recall is refused when its row has no room left."""
    return Verdict(Code.TOO_MANY_MARKS, full.subject)


def calls_back(act: Act, row: RecallRow, gtin: bytes) -> bool:
    """Tell whether a recall is open, and its opener may call back that product."""
    if row.standing != RecallStanding.OPEN:
        return False
    holder = act.state.require(PRODUCTS, gtin).holder
    # A product that passes to another (rule 24) takes its recalls along, or that would end them.
    is_openers = gtin in row.own or is_party(holder, row.opener)
    return is_openers or has_role(partner(act.state, row.opener), Role.REGULATOR)


def _alternatives(row: RecallRow, named: set[int]) -> Iterator[Scope]:
    """Yield the alternatives of a recall that are true of a lot as far as they name materials.

    Args:
        row: The recall.
        named: Positions of those that name something of which the lot was made.
    """
    for position, one in enumerate(row.scope):
        if not one.material_lot or position in named:
            yield one


def _site_gln(act: Act, make: SourceRow) -> bytes:
    return premises(act.state, make.site).gln if make.site else b""


def _by_length(keys: Sequence[bytes]) -> dict[int, list[bytes]]:
    """Return those keys whose serials are digits, by their number, ascending."""
    found: dict[int, list[bytes]] = {}
    for key in keys:
        if key[_PREFIX_BYTES:].isdigit():
            found.setdefault(len(key) - _PREFIX_BYTES, []).append(key)
    return {length: sorted(some) for length, some in found.items()}


def _within(one: Scope, by_length: dict[int, list[bytes]]) -> list[bytes]:
    """Return the keys in an alternative's range: serials of as many digits, from its first to its last."""
    some = by_length.get(len(one.first_serial), [])
    if not some:
        return []
    prefix = some[0][:_PREFIX_BYTES]
    return some[bisect_left(some, prefix + one.first_serial) : bisect_right(some, prefix + one.last_serial)]
