"""Rule 17: goods are called back, at once and wherever they are; and a recall reaches more than before."""

from collections.abc import Iterable

import msgspec

from contracts.gs1.dates import MAX_TIME_MS
from contracts.gs1.keys import is_valid_gln, is_valid_gtin, is_valid_lot
from contracts.primitives.hashing import HASH_BYTES
from contracts.records.recall import (
    MAX_RANGE,
    AboutRecall,
    OpenRecall,
    RecallOrigin,
    Scope,
    WidenRecall,
    items_of_scope,
    range_length,
    recall_id,
)
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import actor_profile, signer_fault
from contracts.rules.implied import again
from contracts.rules.reaching import hold_items
from contracts.rules.verdict import Verdict
from contracts.state.directory import market
from contracts.state.excursions import watch_session
from contracts.state.layout import ITEMS, PRODUCTS, RECALL_NUMBERS, RECALLS, SESSIONS, number_key
from contracts.state.lists import Budget, TooManyRows
from contracts.state.parties import HANDLING, has_role, is_party
from contracts.state.places import effective_life
from contracts.state.recall_rows import RecallRow, RecallStanding
from contracts.state.recalls import (
    find_recall,
    hold_of,
    mark_makes,
    new_recall,
    watch,
    watch_material,
)
from contracts.state.rows import Life, Role
from contracts.state.scopes import MAX_ROWS, Reach, find_reach, follow_lineage, hours_of
from contracts.state.sources import lot_of, lot_row

MAX_ALTERNATIVES = 64
"""Most alternatives in the scope of one recall, widening included."""
MAX_WINDOW_HOURS = 2_400
"""Longest window of one alternative: 100 days."""


def open_recall(act: Act, record: OpenRecall) -> Verdict | None:
    """Rule 17: everything in scope is marked at once; a drill does the same and marks nothing."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or _terms_fault(act, record)
    if fault:
        return fault
    identifier = recall_id(act.document_id, act.record_index)
    if act.state.read(RECALL_NUMBERS, identifier) is not None:
        return Verdict(Code.ALREADY_OPENED, identifier)
    reach = _find(act, record.scope, ())
    if isinstance(reach, Verdict):
        return reach
    # After this point it must succeed.
    row = _opened(act, record, identifier, reach)
    number = new_recall(act.state, row)
    kind = EventKind.DRILL_OPENED if record.drill else EventKind.RECALL_OPENED
    act.tell(kind, (), identifier, concerned_by(act, reach))
    _take_effect(act, number, row, 0, reach)
    return None


def widen_recall(act: Act, record: WidenRecall) -> Verdict | None:
    """Rule 17: an open recall reaches more goods."""
    found = find_open(act, record)
    if isinstance(found, Verdict):
        return found
    number, row = found
    if not is_recall_party(act, row):
        return Verdict(Code.NOT_RECALL_PARTY, record.recall)
    reach = _find(act, record.scope, row.scope)
    if isinstance(reach, Verdict):
        return reach
    # After this point it must succeed.
    products = tuple(sorted({*row.products, *products_of(act, reach)}))
    known = len(row.scope)
    # A regulator may name others' products: these do not become the opener's to call back.
    named = {gtin for gtin in reach.own if is_party(act.state.require(PRODUCTS, gtin).holder, row.opener)}
    own, scope = tuple(sorted({*row.own, *named})), (*row.scope, *_kept(record.scope))
    row = msgspec.structs.replace(row, products=products, scope=scope, own=own)
    act.state.write(RECALLS, number_key(number), row)
    act.tell(EventKind.RECALL_WIDENED, (), record.recall, (row.opener, *concerned_by(act, reach)))
    _take_effect(act, number, row, known, reach)
    return None


def find_open(act: Act, record: AboutRecall) -> tuple[int, RecallRow] | Verdict:
    """Ask what every record about a recall is asked: its signer, and that the recall is there and open."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    found = find_recall(act.state, record.recall)
    if found is None:
        return Verdict(Code.RECALL_UNKNOWN, record.recall)
    if found[1].standing != RecallStanding.OPEN:
        return Verdict(Code.RECALL_CLOSED, record.recall)
    return found


