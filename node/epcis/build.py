"""Judges one raw event and builds the typed one: the single place where both syntaxes meet the standard.

Follows EPCIS 2.0 chapter 7.4 (which fields each event type must have), strictly where a guess could move the
wrong goods, tolerantly in spelling. Raises `CaptureProblem` without the event's position; the readers add it.
"""

from typing import Any, Final, get_args

from contracts.gs1.dates import Date
from contracts.gs1.keys import InvalidKey, ItemKey, pack_lot
from node.epcis.events import (
    Action,
    AggregationEvent,
    AssociationEvent,
    Attribute,
    EpcisEvent,
    Epcs,
    ErrorDeclaration,
    Ilmd,
    ObjectEvent,
    PersistentDisposition,
    Quantity,
    TransactionEvent,
    TransformationEvent,
)
from node.epcis.fields import (
    bounded,
    missing,
    read_epcs,
    read_one_instance,
    read_one_place,
    read_parties,
    read_quantities,
    read_transactions,
    read_word,
)
from node.epcis.problems import MAX_TEXT_CHARS, CaptureProblem, shown
from node.epcis.raw import RawEvent
from node.epcis.times import InvalidTime, read_expiry, read_offset, read_time
from node.epcis.vocabulary import BIZ_STEP, DISPOSITION, ERROR_REASON

_ACTIONS: Final[tuple[str, ...]] = get_args(Action)
_MDA_NAMESPACE: Final = "urn:epcglobal:cbv:mda"
_TRUE: Final = frozenset({"true", "1"})
_FALSE: Final = frozenset({"false", "0", ""})
_EMPTY_ERROR_TIME: Final = "errorDeclaration.declarationTime"


def build_event(raw: RawEvent, position: int) -> EpcisEvent:
    """Check one event and build it.

    Args:
        raw: What the reader found.
        position: Zero-based place in the file, kept in the event.

    Raises:
        CaptureProblem: the event is not what the standard asks for, or cannot be read in one way only.
    """
    common = _common(raw, position)
    match raw.kind:
        case "ObjectEvent":
            return _object_event(raw, common)
        case "AggregationEvent":
            return AggregationEvent(**common, **_contents(raw, needs_parent=_action(raw) != "OBSERVE"))
        case "AssociationEvent":
            return AssociationEvent(**common, **_contents(raw, needs_parent=True))
        case "TransactionEvent":
            return _transaction_event(raw, common)
        case "TransformationEvent":
            return _transformation_event(raw, common)
        case _:
            raise CaptureProblem("unsupported_event", "type", f"{shown(raw.kind)} is not an EPCIS event type")


def _object_event(raw: RawEvent, common: dict[str, Any]) -> ObjectEvent:
    """Build an object event; it names things, or at least readings of a sensor."""
    event = ObjectEvent(
        **common, action=_action(raw), epcs=_epcs(raw, "epcList"), quantities=_quantities(raw, "quantityList")
    )
    if not (event.sensor_elements or event.quantities or _any(event.epcs)):
        raise missing("epcList", "the event names no things: epcList and quantityList are both empty")
    return event


def _transaction_event(raw: RawEvent, common: dict[str, Any]) -> TransactionEvent:
    """Build a transaction event; it ties things to at least one business document."""
    parent, other_parent = _parent(raw)
    event = TransactionEvent(
        **common,
        action=_action(raw),
        parent=parent,
        other_parent=other_parent,
        epcs=_epcs(raw, "epcList"),
        quantities=_quantities(raw, "quantityList"),
    )
    if not event.transactions:
        raise missing(
            "bizTransactionList", "a transaction event ties things to business documents; none is listed"
        )
    named = _any(event.epcs) or event.quantities or parent or other_parent
    if not named and event.action != "DELETE":
        raise missing("epcList", "the event names no things: epcList and quantityList are both empty")
    return event


