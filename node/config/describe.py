"""What each configuration key expects, said to people: for problems, `config show` and the reference."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import inspect

from node.config.schema import Config

ENVIRONMENT_PREFIX: Final = "PACKTRAIL_"
ENVIRONMENT_SEPARATOR: Final = "__"


class FieldDescription(msgspec.Struct, frozen=True):
    """One configuration key."""

    section: str
    """Its table."""
    name: str
    """Its name in the table."""
    type: Any
    """Its annotated type."""
    default: object
    """What holds when nobody sets it."""
    expected: str
    """What it takes, in words."""
    description: str
    """What it is for."""

    @property
    def key(self) -> str:
        """Its dotted name."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"{ENVIRONMENT_PREFIX}{self.section}{ENVIRONMENT_SEPARATOR}{self.name}".upper()


def sections() -> dict[str, type[msgspec.Struct]]:
    """Return the sections in order, by name."""
    return {field.name: field.type for field in msgspec.structs.fields(Config)}


def fields() -> Iterator[FieldDescription]:
    """Yield every key, in the order of the sections."""
    for section, kind in sections().items():
        for field in msgspec.structs.fields(kind):
            annotated = inspect.type_info(field.type)
            yield FieldDescription(
                section,
                field.name,
                field.type,
                field.default,
                expected_of(annotated),
                _description(annotated),
            )


def _description(annotated: inspect.Type) -> str:
    if isinstance(annotated, inspect.Metadata) and annotated.extra_json_schema is not None:
        return str(annotated.extra_json_schema.get("description", ""))
    return ""


def expected_of(kind: inspect.Type) -> str:
    """Say what a type takes, such as `an integer from 1 to 32`."""
    if isinstance(kind, inspect.Metadata):
        phrase = (kind.extra or {}).get("expected")
        return str(phrase) if phrase else expected_of(kind.type)
    match kind:
        case inspect.IntType(ge=least, le=most):
            return f"an integer from {least} to {most}"
        case inspect.BoolType():
            return "true or false"
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case inspect.VarTupleType(item_type=inspect.StructType(fields=parts)):
            return "a list of tables with " + ", ".join(part.name for part in parts)
        case inspect.VarTupleType(item_type=item):
            return f"a list; each entry: {expected_of(item)}"
        case inspect.StructType(fields=parts):
            return "a table with " + ", ".join(part.name for part in parts)
        case _:
            return "text"


def type_at(kind: inspect.Type, path: str) -> inspect.Type:
    """Return the type below `kind` at a path such as `[0].address`; `kind` itself where it leads nowhere."""
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if not path:
        return kind
    if path.startswith("[") and isinstance(kind, inspect.VarTupleType):
        return _outer(kind.item_type, path.partition("]")[2])
    if path.startswith(".") and isinstance(kind, inspect.StructType):
        name, rest = _head(path[1:])
        for part in kind.fields:
            if part.name == name:
                return _outer(part.type, rest)
    return kind


def _outer(kind: inspect.Type, path: str) -> inspect.Type:
    return kind if not path else type_at(kind, path)


def _head(path: str) -> tuple[str, str]:
    ends = [at for at in (path.find("."), path.find("[")) if at >= 0]
    end = min(ends, default=len(path))
    return path[:end], path[end:]
