"""The record of repacking between JSON and the ledger's struct (rule 16)."""

from typing import Annotated

from msgspec import Meta

from contracts.records.transformation import Transform
from node.api.field_readers import read_day, read_gtin, read_items, read_lot, read_serials, read_time
from node.api.form_parts import MAX_LISTED, Gtin, Items, OptionalText, RecordForm, Time
from node.api.record_texts import (
    day_text,
    gtin_text,
    item_texts,
    plain_text,
    read_head,
    time_text,
    written_head,
)


class TransformForm(RecordForm, frozen=True, kw_only=True, tag="transform"):
    """Packs are opened and their contents packed anew (rule 16)."""

    inputs: Items
    """Packs that end here."""
    gtin: Gtin
    """Product that comes out."""
    lot: OptionalText
    """Its lot, 1 to 20 characters of GS1 set 82."""
    expiry: Annotated[str, Meta(max_length=32, description="YYYY-MM-DD.", examples=["2028-06-30"])]
    """Its last day of use: not after that of any input."""
    line: OptionalText = ""
    """Production line."""
    made_at: Time = ""
    """When it was packed."""
    serials: Annotated[tuple[OptionalText, ...], Meta(max_length=MAX_LISTED)]
    """1 to 20 characters of GS1 set 82 each."""
    waste: Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)] = 0
    """Smallest units that were lost or thrown away."""


def read_transform(form: TransformForm) -> Transform:
    """Read the record from its form.

    Raises:
        FieldFault: Names the first field that means nothing.
    """
    return Transform(
        read_head(form),
        read_items("inputs", form.inputs),
        read_gtin("gtin", form.gtin),
        read_lot("lot", form.lot),
        read_day("expiry", form.expiry),
        read_lot("line", form.line) if form.line else b"",
        read_time("made_at", form.made_at),
        read_serials("serials", form.serials),
        form.waste,
    )


def write_transform(record: Transform) -> TransformForm:
    """Return the record as JSON shows it, also one that the law refused."""
    return TransformForm(
        **written_head(record.head),
        inputs=item_texts(record.inputs),
        gtin=gtin_text(record.gtin),
        lot=plain_text(record.lot),
        expiry=day_text(record.expiry),
        line=plain_text(record.line),
        made_at=time_text(record.made_at_ms) if record.made_at_ms else "",
        serials=tuple(map(plain_text, record.serials)),
        waste=record.waste,
    )
