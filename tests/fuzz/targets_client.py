"""Decoders of what clients send over HTTP: documents and other forms in JSON, cursors, tokens, numbers."""

from random import Random
from typing import Any, Final

import msgspec

from contracts.ledger.document import Document, encode_document
from node.api.answers import MAX_CURSOR_CHARACTERS, decode_cursor, encode_cursor
from node.api.bodies import LineCutter, LineTooLong
from node.api.endpoints import parse_number
from node.api.field_readers import FieldFault, decode_strictly
from node.api.operators import LevelForm
from node.api.problems import Problem
from node.api.promises import Secret
from node.api.record_forms import AnyRecordForm, DocumentForm
from node.api.records_json import read_document, write_record
from node.api.tokens import TokenFile
from tests.fuzz.scratch import fresh_folder
from tests.fuzz.shapes import Shapes
from tests.fuzz.target import LONG_BYTES, Target
from tests.fuzz.targets_ledger import stated
from tests.fuzz.texts import Texts
from tests.fuzz.words import FIELDS

_FORMS: Final = msgspec.json.Decoder(DocumentForm)
_LEVELS: Final = msgspec.json.Decoder(LevelForm)
_SECRET: Final = Secret(bytes(32))
_PLACE_BYTES: Final = 12
_LINE_BYTES: Final = 4_096


def _document(data: bytes) -> object:
    return encode_document(read_document(decode_strictly(_FORMS, data), _SECRET).document)


def _forms() -> list[bytes]:
    """Return documents in JSON with every kind of record, as clients write them."""
    shapes = Shapes(Random("packtrail fuzz forms"), named=FIELDS)
    made = [{"records": [form]} for _ in range(2) for form in shapes.all_of(AnyRecordForm)]
    return [msgspec.json.encode(each) for each in (*made, *_written())]


def _written() -> list[dict[str, Any]]:
    opened = [msgspec.msgpack.decode(data, type=Document) for data in stated()]
    return [{"records": [write_record(record) for record in document.records]} for document in opened]


def _cursor(data: bytes) -> object:
    return decode_cursor(data.decode("utf-8", "surrogateescape"), _PLACE_BYTES)


def _number(data: bytes) -> object:
    found = parse_number(data.decode("utf-8", "replace"))
    if found is None:
        raise ValueError("no number")
    return found


class _Tokens:
    """A node with one token, asked for any other."""

    def __init__(self) -> None:
        draw = Random("packtrail fuzz tokens").randbytes
        self._file = TokenFile(fresh_folder("tokens") / "tokens.json", draw)
        self.text, _entry = self._file.create("till", ["submit"], "2026-01-01T00:00:00Z")  # type: ignore[list-item]

    def check(self, data: bytes) -> object:
        grant = self._file.check(data.decode("utf-8", "surrogateescape"))
        if grant is None:
            raise PermissionError
        return grant


def _lines(data: bytes) -> object:
    """Cut a stream of lines that arrives in two pieces."""
    cutter = LineCutter(_LINE_BYTES)
    half = len(data) // 2
    return [*cutter.cut(data[:half]), *cutter.cut(data[half:]), *cutter.rest()]


def client_targets() -> list[Target]:
    """Return the decoders of the API."""
    tokens = _Tokens()
    forms = Texts(_forms())
    cursors = Texts([encode_cursor(bytes(range(_PLACE_BYTES))).encode(), b"AAAA", b""])
    return [
        Target("document in JSON", _document, (FieldFault,), forms, 180, max_bytes=LONG_BYTES),
        Target("log level", lambda data: decode_strictly(_LEVELS, data), (FieldFault,), _levels(), 20),
        Target("cursor", _cursor, (Problem,), cursors, 40, max_bytes=2 * MAX_CURSOR_CHARACTERS),
        Target("number", _number, (ValueError,), Texts([b"0", b"42", b"1" * 19]), 30, max_bytes=64),
        Target("token", tokens.check, (PermissionError,), Texts([tokens.text.encode()]), 30, max_bytes=512),
        Target("lines of a stream", _lines, (LineTooLong,), Texts([b'{"a":1}\n{"b":2}\n', b"\n\n x"]), 30),
    ]


def _levels() -> Texts:
    return Texts([b'{"level": "debug"}', b'{"level":"info"}'])
