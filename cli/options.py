"""Options that many commands share."""

from typing import Annotated

import typer

from cli.output import Format

OutputOption = Annotated[
    Format,
    typer.Option(
        "--output",
        "-o",
        envvar="PACKTRAIL_OUTPUT",
        help="table for people; json or jsonl for programs, and nothing else on standard output.",
    ),
]
