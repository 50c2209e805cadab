"""Forms of the records about who and what is registered: products, delegations, premises (rule 24)."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from node.api.form_parts import Gln, Gtin, OptionalText, RecordForm

MAX_NAMES: Final = 100
"""Most words in one list of names; the law's own limits are lower."""

Names = Annotated[tuple[OptionalText, ...], Meta(max_length=MAX_NAMES)]
Count = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]


class ProductFactsForm(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True
):
    """What is stated of a product that governance registers: the same as `DescribeProductForm` states."""

    name: OptionalText
    """Name for people."""
    strength: OptionalText = ""
    """Such as 10 mg."""
    form: OptionalText = ""
    """Pharmaceutical form."""
    markets: Names
    """Codes of the markets it is made for; the first decides when its expiry date ends."""
    serialisation: Literal["serial", "lot", "none"] = "serial"
    """How its packs are told apart."""
    units_per_pack: Count = 1
    """Smallest units in one pack."""
    contains_gtin: Gtin = ""
    """For a case: the GTIN inside."""
    contains_count: Count = 0
    """For a case: how many of it."""
    national_numbers: Names = ()
    """NDC and other national numbers."""
    storage: OptionalText = ""
    """Storage condition as the label says it."""
    logger_required: bool = False
    """Whether it travels with a temperature logger."""
    leaflet: OptionalText = ""
    """Link to the leaflet."""


class DescribeProductForm(RecordForm, frozen=True, kw_only=True, tag="describe_product"):
    """A product is registered, or changed by its marketing holder (rule 24)."""

    gtin: Gtin
    """Product."""
    name: OptionalText
    """Name for people."""
    strength: OptionalText = ""
    """Such as 10 mg."""
    form: OptionalText = ""
    """Pharmaceutical form."""
    markets: Names
    """Codes of the markets it is made for; the first decides when its expiry date ends."""
    serialisation: Literal["serial", "lot", "none"] = "serial"
    """How its packs are told apart."""
    units_per_pack: Count = 1
    """Smallest units in one pack."""
    contains_gtin: Gtin = ""
    """For a case: the GTIN inside."""
    contains_count: Count = 0
    """For a case: how many of it."""
    national_numbers: Names = ()
    """NDC and other national numbers."""
    storage: OptionalText = ""
    """Storage condition as the label says it."""
    logger_required: bool = False
    """Whether it travels with a temperature logger."""
    leaflet: OptionalText = ""
    """Link to the leaflet."""


class OfferProductForm(RecordForm, frozen=True, kw_only=True, tag="offer_product"):
    """A product is offered to another marketing holder (rule 24)."""

    gtin: Gtin
    """Product."""
    partner: Gln = ""
    """Party that may take it; left out, the offer is withdrawn."""


class TakeProductForm(RecordForm, frozen=True, kw_only=True, tag="take_product"):
    """Whom a product was offered to becomes its marketing holder (rule 24)."""

    gtin: Gtin
    """Product."""


class DescribePremisesForm(RecordForm, frozen=True, kw_only=True, tag="describe_premises"):
    """Premises are registered, or changed by their partner (rule 24)."""

    gln: Gln
    """Location."""
    name: OptionalText
    """Name for people."""
    address: OptionalText = ""
    """Address for people."""
    market: OptionalText
    """Code of the market they lie in."""
    kind: Literal["plant", "warehouse", "pharmacy", "hospital", "vehicle", "office", "other"] = "warehouse"
    """Kind."""


class DelegateForm(RecordForm, frozen=True, kw_only=True, tag="delegate"):
    """The marketing holder lets a partner commission a product, or no more (rule 24)."""

    gtin: Gtin
    """Product."""
    partner: Gln
    """Contract maker."""
    step: Literal["given", "withdrawn"] = "given"
    """Given or withdrawn."""


class MandateForm(RecordForm, frozen=True, kw_only=True, tag="mandate"):
    """A partner lets an agent sign for it, or no more (rule 27)."""

    agent: Gln
    """Party."""
    kinds: Names = ()
    """What it may sign: names of records, such as ship."""
    only_at: Annotated[tuple[Gln, ...], Meta(max_length=MAX_NAMES)] = ()
    """Premises that such a record must state; none for no such condition."""
    until_height: Count = 0
    """First height at which it may sign no more; left out, the mandate is withdrawn."""


class ActForForm(RecordForm, frozen=True, kw_only=True, tag="act_for"):
    """First in a document: all that follows is stated for another partner, under its mandate (rule 27)."""

    principal: Gln
    """That party."""


class SetTradeLaneForm(RecordForm, frozen=True, kw_only=True, tag="set_trade_lane"):
    """The marketing holder says to whom a product is to be sold, or no more (rule 21)."""

    gtin: Gtin
    """Product."""
    lot: OptionalText = ""
    """Lot that it is about; left out, all that have no lane of their own."""
    receivers: Annotated[tuple[Gln, ...], Meta(max_length=MAX_NAMES)] = ()
    """Parties that may receive it whatever their role and market."""
    roles: Names = ()
    """Roles of which any other receiver has one; none for no such condition."""
    markets: Names = ()
    """Markets in one of which any other receiver gets it; none for no such condition."""
    step: Literal["flag", "block", "cleared"] = "flag"
    """Sales elsewhere are flagged, or refused; or the lane is cleared."""


RegistryForm = (
    DescribeProductForm
    | OfferProductForm
    | TakeProductForm
    | DescribePremisesForm
    | DelegateForm
    | MandateForm
    | ActForForm
    | SetTradeLaneForm
)
"""Any record of this family."""
