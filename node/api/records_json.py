"""Records and documents: JSON in, the ledger's structs out, and back.

Reading is strict and names the first fault; writing never fails, for a block may hold documents of others
that the law refused because they are nonsense. What was read comes back equal, but for references, whose
plain text never stands on the ledger.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from contracts.ledger.document import NONCE_BYTES, Document, build_document
from contracts.primitives.hashing import HASH_BYTES
from contracts.records.agreement import Consent, OfferOwnership, Withdraw
from contracts.records.coldchain import ClearSession, LoggerOff, LoggerOn, Readings, StorageProfile
from contracts.records.corrections import CorrectionRecord
from contracts.records.custody import (
    SHIPMENT_ID_BYTES,
    Receive,
    ReceiveMode,
    Refuse,
    Ship,
    ShipPurpose,
    Void,
)
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import Found, Reinstate
from contracts.records.exempt import Exempt
from contracts.records.governance import ProposeChanges, VoteOnChanges, WithdrawChanges
from contracts.records.holds import Clear, ConfirmIllegitimate, DeclareOverdue, LiftHold, PlaceHold, Suspect
from contracts.records.late import Late
from contracts.records.lots import LotRecord
from contracts.records.onboarding import AnswerClaim, Onboard
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.overages import ClaimOverage, EndOverage
from contracts.records.quantities import EndQuantity, MakeQuantity, SettleQuantity, ShipQuantity
from contracts.records.record import Record
from contracts.records.registered import RegisterRecord
from contracts.records.supply import (
    Commission,
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Pack,
    Unpack,
)
from contracts.records.transformation import Transform
from contracts.records.verification import Report, Verify
from node.api import record_forms as forms
from node.api import registry_json
from node.api.agreement_json import AGREEMENT_READERS, write_agreement_record
from node.api.cold_json import COLD_READERS, write_cold_record
from node.api.correction_json import CORRECTION_READERS, write_correction
from node.api.ending_json import ENDING_READERS, write_ending_record
from node.api.exempt_json import as_stated, exemption
from node.api.field_readers import (
    INVALID_FIELD,
    FieldFault,
    read_day,
    read_gln,
    read_gtin,
    read_hex,
    read_item,
    read_items,
    read_lot,
    read_serials,
    read_time,
)
from node.api.form_parts import ReferenceForm
from node.api.governance_json import GOVERNANCE_READERS, write_governance_record
from node.api.hold_json import HOLD_READERS, write_hold_record
from node.api.lot_json import LOT_READERS, write_lot_record
from node.api.onboarding_json import ONBOARDING_READERS, write_onboarding_record
from node.api.outside_json import OUTSIDE_READERS, write_outside_record
from node.api.overages_json import OVERAGE_READERS, write_overage_record
from node.api.promises import Secret
from node.api.quantity_json import QUANTITY_READERS, write_quantity_record
from node.api.recall_json import RECALL_READERS, write_recall_record
from node.api.record_texts import (
    day_text,
    gln_text,
    gtin_text,
    item_text,
    item_texts,
    plain_text,
    read_head,
    read_required_gln,
    time_text,
    word_of,
    written_head,
)
from node.api.registry_json import write_registry_record
from node.api.transform_json import TransformForm, read_transform, write_transform
from node.storage.references import SALT_BYTES, KeptReference, reference_hash

_NONCE_USE: Final = 1
_SALT_USE: Final = 2


class ReadDocument(msgspec.Struct, frozen=True):
    """A document as a client stated it, and what must be kept for it."""

    document: Document
    """Not yet checked against the network's limits."""
    references: tuple[KeptReference, ...]
    """Plain references whose hashes it carries; to be durable before it is submitted."""


def read_document(form: forms.DocumentForm, secret: Secret) -> ReadDocument:
    """Turn a request into a document.

    Args:
        form: Of the right form.
        secret: Whatever is random in the document is drawn from it.

    Raises:
        FieldFault: Names the first field that means nothing.
    """
    nonce = read_hex("nonce", form.nonce, NONCE_BYTES) if form.nonce else secret.draw(NONCE_BYTES, _NONCE_USE)
    kept: list[KeptReference] = []
    records: list[Record] = []
    for at, record in enumerate(form.records):
        try:
            if isinstance(record, forms.ShipForm):
                done: Record = _ship(record, _references(record, secret.child(at), kept))
            else:
                done = _READERS[type(record)](record)
            records.append(as_stated(done, record))
        except FieldFault as fault:
            raise fault.under("records", at) from fault
    return ReadDocument(build_document(nonce, tuple(records)), tuple(kept))


