"""`packtrail trace`: where a pack has been."""

from typing import Annotated, Any

import typer

from cli.connection import talks_to_node
from cli.http import NodeClient, segment
from cli.options import OutputOption
from cli.output import Format, say, show, write_facts, write_json, write_json_line, write_rows

COLUMNS = ("height", "time", "what", "who", "where", "inside")


@talks_to_node
def trace(
    client: NodeClient,
    *,
    item: Annotated[
        str, typer.Argument(help='"(01)GTIN(21)SERIAL", "(00)SSCC", an EPC URN or a Digital Link.')
    ],
    output: OutputOption = Format.TABLE,
) -> None:
    """Print a pack's present state and its journey: who, what, where, when.

    Example: packtrail trace "(01)09521101003215(21)A1" --profile demo/regulator
    """
    state = client.get(f"/v1/items/{segment(item)}")
    journey = client.get(f"/v1/items/{segment(item)}/journey")
    match output:
        case Format.JSON:
            write_json({"item": state, "journey": journey})
        case Format.JSONL:
            for step in journey["steps"]:
                write_json_line(step)
        case Format.TABLE:
            write_facts(output, {name: value for name, value in state.items() if value not in (None, "", [])})
            write_rows(output, [row_of(step) for step in journey["steps"]], COLUMNS, "Journey")
            if journey.get("is_restricted"):
                say("packtrail: it has left your partner; what followed is told to those who have it now")


def row_of(step: dict[str, Any]) -> dict[str, Any]:
    """Return a step of a journey as people read it."""
    details = step.get("details") or {}
    what = str(step.get("kind", ""))
    return {
        "height": step.get("height"),
        "time": step.get("time"),
        "what": f"{what} ({show(details)})" if details else what,
        "who": _who(step),
        "where": named(step.get("place")),
        "inside": step.get("via"),
    }


def _who(step: dict[str, Any]) -> str:
    """Return whose statement a step is, and who signed it for that partner."""
    partner, agent = named(step.get("partner")), named(step.get("agent"))
    return f"{partner}, by {agent}" if agent else partner


def named(party: dict[str, Any] | None) -> str:
    """Return a partner or place as people call it."""
    return str(party.get("name") or party.get("gln")) if party else ""
