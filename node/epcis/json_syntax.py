"""JSON as a document from outside may use it: bounded, without duplicate names, numbers kept as written.

Follows RFC 8259, more strictly: a name may stand once in an object, because two readers of one file must not
see two different events. `canonical_json` is the inverse for attachments: sorted names, no white space,
numbers as written.
"""

import json
import re
from collections import Counter
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

from node.epcis.problems import CaptureProblem, Limits, shown

# A string without its end matches up to the end of the file: looking for a later start would be quadratic.
_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NO_BRACKET: Final = re.compile(r"[^\[\]{}]+")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class JsonNumber(str):
    """A number, in the digits it was written with."""

    __slots__ = ()


def parse_json(data: bytes, limits: Limits) -> object:
    """Parse one document.

    Args:
        data: UTF-8, with or without byte order mark.
        limits: Bounds on depth and number of values.

    Returns:
        Dicts, lists, strings, booleans, None and `JsonNumber`.

    Raises:
        CaptureProblem: `unsupported_encoding`, `document_too_deep`, `document_too_large`,
            `malformed_document` or `repeated_field`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaptureProblem("unsupported_encoding", "", f"byte {error.start} is not UTF-8") from error
    _require_limits(text, limits)
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_unique_names,
            parse_float=JsonNumber,
            parse_int=JsonNumber,
            parse_constant=_refuse_constant,
        )
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise CaptureProblem("malformed_document", "", reason) from error
    if "\\u" in text:
        _require_characters(value)
    return value


def canonical_json(value: object) -> bytes:
    """Write a value that `parse_json` returned: names sorted by code point, no white space, UTF-8."""
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts).encode("utf-8")


def _write(value: object, parts: list[str]) -> None:
    """Append the canonical text of one value; as deep as the parser let it be."""
    match value:
        case JsonNumber():
            parts.append(str(value))
        case str():
            parts.append(encode_basestring(value))
        case dict():
            parts.append("{")
            for index, name in enumerate(sorted(value)):
                parts.append(("," if index else "") + encode_basestring(name) + ":")
                _write(value[name], parts)
            parts.append("}")
        case list():
            parts.append("[")
            for index, one in enumerate(value):
                parts.append("," if index else "")
                _write(one, parts)
            parts.append("]")
        case _:
            parts.append(json.dumps(value))


def _require_limits(text: str, limits: Limits) -> None:
    """Count values and measure nesting before the parser recurses into it."""
    marks = _STRING.sub("", text)
    if marks.count(",") >= limits.max_values:
        raise CaptureProblem("document_too_large", "", f"the file has more than {limits.max_values} values")
    depth = 0
    for bracket in _NO_BRACKET.sub("", marks):
        depth += 1 if bracket in "[{" else -1
        if depth > limits.max_depth:
            reason = f"objects and arrays nest deeper than {limits.max_depth} levels"
            raise CaptureProblem("document_too_deep", "", reason)


def _require_characters(value: object) -> None:
    """Refuse half a surrogate pair written as an escape: it is no character, and no bytes can carry it."""
    if _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        reason = "an escape like \\ud800 stands alone and is no character"
        raise CaptureProblem("malformed_document", "", reason)


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, refusing a name that comes twice."""
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise CaptureProblem("repeated_field", twice[:40], f"{shown(twice)} stands twice in one object")
    return members


def _refuse_constant(name: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise CaptureProblem("malformed_document", "", f"{name} is not a JSON number")
