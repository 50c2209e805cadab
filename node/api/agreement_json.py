"""Records of two-party acts, between JSON and the ledger's structs."""

from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from contracts.records.agreement import (
    PROPOSAL_ID_BYTES,
    AgreementRecord,
    Consent,
    OfferOwnership,
    Withdraw,
)
from node.api import agreement_forms as forms
from node.api.field_readers import read_hex, read_items
from node.api.record_texts import gln_text, item_texts, read_head, read_required_gln, written_head


def _proposal(form: forms.ConsentForm | forms.WithdrawForm) -> bytes:
    return read_hex("proposal", form.proposal, PROPOSAL_ID_BYTES)


AGREEMENT_READERS: Final[Mapping[type, Callable[[Any], AgreementRecord]]] = {
    forms.OfferOwnershipForm: lambda form: OfferOwnership(
        read_head(form),
        read_items("items", form.items),
        read_required_gln("new_owner", form.new_owner),
        form.until_height,
    ),
    forms.ConsentForm: lambda form: Consent(
        read_head(form), _proposal(form), read_items("items", form.items)
    ),
    forms.WithdrawForm: lambda form: Withdraw(read_head(form), _proposal(form)),
}
"""How each form is read; all raise FieldFault."""


def write_agreement_record(record: AgreementRecord) -> forms.AgreementForm:
    """Return a record as JSON shows it; also one that the law refused."""
    head = written_head(record.head)
    match record:
        case OfferOwnership(items=items, new_owner=new_owner, until_height=until_height):
            return forms.OfferOwnershipForm(
                **head, items=item_texts(items), new_owner=gln_text(new_owner), until_height=until_height
            )
        case Consent(proposal=proposal, items=items):
            return forms.ConsentForm(**head, proposal=proposal.hex(), items=item_texts(items))
        case Withdraw(proposal=proposal):
            return forms.WithdrawForm(**head, proposal=proposal.hex())
        case _:
            assert_never(record)
