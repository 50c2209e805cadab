"""Loggers and their readings in EPCIS files (LAW, EPCIS table and rule 18)."""

import pytest

from contracts.gs1.dates import format_timestamp
from contracts.gs1.loggers import format_logger
from contracts.records.coldchain import LoggerOff, LoggerOn, Readings
from contracts.records.supply import Observe
from contracts.state.layout import LOGGERS
from contracts.state.sessions import session_row
from contracts.state.view import Overlay
from node.epcis.loggers import logger_key
from node.storage.store import STATE, Space
from tests.support.gateway import Desk
from tests.support.ledger import pallet_key
from tests.support.parties import MAKER, START_MS, WHOLESALER, Party
from tests.unit.node.epcis.desk import made, outcomes, post, recorded, records, sold
from tests.unit.node.epcis.files import (
    MINUTE_MS,
    Event,
    event,
    observed,
    packs,
    pallet,
    received,
    sgln,
    shipped,
)
from tests.unit.node.epcis.samples import xml_document

LOGGER = "urn:epc:id:giai:0614141.LOG-7"
OTHER = "urn:epc:id:giai:0614141.LOG-8"
KEY = logger_key(LOGGER) or b""


def at(minute: int) -> str:
    """Return a time as sensors write it: so many minutes before the ledger began plus 60."""
    return format_timestamp(second(minute) * 1000)


def second(minute: int) -> int:
    return (START_MS + (minute - 60) * MINUTE_MS) // 1000


def attached(
    action: str, parent: str, loggers: list[str], minute: int, party: Party = MAKER, **fields
) -> Event:
    """Loggers are put on something, or taken off."""
    step = {"ADD": "installing", "DELETE": "removing"}.get(action)
    told = {"bizStep": step, "action": action, "parentID": parent, "childEPCs": loggers, **fields}
    return event("AssociationEvent", minute, party, **told)


def sensed(*points: tuple[int, float], device: str = LOGGER, unit: str = "CEL") -> list[Event]:
    """A sensor element for each (minute, temperature)."""
    return [
        {
            "sensorMetadata": {"time": at(minute), "deviceID": device},
            "sensorReport": [
                {"type": "gs1:Temperature", "value": value, "uom": unit},
                {"type": "RelativeHumidity", "value": 41.5, "uom": "A93"},
            ],
        }
        for minute, value in points
    ]


def reported(points: list[Event], minute: int, party: Party = MAKER, thing: str = "", **fields) -> Event:
    things = [thing or pallet(1)]
    return observed("sensor_reporting", things, minute, party, sensorElementList=points, **fields)


def session_of(desk: Desk):
    state = Overlay(Space(desk.node.store, STATE))
    number = state.read(LOGGERS, KEY)
    return None if number is None else session_row(state, number)


async def watched() -> Desk:
    """The maker's pallet carries a logger since minute 10."""
    desk = await made()
    await recorded(desk, MAKER, attached("ADD", pallet(1), [LOGGER], 10))
    return desk


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("urn:epc:id:giai:4000001.12345", "(8004)400000112345"),
        ("https://id.gs1.org/8004/4000001111", "(8004)4000001111"),
        ("(8004)4000001111", "(8004)4000001111"),
        ("urn:epc:id:grai:4012345.55555.987", "(8003)04012345555554987"),
        ("https://example.com/some/8003/04012345555554987?x=1", "(8003)04012345555554987"),
        ("urn:epc:id:sgln:0614141.01000.FRIDGE", "(414)0614141010004(254)FRIDGE"),
        ("urn:epc:id:giai:4000001.A%2FB", "(8004)4000001A/B"),
    ],
)
def test_loggers_in_every_spelling(text, name):
    key = logger_key(text)
    assert key is not None
    assert format_logger(key) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "urn:epc:id:sgln:0614141.01000.0",
        "urn:epc:id:grai:4012345.555.987",
        "https://id.gs1.org/8003/04012345555555987",
        "urn:epc:id:giai:4000001.%zz",
        "urn:example:thermometer:9",
        "https://id.gs1.org/01/09506000134352/21/12345",
    ],
)
def test_what_is_no_logger(text):
    assert logger_key(text) is None


