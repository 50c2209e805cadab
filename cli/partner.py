"""`packtrail partner`: who takes part, with licence, roles and places."""

from typing import Annotated, Final

import typer

from cli.connection import talks_to_node
from cli.http import NodeClient, segment
from cli.options import OutputOption
from cli.output import Format, write_facts, write_rows

app = typer.Typer(help="Partners: who takes part.", no_args_is_help=True)

_COLUMNS: Final = ("gln", "name", "roles", "licence", "market", "company_prefixes")


@app.command("list")
@talks_to_node
def list_(
    client: NodeClient,
    *,
    role: Annotated[str, typer.Option(help="Only who has this role.")] = "",
    output: OutputOption = Format.TABLE,
) -> None:
    """List the partners.

    Example: packtrail partner list --role dispenser
    """
    found = client.get("/v1/partners")["partners"]
    rows = [one for one in found if not role or role in one["roles"]]
    write_rows(output, rows, _COLUMNS, "Partners")


@app.command()
@talks_to_node
def show(
    client: NodeClient,
    *,
    gln: Annotated[str, typer.Argument(metavar="GLN", help="Party GLN.")],
    output: OutputOption = Format.TABLE,
) -> None:
    """Show a partner: its licence, roles, places and keys.

    Example: packtrail partner show 9521102000008
    """
    found = client.get(f"/v1/partners/{segment(gln)}")
    if output is not Format.TABLE:
        write_facts(output, found)
        return
    lists = ("premises", "keys")
    write_facts(output, {name: value for name, value in found.items() if name not in lists}, "Partner")
    write_rows(output, found["premises"], ("gln", "name", "kind", "market", "address"), "Places")
    write_rows(output, found["keys"], ("public_key", "from_height", "until_height"), "Keys")
