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
_RIVALS: Final = ("block_id", "round", "here", "signers")


@talks_to_node
def evidence(
    client: NodeClient,
    *,
    kept: Annotated[
        bool, typer.Option("--kept", help="What this node keeps itself, also what no block carries yet.")
    ] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the validators that the ledger convicted. Exit code 6 when one votes, or of a fork.

    Example: packtrail evidence --kept
    """
    if kept:
        held = client.get("/v1/evidence")
        write_rows(output, held["evidence"], _KEPT, "Evidence kept here")
        if held.get("fork") is not None:
            _tell_fork(held["fork"], output)
        return
    found = client.get("/v1/convictions")["convictions"]
    shown = [_row(one) for one in found] if output is Format.TABLE else found
    write_rows(output, shown, _CONVICTED, "Convicted validators")
    voting = sorted(one["validator"] for one in found if one["votes"])
    if voting:
        say(f"packtrail: {', '.join(voting)} voted twice and may still vote")
        say("  Find out why before anything else; docs/evidence.md says what governance can do.")
        raise typer.Exit(Exit.UNHEALTHY)


def _tell_fork(fork: dict[str, Any], output: Format) -> None:
    """Say that the ledger forked, and who has to answer for it."""
    if output is Format.TABLE:
        rivals = [{**one, "signers": ", ".join(one["signers"])} for one in fork["blocks"]]
        write_rows(output, rivals, _RIVALS, f"Blocks decided at height {fork['height']}")
    say(f"packtrail: the ledger forked at height {fork['height']}; this node learned of it {fork['found']}")
    say(f"  Signed two values for one step: {', '.join(fork['convicted']) or 'nobody'}.")
    say(f"  Broke their lock, as far as is known here: {', '.join(fork['suspected']) or 'nobody'}.")
    say("  docs/evidence.md, Forks, says what to do; the proof is in the answer of GET /v1/evidence.")
    raise typer.Exit(Exit.UNHEALTHY)


def _row(one: dict[str, Any]) -> dict[str, Any]:
    """Return a conviction in one line: its latest offence stands for all."""
    latest = one["offences"][-1]
    said = f"{latest['type']}s at {latest['height']}/{latest['round']}"
    return {**one, "latest": said, "recorded_at": latest["recorded_at"]}
