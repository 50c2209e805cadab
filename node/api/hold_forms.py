"""Forms of holds, suspicion, verification and findings in JSON: rules 7, 14, 15 and 23."""

from typing import Annotated, Literal

from msgspec import Meta

from node.api.form_parts import Hex, Items, OptionalText, RecordForm


class DeclareOverdueForm(RecordForm, frozen=True, kw_only=True, tag="declare_overdue"):
    """A shipment was not received by its deadline (rule 7)."""

    shipment: Hex
    """Shipment id."""


class PlaceHoldForm(RecordForm, frozen=True, kw_only=True, tag="place_hold"):
    """Items are locked or quarantined by their holder, or a regulator (rule 14)."""

    action: Literal["lock", "quarantine"]
    """Which hold."""
    items: Items
    """Which."""


class LiftHoldForm(RecordForm, frozen=True, kw_only=True, tag="lift_hold"):
    """Items are unlocked, or released from quarantine (rule 14)."""

    action: Literal["lock", "quarantine"]
    """Which hold."""
    items: Items
    """Those that carry it themselves."""


class SuspectForm(RecordForm, frozen=True, kw_only=True, tag="suspect"):
    """The holder calls items suspect (rule 15)."""

    ground: Literal["counterfeit", "diverted", "stolen", "adulterated", "fraudulent", "unfit"]
    """Why."""
    items: Items
    """Which."""


class ConfirmIllegitimateForm(RecordForm, frozen=True, kw_only=True, tag="confirm_illegitimate"):
    """Maker or regulator confirms a suspicion (rule 15)."""

    items: Items
    """Those that carry the suspicion themselves."""


class ClearForm(RecordForm, frozen=True, kw_only=True, tag="clear"):
    """An investigation clears items of suspicion (rule 15)."""

    investigation: Hex
    """Hash of the investigation's report, 32 bytes."""
    items: Items
    """Those that carry the suspicion themselves."""


class VerifyForm(RecordForm, frozen=True, kw_only=True, tag="verify"):
    """Items were read and looked at (rule 23)."""

    items: Items
    """Which, as read."""
    lot: OptionalText = ""
    """The lot that was read on all of them."""
    expiry: Annotated[str, Meta(max_length=32, description="YYYY-MM-DD.", examples=["2028-06-30"])] = ""
    """The last day of use that was read on all of them."""
    result: Literal["verified", "not_verified"]
    """What was found."""
    reason: Literal["return", "suspicion", "request", "release", "onboarding", "routine"]
    """Why it was asked."""


class ReportForm(RecordForm, frozen=True, kw_only=True, tag="report"):
    """A finding that others must hear of (rule 23)."""

    finding: Literal["tampered", "copied", "outside_lane", "unknown_serial"]
    """What was found."""
    items: Items
    """Which, as read."""


AnyHoldForm = (
    DeclareOverdueForm
    | PlaceHoldForm
    | LiftHoldForm
    | SuspectForm
    | ConfirmIllegitimateForm
    | ClearForm
    | VerifyForm
    | ReportForm
)
"""Any of these records."""
