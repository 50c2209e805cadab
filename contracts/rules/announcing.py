"""Rule 22: who hears of a proposal, and of what each of its changes will do once it is decided."""

from collections.abc import Iterable, Iterator
from typing import Final

from contracts.records.changes import (
    AddKey,
    AdmitPartner,
    AssignPrefix,
    AssignPremises,
    AssignProduct,
    Change,
    EndKey,
    LiftHolds,
    PutNode,
    RegisterProduct,
    RemoveNode,
    SetLicence,
    SetMarket,
    SetParameter,
    SetProfile,
    SetRoles,
    SetRules,
)
from contracts.rules.act import Act
from contracts.rules.events import EventKind
from contracts.state.concerned import regulators
from contracts.state.directory import find_partner, find_premises
from contracts.state.governing import sets
from contracts.state.layout import KEYS, NODES, PREFIX_OWNERS, PRODUCTS, text_key
from contracts.state.parties import stakeholders
from contracts.state.places import locate

_KINDS: Final[dict[type[Change], EventKind]] = {
    AdmitPartner: EventKind.PARTNER_CHANGES,
    SetRoles: EventKind.PARTNER_CHANGES,
    SetLicence: EventKind.PARTNER_CHANGES,
    AddKey: EventKind.KEY_CHANGES,
    EndKey: EventKind.KEY_CHANGES,
    AssignPrefix: EventKind.REGISTRY_CHANGES,
    AssignPremises: EventKind.REGISTRY_CHANGES,
    RegisterProduct: EventKind.REGISTRY_CHANGES,
    AssignProduct: EventKind.REGISTRY_CHANGES,
    LiftHolds: EventKind.HOLDS_END,
    SetProfile: EventKind.LAW_CHANGES,
    SetMarket: EventKind.LAW_CHANGES,
    SetParameter: EventKind.LAW_CHANGES,
    SetRules: EventKind.LAW_CHANGES,
    PutNode: EventKind.NODE_CHANGES,
    RemoveNode: EventKind.NODE_CHANGES,
}
"""What each kind of change is told as."""


def watchers(act: Act, changes: Iterable[Change]) -> tuple[int, ...]:
    """Return who hears of a proposal: who runs validators, regulators, and whom its changes are about."""
    governing = _numbers(act, (entry.partner for entry in sets(act.state).current if entry.partner))
    about = {number for change in changes for number in _about(act, change)[1]}
    return tuple(sorted({*governing, *regulators(act.state), *about}))


def tell_decision(act: Act, identifier: bytes, changes: Iterable[Change]) -> None:
    """Tell everyone that a proposal is decided, and whom each change is about what will be."""
    act.tell(EventKind.CHANGES_DECIDED, (), identifier, watchers(act, changes))
    for change in changes:
        subject, concerned = _about(act, change)
        items = change.items if isinstance(change, LiftHolds) else ()
        act.tell(_KINDS[type(change)], items, subject, concerned)


def _about(act: Act, change: Change) -> tuple[bytes, tuple[int, ...]]:  # noqa: C901 - a case for each kind
    """Return what a change is about, as an event names it, and the partners that it concerns."""
    state = act.state
    match change:
        case AdmitPartner(gln=gln) | SetRoles(partner=gln) | SetLicence(partner=gln):
            return gln, _numbers(act, (gln,))
        case AddKey(partner=gln, public_key=key):
            return key, _numbers(act, (gln,))
        case EndKey(public_key=key):
            row = state.read(KEYS, key)
            return key, () if row is None else (row.partner,)
        case AssignPrefix(prefix=prefix, partner=gln):
            owner = state.read(PREFIX_OWNERS, text_key(prefix))
            return text_key(prefix), (*((owner,) if owner else ()), *_numbers(act, (gln,)))
        case AssignPremises(gln=gln, partner=partner):
            found = find_premises(state, gln)
            return gln, (*(() if found is None else (found[1].partner,)), *_numbers(act, (partner,)))
        case RegisterProduct(gtin=gtin, holder=gln) | AssignProduct(gtin=gtin, holder=gln):
            product = state.read(PRODUCTS, gtin)
            return gtin, (*(() if product is None else (product.holder,)), *_numbers(act, (gln,)))
        case LiftHolds(setter=gln):
            return gln, (*_numbers(act, (gln,)), *_with_a_stake(act, change))
        case SetProfile(name=name) | SetParameter(name=name) | SetMarket(code=name):
            return text_key(name), ()
        case SetRules():
            return b"", ()
        case PutNode(name=name) | RemoveNode(name=name):
            node = state.read(NODES, text_key(name))
            runs = (node.partner,) if node is not None else ()
            named = (change.partner,) if isinstance(change, PutNode) else ()
            return text_key(name), _numbers(act, (*runs, *named))


def _numbers(act: Act, glns: Iterable[bytes]) -> tuple[int, ...]:
    """Return the numbers of those parties that are registered."""
    found = (find_partner(act.state, gln) for gln in glns)
    return tuple(sorted({entry[0] for entry in found if entry is not None}))


def _with_a_stake(act: Act, change: LiftHolds) -> Iterator[int]:
    """Yield everyone with a stake in the items that holds come off."""
    for key in change.items:
        position = locate(act.state, key)
        if position is not None:
            yield from stakeholders(position)
