"""Rule 22: what governance changes of partners, their keys, prefixes and places."""

from collections.abc import Iterable
from typing import assert_never

import msgspec

from contracts.gs1.keys import is_valid_gln
from contracts.primitives import signing
from contracts.records.changes import (
    AddKey,
    AdmitPartner,
    AssignPrefix,
    AssignPremises,
    Change,
    EndKey,
    SetLicence,
    SetRoles,
)
from contracts.rules.cataloguing import MAX_TEXT
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state.concerned import add_regulator, remove_regulator
from contracts.state.directory import (
    PREFIX_DIGITS,
    add_partner,
    add_prefix,
    find_partner,
    find_premises,
    overlaps_prefix,
    remove_prefix,
)
from contracts.state.governing import sets
from contracts.state.layout import (
    AWAITED_GLNS,
    KEYS,
    MARKETS,
    PARTNERS,
    PREFIX_OWNERS,
    PREMISES,
    number_key,
    text_key,
)
from contracts.state.parameters import ALL_ROLES
from contracts.state.parties import is_party
from contracts.state.rows import KeyRow, Licence, PartnerRow, Role
from contracts.state.view import Overlay

PartyChange = AdmitPartner | SetRoles | SetLicence | AddKey | EndKey | AssignPrefix | AssignPremises
"""Changes of this family."""


def party_form_fault(change: PartyChange, acts_at: int) -> Verdict | None:
    """Ask whether a change makes sense by itself, when it is proposed."""
    match change:
        case AdmitPartner():
            return _admission_fault(change)
        case SetRoles(partner=partner, roles=roles):
            return None if _are_roles(roles) else Verdict(Code.ROLES_INVALID, partner)
        case SetLicence(partner=partner, licence=licence):
            return None if licence in set(Licence) else Verdict(Code.LICENCE_INVALID, partner)
        case AddKey(public_key=key, until_height=until):
            is_span = until == 0 or until > acts_at
            is_key = is_span and signing.is_valid_public_key(key)
            return None if is_key else Verdict(Code.KEY_INVALID, key)
        case AssignPrefix(prefix=prefix):
            is_prefix = prefix.isascii() and prefix.isdigit() and len(prefix) in PREFIX_DIGITS
            return None if is_prefix else Verdict(Code.PREFIX_INVALID, text_key(prefix))
        case EndKey() | AssignPremises():
            return None
        case _:
            assert_never(change)


def _admission_fault(change: AdmitPartner) -> Verdict | None:
    if not is_valid_gln(change.gln):
        return Verdict(Code.GLN_INVALID, change.gln)
    if not 0 < len(change.name) <= MAX_TEXT:
        return Verdict(Code.TEXT_INVALID, change.gln)
    return None if _are_roles(change.roles) else Verdict(Code.ROLES_INVALID, change.gln)


def _are_roles(bits: int) -> bool:
    return 0 < bits <= ALL_ROLES


def party_fit_fault(state: Overlay, change: PartyChange, acts_at: int) -> Verdict | None:
    """Ask whether a change fits what is registered when it acts."""
    match change:
        case AdmitPartner():
            return _arrival_fault(state, change)
        case SetRoles(partner=gln) | SetLicence(partner=gln):
            return partner_fault(state, gln)
        case AddKey(partner=gln, public_key=key):
            return partner_fault(state, gln) or known_key_fault(state, key)
        case EndKey(public_key=key):
            return _ending_fault(state, key, acts_at)
        case AssignPrefix():
            return _prefix_fault(state, change)
        case AssignPremises(gln=gln, partner=partner):
            if find_premises(state, gln) is None:
                return Verdict(Code.PREMISES_UNKNOWN, gln)
            return partner_fault(state, partner)
        case _:
            assert_never(change)


def _arrival_fault(state: Overlay, change: AdmitPartner) -> Verdict | None:
    if find_partner(state, change.gln) is not None:
        return Verdict(Code.PARTNER_KNOWN, change.gln)
    is_known = state.read(MARKETS, text_key(change.market)) is not None
    return None if is_known else Verdict(Code.MARKET_UNKNOWN, change.gln)


def admissions_fault(state: Overlay, changes: Iterable[Change]) -> Verdict | None:
    """Ask whether nobody's premises have the GLN of a partner that was admitted, when all has acted.

    Somebody may have registered a place under it before it was decided: then the same proposal gives that
    place to the newcomer, so that one GLN never stands for two.
    """
    for change in changes:
        if not isinstance(change, AdmitPartner):
            continue
        place, party = find_premises(state, change.gln), find_partner(state, change.gln)
        if place is not None and party is not None and not is_party(place[1].partner, party[0]):
            return Verdict(Code.GLN_TAKEN, change.gln)
    return None


