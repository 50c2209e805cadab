"""No number of a form is without bounds: beyond 64 bits it would have no place in the ledger's encoding."""

from collections.abc import Iterator

from msgspec import inspect

from node.api.record_forms import DocumentForm


def unbounded(kind: inspect.Type, path: str, seen: set[type]) -> Iterator[str]:  # noqa: C901 - one case for each kind of type
    match kind:
        case inspect.Metadata(type=inner):
            yield from unbounded(inner, path, seen)
        case inspect.IntType(ge=least, le=most):
            if least is None or most is None:
                yield path
        case inspect.StructType(cls=cls, fields=fields) if cls not in seen:
            seen.add(cls)
            for field in fields:
                yield from unbounded(field.type, f"{cls.__name__}.{field.name}", seen)
        case inspect.UnionType(types=types) | inspect.TupleType(item_types=types):
            for part in types:
                yield from unbounded(part, path, seen)
        case inspect.VarTupleType(item_type=part) | inspect.ListType(item_type=part):
            yield from unbounded(part, path, seen)


def test_every_number_has_bounds() -> None:
    assert list(unbounded(inspect.type_info(DocumentForm), "", set())) == []