def is_recall_party(act: Act, row: RecallRow) -> bool:
    """Tell whether the signer may change a recall: it opened it, or is a regulator."""
    return is_party(row.opener, act.signer) or has_role(act.partner, Role.REGULATOR)


def _terms_fault(act: Act, record: OpenRecall) -> Verdict | None:
    """Ask whether the terms of a recall make sense."""
    hashes = (record.evaluation, record.contact)
    if record.drill not in {0, 1} or any(len(one) not in {0, HASH_BYTES} for one in hashes):
        return Verdict(Code.RECALL_INVALID, b"")
    if has_role(act.partner, Role.REGULATOR) and record.origin != RecallOrigin.ORDERED:
        return Verdict(Code.ORIGIN_INVALID, act.partner.gln)
    if record.respond_by_ms and not act.time_ms < record.respond_by_ms <= MAX_TIME_MS:
        return Verdict(Code.RESPONSE_DEADLINE_INVALID, b"")
    return None


def _find(act: Act, scope: tuple[Scope, ...], before: tuple[Scope, ...]) -> Reach | Verdict:
    """Find what a scope reaches, and ask whether the signer may call that back."""
    fault = _scope_fault(act, scope, before)
    if fault:
        return fault
    unknown = act.state.first_absent(ITEMS, items_of_scope(scope))
    if unknown is not None:
        return Verdict(Code.ITEM_UNKNOWN, unknown)
    sessions = [number_key(one.session) for one in scope if one.session]
    if act.state.first_absent(SESSIONS, sessions) is not None:
        return Verdict(Code.SESSION_UNKNOWN, b"")
    try:
        reach = find_reach(act.state, scope)
    except TooManyRows:
        return Verdict(Code.SCOPE_TOO_WIDE, b"")
    reach.own = products_of(act, reach)
    if not reach.own:
        return Verdict(Code.SCOPE_EMPTY, b"")
    is_regulator = has_role(act.partner, Role.REGULATOR)
    for gtin in reach.own:
        if not is_regulator and not is_party(act.state.require(PRODUCTS, gtin).holder, act.signer):
            return Verdict(Code.NOT_MARKETING_HOLDER, gtin)
    return _with_lineage(act, reach)


def _with_lineage(act: Act, reach: Reach) -> Reach | Verdict:
    """Follow the goods into what they were repacked into: that is called back too, whoever's it is."""
    try:
        follow_lineage(act.state, reach)
    except TooManyRows:
        return Verdict(Code.SCOPE_TOO_WIDE, b"")
    return reach


def _scope_fault(act: Act, scope: tuple[Scope, ...], before: tuple[Scope, ...]) -> Verdict | None:
    """Ask whether every alternative says something, in the right form, and not too much."""
    for one in scope:
        if not _is_scope(act, one):
            return Verdict(Code.SCOPE_INVALID, one.gtin)
        if len(hours_of(one)) > MAX_WINDOW_HOURS or range_length(one) > MAX_RANGE:
            return Verdict(Code.SCOPE_TOO_WIDE, one.gtin)
    if not scope:
        return Verdict(Code.SCOPE_INVALID, b"")
    if len(scope) + len(before) > MAX_ALTERNATIVES:
        return Verdict(Code.SCOPE_TOO_WIDE, b"")
    return None