def _commission(form: forms.CommissionForm) -> Commission:
    return Commission(
        read_head(form),
        read_gtin("gtin", form.gtin),
        read_lot("lot", form.lot),
        read_day("expiry", form.expiry),
        read_lot("line", form.line) if form.line else b"",
        read_time("made_at", form.made_at),
        read_serials("serials", form.serials),
    )


def _ship(form: forms.ShipForm, references: tuple[bytes, ...]) -> Ship:
    return Ship(
        read_head(form),
        read_items("items", form.items),
        read_required_gln("receiver", form.receiver),
        read_gln("destination", form.destination),
        ShipPurpose[form.purpose.upper()],
        int(form.ownership_passes),
        read_time("deadline", form.deadline),
        read_gln("carrier", form.carrier),
        references,
        read_hex("sale", form.sale, SHIPMENT_ID_BYTES) if form.sale else b"",
    )


def _references(form: forms.ShipForm, secret: Secret, kept: list[KeptReference]) -> tuple[bytes, ...]:
    """Return the hashes of a shipment's references; what must be remembered is added to `kept`."""
    found: list[bytes] = []
    for at, entry in enumerate(form.references):
        try:
            found.append(_reference(entry, secret.draw(SALT_BYTES, _SALT_USE, at), kept))
        except FieldFault as fault:
            raise fault.under("references", at) from fault
    return tuple(found)


def _reference(form: ReferenceForm, drawn: bytes, kept: list[KeptReference]) -> bytes:
    if form.hash:
        if form.type or form.value or form.salt:
            raise FieldFault(INVALID_FIELD, ("hash",), "give a hash, or type and value, not both")
        return read_hex("hash", form.hash, HASH_BYTES)
    if not form.type or not form.value:
        raise FieldFault(INVALID_FIELD, (), "expected type and value, or a hash")
    salt = read_hex("salt", form.salt, SALT_BYTES) if form.salt else drawn
    reference = KeptReference(form.type, form.value, salt)
    kept.append(reference)
    return reference_hash(reference)


def _receive(form: forms.ReceiveForm) -> Receive:
    shipment = read_hex("shipment", form.shipment, SHIPMENT_ID_BYTES)
    return Receive(read_head(form), shipment, ReceiveMode[form.mode.upper()], read_items("items", form.items))


def _shipment(form: forms.RefuseForm | forms.VoidForm) -> bytes:
    return read_hex("shipment", form.shipment, SHIPMENT_ID_BYTES)


_READERS: Final[Mapping[type, Callable[[Any], Record]]] = {
    forms.CommissionForm: _commission,
    forms.CommissionLogisticUnitsForm: lambda form: CommissionLogisticUnits(
        read_head(form), read_items("ssccs", form.ssccs)
    ),
    forms.PackForm: lambda form: Pack(
        read_head(form), read_item("parent", form.parent), read_items("children", form.children)
    ),
    forms.UnpackForm: lambda form: Unpack(
        read_head(form), read_item("parent", form.parent), read_items("children", form.children)
    ),
    forms.DecommissionForm: lambda form: Decommission(
        read_head(form), DecommissionReason[form.reason.upper()], read_items("items", form.items)
    ),
    forms.ObserveForm: lambda form: Observe(
        read_head(form), ObserveStep[form.step.upper()], read_items("items", form.items)
    ),
    forms.ReceiveForm: _receive,
    forms.RefuseForm: lambda form: Refuse(read_head(form), _shipment(form), read_items("items", form.items)),
    forms.VoidForm: lambda form: Void(read_head(form), _shipment(form), read_items("items", form.items)),
    **ENDING_READERS,
    **AGREEMENT_READERS,
    **ONBOARDING_READERS,
    **OUTSIDE_READERS,
    **OVERAGE_READERS,
    **registry_json.READERS,
    **HOLD_READERS,
    **RECALL_READERS,
    **COLD_READERS,
    TransformForm: read_transform,
    **QUANTITY_READERS,
    **LOT_READERS,
    **CORRECTION_READERS,
    **GOVERNANCE_READERS,
}

# ------------------------------------------------------------------------------------------ writing


