"""Reads and writes `expected.tsv`: what must become of every event of every public file, reviewed by hand."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from tests.corpus.outcomes import SAME, Row

TABLE: Final = Path(__file__).parent / "expected.tsv"
HEADER: Final = ("file", "node", "event", "fresh", "with_goods", "note")
REVIEW: Final = "REVIEW"
"""The note of a row that nobody has looked at yet."""
RECORDS: Final = "records "
"""How the outcome of an event begins that yields records."""

_VARIABLE: Final = "PACKTRAIL_PUBLIC_DATA"
_DEFAULT: Final = Path(__file__).parents[3] / "shared" / "data"


class Expected(NamedTuple):
    """A row of the table."""

    row: Row
    """What becomes of an event, or of a file that cannot be taken."""
    note: str
    """Why it must be so."""


def data_folder() -> Path:
    """Return where the public files are, whether or not they are there."""
    return Path(os.environ.get(_VARIABLE) or _DEFAULT)


def read_table() -> list[Expected]:
    """Return all rows, in order."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    if not lines or tuple(lines[0].split("\t")) != HEADER:
        raise ValueError(f"{TABLE.name}: the first line must be {HEADER}")
    return [Expected(Row(*cells[:-1]), cells[-1]) for cells in (line.split("\t") for line in lines[1:])]


def write_table(rows: Iterable[Row]) -> None:
    """Write the table anew; a row whose outcome is what it was keeps its note, any other must be reviewed."""
    notes = {entry.row: entry.note for entry in (read_table() if TABLE.exists() else [])}
    lines = ["\t".join(HEADER)]
    lines += ("\t".join((*row, notes.get(row, REVIEW))) for row in rows)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def yields_records(row: Row) -> bool:
    """Tell whether an event yields records when the goods that it speaks of are there."""
    outcome = row.fresh if row.with_goods == SAME else row.with_goods
    return outcome.startswith(RECORDS)
