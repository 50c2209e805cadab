"""Records of dispensing, and of endings taken back, between JSON and the ledger's structs."""

from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from contracts.records.custody import Receive, Ship
from contracts.records.dispensing import Dispense, DispensePart, SupplyTo
from contracts.records.endings import EndingRecord, Found, Reinstate, UndoneEnding
from contracts.records.late import Late, LateReason
from contracts.records.record import Record
from node.api import ending_forms as forms
from node.api.field_readers import read_items
from node.api.form_parts import RecordForm
from node.api.record_texts import item_texts, read_head, word_of, written_head

LATE_KINDS: Final = (Dispense, Ship, Receive)
"""What may be recorded late."""

DispensingRecord = Dispense | DispensePart

ENDING_READERS: Final[Mapping[type, Callable[[Any], DispensingRecord | EndingRecord]]] = {
    forms.DispenseForm: lambda form: Dispense(
        read_head(form), read_items("items", form.items), SupplyTo[form.to.upper()]
    ),
    forms.DispensePartForm: lambda form: DispensePart(
        read_head(form), form.quantity, read_items("items", form.items)
    ),
    forms.FoundForm: lambda form: Found(read_head(form), read_items("items", form.items)),
    forms.ReinstateForm: lambda form: Reinstate(
        read_head(form),
        UndoneEnding[form.undoes.upper()],
        int(form.never_left),
        read_items("items", form.items),
    ),
}
"""How each form is read; all raise FieldFault."""


def write_ending_record(record: DispensingRecord | EndingRecord) -> forms.AnyEndingForm:
    """Return a record as JSON shows it."""
    head = written_head(record.head)
    match record:
        case Dispense(items=items, to=to):
            return forms.DispenseForm(**head, to=word_of(to), items=item_texts(items))
        case DispensePart(quantity=quantity, items=items):
            return forms.DispensePartForm(**head, quantity=quantity, items=item_texts(items))
        case Found(items=items):
            return forms.FoundForm(**head, items=item_texts(items))
        case Reinstate(undoes=undoes, never_left=never_left, items=items):
            return forms.ReinstateForm(
                **head, undoes=word_of(undoes), never_left=never_left == 1, items=item_texts(items)
            )
        case _:
            assert_never(record)


def in_time_or_late(done: Record, form: RecordForm) -> Record:
    """Return a record as it is, or the late one (rule 11b) that its form asks for."""
    word: str = getattr(form, "late", "")
    return Late(LateReason[word.upper()], done) if word and isinstance(done, LATE_KINDS) else done
