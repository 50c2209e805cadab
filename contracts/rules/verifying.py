"""Rule 23: items are verified on the record: what was read, what was found, and why it was asked."""

from contracts.gs1.dates import MAX_DATE
from contracts.gs1.keys import is_valid_lot
from contracts.records.verification import VerificationResult, Verify
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import Positions, life_fault, list_fault, locate_all, signer_fault
from contracts.rules.implied import again, move_own
from contracts.rules.lifting import HOLDABLE, lift, lift_by_verification, tell_each
from contracts.rules.relying import note_reliance
from contracts.rules.verdict import Verdict
from contracts.state.concerned import alarmed
from contracts.state.parties import HANDLING, MAKING, has_role, stakeholders
from contracts.state.places import Holds, Position
from contracts.state.sources import former_expiries, lot_of, lot_row
from contracts.state.verifications import note_verified


def verify(act: Act, record: Verify) -> Verdict | None:
    """Rule 23: holder or requester verifies items; a holder's lifts what the law held back for it."""
    fault = signer_fault(act, record.head, HANDLING) or _reading_fault(record) or list_fault(record.items)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    if record.result == VerificationResult.NOT_VERIFIED:
        # After this point it must succeed.
        items = move_own(act, record.head, items)
        note_reliance(act, items)
        told = ((item.key, alarmed(act.state, item)) for item in items)
        tell_each(act, EventKind.VERIFICATION_FAILED, told)
        return None
    lifted = _verified(act, record, items)
    if isinstance(lifted, Verdict):
        return lifted
    # After this point it must succeed.
    items = move_own(act, record.head, items)
    note_reliance(act, items)
    tell_each(act, EventKind.VERIFIED, ((item.key, stakeholders(item)) for item in items))
    lift(act, [(item, holds) for item, holds in zip(items, lifted, strict=True) if holds])
    if has_role(act.partner, MAKING):
        for item in items:
            note_verified(act.state, act.signer, again(act, item.key))
    return None


def _reading_fault(record: Verify) -> Verdict | None:
    """Ask whether lot and expiry, if read, are such."""
    if record.lot and not is_valid_lot(record.lot):
        return Verdict(Code.READING_INVALID, record.lot)
    if not 0 <= record.expiry <= MAX_DATE:
        return Verdict(Code.READING_INVALID, record.lot)
    return None


def _verified(act: Act, record: Verify, items: Positions) -> list[Holds] | Verdict:
    """Ask of each item whether it is usable and as read; return what its verification lifts."""
    lifted: list[Holds] = []
    for item in items:
        fault = life_fault(item, HOLDABLE) or _mismatch(act, record, item)
        if fault:
            return fault
        holds = lift_by_verification(act, item)
        if isinstance(holds, Code):
            return Verdict(holds, item.key)
        lifted.append(holds)
    return lifted


def _mismatch(act: Act, record: Verify, item: Position) -> Verdict | None:
    """Ask whether what was read is what the ledger says; a logistic unit has neither lot nor expiry."""
    lot = lot_row(act.state, lot_of(item.row.source)) if item.row.source else None
    if record.lot and (lot is None or lot.lot != record.lot):
        return Verdict(Code.LOT_MISMATCH, item.key)
    if not record.expiry or (lot is not None and lot.expiry == record.expiry):
        return None
    # Packs that were printed before their lot was amended say what it was then.
    is_former = record.expiry in former_expiries(act.state, lot_of(item.row.source))
    return None if is_former else Verdict(Code.EXPIRY_MISMATCH, item.key)
