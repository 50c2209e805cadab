"""Rule 17: what partners and regulators say about a recall until it is closed, and after."""

from typing import Final

import msgspec

from contracts.gs1.keys import is_valid_gtin, is_valid_lot
from contracts.records.recall import (
    AcknowledgeRecall,
    ClassifyRecall,
    CloseRecall,
    Quantities,
    RecallClass,
    ReleaseFromRecall,
    ReleaseLot,
    RespondToRecall,
)
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import list_fault, locate_all, signer_fault
from contracts.rules.implied import again
from contracts.rules.recalling import find_open, is_recall_party
from contracts.rules.verdict import Verdict
from contracts.state.containers import rewrite
from contracts.state.layout import PRODUCTS, PROFILES, RECALLS, RESPONSES, number_key, response_key, text_key
from contracts.state.parties import HANDLING, has_role
from contracts.state.places import Position, with_holds
from contracts.state.quantities import book
from contracts.state.recall_rows import RecallRow, RecallStanding, ResponseRow
from contracts.state.recalls import find_recall, hold_of, recalls_of_item, release, unwatch
from contracts.state.rows import ProfileRow, Role
from contracts.state.sources import find_lot

MAX_QUANTITY: Final = 1 << 40
"""More serials than anybody ever held."""

_NOTHING: Final = Quantities(0, 0, 0, 0, 0)


def classify_recall(act: Act, record: ClassifyRecall) -> Verdict | None:
    """Rule 17: the first class may come from the opener; only a regulator amends it."""
    found = find_open(act, record)
    if isinstance(found, Verdict):
        return found
    number, row = found
    if not is_recall_party(act, row):
        return Verdict(Code.NOT_RECALL_PARTY, record.recall)
    if row.recall_class != RecallClass.UNCLASSIFIED and not has_role(act.partner, Role.REGULATOR):
        return Verdict(Code.REGULATOR_AMENDS_CLASS, record.recall)
    # After this point it must succeed.
    row = msgspec.structs.replace(row, recall_class=int(record.recall_class))
    act.state.write(RECALLS, number_key(number), row)
    act.tell(EventKind.RECALL_CLASSIFIED, (), record.recall, (row.opener,))
    return None


def acknowledge_recall(act: Act, record: AcknowledgeRecall) -> Verdict | None:
    """Rule 17: a partner has read the notice."""
    found = find_open(act, record)
    if isinstance(found, Verdict):
        return found
    number, row = found
    key = response_key(number, act.signer)
    if act.state.read(RESPONSES, key) is not None:
        return Verdict(Code.ALREADY_ACKNOWLEDGED, record.recall)
    # After this point it must succeed.
    act.state.write(RESPONSES, key, ResponseRow(act.time_ms, 0, _NOTHING))
    act.tell(EventKind.RECALL_ACKNOWLEDGED, (), record.recall, (row.opener,))
    return None


def respond_to_recall(act: Act, record: RespondToRecall) -> Verdict | None:
    """Rule 17: a partner says what it found; it has then read the notice, too."""
    found = find_open(act, record)
    if isinstance(found, Verdict):
        return found
    number, row = found
    counts = msgspec.structs.astuple(record.quantities)
    if not all(0 <= count <= MAX_QUANTITY for count in counts):
        return Verdict(Code.QUANTITY_INVALID, record.recall)
    # After this point it must succeed.
    key = response_key(number, act.signer)
    before = act.state.read(RESPONSES, key)
    since_ms = act.time_ms if before is None else before.acknowledged_ms
    act.state.write(RESPONSES, key, ResponseRow(since_ms, act.time_ms, record.quantities))
    act.tell(EventKind.RECALL_RESPONDED, (), record.recall, (row.opener,))
    return None


def close_recall(act: Act, record: CloseRecall) -> Verdict | None:
    """Rule 17: a recall is over; what it marked leaves by disposition only."""
    found = find_open(act, record)
    if isinstance(found, Verdict):
        return found
    number, row = found
    if not is_recall_party(act, row):
        return Verdict(Code.NOT_RECALL_PARTY, record.recall)
    is_allowed = row.drill or _profile(act, row).recall_closed_by_opener
    if not is_allowed and not has_role(act.partner, Role.REGULATOR):
        return Verdict(Code.REGULATOR_CLOSES, record.recall)
    # After this point it must succeed.
    closed = msgspec.structs.replace(row, standing=int(RecallStanding.CLOSED))
    act.state.write(RECALLS, number_key(number), closed)
    unwatch(act.state, row, number)
    act.tell(EventKind.RECALL_CLOSED, (), record.recall, (row.opener,))
    return None


def release_from_recall(act: Act, record: ReleaseFromRecall) -> Verdict | None:
    """Rule 17: single items turned out to be sound; also after the recall was closed."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
    if fault:
        return fault
    found = find_recall(act.state, record.recall)
    if found is None:
        return Verdict(Code.RECALL_UNKNOWN, record.recall)
    number, row = found
    fault = _release_fault(act, record, row)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    for item in items:
        if number not in recalls_of_item(act.state, item):
            return Verdict(Code.NOT_RECALLED, item.key)
    # After this point it must succeed.
    for item in items:
        _release(act, again(act, item.key), (int(hold_of(row)), number))
    act.tell(EventKind.RECALL_RELEASED, record.items, record.recall, (row.opener,))
    return None


def release_lot(act: Act, record: ReleaseLot) -> Verdict | None:
    """Rules 17 and 30: packs without serials are released lot by lot, for they are not told apart."""
    fault = signer_fault(act, record.head, HANDLING, licensed=False)
    if fault:
        return fault
    found = find_recall(act.state, record.recall)
    if found is None:
        return Verdict(Code.RECALL_UNKNOWN, record.recall)
    number, row = found
    fault = _release_fault(act, record, row)
    if fault:
        return fault
    named = is_valid_gtin(record.gtin) and (not record.lot or is_valid_lot(record.lot))
    lot = find_lot(act.state, record.gtin, record.lot) if named else None
    if lot is None:
        return Verdict(Code.LOT_UNKNOWN, record.lot)
    if not book(act.state, record.gtin, record.lot).made:
        return Verdict(Code.PRODUCT_SERIALISED, record.gtin)
    if all(recall != number for _make, _kind, recall in lot[1].marks):
        return Verdict(Code.NOT_RECALLED, record.lot)
    # After this point it must succeed.
    release(act.state, number_key(lot[0]), number)
    told = (row.opener, lot[1].maker, act.state.require(PRODUCTS, record.gtin).holder)
    act.tell(EventKind.RECALL_RELEASED, (), record.recall, told)
    return None


def _release_fault(act: Act, record: ReleaseFromRecall | ReleaseLot, row: RecallRow) -> Verdict | None:
    """Ask whether it is up to the signer to release items."""
    if not is_recall_party(act, row):
        return Verdict(Code.NOT_RECALL_PARTY, record.recall)
    if not _profile(act, row).recall_released_by_opener and not has_role(act.partner, Role.REGULATOR):
        return Verdict(Code.REGULATOR_RELEASES, record.recall)
    return None


def _release(act: Act, item: Position, hold: tuple[int, int]) -> None:
    """Lift an item's own hold of a recall, and note that it is released from the marks of its lot."""
    if hold in item.row.holds:
        rest = tuple(one for one in item.row.holds if one != hold)
        rewrite(act.state, item, with_holds(item.row, rest))
    release(act.state, item.key, hold[1])


def _profile(act: Act, row: RecallRow) -> ProfileRow:
    """Return the profile that binds a recall."""
    return act.state.require(PROFILES, text_key(row.profile))
