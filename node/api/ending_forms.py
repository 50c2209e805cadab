"""Records of dispensing, and of endings taken back, as clients write them in JSON."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from node.api.form_parts import Items, LateWord, RecordForm

MAX_QUANTITY: Final = (1 << 53) - 1
"""Largest number that keeps its value in other JSON tools."""


class DispenseForm(RecordForm, frozen=True, kw_only=True, tag="dispense"):
    """Whole packs, or what is left in opened ones, are supplied (rule 11a)."""

    to: Literal["patient", "retail", "institution"] = "patient"
    """Dispensed to patients, sold to the public, or supplied to those who supply patients."""
    items: Items
    """Which."""
    late: LateWord = ""
    """Why it is recorded late."""


class DispensePartForm(RecordForm, frozen=True, kw_only=True, tag="dispense_part"):
    """A part of each pack is dispensed to patients (rule 11a)."""

    quantity: Annotated[int, Meta(ge=1, le=MAX_QUANTITY)]
    """Smallest units of the product taken out of each pack."""
    items: Items
    """Which."""


class FoundForm(RecordForm, frozen=True, kw_only=True, tag="found"):
    """Items that the signer reported lost have turned up (rule 12); they come back suspect."""

    items: Items
    """Which."""


class ReinstateForm(RecordForm, frozen=True, kw_only=True, tag="reinstate"):
    """An ending is taken back where and by whom it was stated (rule 13); check-in is that of a check-out."""

    undoes: Literal["supplied", "exported", "sample", "free_sample", "checked_out"]
    """How their life ended."""
    never_left: bool
    """Declares that they are unopened and were never handed to the public."""
    items: Items
    """Which."""


AnyEndingForm = DispenseForm | DispensePartForm | FoundForm | ReinstateForm
"""Any of them."""
