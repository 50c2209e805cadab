"""Reports of findings: who found what, so that maker, holder and regulators hear of it (rule 23)."""

from typing import Final

from contracts.gs1.keys import SGTIN_KIND, is_valid_item_key
from contracts.records.verification import Finding, Report
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import Positions, list_fault, locate_all, signer_fault
from contracts.rules.implied import move_own
from contracts.rules.lifting import HOLDABLE, tell_each
from contracts.rules.logistic_units import prefix_owner_of
from contracts.rules.relying import note_reliance
from contracts.rules.suspecting import raise_suspicion, suspicion_of
from contracts.rules.verdict import Verdict
from contracts.state.concerned import alarmed, regulators
from contracts.state.layout import ITEMS, PRODUCTS
from contracts.state.parties import HANDLING, is_holder
from contracts.state.places import Position, effective_holds, effective_life
from contracts.state.rows import NOBODY, Life

_HOLDING: Final = frozenset({Finding.TAMPERED, Finding.COPIED})
"""Findings that make goods in their reporter's hands suspect; what left its lane is still what it says."""


def report(act: Act, record: Report) -> Verdict | None:
    """Rule 23: anyone reports what was found; it holds nothing back but what the reporter holds itself.

    Else a competitor's word would stop a sale. Who holds the goods and finds them wrong calls them suspect.
    """
    fault = signer_fault(act, record.head, HANDLING, licensed=False) or list_fault(record.items)
    if fault:
        return fault
    if record.finding == Finding.UNKNOWN_SERIAL:
        return _report_unknown(act, record)
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    # After this point it must succeed.
    items = move_own(act, record.head, items)
    note_reliance(act, items)
    told = ((item.key, alarmed(act.state, item)) for item in items)
    tell_each(act, EventKind.FINDING_REPORTED, told)
    if record.finding in _HOLDING:
        raise_suspicion(act, _suspect_now(act, items))
    return None


def _suspect_now(act: Act, items: Positions) -> Positions:
    """Return the living items in the reporter's own hands that it has not called suspect yet."""
    return [item for item in items if _is_new_suspicion(act, item)]


def _is_new_suspicion(act: Act, item: Position) -> bool:
    is_own = is_holder(act.signer, item) and effective_life(item) in {Life.ACTIVE, *HOLDABLE}
    return is_own and suspicion_of(act.signer) not in effective_holds(item)


def _report_unknown(act: Act, record: Report) -> Verdict | None:
    """Report serials that the ledger does not know, to the maker of such goods and the regulators."""
    for key in record.items:
        if not is_valid_item_key(key):
            return Verdict(Code.ITEM_INVALID, key)
        if act.state.read(ITEMS, key) is not None:
            return Verdict(Code.ITEM_KNOWN, key)
    # After this point it must succeed.
    everyone = regulators(act.state)
    told = ((key, (_would_be_maker(act, key), *everyone)) for key in record.items)
    tell_each(act, EventKind.FINDING_REPORTED, told)
    return None


def _would_be_maker(act: Act, key: bytes) -> int:
    """Return whose product, or whose company prefix, an unknown item claims to be; 0 for nobody known."""
    if key[:1] != SGTIN_KIND:
        return prefix_owner_of(act, key)
    product = act.state.read(PRODUCTS, key[1:7])
    return NOBODY if product is None else product.holder
