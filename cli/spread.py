"""Options that belong together: a command takes them as one value, a person types them one by one."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Annotated, Any, Final, ParamSpec

import typer

P = ParamSpec("P")

_KIND: Final = inspect.Parameter.KEYWORD_ONLY


def spread(command: Callable[P, None]) -> Callable[P, None]:
    """Give a command, in place of each parameter that is a dataclass, its fields as options of their own.

    Args:
        command: Its dataclasses' fields are annotated as typer's options and have defaults or are required.
    """
    signature = inspect.signature(command)
    groups = {name: entry.annotation for name, entry in signature.parameters.items() if _is_group(entry)}

    def with_options(*arguments: P.args, **options: P.kwargs) -> None:
        given: dict[str, Any] = dict(options)
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        command(*arguments, **given)

    own = [entry for entry in signature.parameters.values() if entry.name not in groups]
    added = [_parameter(field) for group in groups.values() for field in fields(group)]
    # typer reads both: the signature for names and defaults, the annotations for types.
    together = [*own, *added]
    with_options.__dict__["__signature__"] = inspect.Signature(together)
    with_options.__annotations__ = {entry.name: entry.annotation for entry in together}
    with_options.__doc__ = command.__doc__
    with_options.__name__ = command.__name__
    return with_options


def _is_group(entry: inspect.Parameter) -> bool:
    return isinstance(entry.annotation, type) and is_dataclass(entry.annotation)


def _parameter(field: "Field[Any]") -> inspect.Parameter:
    default = inspect.Parameter.empty if field.default is MISSING else field.default
    return inspect.Parameter(field.name, _KIND, default=default, annotation=field.type)


_SIGNING: Final = "Who signs"


@dataclass(frozen=True)
class Signing:
    """Who states a record, and where."""

    partner: Annotated[
        str,
        typer.Option(metavar="GLN", help="When the node signs for several.", rich_help_panel=_SIGNING),
    ] = ""
    premises: Annotated[
        str,
        typer.Option(metavar="GLN", help="Premises where it is done.", rich_help_panel=_SIGNING),
    ] = ""
    at: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="When it was done, like 2026-11-21T03:10+01:00; now when left out.",
            rich_help_panel=_SIGNING,
        ),
    ] = ""
    idempotency_key: Annotated[
        str,
        typer.Option(
            metavar="KEY",
            help="Sent again with the same key and --at, it is recorded once.",
            rich_help_panel=_SIGNING,
        ),
    ] = ""