def write_record(  # noqa: C901 - one case for each kind of record
    record: Record, references: Mapping[bytes, KeptReference] | None = None
) -> forms.AnyRecordForm:
    """Return a record as JSON shows it.

    Args:
        record: Any, also one that the law refused.
        references: What hashes stand for, as far as it is known here and may be shown.
    """
    if isinstance(record, RegisterRecord):
        return write_registry_record(record)
    if isinstance(record, LotRecord):
        return write_lot_record(record)
    if isinstance(record, CorrectionRecord):
        return write_correction(record)
    head = written_head(record.head)
    match record:
        case Commission():
            return _written_commission(record, head)
        case CommissionLogisticUnits(ssccs=ssccs):
            return forms.CommissionLogisticUnitsForm(**head, ssccs=item_texts(ssccs))
        case Pack(parent=parent, children=children):
            return forms.PackForm(**head, parent=item_text(parent), children=item_texts(children))
        case Unpack(parent=parent, children=children):
            return forms.UnpackForm(**head, parent=item_text(parent), children=item_texts(children))
        case Decommission(reason=reason, items=items):
            return forms.DecommissionForm(**head, reason=word_of(reason), items=item_texts(items))
        case Observe(step=step, items=items):
            return forms.ObserveForm(**head, step=word_of(step), items=item_texts(items))
        case Exempt(record=done):
            return msgspec.structs.replace(write_record(done, references), **exemption(record))
        case Late(reason=reason, record=done):
            return msgspec.structs.replace(write_record(done, references), late=word_of(reason))
        case Ship():
            return _written_ship(record, head, references or {})
        case Receive(shipment=shipment, mode=mode, items=items):
            return forms.ReceiveForm(
                **head, shipment=shipment.hex(), mode=word_of(mode), items=item_texts(items)
            )
        case Refuse(shipment=shipment, items=items):
            return forms.RefuseForm(**head, shipment=shipment.hex(), items=item_texts(items))
        case Void(shipment=shipment, items=items):
            return forms.VoidForm(**head, shipment=shipment.hex(), items=item_texts(items))
        case Dispense() | DispensePart() | Found() | Reinstate():
            return write_ending_record(record)
        case Onboard() | AnswerClaim():
            return write_onboarding_record(record)
        case ShipOutside() | ReceiveFromOutside():
            return write_outside_record(record)
        case ClaimOverage() | EndOverage():
            return write_overage_record(record)
        case OfferOwnership() | Consent() | Withdraw():
            return write_agreement_record(record)
        case DeclareOverdue() | PlaceHold() | LiftHold() | Suspect() | ConfirmIllegitimate() | Clear():
            return write_hold_record(record)
        case Verify() | Report():
            return write_hold_record(record)
        case StorageProfile() | LoggerOn() | LoggerOff() | Readings() | ClearSession():
            return write_cold_record(record)
        case Transform():
            return write_transform(record)
        case MakeQuantity() | ShipQuantity() | SettleQuantity() | EndQuantity():
            return write_quantity_record(record)
        case ProposeChanges() | VoteOnChanges() | WithdrawChanges():
            return write_governance_record(record)
        case _:
            return write_recall_record(record)


def _written_commission(record: Commission, head: dict[str, Any]) -> forms.CommissionForm:
    return forms.CommissionForm(
        **head,
        gtin=gtin_text(record.gtin),
        lot=plain_text(record.lot),
        expiry=day_text(record.expiry),
        line=plain_text(record.line),
        made_at=time_text(record.made_at_ms) if record.made_at_ms else "",
        serials=tuple(map(plain_text, record.serials)),
    )


def _written_ship(
    record: Ship, head: dict[str, Any], references: Mapping[bytes, KeptReference]
) -> forms.ShipForm:
    return forms.ShipForm(
        **head,
        items=item_texts(record.items),
        receiver=gln_text(record.receiver),
        destination=gln_text(record.destination),
        purpose=word_of(record.purpose),
        ownership_passes=record.ownership_passes == 1,
        deadline=time_text(record.deadline_ms) if record.deadline_ms else "",
        carrier=gln_text(record.carrier),
        references=tuple(_written_reference(entry, references.get(entry)) for entry in record.references),
        sale=record.sale.hex(),
    )


def _written_reference(hashed: bytes, known: KeptReference | None) -> ReferenceForm:
    if known is None:
        return ReferenceForm(hash=hashed.hex())
    return ReferenceForm(known.type, known.value, known.salt.hex())
