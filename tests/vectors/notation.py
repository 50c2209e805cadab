"""How the vectors write ledger values in JSON: byte strings as `0x…`, all else as JSON has it."""

import json
from pathlib import Path
from typing import Any

import msgpack

FOLDER = Path(__file__).parent

Value = int | bytes | str | list["Value"]


def to_json(value: Any) -> Any:
    """Write a value of integers, bytes, text and arrays as JSON."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, list | tuple):
        return [to_json(entry) for entry in value]
    return value


def from_json(value: Any) -> Any:
    """Read what `to_json` wrote."""
    if isinstance(value, str) and value.startswith("0x"):
        return bytes.fromhex(value[2:])
    if isinstance(value, list):
        return [from_json(entry) for entry in value]
    return value


def unpack(data: bytes) -> Any:
    """Return canonical bytes as nested lists, read by the other MessagePack library."""
    return msgpack.unpackb(data, raw=False, strict_map_key=True)


def load(name: str) -> Any:
    """Return the content of a file of vectors."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def text_of(content: Any) -> str:
    """Return the text of a file of vectors: the same for the same content, on every machine."""
    return json.dumps(content, indent=1, ensure_ascii=True) + "\n"
