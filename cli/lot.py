"""`packtrail lot`: what is known of a lot, and how it was kept."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from cli.connection import talks_to_node
from cli.http import NodeClient, segment
from cli.options import OutputOption
from cli.output import Format, say, write_facts, write_rows
from cli.product import GtinArgument

_COLUMNS: Final = (
    *("session", "standing", "in_breach_from", "logger", "on", "since", "until"),
    *("low", "high", "outside_s", "longest_gap_s"),
)


def _excursions(client: NodeClient, path: str) -> Iterator[dict[str, Any]]:
    """Yield a lot's excursions, page after page."""
    after: str | None = None
    while True:
        page = client.get(f"{path}/excursions", {"after": after, "limit": 500})
        yield from page["excursions"]
        after = page["next"]
        if after is None:
            return


@talks_to_node
def lot(
    client: NodeClient,
    *,
    gtin: GtinArgument,
    number: Annotated[str, typer.Argument(metavar="LOT", help="As printed.")],
    excursions: Annotated[
        bool, typer.Option("--excursions", help="List the cold-chain sessions in which it was in breach.")
    ] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Print a lot: expiry, maker, whether it is called back, how it was made; or its excursions.

    Example: packtrail lot 09521101003215 M1 --excursions
    """
    path = f"/v1/lots/{segment(gtin)}/{segment(number)}"
    if excursions:
        write_rows(output, list(_excursions(client, path)), _COLUMNS, "In breach, the newest session first")
        return
    found = client.get(path)
    if output is not Format.TABLE:
        write_facts(output, found)
        return
    facts = {name: value for name, value in found.items() if name not in {"commissions", "is_complete"}}
    write_facts(output, facts, "Lot")
    write_rows(output, found["commissions"], ("height", "count", "line", "document"), "Made")
    if not found["is_complete"]:
        say("packtrail: there are more; these are the oldest")
