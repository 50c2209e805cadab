"""Records as clients write them in JSON: one struct per kind, told apart by the field `record`.

The same structs read requests, write answers, and describe both in the OpenAPI document. They say what form a
field has; what it means, and whether it may be, `records_json.py` and the law say. What several kinds share
is in `form_parts.py`; a family of records may have a module of forms of its own.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from node.api.agreement_forms import AgreementForm
from node.api.cold_forms import AnyColdForm, LoggerOnForm, ReadingsForm
from node.api.correction_json import CorrectionForm
from node.api.ending_forms import AnyEndingForm
from node.api.form_parts import (
    MAX_LISTED,
    MAX_RECORDS,
    MAX_REFERENCES,
    ExemptWord,
    Gln,
    Gtin,
    Hex,
    Item,
    Items,
    LateWord,
    OptionalText,
    RecordForm,
    ReferenceForm,
    Time,
)
from node.api.governance_forms import AnyGovernanceForm, LiftHoldsForm, ProposeChangesForm
from node.api.hold_forms import AnyHoldForm
from node.api.lot_json import LotForm, TraceLotForm
from node.api.onboarding_json import OnboardingForm
from node.api.outside_forms import OutsideForm
from node.api.overages_json import OverageForm
from node.api.quantity_forms import (
    AnyQuantityForm,
    EndQuantityForm,
    SettleQuantityForm,
    ShipQuantityForm,
)
from node.api.recall_forms import AnyRecallForm, OpenRecallForm, WidenRecallForm
from node.api.registry_forms import RegistryForm
from node.api.transform_json import TransformForm


class CommissionForm(RecordForm, frozen=True, kw_only=True, tag="commission"):
    """Packs or cases of one GTIN and lot come to life (rule 1)."""

    gtin: Gtin
    """Product."""
    lot: OptionalText
    """1 to 20 characters of GS1 set 82."""
    expiry: Annotated[str, Meta(max_length=32, description="YYYY-MM-DD.", examples=["2028-06-30"])]
    """Last day of use."""
    line: OptionalText = ""
    """Production line."""
    made_at: Time = ""
    """When they were made."""
    serials: Annotated[tuple[OptionalText, ...], Meta(max_length=MAX_LISTED)]
    """1 to 20 characters of GS1 set 82 each."""


class CommissionLogisticUnitsForm(RecordForm, frozen=True, kw_only=True, tag="commission_logistic_units"):
    """Pallets and totes come to life (rule 1)."""

    ssccs: Items
    """(00)SSCC each."""


class PackForm(RecordForm, frozen=True, kw_only=True, tag="pack"):
    """Children go into a parent (rule 2a)."""

    parent: Item
    """Container."""
    children: Items
    """What goes in."""


class UnpackForm(RecordForm, frozen=True, kw_only=True, tag="unpack"):
    """Children come out of their parent (rule 2b)."""

    parent: Item
    """Container."""
    children: Items
    """What comes out."""


class DecommissionForm(RecordForm, frozen=True, kw_only=True, tag="decommission"):
    """Items leave the supply chain (rule 12)."""

    reason: Literal["destroyed", "stolen", "exported", "sample", "free_sample", "checked_out", "lost"]
    """Why."""
    items: Items
    """Which."""


class ObserveForm(RecordForm, frozen=True, kw_only=True, tag="observe"):
    """Items are seen at premises of their holder (rule 28)."""

    step: Literal["storing", "arriving", "departing", "inspecting"]
    """Business step."""
    items: Items
    """Which."""


class ShipForm(RecordForm, frozen=True, kw_only=True, tag="ship"):
    """Items go on their way (rule 3)."""

    items: Items
    """Which."""
    receiver: Gln
    """Party."""
    destination: Gln = ""
    """Premises of the receiver."""
    purpose: Literal["sale", "own_premises", "return", "disposal", "export", "authority"]
    """Why."""
    ownership_passes: bool
    """Whether the receiver becomes the owner on receipt."""
    deadline: Time = ""
    """By when it is to be received; the profile's default when left out."""
    carrier: Gln = ""
    """Party that may take custody on the way."""
    references: Annotated[tuple[ReferenceForm, ...], Meta(max_length=MAX_REFERENCES)] = ()
    """Business documents."""
    sale: Hex = ""
    """For a return of own goods: the shipment with which they were bought, an item's `bought_with`."""
    late: LateWord = ""
    """Why it is recorded late."""
    exempt: ExemptWord = ""
    """Why the law exempts it from what a sale is asked."""
    evidence: Hex = ""
    """When it is exempt, 32 bytes: hash of what shows that."""


