"""Forms of the records of governance, and of the changes that a proposal lists (rule 22)."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from node.api.form_parts import Gln, Gtin, Hex, Items, OptionalText, RecordForm
from node.api.registry_forms import ProductFactsForm

MAX_CHANGES: Final = 1_000
"""Most changes in one proposal as read; the law's own limit is lower."""
MAX_CERTIFICATE_CHARACTERS: Final = 8_192
"""Longest certificate as read, in base64."""

Height = Annotated[int, Meta(ge=0, le=(1 << 53) - 1, description="Block height.")]
Value = Annotated[int, Meta(ge=-(1 << 53) + 1, le=(1 << 53) - 1)]
RoleWords = Annotated[
    tuple[OptionalText, ...], Meta(max_length=100, description="Roles of the law.", examples=[["wholesaler"]])
]
Base64 = Annotated[str, Meta(max_length=MAX_CERTIFICATE_CHARACTERS, description="Bytes in base64.")]


class ChangeForm(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="change",
):
    """One change that a proposal lists."""


class AdmitPartnerForm(ChangeForm, frozen=True, kw_only=True, tag="admit_partner"):
    """A partner joins the network."""

    gln: Gln
    """Party GLN."""
    name: OptionalText
    """Name for people."""
    roles: RoleWords
    """At least one."""
    market: OptionalText
    """Code of the market of its seat."""


class SetRolesForm(ChangeForm, frozen=True, kw_only=True, tag="set_roles"):
    """A partner has other roles."""

    partner: Gln
    """Party."""
    roles: RoleWords
    """All its roles from then on."""


class SetLicenceForm(ChangeForm, frozen=True, kw_only=True, tag="set_licence"):
    """A partner's licence changes."""

    partner: Gln
    """Party."""
    licence: OptionalText
    """active, suspended or revoked."""


class AddKeyForm(ChangeForm, frozen=True, kw_only=True, tag="add_key"):
    """A key signs for a partner."""

    partner: Gln
    """Party."""
    public_key: Hex
    """32 bytes."""
    until_height: Height = 0
    """First height at which it acts no more; left out for open."""


class EndKeyForm(ChangeForm, frozen=True, kw_only=True, tag="end_key"):
    """A key signs nothing any more."""

    public_key: Hex
    """32 bytes."""


class AssignPrefixForm(ChangeForm, frozen=True, kw_only=True, tag="assign_prefix"):
    """A GS1 company prefix is a partner's, or nobody's."""

    prefix: OptionalText
    """4 to 12 digits."""
    partner: Gln = ""
    """Party; left out for nobody."""


class AssignPremisesForm(ChangeForm, frozen=True, kw_only=True, tag="assign_premises"):
    """Premises pass to another partner."""

    gln: Gln
    """Location."""
    partner: Gln
    """Party."""


class RegisterProductForm(ChangeForm, frozen=True, kw_only=True, tag="register_product"):
    """A product outside every company prefix is registered."""

    gtin: Gtin
    """Product."""
    holder: Gln
    """Marketing holder."""
    facts: ProductFactsForm
    """All that is stated of it."""


class AssignProductForm(ChangeForm, frozen=True, kw_only=True, tag="assign_product"):
    """A product gets another marketing holder."""

    gtin: Gtin
    """Product."""
    holder: Gln
    """Marketing holder."""


class LiftHoldsForm(ChangeForm, frozen=True, kw_only=True, tag="lift_holds"):
    """Holds come off items whose setter is gone."""

    setter: Gln
    """Party that set them."""
    kind: OptionalText
    """quarantined, locked or suspect."""
    items: Items
    """Items that carry them."""


class SetProfileForm(ChangeForm, frozen=True, kw_only=True, tag="set_profile"):
    """A profile of the law has other limits, or is new."""

    name: OptionalText
    """Its name."""
    limits: Annotated[
        dict[Annotated[str, Meta(max_length=64)], Value | RoleWords],
        Meta(max_length=100, description="Every limit by its name; roles as words."),
    ]
    """All of them."""


class SetMarketForm(ChangeForm, frozen=True, kw_only=True, tag="set_market"):
    """Another profile applies in a market, or the market is new."""

    code: OptionalText
    """Its code."""
    profile: OptionalText
    """Name of a profile."""
    utc_offset_minutes: Value
    """Fixed offset in which an expiry date ends; a known market keeps its own."""


class SetParameterForm(ChangeForm, frozen=True, kw_only=True, tag="set_parameter"):
    """A parameter has another value."""

    name: OptionalText
    """Such as timing.propose_ms."""
    value: Value
    """Its value."""


class SetRulesForm(ChangeForm, frozen=True, kw_only=True, tag="set_rules"):
    """A later version of the rules is in force."""

    version: Value
    """Greater than the present one."""


class PutNodeForm(ChangeForm, frozen=True, kw_only=True, tag="put_node"):
    """A node may connect, and votes if it is a validator."""

    name: OptionalText
    """Its name; a node that has it is replaced."""
    role: Annotated[str, Meta(max_length=64)]
    """validator, member or observer."""
    certificate: Base64
    """Its self-made certificate, DER."""
    partner: Gln = ""
    """Party that runs it."""
    validator_key: Hex = ""
    """32 bytes, for a validator."""
    power: Value = 0
    """Voting power, for a validator."""


class RemoveNodeForm(ChangeForm, frozen=True, kw_only=True, tag="remove_node"):
    """A node connects and votes no more."""

    name: OptionalText
    """Its name."""


AnyChangeForm = (
    AdmitPartnerForm
    | SetRolesForm
    | SetLicenceForm
    | AddKeyForm
    | EndKeyForm
    | AssignPrefixForm
    | AssignPremisesForm
    | RegisterProductForm
    | AssignProductForm
    | LiftHoldsForm
    | SetProfileForm
    | SetMarketForm
    | SetParameterForm
    | SetRulesForm
    | PutNodeForm
    | RemoveNodeForm
)
"""Any change."""


class ProposeChangesForm(RecordForm, frozen=True, kw_only=True, tag="propose_changes"):
    """Who runs a validator proposes changes of the network, and approves of them (rule 22)."""

    changes: Annotated[tuple[AnyChangeForm, ...], Meta(max_length=MAX_CHANGES)]
    """In the order in which they act; all or none."""
    acts_at: Height
    """First height at which they act."""
    until_height: Height
    """Last height at which votes are counted."""
    reason: OptionalText
    """Why."""


class VoteOnChangesForm(RecordForm, frozen=True, kw_only=True, tag="vote_on_changes"):
    """Who runs a validator votes on a proposal (rule 22)."""

    proposal: Hex
    """Proposal id."""
    choice: Literal["approve", "reject"]
    """What the partner says; its last word counts."""


class WithdrawChangesForm(RecordForm, frozen=True, kw_only=True, tag="withdraw_changes"):
    """The author of a proposal ends it before it is decided (rule 22)."""

    proposal: Hex
    """Proposal id."""


AnyGovernanceForm = ProposeChangesForm | VoteOnChangesForm | WithdrawChangesForm
"""Any of these records."""
