"""`packtrail status`: where a node's ledger stands."""

from typing import Any

import typer

from cli.connection import talks_to_node
from cli.failures import Exit
from cli.http import NodeClient
from cli.options import OutputOption
from cli.output import Format, write_facts, write_rows


@talks_to_node
def status(client: NodeClient, *, output: OutputOption = Format.TABLE) -> None:
    """Print the node's height, app hash, peers and pool. Exit code 6 when it is not ready.

    Example: packtrail status --profile demo/maker
    """
    found = client.get("/v1/status")
    if output is Format.TABLE:
        write_facts(output, _flat(found), client.url)
        columns = ("name", "role", "height", "round_trip_ms", "waiting_bytes")
        write_rows(output, found.get("peers", []), columns, "Peers")
        if found.get("unreached"):
            write_rows(output, found["unreached"], ("name", "reason"), "Not reached")
    else:
        write_facts(output, found)
    if not found.get("ready"):
        raise typer.Exit(Exit.UNHEALTHY)


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    """Return the answer without its lists, nested objects joined to their names."""
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            flat.update({f"{name} {part}": entry for part, entry in value.items()})
        elif not isinstance(value, list):
            flat[name] = value
    return flat
