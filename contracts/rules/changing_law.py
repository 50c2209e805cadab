"""Rule 22: what governance changes of the law itself: profiles, markets, parameters, version of the rules."""

from typing import Final, assert_never

import msgspec

from contracts.chain.parameters import Parameters
from contracts.gs1.dates import MAX_OFFSET_MINUTES
from contracts.records.changes import SetMarket, SetParameter, SetProfile, SetRules
from contracts.rules.cataloguing import MAX_TEXT
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state.governing import governance
from contracts.state.layout import GOVERNANCE, MARKETS, PARAMETERS, PROFILES, SOLE_KEY, text_key
from contracts.state.parameters import parameters_faults, parameters_of, profile_faults, write_parameters
from contracts.state.rows import MarketRow, ProfileRow
from contracts.state.view import Overlay

LawChange = SetProfile | SetMarket | SetParameter | SetRules
"""Changes of this family."""

FIXED_LIMITS: Final = frozenset(
    {
        *("document_bytes", "document_weight", "document_records", "record_items"),
        *("bundle_bytes", "bundle_weight", "bundle_documents", "block_bytes", "block_bundles"),
    }
)
"""What genesis fixes for ever: the sizes of what a node must be ready to read before it knows the height."""

CHANGEABLE: Final = tuple(
    f"{group}.{name}"
    for group in Parameters.__struct_fields__
    for name in getattr(Parameters(), group).__struct_fields__
    if not (group == "limits" and name in FIXED_LIMITS)
)
"""Parameters that governance may change, by name."""


def law_form_fault(change: LawChange) -> Verdict | None:
    """Ask whether a change makes sense by itself."""
    match change:
        case SetProfile(name=name, limits=limits):
            is_whole = len(limits) == len(ProfileRow.__struct_fields__)
            is_named = 0 < len(name) <= MAX_TEXT
            is_good = is_named and is_whole and not any(profile_faults(ProfileRow(*limits)))
            return None if is_good else Verdict(Code.PROFILE_INVALID, text_key(name))
        case SetMarket(code=code, utc_offset_minutes=offset):
            is_good = 0 < len(code) <= MAX_TEXT and abs(offset) <= MAX_OFFSET_MINUTES
            return None if is_good else Verdict(Code.MARKET_INVALID, text_key(code))
        case SetParameter(name=name):
            return None if name in CHANGEABLE else Verdict(Code.PARAMETER_UNKNOWN, text_key(name))
        case SetRules():
            return None
        case _:
            assert_never(change)


def law_fit_fault(state: Overlay, change: LawChange) -> Verdict | None:
    """Ask whether a change fits what is in force when it acts."""
    match change:
        case SetMarket(code=code, profile=profile, utc_offset_minutes=offset):
            if state.read(PROFILES, text_key(profile)) is None:
                return Verdict(Code.PROFILE_UNKNOWN, text_key(profile))
            known = state.read(MARKETS, text_key(code))
            moves = known is not None and known.utc_offset_minutes != offset
            return Verdict(Code.MARKET_INVALID, text_key(code)) if moves else None
        case SetRules(version=version):
            is_newer = version > governance(state).rules
            return None if is_newer else Verdict(Code.RULES_NOT_NEWER, b"")
        case SetProfile() | SetParameter():
            return None
        case _:
            assert_never(change)


def parameters_fault(state: Overlay) -> Verdict | None:
    """Ask whether all parameters agree with each other."""
    parameters = parameters_of(state.require(PARAMETERS, SOLE_KEY))
    for field, _expected in parameters_faults(parameters):
        return Verdict(Code.PARAMETERS_INVALID, text_key(field))
    return None


def enact_law(state: Overlay, change: LawChange) -> None:
    """Let a change act."""
    match change:
        case SetProfile(name=name, limits=limits):
            state.write(PROFILES, text_key(name), ProfileRow(*limits))
        case SetMarket(code=code, profile=profile, utc_offset_minutes=offset):
            state.write(MARKETS, text_key(code), MarketRow(profile, offset))
        case SetParameter():
            _set_parameter(state, change)
        case SetRules(version=version):
            row = msgspec.structs.replace(governance(state), rules=version)
            state.write(GOVERNANCE, SOLE_KEY, row)
        case _:
            assert_never(change)


def _set_parameter(state: Overlay, change: SetParameter) -> None:
    parameters = parameters_of(state.require(PARAMETERS, SOLE_KEY))
    group, _dot, name = change.name.partition(".")
    values = msgspec.structs.replace(getattr(parameters, group), **{name: change.value})
    write_parameters(state, msgspec.structs.replace(parameters, **{group: values}))
