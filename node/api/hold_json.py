"""Records of holds, suspicion, verification and findings between JSON and the ledger's structs."""

from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.custody import SHIPMENT_ID_BYTES
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    DeclareOverdue,
    HoldAction,
    HoldRecord,
    LiftHold,
    PlaceHold,
    Suspect,
    SuspectGround,
)
from contracts.records.record import Record
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify
from node.api import hold_forms as forms
from node.api.field_readers import read_day, read_hex, read_items, read_lot
from node.api.record_texts import day_text, item_texts, plain_text, read_head, word_of, written_head


def _verify(form: forms.VerifyForm) -> Verify:
    return Verify(
        read_head(form),
        read_items("items", form.items),
        read_lot("lot", form.lot) if form.lot else b"",
        read_day("expiry", form.expiry) if form.expiry else 0,
        VerificationResult[form.result.upper()],
        VerificationReason[form.reason.upper()],
    )


HOLD_READERS: Final[Mapping[type, Callable[[Any], Record]]] = {
    forms.DeclareOverdueForm: lambda form: DeclareOverdue(
        read_head(form), read_hex("shipment", form.shipment, SHIPMENT_ID_BYTES)
    ),
    forms.PlaceHoldForm: lambda form: PlaceHold(
        read_head(form), HoldAction[form.action.upper()], read_items("items", form.items)
    ),
    forms.LiftHoldForm: lambda form: LiftHold(
        read_head(form), HoldAction[form.action.upper()], read_items("items", form.items)
    ),
    forms.SuspectForm: lambda form: Suspect(
        read_head(form), SuspectGround[form.ground.upper()], read_items("items", form.items)
    ),
    forms.ConfirmIllegitimateForm: lambda form: ConfirmIllegitimate(
        read_head(form), read_items("items", form.items)
    ),
    forms.ClearForm: lambda form: Clear(
        read_head(form),
        read_hex("investigation", form.investigation, HASH_BYTES),
        read_items("items", form.items),
    ),
    forms.VerifyForm: _verify,
    forms.ReportForm: lambda form: Report(
        read_head(form), Finding[form.finding.upper()], read_items("items", form.items)
    ),
}
"""How each form becomes a record; they raise FieldFault."""


def write_hold_record(record: HoldRecord) -> forms.AnyHoldForm:  # noqa: C901 - one case for each kind
    """Return a record as JSON shows it, also one that the law refused."""
    head = written_head(record.head)
    match record:
        case DeclareOverdue(shipment=shipment):
            return forms.DeclareOverdueForm(**head, shipment=shipment.hex())
        case PlaceHold(action=action, items=items):
            return forms.PlaceHoldForm(**head, action=word_of(action), items=item_texts(items))
        case LiftHold(action=action, items=items):
            return forms.LiftHoldForm(**head, action=word_of(action), items=item_texts(items))
        case Suspect(ground=ground, items=items):
            return forms.SuspectForm(**head, ground=word_of(ground), items=item_texts(items))
        case ConfirmIllegitimate(items=items):
            return forms.ConfirmIllegitimateForm(**head, items=item_texts(items))
        case Clear(investigation=investigation, items=items):
            return forms.ClearForm(**head, investigation=investigation.hex(), items=item_texts(items))
        case Verify():
            return _written_verify(record, head)
        case Report(finding=finding, items=items):
            return forms.ReportForm(**head, finding=word_of(finding), items=item_texts(items))
        case _:
            assert_never(record)


def _written_verify(record: Verify, head: dict[str, Any]) -> forms.VerifyForm:
    return forms.VerifyForm(
        **head,
        items=item_texts(record.items),
        lot=plain_text(record.lot),
        expiry=day_text(record.expiry) if record.expiry else "",
        result=word_of(record.result),
        reason=word_of(record.reason),
    )
