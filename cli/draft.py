"""`packtrail draft`: what a seller's file left for us to confirm.

Drafts are this node's own business and not on the ledger; confirming one signs and submits its records.
"""

from typing import Annotated

import typer

from cli.connection import talks_to_node
from cli.http import COMMIT_TIMEOUT_S, NodeClient, raise_for, segment
from cli.local import NoInputOption, YesOption
from cli.options import OutputOption
from cli.output import Format, say, write_facts, write_rows
from cli.refusals import raise_refusal

app = typer.Typer(
    help="Drafts: records that a partner's file suggests, for you to confirm.", no_args_is_help=True
)

DraftArgument = Annotated[str, typer.Argument(metavar="ID", help="The draft's id.")]


@app.command("list")
@talks_to_node
def list_(client: NodeClient, *, output: OutputOption = Format.TABLE) -> None:
    """List the drafts that wait.

    Example: packtrail draft list --profile us-pharma/wholesaler
    """
    found = client.get("/v1/drafts")
    drafts = found["drafts"] if isinstance(found, dict) else found
    columns = list(dict.fromkeys(name for draft in drafts for name in draft if name != "records"))
    write_rows(output, drafts, columns, title="Drafts")


@app.command()
@talks_to_node
def show(client: NodeClient, *, draft: DraftArgument, output: OutputOption = Format.TABLE) -> None:
    """Show what a draft would record.

    Example: packtrail draft show 7
    """
    write_facts(output, client.get(f"/v1/drafts/{segment(draft)}"), "Draft")


@app.command()
@talks_to_node
def confirm(
    client: NodeClient,
    *,
    draft: DraftArgument,
    wait: Annotated[bool, typer.Option(help="Wait until it is on the ledger.")] = True,
    yes: YesOption = False,
    no_input: NoInputOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Sign and record what a draft says, as your own statement.

    Example: packtrail draft confirm 7 --yes
    """
    if not yes and not no_input:
        write_facts(Format.TABLE, client.get(f"/v1/drafts/{segment(draft)}"), "Draft")
        typer.confirm("Record this as your own statement?", abort=True, err=True)
    answer = client.request(
        "POST",
        f"/v1/drafts/{segment(draft)}:confirm",
        query={"wait": "commit" if wait else "none"},
        timeout_s=COMMIT_TIMEOUT_S,
    )
    raise_for(answer)
    found = answer.json()
    write_facts(output, found, "Receipt")
    raise_refusal(found)


@app.command()
@talks_to_node
def discard(client: NodeClient, *, draft: DraftArgument, yes: YesOption = False) -> None:
    """Throw a draft away; nothing was recorded and nothing is.

    Example: packtrail draft discard 7 --yes
    """
    if not yes:
        typer.confirm(f"Throw draft {draft} away?", abort=True, err=True)
    raise_for(client.request("DELETE", f"/v1/drafts/{segment(draft)}"))
    say(f"Draft {draft} is gone.")
