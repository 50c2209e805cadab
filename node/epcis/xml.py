"""EPCIS documents in XML, 1.x and 2.0: a whole document, or one bare event.

Follows EPCIS 1.2 and 2.0, chapter 9, and the Standard Business Document Header. Versions 1.0 and 1.1
are read as 1.2, which contains them; so are the `0` and `1` that some systems write. EPCIS 2.0 has the same
elements, none of them hidden in extensions, and more of them; files mix the two, so both are read alike.
"""

from functools import partial
from typing import Final

from lxml import etree

from node.epcis.collect import EventCollector
from node.epcis.events import DocumentFormat, EpcisDocument, Place
from node.epcis.identifiers import InvalidIdentifier, read_place
from node.epcis.problems import CaptureProblem, KeptBudget, Limits, shown
from node.epcis.times import InvalidTime, read_time
from node.epcis.xml_event import Kept, read_event, unwrapped
from node.epcis.xml_syntax import EPCIS_1, EPCIS_2, parse_xml, plain_name, split_name

_EVENTS: Final = frozenset(
    {"ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent", "TransformationEvent"}
)
_VERSIONS_1: Final = frozenset({"", "0", "1", "1.0", "1.1", "1.2", "1.0.0", "1.1.0", "1.2.0"})
_VERSIONS_2: Final = frozenset({"2", "2.0", "2.0.0", "2.0.1"})
_SBDH: Final = "StandardBusinessDocumentHeader"
_MASTER_DATA: Final = "EPCISMasterData"


def read_xml(data: bytes, limits: Limits) -> EpcisDocument:
    """Read one XML document.

    Raises:
        CaptureProblem: the file as a whole cannot be taken. Problems of single events are in the result's
            `refused`.
    """
    root = parse_xml(data, limits)
    namespace, name = split_name(root)
    version = root.get("schemaVersion", "").strip()
    if namespace not in {"", EPCIS_1, EPCIS_2} or not (name == "EPCISDocument" or name in _EVENTS):
        raise CaptureProblem(
            "unsupported_format", "", f"the root element {shown(name)} is not an EPCIS document"
        )
    if version not in _VERSIONS_1 | _VERSIONS_2:
        raise CaptureProblem(
            "unsupported_version", "schemaVersion", f"{shown(version)} is not a version of EPCIS"
        )
    collector = EventCollector(limits)
    budget = KeptBudget(limits, len(data))
    syntax: DocumentFormat = "xml-2.0" if namespace == EPCIS_2 or version in _VERSIONS_2 else "xml-1.2"
    if name in _EVENTS:
        collector.add(partial(read_event, budget=budget), root)
        return _bare(collector, syntax, version)
    return _document(root, collector, syntax, version, budget)


def _bare(collector: EventCollector, syntax: DocumentFormat, version: str) -> EpcisDocument:
    """Return a single event as a document."""
    return EpcisDocument(
        format=syntax,
        schema_version=version,
        events=tuple(collector.events),
        refused=tuple(collector.refused),
    )


def _document(
    root: etree._Element,
    collector: EventCollector,
    syntax: DocumentFormat,
    version: str,
    budget: KeptBudget,
) -> EpcisDocument:
    """Read a whole document."""
    kept = Kept(budget)
    body = _child(root, "EPCISBody")
    if body is None:
        raise CaptureProblem("missing_field", "EPCISBody", "the document has no body")
    for child in body:
        if plain_name(child) == "EventList":
            _read_events(child, collector, kept, budget)
        else:
            kept.keep(child, "EPCISBody")
    collector.require_any()
    header = _child(root, "EPCISHeader")
    parts = _Header(budget)
    if header is not None:
        _read_header(header, parts, kept)
    for child in root:
        if plain_name(child) not in {"EPCISHeader", "EPCISBody"}:
            kept.keep(child)
    return EpcisDocument(
        format=syntax,
        schema_version=version,
        created_ms=_created(root),
        instance_identifier=parts.instance_identifier,
        sender=parts.senders[0] if parts.senders else None,
        receivers=tuple(parts.receivers),
        events=tuple(collector.events),
        refused=tuple(collector.refused),
        master_data=parts.master_data.canonical(),
        unknown=kept.canonical(),
    )


def _read_events(
    event_list: etree._Element, collector: EventCollector, kept: Kept, budget: KeptBudget
) -> None:
    """Read every event of the list, in file order, through all extension elements."""
    for child in unwrapped(event_list):
        if plain_name(child):
            collector.add(partial(read_event, budget=budget), child)
        else:
            kept.keep(child, "EventList")


class _Header:
    """What was found in the header."""

    def __init__(self, budget: KeptBudget) -> None:
        self.senders: list[Place] = []
        self.receivers: list[Place] = []
        self.instance_identifier = ""
        self.master_data = Kept(budget)


def _read_header(header: etree._Element, parts: _Header, kept: Kept) -> None:
    """Read the business document header and set master data apart."""
    for child in unwrapped(header):
        _, name = split_name(child)
        if name == _SBDH:
            _read_sbdh(child, parts)
        elif name == _MASTER_DATA:
            parts.master_data.keep(child)
        else:
            kept.keep(child, "EPCISHeader")


def _read_sbdh(sbdh: etree._Element, parts: _Header) -> None:
    """Read sender, receivers and the file's own id."""
    for element in sbdh.iter():
        _, name = split_name(element)
        if name == "InstanceIdentifier":
            parts.instance_identifier = (element.text or "").strip()
        elif name in {"Sender", "Receiver"}:
            place = _party(element)
            if place is not None:
                (parts.senders if name == "Sender" else parts.receivers).append(place)


def _party(element: etree._Element) -> Place | None:
    """Read a partner of the header: SGLN, GLN or anything else; one that is no GLN is kept as text."""
    texts = [(one.text or "").strip() for one in element.iter() if split_name(one)[1] == "Identifier"]
    text = next((one for one in texts if one), "")
    try:
        return read_place(text)
    except InvalidIdentifier:
        return Place(text)


def _created(root: etree._Element) -> int | None:
    """Read creationDate; it decides nothing, so an unreadable one is no reason to refuse."""
    try:
        return read_time(root.get("creationDate", ""), 0)[0]
    except InvalidTime:
        return None


def _child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the one child with this name.

    Raises:
        CaptureProblem: `repeated_field` when there are several.
    """
    found = [child for child in element if plain_name(child) == name]
    if len(found) > 1:
        raise CaptureProblem("repeated_field", name, f"the document has {name} more than once")
    return found[0] if found else None
