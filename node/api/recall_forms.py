"""Records of recalls as clients write them in JSON (rule 17); what they mean, the law says."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from node.api.form_parts import Gln, Gtin, Hex, Items, OptionalText, RecordForm, Time, Whole

MAX_SCOPES: Final = 64
"""Most alternatives of one scope, as the law has it."""

RecallClassWord = Literal["unclassified", "class_i", "class_ii", "class_iii"]


class ScopeForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Goods for which all that is stated holds; a recall is about what one of its alternatives says."""

    gtin: Gtin = ""
    """Product."""
    family: bool = False
    """Also the products that its packs contain."""
    lot: OptionalText = ""
    """Lot."""
    line: OptionalText = ""
    """Production line."""
    made_from: Time = ""
    """Made from this time on; widened to the hour."""
    made_until: Time = ""
    """Made before this time; widened to the hour."""
    site: Gln = ""
    """Premises where they were made."""
    market: OptionalText = ""
    """Market that the product is made for."""
    items: Items = ()
    """These and no others."""
    first_serial: OptionalText = ""
    """First of a range of serials: digits."""
    last_serial: OptionalText = ""
    """Last of it, with as many digits."""
    material_gtin: Gtin = ""
    """A material: what was made of this lot of it."""
    material_lot: OptionalText = ""
    """That material's lot."""
    session: Annotated[int, Meta(ge=0, le=(1 << 32) - 1)] = 0
    """A cold-chain session by its number: what was in breach in it."""


Scopes = Annotated[tuple[ScopeForm, ...], Meta(max_length=MAX_SCOPES)]


class OpenRecallForm(RecordForm, frozen=True, kw_only=True, tag="open_recall"):
    """Goods are called back, or it is tried out (rule 17)."""

    kind: Literal["recall", "withdrawal"] = "recall"
    """Recall or withdrawal."""
    drill: bool = False
    """Everything happens but the marks."""
    origin: Literal["voluntary", "ordered"]
    """On whose initiative."""
    recall_class: RecallClassWord = "unclassified"
    """May be assigned later."""
    depth: Literal["consumer", "retail", "wholesale"]
    """Down to whom."""
    reason: Literal[
        "quality_defect",
        "contamination",
        "labelling",
        "packaging",
        "stability",
        "adverse_events",
        "falsified",
        "cold_chain",
        "licence",
        "other",
    ]
    """Why."""
    scope: Scopes
    """Which goods: what at least one of these says."""
    evaluation: Hex = ""
    """32 bytes: hash of the health hazard evaluation."""
    contact: Hex = ""
    """32 bytes: hash of whom to ask."""
    respond_by: Time = ""
    """By when partners must answer; the profile's default when left out."""


class WidenRecallForm(RecordForm, frozen=True, kw_only=True, tag="widen_recall"):
    """A recall reaches more goods (rule 17)."""

    recall: Hex
    """Recall id."""
    scope: Scopes
    """Which goods too."""


class ClassifyRecallForm(RecordForm, frozen=True, kw_only=True, tag="classify_recall"):
    """A recall's class is set or amended (rule 17)."""

    recall: Hex
    """Recall id."""
    recall_class: RecallClassWord
    """I is the worst."""


class AcknowledgeRecallForm(RecordForm, frozen=True, kw_only=True, tag="acknowledge_recall"):
    """A partner has read the notice (rule 17)."""

    recall: Hex
    """Recall id."""


class RespondToRecallForm(RecordForm, frozen=True, kw_only=True, tag="respond_to_recall"):
    """A partner says what it found, counted in serials (rule 17)."""

    recall: Hex
    """Recall id."""
    set_aside: Whole = 0
    """In its hands, kept apart."""
    returned: Whole = 0
    """Sent back."""
    destroyed: Whole = 0
    """Destroyed."""
    dispensed: Whole = 0
    """Supplied before the notice came."""
    missing: Whole = 0
    """The ledger says it holds them, and it does not find them."""


class CloseRecallForm(RecordForm, frozen=True, kw_only=True, tag="close_recall"):
    """A recall ends; it releases nothing (rule 17)."""

    recall: Hex
    """Recall id."""


class ReleaseFromRecallForm(RecordForm, frozen=True, kw_only=True, tag="release_from_recall"):
    """Single items turn out to be sound (rule 17)."""

    recall: Hex
    """Recall id."""
    items: Items
    """Which."""


class ReleaseLotForm(RecordForm, frozen=True, kw_only=True, tag="release_lot"):
    """The packs without serials of one lot turn out to be sound (rules 17, 30)."""

    recall: Hex
    """Recall id."""
    gtin: Gtin
    """GTIN-14."""
    lot: OptionalText = ""
    """Lot; none for a product without lots."""


AnyRecallForm = (
    OpenRecallForm
    | WidenRecallForm
    | ClassifyRecallForm
    | AcknowledgeRecallForm
    | RespondToRecallForm
    | CloseRecallForm
    | ReleaseFromRecallForm
    | ReleaseLotForm
)
"""Any record of a recall."""