def _transformation_event(raw: RawEvent, common: dict[str, Any]) -> TransformationEvent:
    """Build a transformation event; one side may be missing only when an id ties it to another event."""
    event = TransformationEvent(
        **common,
        inputs=_epcs(raw, "inputEPCList"),
        input_quantities=_quantities(raw, "inputQuantityList"),
        outputs=_epcs(raw, "outputEPCList"),
        output_quantities=_quantities(raw, "outputQuantityList"),
        transformation_id=_text(raw, "transformationID"),
    )
    if not event.transformation_id:
        if not (_any(event.inputs) or event.input_quantities):
            raise missing(
                "inputEPCList", "nothing goes in, and no transformationID names another event with inputs"
            )
        if not (_any(event.outputs) or event.output_quantities):
            raise missing("outputEPCList", "nothing comes out, and no transformationID names another event")
    return event


def _contents(raw: RawEvent, *, needs_parent: bool) -> dict[str, Any]:
    """Read what aggregation and association events have in common: a parent and what is in or on it."""
    action = _action(raw)
    parent, other_parent = _parent(raw)
    if needs_parent and parent is None and not other_parent:
        raise missing("parentID", f"the event has no parentID, which {raw.kind} {action} needs")
    children = _epcs(raw, "childEPCs")
    quantities = _quantities(raw, "childQuantityList")
    if action != "DELETE" and not (_any(children) or quantities):
        raise missing("childEPCs", "nothing is listed inside: childEPCs and childQuantityList are both empty")
    return {
        "action": action,
        "parent": parent,
        "other_parent": other_parent,
        "children": children,
        "child_quantities": quantities,
    }


def _common(raw: RawEvent, position: int) -> dict[str, Any]:
    """Read the fields that every event has."""
    time_ms, offset_minutes = _event_time(raw)
    return {
        "position": position,
        "time_ms": time_ms,
        "offset_minutes": offset_minutes,
        "event_id": _text(raw, "eventID"),
        "biz_step": read_word(BIZ_STEP, _text(raw, "bizStep"), "bizStep"),
        "disposition": read_word(DISPOSITION, _text(raw, "disposition"), "disposition"),
        "persistent_disposition": PersistentDisposition(
            _dispositions(raw.persistent_set, "set"), _dispositions(raw.persistent_unset, "unset")
        ),
        "read_point": read_one_place(_text(raw, "readPoint"), "readPoint.id"),
        "biz_location": read_one_place(_text(raw, "bizLocation"), "bizLocation.id"),
        "transactions": read_transactions(raw.transactions),
        "sources": read_parties(raw.sources, "sourceList"),
        "destinations": read_parties(raw.destinations, "destinationList"),
        "ilmd": _ilmd(raw, time_ms, offset_minutes),
        "sensor_elements": raw.sensor_elements,
        "error_declaration": _error_declaration(raw, offset_minutes),
        "drop_shipment": _drop_shipment(raw),
        "unknown": raw.unknown,
    }


def _event_time(raw: RawEvent) -> tuple[int, int]:
    """Read eventTime with eventTimeZoneOffset, either of which may carry the offset."""
    text = _text(raw, "eventTime")
    if not text:
        raise missing("eventTime", "the event does not say when it happened")
    offset_text = _text(raw, "eventTimeZoneOffset")
    try:
        offset = read_offset(offset_text) if offset_text else None
    except InvalidTime as error:
        raise CaptureProblem(
            "invalid_time", "eventTimeZoneOffset", f"{shown(offset_text)}: {error}"
        ) from error
    try:
        return read_time(text, offset)
    except InvalidTime as error:
        raise CaptureProblem("invalid_time", "eventTime", f"{shown(text)}: {error}") from error


def _error_declaration(raw: RawEvent, offset_minutes: int) -> ErrorDeclaration | None:
    """Read the error declaration, if there is one."""
    if raw.error is None:
        return None
    if not raw.error.declared:
        raise missing(_EMPTY_ERROR_TIME, "the error declaration does not say when it was made")
    try:
        declared_ms, _ = read_time(bounded(raw.error.declared, _EMPTY_ERROR_TIME), offset_minutes)
    except InvalidTime as error:
        reason = f"{shown(raw.error.declared)}: {error}"
        raise CaptureProblem("invalid_time", _EMPTY_ERROR_TIME, reason) from error
    field = "errorDeclaration.correctiveEventIDs"
    return ErrorDeclaration(
        declared_ms,
        read_word(ERROR_REASON, raw.error.reason or "", "errorDeclaration.reason"),
        tuple(bounded(one, field).strip() for one in raw.error.corrective_event_ids),
    )


