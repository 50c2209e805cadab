"""`packtrail shipment`: what is on its way to a partner and from it."""

from typing import Annotated, Any, Final

import typer

from cli.connection import talks_to_node
from cli.http import NodeClient, segment
from cli.options import OutputOption
from cli.output import Format, write_facts, write_rows
from cli.trace import COLUMNS, row_of

app = typer.Typer(help="Shipments: what is on its way.", no_args_is_help=True)

_LIST: Final = (
    *("shipment", "sender", "receiver", "purpose", "deadline", "is_overdue", "standing", "outstanding"),
)


@app.command("list")
@talks_to_node
def list_(
    client: NodeClient,
    *,
    partner: Annotated[
        str | None, typer.Option(metavar="GLN", help="Whose, when the token is for several.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what has arrived or is back.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most shipments.")] = 100,
    output: OutputOption = Format.TABLE,
) -> None:
    """List a partner's shipments, newest first.

    Example: packtrail shipment list --profile demo/wholesaler --all
    """
    rows: list[dict[str, Any]] = []
    cursor = None
    shown = "all" if everything else "outstanding"
    while len(rows) < limit:
        query = {"partner": partner, "state": shown, "limit": min(500, limit - len(rows)), "after": cursor}
        page = client.get("/v1/shipments", query)
        rows += page["shipments"]
        cursor = page["next"]
        if cursor is None:
            break
    write_rows(output, rows, _LIST, "Shipments")


@app.command()
@talks_to_node
def show(
    client: NodeClient,
    *,
    shipment: Annotated[str, typer.Argument(metavar="ID", help="Shipment id.")],
    output: OutputOption = Format.TABLE,
) -> None:
    """Show a shipment: what is in it and what happened to it.

    Example: packtrail shipment show 5f0c1e6a7b8d9c0a1b2c3d4e5f607182
    """
    found = client.get(f"/v1/shipments/{segment(shipment)}")
    if output is not Format.TABLE:
        write_facts(output, found)
        return
    write_facts(output, {name: value for name, value in found.items() if name != "history"}, "Shipment")
    write_rows(output, [row_of(step) for step in found["history"]], COLUMNS, "What happened")
