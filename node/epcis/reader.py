"""The door of the gateway: bytes in, an EPCIS document or a `CaptureProblem` out, whatever the bytes are."""

from typing import Final

from node.epcis.events import EpcisDocument
from node.epcis.json import read_json
from node.epcis.problems import DEFAULT_LIMITS, CaptureProblem, Limits, shown
from node.epcis.xml import read_xml

_XML_TYPES: Final = frozenset({"application/xml", "text/xml"})
_JSON_TYPES: Final = frozenset({"application/json", "application/ld+json", "text/json"})
_SILENT_TYPES: Final = frozenset(
    {"", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"}
)
"""What clients send when they do not say what they send."""

_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def read_document(
    data: bytes, content_type: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> EpcisDocument:
    """Read one EPCIS file.

    Args:
        data: EPCIS 1.x or 2.0 XML, or EPCIS 2.0 JSON or JSON-LD; a document or one bare event.
        content_type: Media type that the sender gave, with or without parameters; None or a type that says
            nothing lets the first character decide.
        limits: Bounds on size, nesting and counts.

    Returns:
        The document. Events that could not be read are in its `refused`: a caller under rollback must refuse
        all.

    Raises:
        CaptureProblem: the file as a whole cannot be taken. No other exception leaves this function.
    """
    if len(data) > limits.max_bytes:
        reason = f"the file has {len(data)} bytes, {limits.max_bytes} at most"
        raise CaptureProblem("document_too_large", "", reason)
    kind = _kind(data)
    media_type = (content_type or "").partition(";")[0].strip().lower()
    said = _JSON_TYPES if kind == "json" else _XML_TYPES
    if media_type not in said and media_type not in _SILENT_TYPES:
        reason = f"the file looks like {kind.upper()}, but was sent as {shown(media_type)}"
        raise CaptureProblem("unsupported_format", "", reason)
    return read_json(data, limits) if kind == "json" else read_xml(data, limits)


def _kind(data: bytes) -> str:
    """Tell XML from JSON by the first character."""
    start = data
    for mark in _MARKS:
        start = start.removeprefix(mark)
    first = start.lstrip(b" \t\r\n\x00")[:1]
    if first == b"<":
        return "xml"
    if first in {b"{", b"["}:
        return "json"
    raise CaptureProblem("unsupported_format", "", "the file begins like neither XML nor JSON")
