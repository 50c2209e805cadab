"""Records of recalls between JSON and the ledger's structs."""

from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

import msgspec

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.recall import (
    RECALL_ID_BYTES,
    AcknowledgeRecall,
    ClassifyRecall,
    CloseRecall,
    OpenRecall,
    Quantities,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    RecallRecord,
    ReleaseFromRecall,
    ReleaseLot,
    RespondToRecall,
    Scope,
    WidenRecall,
)
from node.api import recall_forms as forms
from node.api.field_readers import (
    INVALID_FIELD,
    FieldFault,
    read_gln,
    read_gtin,
    read_hex,
    read_items,
    read_lot,
    read_serials,
    read_time,
)
from node.api.record_texts import (
    gln_text,
    gtin_text,
    item_texts,
    plain_text,
    read_head,
    time_text,
    word_of,
    written_head,
)

_LARGEST: Final = (1 << 63) - 1


def _open(form: forms.OpenRecallForm) -> OpenRecall:
    return OpenRecall(
        read_head(form),
        RecallKind[form.kind.upper()],
        int(form.drill),
        RecallOrigin[form.origin.upper()],
        RecallClass[form.recall_class.upper()],
        RecallDepth[form.depth.upper()],
        RecallReason[form.reason.upper()],
        _scopes(form.scope),
        read_hex("evaluation", form.evaluation, HASH_BYTES) if form.evaluation else b"",
        read_hex("contact", form.contact, HASH_BYTES) if form.contact else b"",
        read_time("respond_by", form.respond_by),
    )


def _scopes(found: tuple[forms.ScopeForm, ...]) -> tuple[Scope, ...]:
    scopes: list[Scope] = []
    for at, form in enumerate(found):
        try:
            scopes.append(_scope(form))
        except FieldFault as fault:
            raise fault.under("scope", at) from fault
    return tuple(scopes)


def _scope(form: forms.ScopeForm) -> Scope:
    return Scope(
        read_gtin("gtin", form.gtin) if form.gtin else b"",
        int(form.family),
        read_lot("lot", form.lot) if form.lot else b"",
        read_lot("line", form.line) if form.line else b"",
        read_time("made_from", form.made_from),
        read_time("made_until", form.made_until),
        read_gln("site", form.site),
        form.market,
        read_items("items", form.items),
        _serial("first_serial", form.first_serial),
        _serial("last_serial", form.last_serial),
        read_gtin("material_gtin", form.material_gtin) if form.material_gtin else b"",
        read_lot("material_lot", form.material_lot) if form.material_lot else b"",
        form.session,
    )


def _serial(field: str, text: str) -> bytes:
    return read_serials(field, (text,))[0] if text else b""


def _recall(form: Any) -> bytes:  # noqa: ANN401 - any form with a recall
    return read_hex("recall", form.recall, RECALL_ID_BYTES)


def _respond(form: forms.RespondToRecallForm) -> RespondToRecall:
    for field in Quantities.__struct_fields__:
        if not -_LARGEST <= getattr(form, field) <= _LARGEST:
            raise FieldFault(INVALID_FIELD, (field,), "expected a number of serials")
    counts = (getattr(form, field) for field in Quantities.__struct_fields__)
    return RespondToRecall(read_head(form), _recall(form), Quantities(*counts))


RECALL_READERS: Final[Mapping[type, Callable[[Any], RecallRecord]]] = {
    forms.OpenRecallForm: _open,
    forms.WidenRecallForm: lambda form: WidenRecall(read_head(form), _recall(form), _scopes(form.scope)),
    forms.ClassifyRecallForm: lambda form: ClassifyRecall(
        read_head(form), _recall(form), RecallClass[form.recall_class.upper()]
    ),
    forms.AcknowledgeRecallForm: lambda form: AcknowledgeRecall(read_head(form), _recall(form)),
    forms.RespondToRecallForm: _respond,
    forms.CloseRecallForm: lambda form: CloseRecall(read_head(form), _recall(form)),
    forms.ReleaseFromRecallForm: lambda form: ReleaseFromRecall(
        read_head(form), _recall(form), read_items("items", form.items)
    ),
    forms.ReleaseLotForm: lambda form: ReleaseLot(
        read_head(form),
        _recall(form),
        read_gtin("gtin", form.gtin),
        read_lot("lot", form.lot) if form.lot else b"",
    ),
}
"""How each form becomes a record."""


def write_recall_record(record: RecallRecord) -> forms.AnyRecallForm:
    """Return a record of a recall as JSON shows it, also one that the law refused."""
    head = written_head(record.head)
    if isinstance(record, OpenRecall):
        return _written_open(record, head)
    recall = record.recall.hex()
    match record:
        case WidenRecall(scope=scope):
            return forms.WidenRecallForm(**head, recall=recall, scope=tuple(map(written_scope, scope)))
        case ClassifyRecall(recall_class=recall_class):
            return forms.ClassifyRecallForm(**head, recall=recall, recall_class=word_of(recall_class))
        case AcknowledgeRecall():
            return forms.AcknowledgeRecallForm(**head, recall=recall)
        case RespondToRecall(quantities=quantities):
            counts = msgspec.structs.asdict(quantities)
            return forms.RespondToRecallForm(**head, recall=recall, **counts)
        case CloseRecall():
            return forms.CloseRecallForm(**head, recall=recall)
        case ReleaseFromRecall() | ReleaseLot():
            return _written_release(record, head)
        case _:
            assert_never(record)


def _written_release(
    record: ReleaseFromRecall | ReleaseLot, head: dict[str, Any]
) -> forms.ReleaseFromRecallForm | forms.ReleaseLotForm:
    recall = record.recall.hex()
    if isinstance(record, ReleaseFromRecall):
        return forms.ReleaseFromRecallForm(**head, recall=recall, items=item_texts(record.items))
    gtin, lot = gtin_text(record.gtin), plain_text(record.lot)
    return forms.ReleaseLotForm(**head, recall=recall, gtin=gtin, lot=lot)


def _written_open(record: OpenRecall, head: dict[str, Any]) -> forms.OpenRecallForm:
    return forms.OpenRecallForm(
        **head,
        kind=word_of(record.kind),
        drill=record.drill == 1,
        origin=word_of(record.origin),
        recall_class=word_of(record.recall_class),
        depth=word_of(record.depth),
        reason=word_of(record.reason),
        scope=tuple(map(written_scope, record.scope)),
        evaluation=record.evaluation.hex(),
        contact=record.contact.hex(),
        respond_by=time_text(record.respond_by_ms) if record.respond_by_ms else "",
    )


def written_scope(scope: Scope) -> forms.ScopeForm:
    """Return one alternative of a scope as JSON shows it."""
    return forms.ScopeForm(
        gtin=gtin_text(scope.gtin) if scope.gtin else "",
        family=scope.family == 1,
        lot=plain_text(scope.lot),
        line=plain_text(scope.line),
        made_from=time_text(scope.from_ms) if scope.from_ms else "",
        made_until=time_text(scope.until_ms) if scope.until_ms else "",
        site=gln_text(scope.site),
        market=scope.market,
        items=item_texts(scope.items),
        first_serial=plain_text(scope.first_serial),
        last_serial=plain_text(scope.last_serial),
        material_gtin=gtin_text(scope.material_gtin) if scope.material_gtin else "",
        material_lot=plain_text(scope.material_lot),
        session=scope.session,
    )
