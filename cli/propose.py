"""`packtrail propose` and `packtrail vote`: partners that run validators change the network (rule 22)."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from cli.connection import talks_to_node
from cli.failures import CommandError, Exit
from cli.http import NodeClient, raise_for, segment
from cli.local import read_bytes
from cli.options import OutputOption
from cli.output import Format, say, write_facts, write_rows
from cli.refusals import raise_refusal

_PIPE: Final = Path("-")
_BLOCKS_TO_ACT: Final = 2
"""Voting ends so many heights before the changes act."""

_COLUMNS: Final = (
    *("proposal", "standing", "acts_at", "votes_until", "power", "changes", "convicted", "reason"),
)

PartnerOption = Annotated[
    str | None, typer.Option(metavar="GLN", help="Who signs, when the node holds several.")
]


@talks_to_node
def propose(
    client: NodeClient,
    *,
    file: Annotated[
        Path | None,
        typer.Argument(help="JSON: a change or a list of them; - reads a pipe; left out, list proposals."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for those who vote.")] = "",
    acts_in: Annotated[
        int, typer.Option(metavar="BLOCKS", min=3, help="The changes act so many blocks from now.")
    ] = 100,
    partner: PartnerOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Propose changes of the network, or list what is proposed.

    Example: packtrail propose --reason "licence withdrawn" --acts-in 50 suspend.json
    """
    if file is None:
        _list(client, output)
        return
    if not reason:
        raise CommandError(Exit.USAGE, "a proposal says why", "Give --reason, for others to judge.")
    status = client.get("/v1/status")
    acts_at = int(status["height"]) + acts_in
    record = {
        "record": "propose_changes",
        "at": status["time"],
        "changes": _changes(file),
        "acts_at": acts_at,
        "until_height": acts_at - _BLOCKS_TO_ACT,
        "reason": reason,
    }
    _submit(client, record, partner, output)
    say(f"packtrail: it acts at height {acts_at} if decided before; packtrail propose lists its id")


@talks_to_node
def vote(
    client: NodeClient,
    *,
    proposal: Annotated[str, typer.Argument(help="Proposal id.")],
    reject: Annotated[bool, typer.Option("--reject", help="Vote against it.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back a proposal of one's own.")] = False,
    partner: PartnerOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Approve of a proposal, reject it, or withdraw one of one's own.

    Example: packtrail vote 4f1c0b2e9a7d4c1fb8e6a5d3c2b1a090
    """
    if reject and withdraw:
        raise CommandError(Exit.USAGE, "a proposal is rejected or withdrawn, not both")
    client.get(f"/v1/proposals/{segment(proposal)}")
    now = client.get("/v1/status")["time"]
    record: dict[str, Any] = {"record": "withdraw_changes", "at": now, "proposal": proposal}
    if not withdraw:
        choice = "reject" if reject else "approve"
        record = {**record, "record": "vote_on_changes", "choice": choice}
    _submit(client, record, partner, output)


def _changes(file: Path) -> list[Any]:
    data = sys.stdin.buffer.read() if file == _PIPE else read_bytes(file)
    try:
        value = msgspec.json.decode(data)
    except msgspec.MsgspecError as error:
        raise CommandError(Exit.USAGE, f"{file}: {error}") from error
    listed: list[Any] = value if isinstance(value, list) else [value]
    if listed and all(isinstance(change, dict) and "change" in change for change in listed):
        return listed
    raise CommandError(
        Exit.USAGE,
        f"{file}: neither a change nor a list of changes",
        'A change looks like {"change": "set_licence", "partner": "0614141000005", "licence": "suspended"}.',
    )


def _submit(client: NodeClient, record: dict[str, Any], partner: str | None, output: Format) -> None:
    document: dict[str, Any] = {"records": [record]}
    if partner:
        document["partner"] = partner
    answer = client.post_json("/v1/documents", document, query={"wait": "commit"})
    raise_for(answer)
    found = answer.json()
    write_facts(output, found, "Receipt")
    raise_refusal(found)


def _list(client: NodeClient, output: Format) -> None:
    found = client.get("/v1/proposals")
    rows = [
        {
            "proposal": one["proposal"],
            "standing": one["standing"],
            "acts_at": one["acts_at"],
            "votes_until": one["until_height"],
            "power": f"{one['approving_power']}/{one['total_power']}",
            "changes": ", ".join(change["change"] for change in one["changes"]),
            "convicted": ", ".join(f"{node['node']} {node['convictions']}x" for node in one["convicted"]),
            "reason": one["reason"],
        }
        for one in found["proposals"]
    ]
    write_rows(output, rows, _COLUMNS, title="Proposals")
