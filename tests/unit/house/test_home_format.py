"""The layout of a home is pinned: whoever changes what is on the disk raises `FORMAT` (docs/persistence.md).

    python -m tests.unit.house.test_home_format        prints the layout, to compare two checkouts

It holds every table of the state, every struct that becomes bytes, field by field, every constant of
which keys and files are made, and the versions of headers and of the tags that things are hashed under. What
it cannot see is how a key is put together: that is for `tests/vectors`, and for the tests of each index.
"""

import hashlib
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator
from enum import IntEnum
from types import ModuleType
from typing import Any

import msgspec
import pytest

import contracts
import node.epcis
import node.identity
import node.storage
from contracts.chain import header
from contracts.primitives.hashing import Domain
from contracts.state.layout import TABLES
from node.storage.head import FORMAT

LAYOUTS = {
    2: "58a2e7d42feb206ee081bf4e8fc84a2c576acee95e24dbc4b39a38cf906f01f6",
    3: "d215203859355dc1b0560c0f2332a4e7e63f9178a44672746214e4f872f6431b",
}
"""SHA-256 of the layout by format, the last one as it is now."""

PACKAGES = (contracts, node.storage, node.identity, node.epcis)


def layout() -> str:
    """Return what homes consist of, a line for each fact, sorted."""
    modules = [found for package in PACKAGES for found in _modules(package)]
    facts = {f"table {table.prefix.hex()} {_row_of(table)}" for table in TABLES}
    for module in modules:
        facts.update(_constants(module))
        facts.update(_versions(module))
        facts.update(_structs(module))
    return "\n".join(sorted(facts)) + "\n"


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def _row_of(table: Any) -> str:
    return str(getattr(table.row, "__name__", "row"))


def _constants(module: ModuleType) -> Iterator[str]:
    """Yield constants of bytes: what keys begin with. Those of the law are in its tables and vectors."""
    if module.__name__.startswith("contracts."):
        return
    for name, value in vars(module).items():
        if isinstance(value, bytes) and name.isupper() and f"\n{name}" in inspect.getsource(module):
            yield f"constant {module.__name__}.{name} {value.hex()}"


def _versions(module: ModuleType) -> Iterator[str]:
    """Yield what is hashed under which tag, and the version of what is hashed."""
    for name, value in vars(module).items():
        if isinstance(value, Domain) and f"\n{name} = Domain(" in inspect.getsource(module):
            yield f"domain {value.tag[1:].decode()}"
    if module is header:
        yield f"version of headers {header.HEADER_VERSION}"


def _structs(module: ModuleType) -> Iterator[str]:
    """Yield structs that become bytes by position, and the words that their numbers stand for."""
    for value in vars(module).values():
        if not inspect.isclass(value) or value.__module__ != module.__name__:
            continue
        if issubclass(value, IntEnum):
            yield f"enum {_name(value)} " + " ".join(f"{one.name}={one.value}" for one in value)
        elif issubclass(value, msgspec.Struct) and value.__struct_config__.array_like:
            tag = value.__struct_config__.tag
            fields = ", ".join(f"{one.name}: {_type(one.type)}" for one in msgspec.structs.fields(value))
            yield f"struct {_name(value)} {tag} ({fields})"


def _type(kind: Any) -> str:
    """Return a type as text that does not depend on the version of Python."""
    arguments = typing.get_args(kind)
    if arguments and typing.get_origin(kind) is not tuple:
        return " | ".join(sorted(map(_type, arguments)))
    if arguments:
        return f"tuple[{', '.join(map(_type, arguments))}]"
    return "..." if kind is Ellipsis else _name(kind)


def _name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))


def test_the_layout_is_the_one_of_its_format() -> None:
    digest = hashlib.sha256(layout().encode()).hexdigest()
    assert LAYOUTS.get(FORMAT) == digest, (
        "What is on the disk changed. Would a home that was written before be misread, or miss rows? Then"
        f" raise FORMAT in node/storage/head.py, add LAYOUTS[{FORMAT + 1}] here and a line to"
        " docs/persistence.md."
        f" If all that is there means what it meant, let LAYOUTS[{FORMAT}] be the new digest: {digest}"
    )


def test_formats_only_rise() -> None:
    assert max(LAYOUTS) == FORMAT
    assert len(set(LAYOUTS.values())) == len(LAYOUTS)


@pytest.mark.parametrize(
    "fact",
    ["table 30 ItemRow", "struct Head None (height: int, block_id: bytes", "domain packtrail/receipt/2"],
)
def test_the_layout_tells_what_it_should(fact: str) -> None:
    assert any(line.startswith(fact) for line in layout().splitlines())


if __name__ == "__main__":
    print(layout(), end="")
