"""Values of any msgspec type, made from the type alone: so every kind of record is among the samples."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from msgspec import inspect

from tests.fuzz.words import TEXTS

_EDGES = (0, 1, 2, 3, 7, 127, 128, 255, 256, 65_535, 1 << 31, (1 << 53) - 1)
_SIZES = (0, 1, 4, 5, 6, 7, 8, 16, 32, 32, 32, 64)


class Shapes:
    """Makes values that a decoder of a type would return."""

    def __init__(
        self, random: Random, texts: tuple[str, ...] = TEXTS, named: Mapping[str, Sequence[Any]] | None = None
    ) -> None:
        """Draw from `random`; strings are taken from `texts`, fields with a name in `named` from there."""
        self._random = random
        self._texts = texts
        self._named = named or {}

    def make(self, kind: Any) -> Any:
        """Return a value of `kind`, a type or what `msgspec.inspect` says of one."""
        return self._of(kind if isinstance(kind, inspect.Type) else inspect.type_info(kind))

    def all_of(self, union: Any) -> list[Any]:
        """Return a value of each kind in a union of structs."""
        found = inspect.type_info(union)
        kinds = found.types if isinstance(found, inspect.UnionType) else (found,)
        return [self._of(kind) for kind in kinds]

    def _of(self, kind: inspect.Type) -> Any:  # noqa: C901 - one case for each kind of type
        random = self._random
        match kind:
            case inspect.StructType(cls=cls, fields=fields):
                return cls(**{field.name: self._field(field) for field in fields})
            case inspect.Metadata(type=inner):
                return self._of(inner)
            case inspect.UnionType(types=types):
                return self._of(random.choice(types))
            case inspect.EnumType(cls=cls):
                return random.choice(list(cls))
            case inspect.LiteralType(values=values):
                return random.choice(values)
            case inspect.TupleType(item_types=parts):
                return tuple(self._of(part) for part in parts)
            case inspect.VarTupleType(item_type=part) | inspect.ListType(item_type=part):
                least, most = kind.min_length or 0, min(kind.max_length or 3, 3)
                return tuple(self._of(part) for _ in range(random.randint(least, max(least, most))))
            case inspect.IntType(ge=least, le=most):
                low, high = least if least is not None else 0, most if most is not None else 1 << 62
                allowed = [edge for edge in (*_EDGES, low, high) if low <= edge <= high]
                return random.choice(allowed)
            case inspect.BytesType():
                return random.randbytes(self._size(kind.min_length, kind.max_length))
            case inspect.StrType():
                text = random.choice(self._texts)
                text = text if kind.max_length is None else text[: kind.max_length]
                return text.ljust(kind.min_length or 0, "x")
            case inspect.BoolType():
                return random.random() < 0.5
            case inspect.FloatType():
                return random.choice((0.0, 1.5, -20.25))
            case inspect.NoneType():
                return None
            case inspect.DictType():
                return {}
            case _:
                raise TypeError(f"no values are made of {kind}")

    def _field(self, field: inspect.Field) -> Any:
        known = self._named.get(field.name)
        kind = field.type
        if known is None:
            return self._of(kind)
        if isinstance(kind, inspect.VarTupleType | inspect.ListType):
            return tuple(self._random.choice(known) for _ in range(2)) if known else ()
        return self._random.choice(known)

    def _size(self, least: int | None, most: int | None) -> int:
        low, high = least or 0, most if most is not None else 64
        return self._random.choice([size for size in (*_SIZES, low) if low <= size <= high])
