"""Records about whole lots between JSON and the ledger's structs (rule 29)."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.lots import LotRecord, MaterialLot, TraceLot
from node.api.field_readers import FieldFault, read_gtin, read_hashes, read_lot
from node.api.form_parts import MAX_LISTED, MAX_REFERENCES, Gtin, Hex, OptionalText, RecordForm
from node.api.record_texts import gtin_text, plain_text, read_head, written_head


class LotNameForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lot of anything that has a GTIN."""

    gtin: Gtin
    """GTIN-14; of a material as its supplier has it."""
    lot: OptionalText
    """Lot, 1 to 20 characters of GS1 set 82."""


class TraceLotForm(RecordForm, frozen=True, kw_only=True, tag="trace_lot"):
    """The maker says of which material lots a lot was made (rule 29)."""

    gtin: Gtin
    """What was made: a product, or bulk under the signer's company prefix."""
    lot: OptionalText
    """Its lot."""
    materials: Annotated[tuple[LotNameForm, ...], Meta(max_length=MAX_LISTED)] = ()
    """What went into it."""
    results: Annotated[tuple[Hex, ...], Meta(max_length=MAX_REFERENCES)] = ()
    """32 bytes each: hashes of in-process results."""


LotForm = TraceLotForm
"""Any record about a lot."""


def _materials(found: tuple[LotNameForm, ...]) -> tuple[MaterialLot, ...]:
    materials: list[MaterialLot] = []
    for at, form in enumerate(found):
        try:
            materials.append(MaterialLot(read_gtin("gtin", form.gtin), read_lot("lot", form.lot)))
        except FieldFault as fault:
            raise fault.under("materials", at) from fault
    return tuple(materials)


def _trace(form: TraceLotForm) -> TraceLot:
    return TraceLot(
        read_head(form),
        read_gtin("gtin", form.gtin),
        read_lot("lot", form.lot),
        _materials(form.materials),
        read_hashes("results", form.results, HASH_BYTES),
    )


LOT_READERS: Final[Mapping[type, Callable[[Any], LotRecord]]] = {TraceLotForm: _trace}
"""How each form is read; all raise FieldFault."""


def write_lot_record(record: LotRecord) -> LotForm:
    """Return a record about a lot as JSON shows it, also one that the law refused."""
    return TraceLotForm(
        **written_head(record.head),
        gtin=gtin_text(record.gtin),
        lot=plain_text(record.lot),
        materials=tuple(LotNameForm(gtin_text(one.gtin), plain_text(one.lot)) for one in record.materials),
        results=tuple(one.hex() for one in record.results),
    )
