"""`packtrail evidence`: validators that signed two values for one step, and what became of it."""

from typing import Annotated, Any, Final

import typer

from cli.connection import talks_to_node
from cli.failures import Exit
from cli.http import NodeClient
from cli.options import OutputOption
from cli.output import Format, say, write_rows

_CONVICTED: Final = ("validator", "partner", "votes", "count", "latest", "recorded_at", "public_key")
_KEPT: Final = ("validator", "height", "round", "type", "found", "recorded_at")


@talks_to_node
def evidence(
    client: NodeClient,
    *,
    kept: Annotated[
        bool, typer.Option("--kept", help="What this node keeps itself, also what no block carries yet.")
    ] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the validators that the ledger convicted. Exit code 6 when one of them votes.

    Example: packtrail evidence --kept
    """
    if kept:
        write_rows(output, client.get("/v1/evidence")["evidence"], _KEPT, "Evidence kept here")
        return
    found = client.get("/v1/convictions")["convictions"]
    shown = [_row(one) for one in found] if output is Format.TABLE else found
    write_rows(output, shown, _CONVICTED, "Convicted validators")
    voting = sorted(one["validator"] for one in found if one["votes"])
    if voting:
        say(f"packtrail: {', '.join(voting)} voted twice and may still vote")
        say("  Find out why before anything else; docs/evidence.md says what governance can do.")
        raise typer.Exit(Exit.UNHEALTHY)


def _row(one: dict[str, Any]) -> dict[str, Any]:
    """Return a conviction in one line: its latest offence stands for all."""
    latest = one["offences"][-1]
    said = f"{latest['type']}s at {latest['height']}/{latest['round']}"
    return {**one, "latest": said, "recorded_at": latest["recorded_at"]}
