"""Records about whole lots between JSON and the ledger's structs (rules 19b and 29)."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, assert_never

import msgspec
from msgspec import Meta

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.agreement import PROPOSAL_ID_BYTES
from contracts.records.lots import (
    AmendLot,
    ConsentToAmendment,
    LotRecord,
    MaterialLot,
    ProposeAmendment,
    TraceLot,
)
from node.api.field_readers import FieldFault, read_day, read_gtin, read_hashes, read_hex, read_lot
from node.api.form_parts import MAX_LISTED, MAX_REFERENCES, Gtin, Height, Hex, OptionalText, RecordForm
from node.api.record_texts import day_text, gtin_text, plain_text, read_head, written_head


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


Day = Annotated[str, Meta(max_length=32, description="YYYY-MM-DD.", examples=["2028-06-30"])]


class AmendLotForm(RecordForm, frozen=True, kw_only=True, tag="amend_lot"):
    """The marketing holder lets a lot expire sooner (rule 19b)."""

    gtin: Gtin
    """Product."""
    lot: OptionalText
    """Lot."""
    expiry: Day
    """Its last day of use from now on."""


class ProposeAmendmentForm(RecordForm, frozen=True, kw_only=True, tag="propose_amendment"):
    """The marketing holder asks a regulator to let a lot expire later (rule 19b)."""

    gtin: Gtin
    """Product."""
    lot: OptionalText
    """Lot."""
    expiry: Day
    """Its last day of use from then on."""
    until_height: Height = 0
    """Last height for consent; left out, until somebody ends it."""


class ConsentToAmendmentForm(RecordForm, frozen=True, kw_only=True, tag="consent_to_amendment"):
    """A regulator lets a lot expire later, repeating what was proposed (rule 19b)."""

    proposal: Hex
    """Proposal id."""
    gtin: Gtin
    """Product."""
    lot: OptionalText
    """Lot."""
    expiry: Day
    """Its last day of use from now on."""


LotForm = TraceLotForm | AmendLotForm | ProposeAmendmentForm | ConsentToAmendmentForm
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


def _lot(form: AmendLotForm | ProposeAmendmentForm | ConsentToAmendmentForm) -> tuple[bytes, bytes, int]:
    return read_gtin("gtin", form.gtin), read_lot("lot", form.lot), read_day("expiry", form.expiry)


LOT_READERS: Final[Mapping[type, Callable[[Any], LotRecord]]] = {
    TraceLotForm: _trace,
    AmendLotForm: lambda form: AmendLot(read_head(form), *_lot(form)),
    ProposeAmendmentForm: lambda form: ProposeAmendment(read_head(form), *_lot(form), form.until_height),
    ConsentToAmendmentForm: lambda form: ConsentToAmendment(
        read_head(form), read_hex("proposal", form.proposal, PROPOSAL_ID_BYTES), *_lot(form)
    ),
}
"""How each form is read; all raise FieldFault."""


def write_lot_record(record: LotRecord) -> LotForm:
    """Return a record about a lot as JSON shows it, also one that the law refused."""
    head = written_head(record.head)
    lot: dict[str, Any] = {"gtin": gtin_text(record.gtin), "lot": plain_text(record.lot)}
    match record:
        case TraceLot(materials=materials, results=results):
            named = tuple(LotNameForm(gtin_text(one.gtin), plain_text(one.lot)) for one in materials)
            return TraceLotForm(**head, **lot, materials=named, results=tuple(one.hex() for one in results))
        case AmendLot(expiry=expiry):
            return AmendLotForm(**head, **lot, expiry=day_text(expiry))
        case ProposeAmendment(expiry=expiry, until_height=until):
            return ProposeAmendmentForm(**head, **lot, expiry=day_text(expiry), until_height=until)
        case ConsentToAmendment(proposal=proposal, expiry=expiry):
            form = ConsentToAmendmentForm
            return form(**head, **lot, proposal=proposal.hex(), expiry=day_text(expiry))
        case _:
            assert_never(record)
