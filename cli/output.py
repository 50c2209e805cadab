"""What a command prints: tables for people, JSON for programs, and messages on standard error.

With `--output json` standard output holds one JSON value and nothing else; with `jsonl` one object a line.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

_EMPTY: Final = "-"
_PIPE_COLUMNS: Final = 200


class Format(StrEnum):
    """Form of the answer on standard output."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


def say(message: str) -> None:
    """Tell people something that is no part of the answer (standard error)."""
    sys.stderr.write(message + "\n")
    sys.stderr.flush()


def write_line(text: str) -> None:
    """Write one line of the answer as it is."""
    sys.stdout.write(text + "\n")


def write_json(value: object) -> None:
    """Write one JSON value, indented."""
    write_line(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def write_json_line(value: object) -> None:
    """Write one JSON value on one line, at once: what follows may be long in coming."""
    write_line(msgspec.json.encode(value).decode())
    sys.stdout.flush()


def write_facts(form: Format, facts: Mapping[str, Any], title: str = "") -> None:
    """Write one object: as a table of names and values, or as JSON."""
    match form:
        case Format.JSON:
            write_json(facts)
        case Format.JSONL:
            write_json_line(facts)
        case Format.TABLE:
            _write_table(
                ("", ""), [(name, show(value)) for name, value in facts.items()], title, headed=False
            )


def write_rows(
    form: Format, rows: Sequence[Mapping[str, Any]], columns: Sequence[str], title: str = ""
) -> None:
    """Write a list of objects: as a table of some columns, or as JSON with everything.

    Args:
        form: Table, JSON or JSON lines.
        rows: The objects.
        columns: Names shown in the table, in order.
        title: Above the table.
    """
    match form:
        case Format.JSON:
            write_json(rows)
        case Format.JSONL:
            for row in rows:
                write_json_line(row)
        case Format.TABLE:
            heads = [column.replace("_", " ") for column in columns]
            cells = [tuple(show(row.get(column)) for column in columns) for row in rows]
            _write_table(heads, cells, title, headed=True)


def show(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return a value as it stands in a cell."""
    if value is None or value in ("", [], {}, ()):
        return _EMPTY
    match value:
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list() | tuple():
            return ", ".join(show(entry) for entry in value)
        case dict():
            return ", ".join(f"{name} {show(entry)}" for name, entry in value.items())
        case _:
            return str(value)


def _write_table(heads: Sequence[str], rows: Iterable[Sequence[str]], title: str, *, headed: bool) -> None:
    # rich is slow to import, and most scripts never need it.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", show_header=headed, box=box.SIMPLE_HEAD)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        # Text, because names and serials may hold what rich would take for markup.
        table.add_row(*map(Text, row))
    # Where nobody sees it (a pipe, a log), a table is as wide as it needs to be.
    width = None if sys.stdout.isatty() else _PIPE_COLUMNS
    Console(file=sys.stdout, width=width).print(table)