async def test_a_logger_is_put_on_read_out_and_taken_off():
    desk = await watched()
    (on,) = records(desk)
    assert on == LoggerOn(on.head, KEY, pallet_key(1))
    await recorded(desk, MAKER, reported(sensed((12, 4.25), (14, 5)), 15))
    (read,) = records(desk)
    assert read == Readings(read.head, KEY, ((second(12), 425), (second(14), 500)))
    last = attached("DELETE", pallet(1), [LOGGER], 20, sensorElementList=sensed((14, 5), (19, -1.5)))
    await recorded(desk, MAKER, last)
    readings, off = records(desk)
    assert isinstance(readings, Readings)
    assert readings.readings == ((second(19), -150),)
    assert off == LoggerOff(off.head, KEY)
    assert session_of(desk).readings == 3
    for event_ in (last, reported(sensed((12, 4.25), (14, 5)), 15), attached("ADD", pallet(1), [LOGGER], 10)):
        assert outcomes(await post(desk, MAKER, event_)) == ["already_recorded"]


async def test_all_loggers_come_off_when_none_is_named():
    desk = await watched()
    off = attached("DELETE", pallet(1), [], 20)
    await recorded(desk, MAKER, off)
    assert [type(record) for record in records(desk)] == [LoggerOff]
    assert outcomes(await post(desk, MAKER, off)) == ["already_recorded"]


async def test_a_logger_that_is_read_out_whole_each_time_says_only_what_is_new():
    desk = await watched()
    await recorded(desk, MAKER, reported(sensed((5, 21), (12, 4), (14, 5)), 15))
    more = reported(sensed((5, 21), (12, 4), (14, 5), (16, 6)), 17)
    await recorded(desk, MAKER, more)
    assert records(desk)[0].readings == ((second(16), 600),)
    await recorded(desk, MAKER, reported(sensed((18, 7)), 19))
    assert outcomes(await post(desk, MAKER, more)) == ["already_recorded"]


async def test_readings_older_than_the_last_are_refused_when_they_were_never_told():
    desk = await watched()
    await recorded(desk, MAKER, reported(sensed((16, 6)), 17))
    (entry,) = (await post(desk, MAKER, reported(sensed((12, 4)), 13))).events
    assert (entry.code, entry.field) == ("readings_out_of_order", "sensorElementList")
    assert "(8004)0614141LOG-7" in entry.reason


async def test_more_than_anyone_needs_is_refused():
    desk = await watched()
    filler = [{"sensorReport": [{"type": "Speed", "value": 4, "uom": "KMH"}]}] * 40_000
    (entry,) = (await post(desk, MAKER, reported(filler, 15))).events
    assert (entry.code, entry.field) == ("event_too_large", "sensorElementList")
    assert "2097152 at most" in entry.reason


async def test_readings_beside_a_receipt():
    desk = await watched()
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, 20))
    arrives = received([pallet(1)], WHOLESALER, 30, sensorElementList=sensed((21, 4), (29, 5)))
    result = await post(desk, WHOLESALER, arrives)
    assert result.events[0].records == ("receive", "readings")
    assert outcomes(await post(desk, WHOLESALER, arrives)) == ["already_recorded"]


async def test_readings_beside_a_shipment_come_before_it():
    desk = await watched()
    leaves = shipped([pallet(1)], MAKER, WHOLESALER, 20, sensorElementList=sensed((12, 4)))
    assert (await post(desk, MAKER, leaves)).events[0].records == ("readings", "ship")


async def test_telemetry_of_the_road():
    desk = await watched()
    await recorded(desk, MAKER, shipped([pallet(1)], MAKER, WHOLESALER, 20))
    rolling = observed("transporting", [pallet(1)], 25, MAKER, sensorElementList=sensed((24, 4)))
    assert (await post(desk, MAKER, rolling)).events[0].records == ("readings",)


async def test_strange_devices_beside_a_step_are_evidence():
    desk = await made()
    seen = observed("inspecting", [pallet(1)], 15, MAKER, sensorElementList=sensed((12, 4)))
    await recorded(desk, MAKER, seen)
    assert [type(record) for record in records(desk)] == [Observe]


async def test_readings_of_a_logger_that_is_on_nothing_are_refused():
    desk = await made()
    (entry,) = (await post(desk, MAKER, reported(sensed((12, 4)), 15))).events
    assert (entry.code, entry.field) == ("logger_unknown", "sensorElementList")


