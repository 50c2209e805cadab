"""Rule 16: packs are opened and their contents packed anew; lineage is kept, and later recalls follow it."""

from contracts.gs1.keys import SGTIN_KIND
from contracts.records.supply import Commission
from contracts.records.transformation import Transform
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import (
    CleanGuard,
    Positions,
    hand_fault,
    life_fault,
    list_fault,
    locate_all,
    signer_fault,
)
from contracts.rules.implied import move_implied, unpack_implied
from contracts.rules.inheriting import find_inherited, take_along
from contracts.rules.reaching import reach_new_items, reach_new_make
from contracts.rules.supply import authority_fault, lot_fault, make_fault, make_of, open_lot_of, serials_fault
from contracts.rules.verdict import Verdict
from contracts.state.containers import end_life
from contracts.state.exposures import Exposures
from contracts.state.layout import CONSUMPTIONS, ITEMS, PRODUCTS
from contracts.state.parties import MAKING, has_same_owner
from contracts.state.rows import MAX_MAKES, ItemRow, Life
from contracts.state.sources import add_derived_make, find_lot, lot_of, lot_row
from contracts.state.verifications import forget_verified, is_verified


def transform(act: Act, record: Transform) -> Verdict | None:
    """Rule 16: clean inputs of one owner end; outputs come to life for the same owner, no unit more."""
    made = _as_commission(record)
    fault = (
        signer_fault(act, record.head, MAKING)
        or list_fault(record.inputs)
        or authority_fault(act, made.gtin)
        or make_fault(act, made)
        or serials_fault(record.serials)
        or lot_fault(act, made)
        or _room_fault(act, made)
    )
    if fault:
        return fault
    keys = [SGTIN_KIND + record.gtin + serial for serial in record.serials]
    known = act.state.first_present(ITEMS, keys)
    if known is not None:
        return Verdict(Code.ALREADY_COMMISSIONED, known)
    inputs = locate_all(act, record.inputs)
    if isinstance(inputs, Verdict):
        return inputs
    fault = _inputs_fault(act, record, inputs) or _quantity_fault(act, record, inputs)
    if fault:
        return fault
    inherited = find_inherited(act, record.gtin, inputs)
    if isinstance(inherited, Verdict):
        return inherited
    # After this point it must succeed.
    exposures = take_along(act, inherited)
    _bring_forth(act, made, keys, move_implied(act, record.head, unpack_implied(act, inputs)), exposures)
    return None


def _as_commission(record: Transform) -> Commission:
    """Return what comes out as if it were made: the same is asked of it."""
    made = (record.gtin, record.lot, record.expiry, record.line, record.made_at_ms, record.serials)
    return Commission(record.head, *made)


def _room_fault(act: Act, made: Commission) -> Verdict | None:
    """Ask whether the lot has room for one more make: what is repacked is always one by itself."""
    found = find_lot(act.state, made.gtin, made.lot)
    if found is not None and found[1].makes == MAX_MAKES:
        return Verdict(Code.LOT_TOO_MIXED, made.lot)
    return None


def _inputs_fault(act: Act, record: Transform, inputs: Positions) -> Verdict | None:
    """Ask of each input: an active pack, in hand, still, clean, of one owner, not expiring too soon."""
    clean = CleanGuard(act)
    for item in inputs:
        if item.key[:1] != SGTIN_KIND:
            return Verdict(Code.NOT_A_PRODUCT, item.key)
        if item.row.container:
            return Verdict(Code.INPUT_IS_CONTAINER, item.key)
        fault = life_fault(item) or hand_fault(act, item) or clean.fault(item)
        if fault:
            return fault
        if not is_verified(act.state, act.signer, item):
            return Verdict(Code.INPUT_NOT_VERIFIED, item.key)
        if not has_same_owner(item.top, inputs[0].top):
            return Verdict(Code.DIFFERENT_OWNER, item.key)
        if lot_row(act.state, lot_of(item.row.source)).expiry < record.expiry:
            return Verdict(Code.EXPIRY_TOO_LATE, item.key)
    return None


def _quantity_fault(act: Act, record: Transform, inputs: Positions) -> Verdict | None:
    """Ask whether outputs and declared waste are as many units as the inputs."""
    went_in = sum(_units(act, lot_row(act.state, lot_of(item.row.source)).gtin) for item in inputs)
    came_out = len(record.serials) * _units(act, record.gtin)
    if record.waste < 0 or came_out + record.waste != went_in:
        return Verdict(Code.QUANTITIES_DIFFER, record.gtin)
    return None


def _units(act: Act, gtin: bytes) -> int:
    return act.state.require(PRODUCTS, gtin).units_per_pack


def _bring_forth(
    act: Act, made: Commission, keys: list[bytes], inputs: Positions, exposures: Exposures
) -> None:
    """End the inputs, and bring the outputs to life as a make that knows where it comes from."""
    owner = inputs[0].row.owner
    sources = sorted({item.row.source for item in inputs})
    number = add_derived_make(act.state, open_lot_of(act, made), make_of(act, made), sources)
    for item in inputs:
        end_life(act.state, item, Life.CONSUMED)
        forget_verified(act.state, item.key)
        act.state.write(CONSUMPTIONS, item.key, number)
    born = (act.height, act.document_index)
    site = make_of(act, made).site or inputs[0].row.premises
    row = ItemRow(number, Life.ACTIVE, (), b"", exposures, *born, 0, act.signer, owner, site, b"")
    act.state.create_all(ITEMS, keys, row)
    makers = (lot_row(act.state, lot_of(source)).maker for source in sources)
    act.tell(EventKind.REPACKED, (), made.lot, (owner, *makers))
    reach_new_make(act, number)
    reach_new_items(act, number, keys)
