"""`packtrail lot`: what is known of a lot."""

from typing import Annotated

import typer

from cli.connection import talks_to_node
from cli.http import NodeClient, segment
from cli.options import OutputOption
from cli.output import Format, say, write_facts, write_rows
from cli.product import GtinArgument


@talks_to_node
def lot(
    client: NodeClient,
    *,
    gtin: GtinArgument,
    number: Annotated[str, typer.Argument(metavar="LOT", help="As printed.")],
    output: OutputOption = Format.TABLE,
) -> None:
    """Print a lot: expiry, maker, whether it is called back, and how it was made.

    Example: packtrail lot 09521101003215 M1
    """
    found = client.get(f"/v1/lots/{segment(gtin)}/{segment(number)}")
    if output is not Format.TABLE:
        write_facts(output, found)
        return
    facts = {name: value for name, value in found.items() if name not in {"commissions", "is_complete"}}
    write_facts(output, facts, "Lot")
    write_rows(output, found["commissions"], ("height", "count", "line", "document"), "Made")
    if not found["is_complete"]:
        say("packtrail: there are more; these are the oldest")
