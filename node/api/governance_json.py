"""Records of governance and the changes they list: JSON in, the ledger's structs out, and back (rule 22)."""

import base64
import binascii
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import Any, Final, assert_never

from contracts.primitives.signing import PUBLIC_KEY_BYTES
from contracts.records import changes
from contracts.records.agreement import PROPOSAL_ID_BYTES
from contracts.records.catalogue import ProductFacts
from contracts.records.governance import (
    Choice,
    GovernanceRecord,
    ProposeChanges,
    VoteOnChanges,
    WithdrawChanges,
)
from contracts.state.rows import HoldKind, Licence, ProfileRow
from node.api import governance_forms as forms
from node.api.field_readers import INVALID_FIELD, FieldFault, read_gln, read_gtin, read_hex, read_items
from node.api.record_texts import (
    gln_text,
    gtin_text,
    item_texts,
    read_head,
    read_required_gln,
    word_of,
    written_head,
)
from node.api.registry_forms import ProductFactsForm
from node.api.registry_json import read_facts, read_roles, written_facts
from node.storage.partners import role_words

_LIMITS: Final = ProfileRow.__struct_fields__
"""Names of a profile's limits, in the order of their values."""


def _propose(form: forms.ProposeChangesForm) -> ProposeChanges:
    listed: list[changes.Change] = []
    for at, change in enumerate(form.changes):
        try:
            listed.append(read_change(change))
        except FieldFault as fault:
            raise fault.under("changes", at) from fault
    return ProposeChanges(read_head(form), tuple(listed), form.acts_at, form.until_height, form.reason)


def _proposal(form: forms.VoteOnChangesForm | forms.WithdrawChangesForm) -> bytes:
    return read_hex("proposal", form.proposal, PROPOSAL_ID_BYTES)


GOVERNANCE_READERS: Final[Mapping[type, Callable[[Any], GovernanceRecord]]] = {
    forms.ProposeChangesForm: _propose,
    forms.VoteOnChangesForm: lambda form: VoteOnChanges(
        read_head(form), _proposal(form), Choice[form.choice.upper()]
    ),
    forms.WithdrawChangesForm: lambda form: WithdrawChanges(read_head(form), _proposal(form)),
}
"""How each form is read; all raise FieldFault."""


def _key(form: forms.AddKeyForm | forms.EndKeyForm) -> bytes:
    return read_hex("public_key", form.public_key, PUBLIC_KEY_BYTES)


def _member(field: str, kind: type[IntEnum], word: str) -> int:
    """Read a word of an enumeration."""
    if word.upper() not in kind.__members__:
        known = ", ".join(name.lower() for name in kind.__members__)
        raise FieldFault(INVALID_FIELD, (field,), f"expected one of {known}; got {word[:80]!r}")
    return int(kind[word.upper()])


def _profile(form: forms.SetProfileForm) -> changes.SetProfile:
    values: list[int] = []
    for name in _LIMITS:
        value = form.limits.get(name)
        if value is None:
            raise FieldFault(INVALID_FIELD, ("limits", name), "a profile states every limit")
        values.append(value if isinstance(value, int) else read_roles(name, value))
    for name in form.limits:
        if name not in _LIMITS:
            raise FieldFault(INVALID_FIELD, ("limits", name), "a profile has no such limit")
    return changes.SetProfile(form.name, tuple(values))


def _node(form: forms.PutNodeForm) -> changes.PutNode:
    try:
        certificate = base64.b64decode(form.certificate, validate=True)
    except binascii.Error as error:
        raise FieldFault(INVALID_FIELD, ("certificate",), "expected base64") from error
    key = read_hex("validator_key", form.validator_key, PUBLIC_KEY_BYTES) if form.validator_key else b""
    partner = read_gln("partner", form.partner)
    return changes.PutNode(form.name, form.role, certificate, partner, key, form.power)


def _facts(form: forms.RegisterProductForm) -> ProductFacts:
    try:
        return read_facts(form.facts)
    except FieldFault as fault:
        raise fault.under("facts") from fault


_CHANGE_READERS: Final[Mapping[type, Callable[[Any], changes.Change]]] = {
    forms.AdmitPartnerForm: lambda form: changes.AdmitPartner(
        read_required_gln("gln", form.gln), form.name, read_roles("roles", form.roles), form.market
    ),
    forms.SetRolesForm: lambda form: changes.SetRoles(
        read_required_gln("partner", form.partner), read_roles("roles", form.roles)
    ),
    forms.SetLicenceForm: lambda form: changes.SetLicence(
        read_required_gln("partner", form.partner), _member("licence", Licence, form.licence)
    ),
    forms.AddKeyForm: lambda form: changes.AddKey(
        read_required_gln("partner", form.partner), _key(form), form.until_height
    ),
    forms.EndKeyForm: lambda form: changes.EndKey(_key(form)),
    forms.AssignPrefixForm: lambda form: changes.AssignPrefix(form.prefix, read_gln("partner", form.partner)),
    forms.AssignPremisesForm: lambda form: changes.AssignPremises(
        read_required_gln("gln", form.gln), read_required_gln("partner", form.partner)
    ),
    forms.RegisterProductForm: lambda form: changes.RegisterProduct(
        read_gtin("gtin", form.gtin), read_required_gln("holder", form.holder), _facts(form)
    ),
    forms.AssignProductForm: lambda form: changes.AssignProduct(
        read_gtin("gtin", form.gtin), read_required_gln("holder", form.holder)
    ),
    forms.LiftHoldsForm: lambda form: changes.LiftHolds(
        read_required_gln("setter", form.setter),
        _member("kind", HoldKind, form.kind),
        read_items("items", form.items),
    ),
    forms.SetProfileForm: _profile,
    forms.SetMarketForm: lambda form: changes.SetMarket(form.code, form.profile, form.utc_offset_minutes),
    forms.SetParameterForm: lambda form: changes.SetParameter(form.name, form.value),
    forms.SetRulesForm: lambda form: changes.SetRules(form.version),
    forms.PutNodeForm: _node,
    forms.RemoveNodeForm: lambda form: changes.RemoveNode(form.name),
}


