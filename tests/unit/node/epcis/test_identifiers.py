"""Identifiers in all their spellings."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.gs1.keys import CHARACTER_SET_82, check_digit, format_item, unpack_gln, unpack_gtin
from node.epcis.identifiers import InvalidIdentifier, read_class, read_instance, read_place


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("urn:epc:id:sgtin:9521234.012345.P1", "(01)09521234123453(21)P1"),
        ("URN:EPC:ID:SGTIN:9521234.112345.P1", "(01)19521234123450(21)P1"),
        ("urn:epc:id:sgtin:952123.1123456.P1", "(01)19521231234562(21)P1"),
        ("urn:epc:id:sgtin:952123412345.0.P.1", "(01)09521234123453(21)P.1"),
        ("urn:epc:id:sgtin:9521234.012345.6%2F7%26%25%22!%3F()", '(01)09521234123453(21)6/7&%"!?()'),
        ("  urn:epc:id:sgtin:9521234.012345.P\n  1 ", "(01)09521234123453(21)P1"),
        ("urn:epc:id:sgtin:9521234.012345.P\u20101\u200b", "(01)09521234123453(21)P-1"),
        ("urn:epc:id:sscc:9521234.0000000017", "(00)095212340000000174"),
        ("urn:epc:id:sscc:952123.30000000017", "(00)395212300000000179"),
        ("https://id.gs1.org/01/09521234123453/21/P1", "(01)09521234123453(21)P1"),
        ("https://id.gs1.org/01/9521234123453/21/P1", "(01)09521234123453(21)P1"),
        (
            "http://dl.maker.example/some/path/01/09521234123453/10/L%2F1/21/P%2F1?17=280229#x",
            "(01)09521234123453(21)P/1",
        ),
        ("https://example.com/gtin/09521234123453/ser/P1/", "(01)09521234123453(21)P1"),
        ("https://example.com/01/95212340/21/9", "(01)00000095212340(21)9"),
        ("https://id.gs1.org/00/095212340000000174", "(00)095212340000000174"),
        ("(01)09521234123453(21)P1", "(01)09521234123453(21)P1"),
        ("(00)095212340000000174", "(00)095212340000000174"),
    ],
)
def test_items(text: str, item: str) -> None:
    found = read_instance(text)
    assert isinstance(found, bytes)
    assert format_item(found) == item


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:id:giai:9521234.12345",
        "urn:epc:id:grai:9521234.12345.987",
        "urn:epc:id:gsrn:9521234.0000010253",
        "urn:epc:id:sgln:9521234.00001.0",
        "https://id.gs1.org/8004/952123412345",
        "https://partner.example/01/report",
        "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
        "geo:47.5,11.1",
    ],
)
def test_other_things_are_kept_as_written(text: str) -> None:
    assert read_instance(f" {text} ") == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "neither an EPC URN"),
        ("09521234123453", "neither an EPC URN"),
        ("a pack", "neither an EPC URN"),
        ("urn:epc:id:sgtin", "scheme is not one of GS1's"),
        ("urn:epc:id:sgtim:9521234.012345.P1", "scheme is not one of GS1's"),
        ("urn:epc:id:sgtin:9521234.012345", "expected 3 parts"),
        ("urn:epc:id:sgtin:9521234.012345.", "1 to 20 characters, got 0"),
        ("urn:epc:id:sgtin:9521234.012345." + "9" * 21, "got 21"),
        ("urn:epc:id:sgtin:9521234.012345.P%4", "hexadecimal"),
        ("urn:epc:id:sgtin:9521234.012345.P%C3%A9", "character set 82"),
        ("urn:epc:id:sgtin:9521234.012345.P#1", "character set 82"),
        ("urn:epc:id:sgtin:9521234.01234.P1", "12 digits together, not 13"),
        ("urn:epc:id:sgtin:95212.01234567.P1", "6 to 12 digits, this one 5"),
        ("urn:epc:id:sgtin:9521234.0x2345.P1", "must be digits"),
        ("urn:epc:id:sgtin:9521234.\u066012345.P1", "must be digits"),
        ("urn:epc:id:sscc:9521234.000000017", "16 digits together, not 17"),
        ("urn:epc:id:sscc:9521234", "expected 2 parts"),
        ("urn:epc:class:lgtin:9521234.012345.L1", "class of goods"),
        ("urn:epc:idpat:sgtin:9521234.012345.*", "class of goods"),
        ("urn:epc:tag:sgtin-96:3.9521234.012345.17", "tag encoding"),
        ("https://id.gs1.org/01/09521234123453", "class of goods"),
        ("https://id.gs1.org/01/09521234123454/21/P1", "check digit is 3"),
        ("https://id.gs1.org/01/952123/21/P1", "8, 12, 13 or 14 digits"),
        ("https://id.gs1.org/01/09521234123453/21/", "key without a value"),
        ("https://id.gs1.org/01/09521234123453/21", "key without a value"),
        ("https://id.gs1.org/01/09521234123453/21/P%zz", "percent-encoded"),
        ("https://id.gs1.org/01/09521234123453/99/P1", "(99) does not belong behind (01)"),
        ("https://id.gs1.org/01/09521234123453/21/P1/21/P2", "(21) does not belong"),
        ("https://id.gs1.org/00/095212340000000170", "check digit is 4"),
        ("https://id.gs1.org/414/9521234000013", "location or party"),
        ("(01)09521234123453(21)P1(10)L1", "elements behind the serial"),
        ("(01)09521234123453", "expected (01)"),
        ("(00)09521234000000017", "18 digits"),
    ],
)
def test_instances_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidIdentifier) as refused:
        read_instance(text)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("text", "gtin", "lot"),
    [
        ("urn:epc:class:lgtin:9521234.012345.L%2F1", "09521234123453", "L/1"),
        ("urn:epc:idpat:sgtin:9521234.012345.*", "09521234123453", ""),
        ("https://id.gs1.org/01/09521234123453", "09521234123453", ""),
        ("https://id.gs1.org/01/09521234123453/10/L1", "09521234123453", "L1"),
    ],
)
def test_classes(text: str, gtin: str, lot: str) -> None:
    written, found = read_class(text)
    assert written == text
    assert found is not None
    assert (unpack_gtin(found.gtin), found.lot) == (gtin, lot)


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:idpat:sgtin:9521234.*.*",
        "urn:epc:idpat:grai:9521234.12345.*",
        "urn:epcglobal:x:y",
        "https://a.example/7",
    ],
)
def test_classes_that_are_not_products(text: str) -> None:
    assert read_class(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("urn:epc:id:sgtin:9521234.012345.P1", "one thing"),
        ("urn:epc:idpat:sgtin:9521234.012345.P1", "one serial is an instance"),
        ("https://id.gs1.org/01/09521234123453/21/P1", "one thing"),
        ("https://id.gs1.org/01/09521234123454", "check digit"),
        ("urn:epc:class:lgtin:9521234.012345.L 1#", "character set 82"),
        ("urn:epc:class:lgtin:9521234.012345.", "lot"),
        ("https://id.gs1.org/01/09521234123453/10/%C3%A9", "character set 82"),
        ("09521234123453", "neither"),
    ],
)
def test_classes_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidIdentifier, match=reason):
        read_class(text)


@pytest.mark.parametrize(
    ("text", "gln", "extension"),
    [
        ("urn:epc:id:sgln:9521234.00001.0", "9521234000013", ""),
        ("urn:epc:id:sgln:9521234.00001", "9521234000013", ""),
        ("urn:epc:id:sgln:9521234.00001.DOCK%2F4", "9521234000013", "DOCK/4"),
        ("urn:epc:id:sgln:952123400001..0", "9521234000013", ""),
        ("urn:epc:id:pgln:9521234.00001", "9521234000013", ""),
        ("urn:epc:id:pgln:952123400001.", "9521234000013", ""),
        ("https://id.gs1.org/414/9521234000013/254/12", "9521234000013", "12"),
        ("https://id.gs1.org/417/9521234000013", "9521234000013", ""),
        ("(414)9521234000013(254)12", "9521234000013", "12"),
        ("(417)9521234000013", "9521234000013", ""),
        ("9521234000013", "9521234000013", ""),
    ],
)
def test_places(text: str, gln: str, extension: str) -> None:
    place = read_place(f"{text}\n")
    assert place is not None
    assert place.gln is not None
    assert (place.uri, unpack_gln(place.gln), place.extension) == (text, gln, extension)


@pytest.mark.parametrize("text", ["", "  ", "urn:epc:id:sgln:", "urn:epc:id:sgln:..", "urn:epc:id:sgln:..0"])
def test_empty_places(text: str) -> None:
    assert read_place(text) is None


@pytest.mark.parametrize(
    "text", ["geo:47.5,11.1", "https://partner.example/loc/7", "urn:epc:id:giai:9521234.7"]
)
def test_places_without_gln(text: str) -> None:
    place = read_place(text)
    assert place is not None
    assert (place.uri, place.gln, place.extension) == (text, None, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("9521234000014", "check digit is 3"),
        ("urn:epc:id:sgln:9521234.0000.0", "11 digits together"),
        ("urn:epc:id:sgln:9521234.00001." + "x" * 21, "extension"),
        ("urn:epc:id:sgln:9521234.00001.%", "hexadecimal"),
        ("https://id.gs1.org/414/952123400001", "13 digits"),
        ("https://id.gs1.org/414/9521234000013/254", "key without a value"),
        ("dock four", "neither"),
        ("952123400001", "neither"),
    ],
)
def test_places_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidIdentifier, match=reason):
        read_place(text)


@given(
    st.integers(6, 12),
    st.integers(0, 10**13 - 1).filter(bool),
    st.text(alphabet=CHARACTER_SET_82.decode("ascii"), min_size=1, max_size=20),
)
def test_every_company_prefix_length_gives_the_same_item(length: int, number: int, serial: str) -> None:
    body = f"{number:013d}"
    prefix, reference = body[1 : 1 + length], body[0] + body[1 + length :]
    escaped = "".join(f"%{ord(one):02X}" if one in '"%&/<>?' else one for one in serial)
    found = read_instance(f"urn:epc:id:sgtin:{prefix}.{reference}.{escaped}")
    assert isinstance(found, bytes)
    assert format_item(found) == f"(01){body}{check_digit(body)}(21){serial}"


@given(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(r"(urn:epc:(id|class|idpat):[a-z]+:|https?://a/(01|00|414)/).{0,40}"),
    )
)
def test_any_text_is_read_or_refused(text: str) -> None:
    for reader in (read_instance, read_class, read_place):
        with suppress(InvalidIdentifier):
            reader(text)
