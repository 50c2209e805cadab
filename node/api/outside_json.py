"""Records of goods that leave the network and come back, between JSON and the ledger's structs."""

from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.outside import OutsideRecord, ReceiveFromOutside, ShipOutside
from node.api import outside_forms as forms
from node.api.field_readers import read_hex, read_items
from node.api.record_texts import gln_text, item_texts, read_head, read_required_gln, written_head

OUTSIDE_READERS: Final[Mapping[type, Callable[[Any], OutsideRecord]]] = {
    forms.ShipOutsideForm: lambda form: ShipOutside(
        read_head(form),
        read_items("items", form.items),
        read_required_gln("receiver", form.receiver),
        read_hex("evidence", form.evidence, HASH_BYTES),
    ),
    forms.ReceiveFromOutsideForm: lambda form: ReceiveFromOutside(
        read_head(form),
        read_items("items", form.items),
        read_required_gln("sender", form.sender),
        read_hex("evidence", form.evidence, HASH_BYTES),
    ),
}
"""How each form is read; all raise FieldFault."""


def write_outside_record(record: OutsideRecord) -> forms.OutsideForm:
    """Return a record as JSON shows it; also one that the law refused."""
    head, items, evidence = written_head(record.head), item_texts(record.items), record.evidence.hex()
    match record:
        case ShipOutside(receiver=receiver):
            return forms.ShipOutsideForm(**head, items=items, receiver=gln_text(receiver), evidence=evidence)
        case ReceiveFromOutside(sender=sender):
            return forms.ReceiveFromOutsideForm(
                **head, items=items, sender=gln_text(sender), evidence=evidence
            )
        case _:
            assert_never(record)