def read_change(form: forms.AnyChangeForm) -> changes.Change:
    """Read one change.

    Raises:
        FieldFault: Names the first field that means nothing.
    """
    return _CHANGE_READERS[type(form)](form)


# ------------------------------------------------------------------------------------------ writing


def write_governance_record(record: GovernanceRecord) -> forms.AnyGovernanceForm:
    """Return a record as JSON shows it; also one that the law refused."""
    head = written_head(record.head)
    match record:
        case ProposeChanges():
            return forms.ProposeChangesForm(
                **head,
                changes=tuple(map(write_change, record.changes)),
                acts_at=record.acts_at,
                until_height=record.until_height,
                reason=record.reason,
            )
        case VoteOnChanges(proposal=proposal, choice=choice):
            return forms.VoteOnChangesForm(**head, proposal=proposal.hex(), choice=word_of(choice))
        case WithdrawChanges(proposal=proposal):
            return forms.WithdrawChangesForm(**head, proposal=proposal.hex())
        case _:
            assert_never(record)


def write_change(change: changes.Change) -> forms.AnyChangeForm:  # noqa: C901 - a case for each kind
    """Return a change as JSON shows it; also one that makes no sense."""
    match change:
        case changes.AdmitPartner(gln=gln, name=name, roles=roles, market=market):
            return forms.AdmitPartnerForm(
                gln=gln_text(gln), name=name, roles=role_words(roles), market=market
            )
        case changes.SetRoles(partner=gln, roles=roles):
            return forms.SetRolesForm(partner=gln_text(gln), roles=role_words(roles))
        case changes.SetLicence(partner=gln, licence=licence):
            return forms.SetLicenceForm(partner=gln_text(gln), licence=_word(Licence, licence))
        case changes.AddKey(partner=gln, public_key=key, until_height=until):
            return forms.AddKeyForm(partner=gln_text(gln), public_key=key.hex(), until_height=until)
        case changes.EndKey(public_key=key):
            return forms.EndKeyForm(public_key=key.hex())
        case changes.AssignPrefix(prefix=prefix, partner=gln):
            return forms.AssignPrefixForm(prefix=prefix, partner=gln_text(gln))
        case changes.AssignPremises(gln=place, partner=gln):
            return forms.AssignPremisesForm(gln=gln_text(place), partner=gln_text(gln))
        case changes.RegisterProduct(gtin=gtin, holder=gln, facts=facts):
            return forms.RegisterProductForm(
                gtin=gtin_text(gtin), holder=gln_text(gln), facts=ProductFactsForm(**written_facts(facts))
            )
        case changes.AssignProduct(gtin=gtin, holder=gln):
            return forms.AssignProductForm(gtin=gtin_text(gtin), holder=gln_text(gln))
        case changes.LiftHolds(setter=gln, kind=kind, items=items):
            return forms.LiftHoldsForm(
                setter=gln_text(gln), kind=_word(HoldKind, kind), items=item_texts(items)
            )
        case _:
            return _written_law(change)


LawOrNode = (
    changes.SetProfile
    | changes.SetMarket
    | changes.SetParameter
    | changes.SetRules
    | changes.PutNode
    | changes.RemoveNode
)


def _written_law(change: LawOrNode) -> forms.AnyChangeForm:
    match change:
        case changes.SetProfile(name=name, limits=limits):
            return forms.SetProfileForm(name=name, limits=written_limits(limits))
        case changes.SetMarket(code=code, profile=profile, utc_offset_minutes=offset):
            return forms.SetMarketForm(code=code, profile=profile, utc_offset_minutes=offset)
        case changes.SetParameter(name=name, value=value):
            return forms.SetParameterForm(name=name, value=value)
        case changes.SetRules(version=version):
            return forms.SetRulesForm(version=version)
        case changes.PutNode(name=name, role=role, certificate=certificate, partner=gln):
            return forms.PutNodeForm(
                name=name,
                role=role,
                certificate=base64.b64encode(certificate).decode("ascii"),
                partner=gln_text(gln),
                validator_key=change.validator_key.hex(),
                power=change.power,
            )
        case changes.RemoveNode(name=name):
            return forms.RemoveNodeForm(name=name)
        case _:
            assert_never(change)


def written_limits(limits: tuple[int, ...]) -> dict[str, int | tuple[str, ...]]:
    """Return a profile's limits by their names; what has none is shown by its place."""
    names = (*_LIMITS, *(f"limit_{at}" for at in range(len(_LIMITS), len(limits))))
    return {
        name: role_words(value) if name.endswith("_roles") else value
        for name, value in zip(names, limits, strict=False)
    }


def _word(kind: type[IntEnum], value: int) -> str:
    try:
        return kind(value).name.lower()
    except ValueError:
        return str(value)
