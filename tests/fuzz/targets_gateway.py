"""Decoders of what partners' systems send: EPCIS in XML and JSON, identifiers, dates and times."""

from collections.abc import Callable
from typing import Final

from contracts.gs1 import dates, keys, loggers
from node.epcis import digital_link, identifiers, times
from node.epcis.percent import percent_decode
from node.epcis.problems import CaptureProblem
from node.epcis.reader import read_document
from tests.fuzz.target import LONG_BYTES, TREE_AMPLIFICATION, Target
from tests.fuzz.texts import Texts
from tests.fuzz.words import IDENTIFIERS, TIMES
from tests.unit.node.epcis import samples

_NOW_MS: Final = 1_790_000_000_000


def _of_text(reader: Callable[[str], object]) -> Callable[[bytes], object]:
    """Read bytes as the text that a client's JSON, XML or query can hold."""
    return lambda data: reader(data.decode("utf-8", "replace"))


_LONG: Final = "urn:packtrail:" + "x" * 2_000 + "/"
"""A namespace about as long as one may be: whatever writes it out for every name that uses it shows here."""


def _xml() -> Texts:
    extended = samples.XML_OBJECT_EVENT.replace("<ObjectEvent>", f'<ObjectEvent xmlns:x="{_LONG}">')
    bodies = [
        samples.xml_document(samples.XML_OBJECT_EVENT),
        samples.xml_document(samples.XML_SHIPPING, header=samples.XML_HEADER),
        samples.xml_document(samples.XML_OBJECT_EVENT, samples.XML_SHIPPING, version='schemaVersion="1.0"'),
        samples.xml_document(extended.replace("<ilmd>", "<ilmd><x:a>1</x:a><x:lotNumber>L</x:lotNumber>")),
        samples.xml_document(extended.replace("</ObjectEvent>", "<x:a/></ObjectEvent>")),
    ]
    utf_16 = bodies[0].replace(b"UTF-8", b"UTF-16").decode().encode("utf-16")
    return Texts([*bodies, utf_16])


def _json() -> Texts:
    events = (samples.object_event(), samples.aggregation_event(), samples.object_event(bizStep="shipping"))
    extended = samples.object_event(
        persistentDisposition={"set": ["x:a", "x:b"], "unset": ["x:c"]},
        bizTransactionList=[{"type": "x:d", "bizTransaction": "urn:x:1"}],
        ilmd={"x:e": "1", "x:lotNumber": ["L", "M"]},
    )
    context = {"@context": ["https://packtrail.example", {"x": _LONG}]}
    written = [samples.json_document(*events), samples.json_document(extended, **context)]
    return Texts([*written, *map(samples.json_event, events)])


def _any_identifier(text: str) -> object:
    """Ask every reader of identifiers; the first that takes it wins."""
    percent_decode(text)
    found: list[object] = []
    for reader, error in _READERS:
        try:
            found.append(reader(text))
        except error:
            continue
    if not any(found):
        raise identifiers.InvalidIdentifier(text[:20])
    return found


_READERS: Final = (
    (identifiers.read_instance, identifiers.InvalidIdentifier),
    (identifiers.read_class, identifiers.InvalidIdentifier),
    (identifiers.read_place, identifiers.InvalidIdentifier),
    (digital_link.parse_digital_link, digital_link.InvalidDigitalLink),
    (keys.parse_item, keys.InvalidKey),
    (keys.pack_gln, keys.InvalidKey),
    (keys.pack_gtin, keys.InvalidKey),
    (keys.pack_lot, keys.InvalidKey),
    (loggers.parse_logger, loggers.InvalidLogger),
)


def _any_time(text: str) -> object:
    """Ask every reader of dates and times."""
    found: list[object] = []
    for reader in _CLOCKS:
        try:
            found.append(reader(text))
        except (dates.InvalidDate, times.InvalidTime):
            continue
    if not found:
        raise dates.InvalidDate("form", text[:20])
    return found


_CLOCKS: Final[tuple[Callable[[str], object], ...]] = (
    dates.parse_date,
    dates.parse_timestamp,
    dates.parse_offset,
    lambda text: dates.parse_yymmdd(text, 20_000),
    times.read_offset,
    lambda text: times.read_time(text, None),
    lambda text: times.read_time(text, 60),
    lambda text: times.read_expiry(text, _NOW_MS, 60),
)


def gateway_targets() -> list[Target]:
    """Return the decoders of the gateway."""
    names = Texts([text.encode() for text in IDENTIFIERS])
    clocks = Texts([text.encode() for text in TIMES])
    refused, unknown = (CaptureProblem,), (identifiers.InvalidIdentifier,)
    return [
        Target("EPCIS XML", read_document, refused, _xml(), 20, None, LONG_BYTES, TREE_AMPLIFICATION),
        Target("EPCIS JSON", read_document, refused, _json(), 40, None, LONG_BYTES, TREE_AMPLIFICATION),
        Target("identifier", _of_text(_any_identifier), unknown, names, 100, max_bytes=4_096),
        Target("date or time", _of_text(_any_time), (dates.InvalidDate,), clocks, 80, max_bytes=4_096),
    ]