async def test_readings_of_something_else_than_the_logger_is_on():
    desk = await watched()
    await recorded(desk, MAKER, reported(sensed((12, 4)), 15, thing=packs(1)[0]))
    wrong = reported(sensed((13, 4)), 16, thing=pallet(9))
    (entry,) = (await post(desk, MAKER, wrong)).events
    assert (entry.code, entry.field) == ("disagrees_with_ledger", "epcList")
    assert "is on (00)" in entry.reason


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([{"sensorReport": [{"type": "Temperature", "value": 4, "uom": "CEL"}]}], "names no device"),
        (
            [{"sensorMetadata": {"deviceID": LOGGER}, "sensorReport": [{"type": "Speed", "value": 4}]}],
            "no device",
        ),
        (
            [
                {
                    "sensorMetadata": {"deviceID": LOGGER, "startTime": at(1), "endTime": at(2)},
                    "sensorReport": [{"type": "Temperature", "minValue": 4, "maxValue": 9, "uom": "CEL"}],
                }
            ],
            "no device",
        ),
        (sensed((2, 20)), "while no logger was on"),
    ],
)
async def test_what_is_no_reading_is_kept(points, words):
    (entry,) = (await post(await watched(), MAKER, reported(points, 15))).events
    assert entry.outcome == "attached"
    assert words in entry.reason


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [(277.15, "KEL", 400), (39.2, "FAH", 400), (-40, "FAH", -4000), (4.005, "CEL", 401), (4, "cel", 400)],
)
async def test_scales(value, unit, expected):
    desk = await watched()
    await recorded(desk, MAKER, reported(sensed((12, value), unit=unit), 15))
    assert records(desk)[0].readings[0][1] == expected


@pytest.mark.parametrize(
    ("points", "field"),
    [
        (sensed((12, 4), unit="A93"), "sensorElementList[0].sensorReport[0].uom"),
        (sensed((12, "warm")), "sensorElementList[0].sensorReport[0].value"),
        (sensed((12, 4), (12, 5)), "sensorElementList[1].sensorReport[0]"),
        (
            [
                {
                    "sensorMetadata": {"deviceID": LOGGER, "time": "yesterday"},
                    "sensorReport": [{"type": "Temperature", "value": 4, "uom": "CEL"}],
                }
            ],
            "sensorElementList[0].sensorReport[0].time",
        ),
    ],
)
async def test_a_reading_that_is_none_is_refused(points, field):
    (entry,) = (await post(await watched(), MAKER, reported(points, 15))).events
    assert (entry.code, entry.field) == ("invalid_reading", field)


async def test_assembling_means_a_logger_only_where_something_tells():
    desk = await made()
    plain = attached("ADD", pallet(1), [LOGGER], 10, bizStep="assembling")
    (entry,) = (await post(desk, MAKER, plain)).events
    assert (entry.outcome, "temperature logger" in entry.reason) == ("attached", True)
    measures = attached(
        "ADD", pallet(1), [LOGGER], 11, bizStep="assembling", sensorElementList=sensed((11, 4))
    )
    assert (await post(desk, MAKER, measures)).events[0].records == ("logger_on", "readings")
    off = attached("DELETE", pallet(1), [LOGGER, OTHER], 20, bizStep="disassembling")
    assert (await post(desk, MAKER, off)).events[0].records == ("logger_off",)


async def test_a_logger_is_taken_off_what_it_is_on():
    desk = await watched()
    (entry,) = (await post(desk, MAKER, attached("DELETE", pallet(9), [LOGGER], 20))).events
    assert (entry.code, entry.field) == ("disagrees_with_ledger", "childEPCs")
    (entry,) = (await post(desk, MAKER, attached("DELETE", pallet(1), [OTHER], 20))).events
    assert (entry.code, entry.field) == ("logger_unknown", "childEPCs")


async def test_a_logger_is_on_one_thing():
    desk = await watched()
    (entry,) = (await post(desk, MAKER, attached("ADD", packs(1)[0], [LOGGER], 12))).events
    assert (entry.code, entry.field) == ("logger_in_use", "childEPCs")


async def test_another_partners_logger_is_a_claim():
    desk = await sold()
    result = await post(desk, WHOLESALER, attached("ADD", pallet(1), [LOGGER], 12))
    assert outcomes(result) == ["attached"]


async def test_xml_says_the_same():
    desk = await watched()
    told = f"""
<ObjectEvent>
  <eventTime>{at(15)}</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
  <epcList><epc>{pallet(1)}</epc></epcList>
  <action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:sensor_reporting</bizStep>
  <readPoint><id>{sgln(MAKER.premises)}</id></readPoint>
  <extension><sensorElementList><sensorElement>
    <sensorMetadata time="{at(12)}" deviceID="{LOGGER}"/>
    <sensorReport type="gs1:Temperature" value="4.25" uom="CEL"/>
  </sensorElement></sensorElementList></extension>
</ObjectEvent>"""
    result = await desk.post(xml_document(told), MAKER)
    assert result.events[0].records == ("readings",)
    again = reported(sensed((12, 4.25)), 15)
    assert outcomes(await post(desk, MAKER, again)) == ["already_recorded"]
