"""Temperatures in the sensor elements of an event (EPCIS 2.0, 7.3.7): which device, when, and how warm.

Only points count: a value at a time, from a device that has a name. Extremes and means over a while are kept
as evidence and never made into readings, for nobody measured them at a moment; so is what other sensors
measure.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from node.epcis.events import EpcisEvent
from node.epcis.loggers import logger_key
from node.epcis.problems import DEFAULT_LIMITS, MAX_TEXT_CHARS, shown
from node.epcis.refusal import EventRefused
from node.epcis.text import clean
from node.epcis.times import InvalidTime, read_time
from node.epcis.xml_syntax import parse_xml, split_name

MAX_SENSOR_BYTES: Final = 2 << 20
"""Most bytes of one event's sensor elements, as they are kept: some ten thousand readings."""

_LIST: Final = "sensorElementList"
_TEMPERATURE: Final = re.compile(r"(?:.*[:/#])?(?:MT-)?temperature", re.IGNORECASE)
"""The GS1 Web Vocabulary's word, bare, with its prefix, or as a URI; MT- is of the draft."""
_SCALES: Final[Mapping[str, tuple[Decimal, Decimal]]] = {
    "CEL": (Decimal(0), Decimal(1)),
    "KEL": (Decimal("-273.15"), Decimal(1)),
    "FAH": (Decimal(-32), Decimal(5) / Decimal(9)),
}
"""By UN/CEFACT code: what to add, and then to multiply with, to have degrees Celsius."""
_HUNDREDTH: Final = Decimal("0.01")
_MAX_DIGITS: Final = 18
_MS_PER_SECOND: Final = 1_000

Members = Mapping[str, Any]


class Measured(msgspec.Struct, frozen=True):
    """One temperature."""

    logger: bytes
    """Key of the device."""
    at_s: int
    """Seconds since 1970-01-01 UTC."""
    value: str
    """As written."""
    unit: str
    """As written."""
    field: str
    """Where it stands."""

    def centi_degrees(self) -> int:
        """Return it in hundredths of a degree Celsius, half of one rounded away from zero.

        Raises:
            EventRefused: It is no number, or not in Celsius, Kelvin or Fahrenheit.
        """
        scale = _SCALES.get(self.unit.strip().upper())
        if scale is None:
            reason = f"a temperature in {shown(self.unit or 'no unit')}: expected {', '.join(_SCALES)}"
            raise EventRefused("invalid_reading", f"{self.field}.uom", reason)
        try:
            number = Decimal(self.value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number.adjusted()) >= _MAX_DIGITS:
            reason = f"{shown(self.value)} is no temperature"
            raise EventRefused("invalid_reading", f"{self.field}.value", reason)
        offset, factor = scale
        return int(((number + offset) * factor).quantize(_HUNDREDTH, ROUND_HALF_UP).scaleb(2))


def measured(event: EpcisEvent) -> tuple[Measured, ...]:
    """Return the temperatures that named devices measured, in the order of the event.

    Raises:
        EventRefused: There is too much of it, or one of them has a time that is none.
    """
    if not event.sensor_elements:
        return ()
    if len(event.sensor_elements) > MAX_SENSOR_BYTES:
        reason = f"it has {len(event.sensor_elements)} bytes, {MAX_SENSOR_BYTES} at most"
        raise EventRefused("event_too_large", _LIST, reason)
    is_xml = event.sensor_elements.startswith(b"<")
    elements = _xml_elements(event) if is_xml else _json_elements(event)
    found = (entry for at, element in enumerate(elements) for entry in _of_element(event, at, *element))
    return tuple(found)


def _of_element(
    event: EpcisEvent, index: int, metadata: Members, reports: list[Members]
) -> Iterator[Measured]:
    for at, report in enumerate(reports):
        field = f"{_LIST}[{index}].sensorReport[{at}]"
        device = logger_key(_text(report, "deviceID") or _text(metadata, "deviceID"))
        is_processed = _text(report, "dataProcessingMethod") or _text(metadata, "dataProcessingMethod")
        value = "" if is_processed else _text(report, "value")
        if device is None or not value or not _TEMPERATURE.fullmatch(clean(_text(report, "type"))):
            continue
        time = _text(report, "time") or _text(metadata, "time")
        if not time and (_text(metadata, "startTime") or _text(metadata, "endTime")):
            continue
        yield Measured(device, _seconds(event, time, field), value, _text(report, "uom"), field)


def _seconds(event: EpcisEvent, time: str, field: str) -> int:
    if not time:
        return event.time_ms // _MS_PER_SECOND
    try:
        return read_time(time, event.offset_minutes)[0] // _MS_PER_SECOND
    except InvalidTime as error:
        raise EventRefused("invalid_reading", f"{field}.time", f"{shown(time)}: {error}") from error


def _json_elements(event: EpcisEvent) -> Iterator[tuple[Members, list[Members]]]:
    kept = json.loads(event.sensor_elements, parse_float=str, parse_int=str)
    for element in kept[_LIST]:
        metadata = element.get("sensorMetadata")
        reports = element.get("sensorReport")
        listed = reports if isinstance(reports, list) else [reports]
        yield (
            metadata if isinstance(metadata, dict) else {},
            [report if isinstance(report, dict) else {} for report in listed],
        )


def _xml_elements(event: EpcisEvent) -> Iterator[tuple[Members, list[Members]]]:
    for element in parse_xml(event.sensor_elements, DEFAULT_LIMITS):
        children = [(split_name(child)[1], dict(child.attrib)) for child in element]
        metadata = next((attributes for name, attributes in children if name == "sensorMetadata"), {})
        yield metadata, [attributes for name, attributes in children if name == "sensorReport"]


def _text(members: Members, name: str) -> str:
    """Return a simple member as text; empty when there is none, or one longer than any name or time."""
    value = members.get(name)
    return value.strip() if isinstance(value, str) and len(value) <= MAX_TEXT_CHARS else ""
