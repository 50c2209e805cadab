"""Records of corrections between JSON and the ledger's structs (rule 19)."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from contracts.records.corrections import Correct, CorrectionRecord, ErrorIn, ProposeCorrection
from node.api.field_readers import read_items
from node.api.form_parts import Height, Items, RecordForm
from node.api.record_texts import item_texts, read_head, word_of, written_head

ErrorWord = Literal["commission", "pack", "ending"]


class CorrectForm(RecordForm, frozen=True, kw_only=True, tag="correct"):
    """What the signer recorded of these items did not happen (rule 19)."""

    error: ErrorWord
    """What was recorded by mistake."""
    items: Items
    """Which."""


class ProposeCorrectionForm(RecordForm, frozen=True, kw_only=True, tag="propose_correction"):
    """The same, where it takes others' consent (rule 19)."""

    error: ErrorWord
    """What was recorded by mistake."""
    items: Items
    """Which."""
    until_height: Height = 0
    """Last height for consent; left out, until somebody ends it."""


CorrectionForm = CorrectForm | ProposeCorrectionForm
"""Any correction."""


def _stated(form: CorrectionForm) -> tuple[ErrorIn, tuple[bytes, ...]]:
    return ErrorIn[form.error.upper()], read_items("items", form.items)


CORRECTION_READERS: Final[Mapping[type, Callable[[Any], CorrectionRecord]]] = {
    CorrectForm: lambda form: Correct(read_head(form), *_stated(form)),
    ProposeCorrectionForm: lambda form: ProposeCorrection(read_head(form), *_stated(form), form.until_height),
}
"""How each form is read; all raise FieldFault."""


def write_correction(record: CorrectionRecord) -> CorrectionForm:
    """Return a correction as JSON shows it, also one that the law refused."""
    head, error, items = written_head(record.head), word_of(record.error), item_texts(record.items)
    if isinstance(record, Correct):
        return CorrectForm(**head, error=error, items=items)
    return ProposeCorrectionForm(**head, error=error, items=items, until_height=record.until_height)
