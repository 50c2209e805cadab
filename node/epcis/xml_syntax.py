"""XML as a document from outside may use it: no DTD, no entities, no network, bounded.

A DOCTYPE is looked for before the parser sees the file, in encodings in which ASCII cannot hide; the parser
is then told to load nothing anyway. `canonical_xml` writes what is kept: C14N 2.0 without white space between
elements, so that indentation does not change its hash.
"""

import re
from typing import Final

from lxml import etree

from node.epcis.problems import MAX_NAMESPACE_CHARS, CaptureProblem, Limits, shown

EPCIS_1: Final = "urn:epcglobal:epcis:xsd:1"
EPCIS_2: Final = "urn:epcglobal:epcis:xsd:2"
_XSI_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"

_ENCODINGS: Final = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"}
)
"""Encodings in which the bytes of `<!DOCTYPE` cannot be written in any other way."""

_DECLARATION: Final = re.compile(rb"<\?xml\s[^>]*?\?>")
_DECLARED_ENCODING: Final = re.compile(rb"""\sencoding\s*=\s*["']([^"']*)["']""")
_DOCTYPE: Final = re.compile(rb"(?:\s|<\?.*?\?>|<!--.*?-->)*+<!DOCTYPE", re.DOTALL)
_LONG_NAMESPACE: Final = re.compile(
    rb"""\sxmlns(?::[^\s=]*+)?\s*+=\s*+(?:"[^"]{%d}|'[^']{%d})"""
    % (MAX_NAMESPACE_CHARS + 1, MAX_NAMESPACE_CHARS + 1)
)
"""In bytes as they stand in the file, which are never fewer than the characters that they mean."""
_NO_ELEMENT: Final = (b"</", b"<!", b"<?")
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


def parse_xml(data: bytes, limits: Limits) -> etree._Element:
    """Parse one document; comments, processing instructions and white space between elements are dropped.

    Args:
        data: UTF-8 or another encoding that contains ASCII; UTF-16 with a byte order mark.
        limits: Bounds on depth and number of elements.

    Raises:
        CaptureProblem: `unsupported_encoding`, `dtd_forbidden`, `malformed_document`, `document_too_deep`,
            `document_too_large`, or `invalid_value` for a namespace that is too long.
    """
    text = _ascii_compatible(data)
    if _DOCTYPE.match(text):
        raise CaptureProblem("dtd_forbidden", "", "the file has a DOCTYPE declaration")
    _require_limits(text, limits)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
        remove_blank_text=True,
    )
    try:
        root = etree.fromstring(text, parser)
    except (etree.LxmlError, ValueError, LookupError) as error:
        raise CaptureProblem("malformed_document", "", str(error)[:200] or "the file is not XML") from error
    if root.xpath(f"boolean({'/*' * (limits.max_depth + 1)})"):
        raise CaptureProblem("document_too_deep", "", f"elements nest deeper than {limits.max_depth} levels")
    return root


def _require_limits(text: bytes, limits: Limits) -> None:
    """Count elements and measure namespaces before the parser makes a tree of them."""
    if text.count(b"<") - sum(map(text.count, _NO_ELEMENT)) > limits.max_values:
        raise CaptureProblem("document_too_large", "", f"the file has more than {limits.max_values} elements")
    if _LONG_NAMESPACE.search(text):
        reason = f"a namespace has more than {MAX_NAMESPACE_CHARS} characters"
        raise CaptureProblem("invalid_value", "xmlns", reason)


def fragment(element: etree._Element) -> str:
    """Write one element as it stands, with all the namespaces declared around it."""
    return etree.tostring(element, encoding="unicode", with_tail=False)


def canonical_xml(name: str, fragments: list[str]) -> bytes:
    """Write fragments within one element called `name`, keeping the namespaces that they use."""
    text = "".join([f"<{name}>", *fragments, f"</{name}>"])
    try:
        written = etree.canonicalize(text, strip_text=True, qname_aware_attrs={_XSI_TYPE})
    except ValueError:
        # An xsi:type whose prefix is nowhere declared: a slip of the sender's, kept as the plain text it is.
        written = etree.canonicalize(text, strip_text=True)
    return written.encode("utf-8")


def split_name(element: etree._Element) -> tuple[str, str]:
    """Return namespace (empty for none) and local name."""
    # Twice as quick as etree.QName; comments, whose tag is no text, are not in the tree.
    name = str(element.tag)
    if not name.startswith("{"):
        return "", name
    namespace, _, local = name[1:].partition("}")
    return namespace, local


def plain_name(element: etree._Element) -> str:
    """Return the local name of an element of EPCIS itself, and nothing for one of a vendor.

    EPCIS leaves its inner elements without namespace; some systems put them into the schema's.
    """
    namespace, local = split_name(element)
    return local if namespace in {"", EPCIS_1, EPCIS_2} else ""


def text_of(element: etree._Element, field: str) -> str:
    """Return the text of an element that must not contain others.

    Raises:
        CaptureProblem: `invalid_value` when it does.
    """
    if len(element):
        inner = shown(split_name(element[0])[1])
        raise CaptureProblem("invalid_value", field, f"expected a text, found an element {inner} inside")
    return (element.text or "").strip()


def _ascii_compatible(data: bytes) -> bytes:
    """Return the document in an encoding that contains ASCII, and with nothing in front of it."""
    if data[:2] in _UTF16_MARKS:
        try:
            text = data.decode("utf-16").encode("utf-8")
        except UnicodeDecodeError as error:
            raise CaptureProblem("unsupported_encoding", "", f"byte {error.start} is not UTF-16") from error
        return _DECLARATION.sub(b"", text.lstrip(), count=1)
    text = data.removeprefix(_UTF8_MARK).lstrip()
    declaration = _DECLARATION.match(text)
    declared = _DECLARED_ENCODING.search(declaration.group()) if declaration else None
    encoding = declared.group(1).decode("latin-1") if declared else "utf-8"
    if encoding.lower() not in _ENCODINGS:
        raise CaptureProblem("unsupported_encoding", "", f"the file declares {shown(encoding)}")
    return text