def await_partners(state: Overlay, changes: Iterable[Change], acts_at: int) -> None:
    """Keep the GLNs of partners whose admission is decided free until it acts (rule 24)."""
    for change in changes:
        if isinstance(change, AdmitPartner):
            state.write(AWAITED_GLNS, change.gln, acts_at)


def partner_fault(state: Overlay, gln: bytes) -> Verdict | None:
    """Ask whether a partner is registered."""
    return None if find_partner(state, gln) is not None else Verdict(Code.PARTNER_UNKNOWN, gln)


def known_key_fault(state: Overlay, key: bytes) -> Verdict | None:
    """Ask whether a key was never registered, as a partner's or a validator's: no key serves two purposes."""
    votes = any(entry.public_key == key for entry in sets(state).following)
    return Verdict(Code.KEY_KNOWN, key) if votes or state.read(KEYS, key) is not None else None


def _ending_fault(state: Overlay, key: bytes, acts_at: int) -> Verdict | None:
    row = state.read(KEYS, key)
    is_acting = row is not None and (row.until_height == 0 or row.until_height > acts_at)
    return None if is_acting else Verdict(Code.KEY_UNKNOWN, key)


def _prefix_fault(state: Overlay, change: AssignPrefix) -> Verdict | None:
    key = text_key(change.prefix)
    owner = state.read(PREFIX_OWNERS, key)
    if not change.partner:
        return None if owner is not None else Verdict(Code.PREFIX_UNKNOWN, key)
    if owner is None and overlaps_prefix(state, change.prefix):
        return Verdict(Code.PREFIX_OVERLAPS, key)
    return partner_fault(state, change.partner)


def enact_party(state: Overlay, change: PartyChange, acts_at: int) -> None:
    """Let a change act that was found to fit when it was decided."""
    match change:
        case AdmitPartner():
            _admit(state, change)
        case SetRoles(partner=gln, roles=roles):
            number, row = _registered(state, gln)
            state.write(PARTNERS, number_key(number), msgspec.structs.replace(row, roles=roles))
            _follow_roles(state, number, roles)
        case SetLicence(partner=gln, licence=licence):
            number, row = _registered(state, gln)
            state.write(PARTNERS, number_key(number), msgspec.structs.replace(row, licence=licence))
        case AddKey(partner=gln, public_key=key, until_height=until):
            state.write(KEYS, key, KeyRow(_registered(state, gln)[0], acts_at, until))
        case EndKey(public_key=key):
            ended = msgspec.structs.replace(state.require(KEYS, key), until_height=acts_at)
            state.write(KEYS, key, ended)
        case AssignPrefix(prefix=prefix, partner=gln):
            _assign_prefix(state, prefix, gln)
        case AssignPremises(gln=gln, partner=partner):
            _assign_premises(state, gln, _registered(state, partner)[0])
        case _:
            assert_never(change)


def _admit(state: Overlay, change: AdmitPartner) -> None:
    row = PartnerRow(change.gln, change.name, change.roles, int(Licence.ACTIVE), change.market, ())
    _follow_roles(state, add_partner(state, row), change.roles)
    # On a trial of what is not decided yet, nobody awaits it.
    if state.read(AWAITED_GLNS, change.gln) is not None:
        state.delete(AWAITED_GLNS, change.gln)


def _registered(state: Overlay, gln: bytes) -> tuple[int, PartnerRow]:
    found = find_partner(state, gln)
    if found is None:
        raise LookupError(f"governance decided on partner {gln.hex()}, which is not registered")
    return found


def _follow_roles(state: Overlay, number: int, roles: int) -> None:
    """Keep the list of regulators with the roles of a partner."""
    if roles & Role.REGULATOR:
        add_regulator(state, number)
    else:
        remove_regulator(state, number)


def _assign_prefix(state: Overlay, prefix: str, gln: bytes) -> None:
    before = state.read(PREFIX_OWNERS, text_key(prefix))
    if before is not None:
        row = state.require(PARTNERS, number_key(before))
        left = tuple(own for own in row.company_prefixes if own != prefix)
        state.write(PARTNERS, number_key(before), msgspec.structs.replace(row, company_prefixes=left))
        remove_prefix(state, prefix)
    if gln:
        number, row = _registered(state, gln)
        own = (*row.company_prefixes, prefix)
        state.write(PARTNERS, number_key(number), msgspec.structs.replace(row, company_prefixes=own))
        add_prefix(state, prefix, number)


def _assign_premises(state: Overlay, gln: bytes, partner: int) -> None:
    found = find_premises(state, gln)
    if found is not None:
        number, row = found
        state.write(PREMISES, number_key(number), msgspec.structs.replace(row, partner=partner))
