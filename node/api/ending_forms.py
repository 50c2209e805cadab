"""Records of rules 12 and 13 that undo an ending, as clients write them in JSON."""

from typing import Literal

from node.api.form_parts import Items, RecordForm


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


AnyEndingForm = FoundForm | ReinstateForm
"""Any of them."""
