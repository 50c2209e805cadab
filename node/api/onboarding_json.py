"""Records of onboarded goods (rule 25), as clients write them in JSON and as the ledger's structs."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, assert_never

from msgspec import Meta

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.onboarding import AnswerClaim, ClaimAnswer, Onboard, OnboardGround, OnboardingRecord
from node.api.field_readers import read_day, read_gtin, read_hex, read_items, read_lot, read_serials
from node.api.form_parts import MAX_LISTED, Gln, Gtin, Hex, Items, OptionalText, RecordForm
from node.api.record_texts import (
    day_text,
    gln_text,
    gtin_text,
    item_texts,
    plain_text,
    read_head,
    read_required_gln,
    word_of,
    written_head,
)


class OnboardForm(RecordForm, frozen=True, kw_only=True, tag="onboard"):
    """Goods come in that nobody on the ledger made (rule 25); they are held until verified or confirmed."""

    ground: Literal["stock", "import", "non_member"]
    """Why their maker did not enter them."""
    sender: Gln
    """Party that sent them."""
    evidence: Hex
    """32 bytes: hash of the sender's file, or of its transaction information and statement."""
    gtin: Gtin
    """Product."""
    lot: OptionalText
    """As read on them: 1 to 20 characters of GS1 set 82."""
    expiry: Annotated[str, Meta(max_length=32, description="YYYY-MM-DD.", examples=["2028-06-30"])]
    """As read on them: last day of use."""
    serials: Annotated[tuple[OptionalText, ...], Meta(max_length=MAX_LISTED)]
    """1 to 20 characters of GS1 set 82 each."""


class AnswerClaimForm(RecordForm, frozen=True, kw_only=True, tag="answer_claim"):
    """The product's holder says whether onboarded items are its own make (rule 25)."""

    answer: Literal["confirmed", "denied"]
    """Whether they are."""
    items: Items
    """Which."""


OnboardingForm = OnboardForm | AnswerClaimForm
"""Either of these."""

ONBOARDING_READERS: Final[Mapping[type, Callable[[Any], OnboardingRecord]]] = {
    OnboardForm: lambda form: Onboard(
        read_head(form),
        OnboardGround[form.ground.upper()],
        read_required_gln("sender", form.sender),
        read_hex("evidence", form.evidence, HASH_BYTES),
        read_gtin("gtin", form.gtin),
        read_lot("lot", form.lot),
        read_day("expiry", form.expiry),
        read_serials("serials", form.serials),
    ),
    AnswerClaimForm: lambda form: AnswerClaim(
        read_head(form), ClaimAnswer[form.answer.upper()], read_items("items", form.items)
    ),
}
"""How each form is read; all raise FieldFault."""


def write_onboarding_record(record: OnboardingRecord) -> OnboardingForm:
    """Return a record as JSON shows it; also one that the law refused."""
    head = written_head(record.head)
    match record:
        case Onboard():
            return OnboardForm(
                **head,
                ground=word_of(record.ground),
                sender=gln_text(record.sender),
                evidence=record.evidence.hex(),
                gtin=gtin_text(record.gtin),
                lot=plain_text(record.lot),
                expiry=day_text(record.expiry),
                serials=tuple(map(plain_text, record.serials)),
            )
        case AnswerClaim(answer=answer, items=items):
            return AnswerClaimForm(**head, answer=word_of(answer), items=item_texts(items))
        case _:
            assert_never(record)