def _ilmd(raw: RawEvent, time_ms: int, offset_minutes: int) -> Ilmd | None:
    """Read lot and expiry out of the master data, and keep every simple value."""
    if raw.ilmd is None:
        return None
    known: dict[str, str] = {}
    attributes: list[Attribute] = []
    for one in raw.ilmd:
        value = one.value.strip()
        # A longer text is some attachment in disguise: it is in the event's `unknown`, and not looked up.
        if len(value) <= MAX_TEXT_CHARS:
            attributes.append(Attribute(f"{one.namespace}#{one.name}" if one.namespace else one.name, value))
        ours = one.namespace in {"", _MDA_NAMESPACE} and one.name in {"lotNumber", "itemExpirationDate"}
        if ours and value and known.setdefault(one.name, value) != value:
            raise CaptureProblem(
                "repeated_field", f"ilmd.{one.name}", f"{one.name} has two values that differ"
            )
    return Ilmd(
        _lot(known.get("lotNumber")),
        _expiry(known.get("itemExpirationDate"), time_ms, offset_minutes),
        tuple(attributes),
    )


def _lot(lot: str | None) -> str | None:
    """Check a lot number."""
    try:
        if lot is not None:
            pack_lot(lot)
    except InvalidKey as error:
        raise CaptureProblem("invalid_identifier", "ilmd.lotNumber", str(error)) from error
    return lot


def _expiry(text: str | None, time_ms: int, offset_minutes: int) -> Date | None:
    """Read the expiry date."""
    if text is None:
        return None
    field = "ilmd.itemExpirationDate"
    try:
        return read_expiry(bounded(text, field), time_ms, offset_minutes)
    except InvalidTime as error:
        raise CaptureProblem("invalid_date", field, f"{shown(text)}: {error}") from error


def _drop_shipment(raw: RawEvent) -> bool:
    """Read the US healthcare flag."""
    text = _text(raw, "dropShipment").lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise CaptureProblem("invalid_value", "dropShipment", f"{shown(text)} is neither true nor false")


def _action(raw: RawEvent) -> Action:
    """Read the action, which has no default."""
    text = _text(raw, "action")
    if not text:
        raise missing("action", f"the event has no action, which {raw.kind} needs")
    match text:
        case "ADD" | "OBSERVE" | "DELETE":
            return text
        case _:
            raise CaptureProblem(
                "invalid_action", "action", f"{shown(text)} is not one of {', '.join(_ACTIONS)}"
            )


def _parent(raw: RawEvent) -> tuple[ItemKey | None, str]:
    """Read parentID into an item, or the text of something else."""
    text = _text(raw, "parentID")
    if not text:
        return None, ""
    found = read_one_instance(text, "parentID")
    return (found, "") if isinstance(found, bytes) else (None, found)


def _text(raw: RawEvent, field: str) -> str:
    """Return a text field, empty when absent."""
    return bounded(raw.texts.get(field, ""), field)


def _any(epcs: Epcs) -> bool:
    """Tell whether a list names anything."""
    return bool(epcs.items or epcs.others)


def _dispositions(words: list[str], field: str) -> tuple[str, ...]:
    """Read one side of the persistent disposition."""
    return tuple(
        read_word(DISPOSITION, word, f"persistentDisposition.{field}") for word in words if word.strip()
    )


def _epcs(raw: RawEvent, field: str) -> Epcs:
    """Read the list of instances under this name, empty when there is none."""
    return read_epcs(raw.epcs.get(field, []), field)


def _quantities(raw: RawEvent, field: str) -> tuple[Quantity, ...]:
    """Read the list of quantities under this name, empty when there is none."""
    return read_quantities(raw.quantities.get(field, []), field)