def _is_scope(act: Act, one: Scope) -> bool:
    """Tell whether an alternative names a product, site, material or items, and is well formed."""
    names = bool(one.gtin or one.site or one.items or one.material_lot or one.session)
    # Names of lists are made of these: they must have their length before anything is looked for.
    has_names = (not one.gtin or is_valid_gtin(one.gtin)) and (not one.site or is_valid_gln(one.site))
    is_list_of_its_own = not (one.session and (one.items or one.first_serial or one.material_lot))
    is_session = 0 <= one.session < 1 << 32 and is_list_of_its_own
    has_material = is_valid_gtin(one.material_gtin) if one.material_lot else not one.material_gtin
    is_family = one.family in {0, 1} and (one.gtin or not one.family)
    has_words = all(not word or is_valid_lot(word) for word in (one.lot, one.line, one.material_lot))
    # A lot's number means nothing without its product, and a range of serials neither.
    is_bound = bool(one.gtin) or not (one.lot or one.first_serial or one.last_serial)
    latest_ms = act.time_ms + act.limits.claimed_time_ms
    is_window = one.from_ms == one.until_ms == 0 or 0 <= one.from_ms < one.until_ms <= latest_ms
    is_list = range_length(one) >= 0 and not (one.items and one.first_serial)
    return (
        names
        and has_names
        and bool(is_family)
        and has_words
        and has_material
        and is_bound
        and is_window
        and is_list
        and is_session
    )


def products_of(act: Act, reach: Reach) -> tuple[bytes, ...]:
    """Return the GTINs that a recall reaches, ascending."""
    lots = {*reach.makes, *(lot_of(row.source) for row in reach.items.values())}
    return tuple(sorted({*reach.excursed, *(lot_row(act.state, lot).gtin for lot in lots)}))


def concerned_by(act: Act, reach: Reach) -> list[int]:
    """Return whom a recall's opening concerns by law: who holds the products, and who made the lots."""
    holders = [act.state.require(PRODUCTS, gtin).holder for gtin in products_of(act, reach)]
    return [*holders, *(lot_row(act.state, lot).maker for lot in reach.makes)]


def _opened(act: Act, record: OpenRecall, identifier: bytes, reach: Reach) -> RecallRow:
    """Return the row of a new recall."""
    first_market = act.state.require(PRODUCTS, reach.own[0]).markets[0]
    respond_by_ms = record.respond_by_ms
    if not respond_by_ms:
        respond_by_ms = act.time_ms + actor_profile(act, record.head).recall_response_ms
    return RecallRow(
        identifier,
        act.signer,
        record.kind,
        record.drill,
        record.origin,
        record.recall_class,
        record.depth,
        record.reason,
        RecallStanding.OPEN,
        act.height,
        act.time_ms,
        respond_by_ms,
        market(act.state, first_market).profile,
        products_of(act, reach),
        _kept(record.scope),
        reach.own,
    )


def _kept(scope: Iterable[Scope]) -> tuple[Scope, ...]:
    """Return the alternatives that go on to decide; a list of items has done so once for all."""
    return tuple(one for one in scope if not one.items)


def _take_effect(act: Act, number: int, row: RecallRow, known: int, reach: Reach) -> None:
    """Mark what is reached, one write for each lot, batch and single item; nothing in a drill.

    Args:
        act: The record.
        number: The recall's.
        row: The recall.
        known: How many of its alternatives took effect before.
        reach: What is reached now.
    """
    if row.drill:
        return
    _watch(act, number, row, known)
    for lot in sorted(reach.makes):
        mark_makes(act.state, lot, reach.makes[lot], hold_of(row), number)
    missed = [key for key in reach.items if effective_life(again(act, key)) != Life.ACTIVE]
    hold_items(act, tuple(reach.items), row, number)
    if missed:
        act.tell(EventKind.RECALL_MISSED, missed, row.identifier)


def _watch(act: Act, number: int, row: RecallRow, known: int) -> None:
    """Put a recall where what comes to light later will look for it: makes, materials, excursions."""
    watch(act.state, row, number)
    for position, one in enumerate(row.scope[known:], known):
        if one.material_lot:
            watch_material(act.state, number, position, one, Budget(MAX_ROWS))
        if one.session:
            watch_session(act.state, one.session, (number, position))
