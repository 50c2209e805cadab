"""The door: what is XML, what is JSON, how much is too much, and that nothing but a problem comes out."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.epcis.problems import MAX_BYTES, REMEDIES, CaptureProblem, Limits
from node.epcis.reader import read_document
from tests.unit.node.epcis.samples import (
    PACK_1,
    XML_HEADER,
    XML_OBJECT_EVENT,
    XML_SHIPPING,
    aggregation_event,
    json_document,
    object_event,
    xml_document,
)

XML = xml_document(XML_OBJECT_EVENT, XML_SHIPPING, header=XML_HEADER)
JSON = json_document(object_event(), aggregation_event(), epcisHeader={"epcisMasterData": {}})


def assert_read_or_refused(data: bytes) -> None:
    """The invariant of every decoder: a valid value, or the documented error."""
    try:
        document = read_document(data)
    except CaptureProblem as problem:
        problems: list[CaptureProblem] = [problem]
    else:
        problems = list(document.refused)
        positions = [event.position for event in document.events] + [one.event for one in problems]
        assert sorted(positions) == list(range(len(positions)))
    for one in problems:
        assert one.remedy == REMEDIES[one.code]
        assert one.reason
        str(one).encode()


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (XML, None),
        (XML, "application/xml"),
        (XML, "Text/XML; charset=utf-8"),
        (b"  \n" + XML[XML.index(b"<epcis") :], "application/octet-stream"),
        (JSON, None),
        (JSON, "application/ld+json"),
        (JSON, "application/json;profile=x"),
        (b"\xef\xbb\xbf" + JSON, "text/plain"),
    ],
)
def test_content_types(data: bytes, content_type: str | None) -> None:
    assert len(read_document(data, content_type).events) == 2


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (XML, "application/json"),
        (JSON, "application/xml"),
        (JSON, "image/png"),
        (b"", None),
        (b"EPCIS", None),
        (b"\x89PNG", "application/xml"),
    ],
)
def test_other_formats(data: bytes, content_type: str | None) -> None:
    with pytest.raises(CaptureProblem) as refused:
        read_document(data, content_type)
    assert refused.value.code == "unsupported_format"


@pytest.mark.parametrize("data", [XML, JSON])
@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(max_bytes=500), "document_too_large"),
        (Limits(max_depth=2), "document_too_deep"),
        (Limits(max_values=10), "document_too_large"),
        (Limits(max_events=1), "too_many_events"),
        (Limits(max_identifiers=2), "too_many_identifiers"),
    ],
)
def test_limits(data: bytes, limits: Limits, code: str) -> None:
    with pytest.raises(CaptureProblem) as refused:
        read_document(data, None, limits)
    assert (refused.value.code, refused.value.event) == (code, None)


def test_too_many_prefixes_refuse_the_file_wherever_they_stand() -> None:
    prefixes = {f"n{number}": "urn:x:" for number in range(300)}
    for data in (
        json_document(object_event(), **{"@context": [prefixes]}),
        json_document(object_event(), object_event(**{"@context": prefixes})),
    ):
        with pytest.raises(CaptureProblem) as refused:
            read_document(data)
        assert (refused.value.code, refused.value.event) == ("too_many_namespaces", None)


def test_a_namespace_repeated_in_everything_kept_costs_every_time() -> None:
    long = "https://packtrail.example/" + "x" * 1000
    elements = "".join(f"<x:y{number}/>" for number in range(20))
    event = XML_OBJECT_EVENT.replace("</ObjectEvent>", f"{elements}</ObjectEvent>")
    event = event.replace("<ObjectEvent>", f"<ObjectEvent xmlns:x='{long}'>")
    extended = object_event(**{"x:y": 1})
    for data in (
        xml_document(event),
        json_document(*[extended] * 20, **{"@context": ["https://x.example", {"x": long}]}),
    ):
        assert read_document(data).refused == ()
        with pytest.raises(CaptureProblem) as refused:
            read_document(data, None, Limits(max_kept_chars=10_000))
        assert (refused.value.code, refused.value.event) == ("document_too_large", None)


URI = "urn:" + "x" * 2_000 + "/"


@pytest.mark.parametrize(
    "data",
    [
        json_document(object_event(**fields), **{"@context": ["https://x.example", {"x": URI}]})
        for fields in (
            {"persistentDisposition": {"set": ["x:a"] * 3_000}},
            {"bizTransactionList": [{"type": "x:a", "bizTransaction": "urn:y"}] * 3_000},
            {"ilmd": {f"x:a{number}": "1" for number in range(3_000)}},
            {"ilmd": {"x:lotNumber": ["1"] * 3_000}},
        )
    ]
    + [
        xml_document(XML_OBJECT_EVENT.replace("<ilmd>", f"<ilmd xmlns:x='{URI}'>" + "<x:a>1</x:a>" * 3_000)),
        xml_document(
            XML_OBJECT_EVENT.replace("<ilmd>", f"<ilmd xmlns:x='{URI}'>" + "<x:lotNumber/>" * 3_000)
        ),
        xml_document(XML_OBJECT_EVENT.replace("</ObjectEvent>", "<x:a/>" * 3_000 + "</ObjectEvent>")).replace(
            b"<ObjectEvent>", f"<ObjectEvent xmlns:x='{URI}'>".encode()
        ),
    ],
)
def test_a_prefix_that_stands_for_much_and_is_used_often_takes_little_memory(data: bytes) -> None:
    """Thousands of names of a few bytes would each be two thousand characters long."""
    tracemalloc.start()
    try:
        assert_read_or_refused(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (1 << 20) + 100 * len(data)


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_namespace_longer_than_any_text_is_refused(quote: str) -> None:
    for size, codes in ((2_048, set()), (2_049, {"invalid_value"})):
        uri = "urn:x:" + "y" * (size - 6)
        declared = f"<ObjectEvent xmlns:x = {quote}{uri}{quote}>"
        documents = [
            xml_document(XML_OBJECT_EVENT.replace("<ObjectEvent>", declared)),
            json_document(object_event(), **{"@context": ["https://x.example", {"x": uri}]}),
            json_document(object_event(**{"@context": {"x": uri}}), object_event()),
        ]
        assert {_code(data) for data in documents} - {""} == codes


def _code(data: bytes) -> str:
    """Return why a document, or its first event that is refused, is refused; empty when it is not."""
    try:
        refused = read_document(data).refused
    except CaptureProblem as problem:
        return problem.code
    return refused[0].code if refused else ""


def test_what_looks_like_elements_and_is_none_is_not_counted() -> None:
    text = XML_OBJECT_EVENT.replace("</ObjectEvent>", "<!-- a -->" * 50 + "<?b?>" * 50 + "</ObjectEvent>")
    assert read_document(xml_document(text), None, Limits(max_values=45)).refused == ()


def test_the_largest_file_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(CaptureProblem, match="bytes"):
        read_document(b"<" * (MAX_BYTES + 1))


def test_refused_events_count_as_events() -> None:
    bad = object_event(action=None)
    with pytest.raises(CaptureProblem) as refused:
        read_document(json_document(bad, bad, bad), None, Limits(max_events=2))
    assert refused.value.code == "too_many_events"


def test_all_problems_of_a_file_are_named_at_once() -> None:
    document = read_document(
        json_document(object_event(action=None), object_event(), object_event(eventTime="?"))
    )
    assert [event.position for event in document.events] == [1]
    assert [(one.event, one.field) for one in document.refused] == [(0, "action"), (2, "eventTime")]
    assert (
        str(document.refused[0])
        == "missing_field (event 0, action): the event has no action, which ObjectEvent needs"
    )


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    assert_read_or_refused(data)


@given(st.sampled_from([XML, JSON]), st.data())
def test_damaged_files(data: bytes, draw: st.DataObject) -> None:
    damaged = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 4))):
        start = draw.draw(st.integers(0, len(damaged)))
        end = draw.draw(st.integers(start, min(len(damaged), start + 12)))
        damaged[start:end] = draw.draw(
            st.one_of(st.binary(max_size=8), st.sampled_from([b"<", b'"', b"\\u", b"&", b"{", b"]]>"]))
        )
    assert_read_or_refused(bytes(damaged))


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.just(PACK_1),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = [
    *sorted({*object_event(), *aggregation_event(), "@context", "id", "isA"}),
    "quantityList",
    "bizLocation",
    "bizTransactionList",
    "sourceList",
    "destinationList",
    "persistentDisposition",
    "errorDeclaration",
    "sensorElementList",
    "inputEPCList",
    "inputQuantityList",
    "ours:x",
    "gs1ushc:dropShipment",
]


def nested(value: Any) -> st.SearchStrategy[Any]:
    """The value, or it inside the shapes that the standard knows."""
    names = (
        "id",
        "epcClass",
        "quantity",
        "uom",
        "type",
        "source",
        "bizTransaction",
        "set",
        "declarationTime",
        "cbvmda:lotNumber",
    )
    return st.sampled_from(
        [value, [value], *({name: value} for name in names), *([{name: value}] for name in names)]
    )


@given(
    st.sampled_from([object_event(), aggregation_event()]),
    st.dictionaries(st.sampled_from(MEMBERS), JSON_VALUES.flatmap(nested), max_size=4),
)
def test_events_with_any_value_anywhere(event: dict[str, Any], changes: dict[str, Any]) -> None:
    assert_read_or_refused(json_document({**event, **changes}))


@given(
    st.dictionaries(
        st.sampled_from(
            ["@context", "type", "epcisBody", "epcisHeader", "sender", "schemaVersion", "creationDate"]
        ),
        JSON_VALUES,
    )
)
def test_documents_with_any_value_anywhere(changes: dict[str, Any]) -> None:
    assert_read_or_refused(json.dumps({**json.loads(JSON), **changes}).encode())


XML_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<>&"), max_size=30)
XML_NAMES = st.sampled_from(
    [
        "epc",
        "id",
        "extension",
        "ilmd",
        "quantityElement",
        "epcClass",
        "source",
        "epcList",
        "set",
        "x",
        "ours:x",
        "sensorElement",
    ]
)
XML_NODES = st.recursive(
    XML_TEXT,
    lambda inner: st.builds(
        lambda name, children: f"<{name}>{''.join(children)}</{name}>", XML_NAMES, st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)
XML_FIELDS = [
    "eventTime",
    "action",
    "epcList",
    "quantityList",
    "readPoint",
    "bizStep",
    "ilmd",
    "extension",
    "baseExtension",
    "sourceList",
    "bizTransactionList",
    "persistentDisposition",
    "errorDeclaration",
    "sensorElementList",
    "gs1ushc:dropShipment",
]


@given(st.lists(st.tuples(st.sampled_from(XML_FIELDS), XML_NODES), max_size=4))
def test_elements_with_anything_inside(fields: list[tuple[str, str]]) -> None:
    inner = "".join(f"<{name}>{content}</{name}>" for name, content in fields)
    assert_read_or_refused(xml_document(XML_OBJECT_EVENT.replace("</ObjectEvent>", f"{inner}</ObjectEvent>")))