class ReceiveForm(RecordForm, frozen=True, kw_only=True, tag="receive"):
    """A shipment is received (rule 4)."""

    shipment: Hex
    """Shipment id."""
    mode: Literal["all", "listed", "all_except"]
    """Which part of it."""
    items: Items = ()
    """For listed and all_except."""
    late: LateWord = ""
    """Why it is recorded late."""


class RefuseForm(RecordForm, frozen=True, kw_only=True, tag="refuse"):
    """The receiver sends goods back unreceived (rule 5)."""

    shipment: Hex
    """Shipment id."""
    items: Items = ()
    """None for all that is outstanding."""


class VoidForm(RecordForm, frozen=True, kw_only=True, tag="void"):
    """The sender takes goods back before they are received (rule 5)."""

    shipment: Hex
    """Shipment id."""
    items: Items = ()
    """None for all that is outstanding."""


AnyRecordForm = (
    CommissionForm
    | CommissionLogisticUnitsForm
    | PackForm
    | UnpackForm
    | DecommissionForm
    | ObserveForm
    | ShipForm
    | ReceiveForm
    | RefuseForm
    | VoidForm
    | AnyEndingForm
    | AnyHoldForm
    | AgreementForm
    | OnboardingForm
    | OutsideForm
    | OverageForm
    | RegistryForm
    | AnyRecallForm
    | AnyColdForm
    | TransformForm
    | AnyQuantityForm
    | LotForm
    | CorrectionForm
    | AnyGovernanceForm
)
"""Any record."""


_LISTS: Final = {
    CommissionForm: "serials",
    CommissionLogisticUnitsForm: "ssccs",
    PackForm: "children",
    UnpackForm: "children",
}
"""Fields with identifiers; of all other kinds it is `items`, or they list none."""


def count_listed(form: AnyRecordForm) -> int:
    """Return how many identifiers, readings or lines a record lists, before any of them is looked at."""
    if isinstance(form, OpenRecallForm | WidenRecallForm):
        return sum(len(scope.items) for scope in form.scope)
    if isinstance(form, ReadingsForm):
        return len(form.readings)
    if isinstance(form, LoggerOnForm):
        return 1
    if isinstance(form, TransformForm):
        return len(form.inputs) + len(form.serials)
    if isinstance(form, TraceLotForm):
        return len(form.materials) + len(form.results)
    if isinstance(form, ShipQuantityForm | SettleQuantityForm | EndQuantityForm):
        return len(form.lines)
    if isinstance(form, ProposeChangesForm):
        lifted = (len(change.items) for change in form.changes if isinstance(change, LiftHoldsForm))
        return len(form.changes) + sum(lifted)
    return len(getattr(form, _LISTS.get(type(form), "items"), ()))


class DocumentForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A document as a client submits it: records that stand or fall together."""

    records: Annotated[tuple[AnyRecordForm, ...], Meta(min_length=1, max_length=MAX_RECORDS)]
    """In the order in which they act."""
    partner: Gln = ""
    """Who signs; needed where the node signs for several and the token does not say."""
    nonce: Hex = ""
    """16 bytes; drawn by the node when left out. Same records and nonce: same document."""
