"""Records of packs without serials as clients write them in JSON (rule 30); what they mean, the law says."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from node.api.form_parts import MAX_REFERENCES, Gln, Gtin, Hex, OptionalText, RecordForm, Time

MAX_LINES = 256
"""Most lines of one record, as the law has it."""

Quantity = Annotated[int, Meta(ge=1, le=10**12, description="Packs.", examples=[24])]
Day = Annotated[str, Meta(max_length=32, description="YYYY-MM-DD.", examples=["2028-06-30"])]


class LineForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """So many packs of one product and lot."""

    gtin: Gtin
    """Product."""
    quantity: Quantity
    """How many."""
    lot: OptionalText = ""
    """1 to 20 characters of GS1 set 82; none for a product without lots."""


Lines = Annotated[tuple[LineForm, ...], Meta(max_length=MAX_LINES)]


class MakeQuantityForm(RecordForm, frozen=True, kw_only=True, tag="make_quantity"):
    """Packs without serials come to be."""

    gtin: Gtin
    """Product."""
    lot: OptionalText = ""
    """None for a product without lots."""
    expiry: Day = ""
    """Last day of use; none for a product without lots."""
    line: OptionalText = ""
    """Production line."""
    made_at: Time = ""
    """When they were made."""
    quantity: Quantity
    """How many."""


class ShipQuantityForm(RecordForm, frozen=True, kw_only=True, tag="ship_quantity"):
    """Packs without serials go on their way."""

    lines: Lines
    """What."""
    owner: Gln = ""
    """Their owner; the signer when left out."""
    receiver: Gln
    """Party."""
    destination: Gln = ""
    """Premises of the receiver."""
    purpose: Literal["sale", "own_premises", "return", "disposal", "export", "authority"]
    """Why: the first three; the law refuses the others."""
    ownership_passes: bool
    """Whether the receiver becomes the owner on receipt."""
    deadline: Time = ""
    """By when they are to be received; the profile's default when left out."""
    carrier: Gln = ""
    """Partner that may take them into custody on the way."""
    references: Annotated[tuple[Hex, ...], Meta(max_length=MAX_REFERENCES)] = ()
    """Salted hashes of business documents, 32 bytes each."""


class SettleQuantityForm(RecordForm, frozen=True, kw_only=True, tag="settle_quantity"):
    """Packs on their way are received, refused, or taken back."""

    shipment: Hex
    """Shipment id."""
    settlement: Literal["received", "refused", "voided"]
    """What becomes of them; received by the named carrier, they are in its custody, all of them."""
    lines: Lines = ()
    """None for all that is outstanding."""


class EndQuantityForm(RecordForm, frozen=True, kw_only=True, tag="end_quantity"):
    """Packs are dispensed, or leave the supply chain otherwise."""

    end: Literal["dispensed", "destroyed", "exported", "stolen", "lost"]
    """How."""
    lines: Lines
    """What."""
    owner: Gln = ""
    """Their owner; the signer when left out."""


AnyQuantityForm = MakeQuantityForm | ShipQuantityForm | SettleQuantityForm | EndQuantityForm
