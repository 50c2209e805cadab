"""EPCIS 2.0 documents in JSON and JSON-LD: a whole document, or one bare event.

Follows EPCIS 2.0 chapter 10. Reads `epcisBody.eventList` and `epcisBody.event`; query results and capture
jobs are other things and are refused.
"""

from functools import partial
from typing import Any, Final

from node.epcis.collect import EventCollector
from node.epcis.events import EpcisDocument, Place
from node.epcis.identifiers import InvalidIdentifier, read_place
from node.epcis.json_context import Context, read_context
from node.epcis.json_event import event_type, keep_members, read_event
from node.epcis.json_syntax import parse_json
from node.epcis.problems import CaptureProblem, KeptBudget, Limits, shown
from node.epcis.times import InvalidTime, read_time

_DOCUMENT: Final = "EPCISDocument"
_MASTER_DATA: Final = "epcisMasterData"
_READ: Final = frozenset(
    {"@context", "type", "@type", "isA", "schemaVersion", "creationDate", "epcisBody", "epcisHeader"}
    | {"sender", "receiver", "instanceIdentifier"}
)


def read_json(data: bytes, limits: Limits) -> EpcisDocument:
    """Read one JSON document.

    Raises:
        CaptureProblem: the file as a whole cannot be taken. Problems of single events are in the result's
            `refused`.
    """
    root = parse_json(data, limits)
    if not isinstance(root, dict):
        raise CaptureProblem("unsupported_format", "", "the file is JSON, but not an object")
    kind = event_type(root)
    if kind != _DOCUMENT and not kind.endswith("Event"):
        raise CaptureProblem(
            "unsupported_format", "type", f"its type {shown(kind)} is neither an EPCIS document nor an event"
        )
    if "@context" not in root:
        reason = "the file has no @context, which JSON-LD needs to say what its terms mean"
        raise CaptureProblem("missing_field", "@context", reason)
    context = read_context(root["@context"])
    collector = EventCollector(limits)
    budget = KeptBudget(limits, len(data))
    if kind == _DOCUMENT:
        return _document(root, context, collector, budget)
    collector.add(partial(read_event, context=context, budget=budget), root)
    return EpcisDocument(format="json-2.0", events=tuple(collector.events), refused=tuple(collector.refused))


def _document(
    root: dict[str, Any], context: Context, collector: EventCollector, budget: KeptBudget
) -> EpcisDocument:
    """Read a whole document."""
    version = _version(root)
    for event in _events(root):
        collector.add(partial(read_event, context=context, budget=budget), event)
    collector.require_any()
    header = root.get("epcisHeader")
    header = dict(header) if isinstance(header, dict) else {}
    master_data = header.pop(_MASTER_DATA, None)
    unknown = {name: value for name, value in root.items() if name not in _READ}
    if header:
        unknown["epcisHeader"] = header
    return EpcisDocument(
        format="json-2.0",
        schema_version=version,
        created_ms=_created(root),
        instance_identifier=_text(root, "instanceIdentifier"),
        sender=_party(root, "sender"),
        receivers=tuple(party for party in [_party(root, "receiver")] if party is not None),
        events=tuple(collector.events),
        refused=tuple(collector.refused),
        master_data=keep_members({_MASTER_DATA: master_data}, context, budget) if master_data else b"",
        unknown=keep_members(unknown, context, budget) if unknown else b"",
    )


def _version(root: dict[str, Any]) -> str:
    """Read schemaVersion; a document that does not give it is taken as 2.0, the only version in JSON."""
    version = root.get("schemaVersion")
    if version is None:
        return ""
    if isinstance(version, str) and (version == "2" or version.startswith("2.")):
        return str(version)
    raise CaptureProblem("unsupported_version", "schemaVersion", f"{shown(version)} is not EPCIS 2.0")


def _events(root: dict[str, Any]) -> list[object]:
    """Return what stands in the body, as a list."""
    body = root.get("epcisBody")
    if not isinstance(body, dict):
        raise CaptureProblem("missing_field", "epcisBody", "the document has no body")
    if "eventList" in body and "event" in body:
        raise CaptureProblem("repeated_field", "epcisBody", "the body has both eventList and event")
    events = body.get("eventList", body.get("event"))
    if events is None:
        return []
    return events if isinstance(events, list) else [events]


def _created(root: dict[str, Any]) -> int | None:
    """Read creationDate; it decides nothing, so an unreadable one is no reason to refuse."""
    try:
        return read_time(_text(root, "creationDate"), 0)[0]
    except InvalidTime:
        return None


def _text(root: dict[str, Any], name: str) -> str:
    """Return a text member, empty when it is absent or something else."""
    value = root.get(name)
    return value.strip() if type(value) is str else ""


def _party(root: dict[str, Any], name: str) -> Place | None:
    """Read sender or receiver; one that is no GLN is kept as text."""
    text = _text(root, name)
    try:
        return read_place(text)
    except InvalidIdentifier:
        return Place(text)
