"""Records of goods that came unannounced (rule 6), as JSON and as the ledger's structs."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, assert_never

from contracts.records.custody import SHIPMENT_ID_BYTES
from contracts.records.overages import ClaimOverage, EndOverage, OverageEnd, OverageRecord
from node.api.field_readers import read_hex, read_items
from node.api.form_parts import Hex, Items, RecordForm
from node.api.record_texts import item_texts, read_head, word_of, written_head


class ClaimOverageForm(RecordForm, frozen=True, kw_only=True, tag="claim_overage"):
    """The receiver of a shipment found items with it that were not announced (rule 6); they are held."""

    shipment: Hex
    """16 bytes: what they came with."""
    items: Items
    """Which."""


class EndOverageForm(RecordForm, frozen=True, kw_only=True, tag="end_overage"):
    """The claim of items that came unannounced ends (rule 6)."""

    end: Literal["mistaken", "sent_back", "contested"]
    """How: the first two are the claimant's to say, the last is the holder's."""
    items: Items
    """Which; they carry the claim themselves."""


OverageForm = ClaimOverageForm | EndOverageForm
"""Either of these."""

OVERAGE_READERS: Final[Mapping[type, Callable[[Any], OverageRecord]]] = {
    ClaimOverageForm: lambda form: ClaimOverage(
        read_head(form),
        read_hex("shipment", form.shipment, SHIPMENT_ID_BYTES),
        read_items("items", form.items),
    ),
    EndOverageForm: lambda form: EndOverage(
        read_head(form), OverageEnd[form.end.upper()], read_items("items", form.items)
    ),
}
"""How each form is read; all raise FieldFault."""


def write_overage_record(record: OverageRecord) -> OverageForm:
    """Return a record as JSON shows it; also one that the law refused."""
    head = written_head(record.head)
    match record:
        case ClaimOverage(shipment=shipment, items=items):
            return ClaimOverageForm(**head, shipment=shipment.hex(), items=item_texts(items))
        case EndOverage(end=end, items=items):
            return EndOverageForm(**head, end=word_of(end), items=item_texts(items))
        case _:
            assert_never(record)
