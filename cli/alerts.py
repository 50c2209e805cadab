"""`packtrail alerts`: what a partner must do by when, and what it must look into."""

from typing import Annotated

import typer

from cli.connection import talks_to_node
from cli.http import NodeClient
from cli.options import OutputOption
from cli.output import Format, say, write_facts, write_rows


@talks_to_node
def alerts(
    client: NodeClient,
    *,
    partner: Annotated[
        str | None, typer.Option(metavar="GLN", help="Whose, when the token is for several.")
    ] = None,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="Go on behind a page.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="Most alerts.")] = 50,
    output: OutputOption = Format.TABLE,
) -> None:
    """Print running clocks (shipments to receive, recalls and suspicions to answer), then what happened.

    Example: packtrail alerts --profile demo/pharmacy
    """
    found = client.get("/v1/alerts", {"partner": partner, "after": after, "limit": limit})
    match output:
        case Format.JSON:
            write_facts(output, found)
        case Format.JSONL:
            write_rows(output, [*found["clocks"], *found["alerts"]], ())
        case Format.TABLE:
            clocks = ("due", "duty", "is_overdue", "about", "what_to_do")
            write_rows(output, found["clocks"], clocks, "Running clocks")
            rows = ("height", "time", "kind", "item_count", "subject", "partner", "sentence")
            write_rows(output, found["alerts"], rows, "What you were told of, newest first")
    if found["next"]:
        say(f"packtrail: there is more: --after {found['next']}")
