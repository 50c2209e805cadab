"""`packtrail token`: who may do what over a node's HTTP interface."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from cli.clock import format_ms, now_ms
from cli.failures import CommandError, Exit
from cli.local import DEFAULT_HOME, LocalHomeOption, YesOption, disk_errors, open_home, write_private
from cli.options import OutputOption
from cli.output import Format, say, write_facts, write_rows
from node.api.tokens import NoSuchToken, Role, TokenFile

if TYPE_CHECKING:
    from node.api.tokens import TokenEntry

app = typer.Typer(help="API tokens: who may do what over HTTP.", no_args_is_help=True)


@app.command()
def new(
    *,
    role: Annotated[list[Role], typer.Option(help="What it allows; repeat.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    partner: Annotated[str, typer.Option(metavar="GLN", help="The only partner it may act for.")] = "",
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="Write the token there (mode 0600), not to the screen."),
    ] = None,
    home: LocalHomeOption = DEFAULT_HOME,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a token; it is shown once and kept nowhere. A running node knows it at once.

    Example: packtrail token new --home maker --role submit --role read_own --name "packing line 2"
    """
    place = open_home(home)
    with disk_errors():
        token, entry = TokenFile(place.tokens).create(name, role, format_ms(now_ms()), partner)
        if file is not None:
            write_private(file, token.encode("ascii") + b"\n")
    shown = {"file": str(file)} if file is not None else {"token": token}
    write_facts(output, {**_facts(entry), **shown}, "A new token")
    if file is None:
        say("Keep it now: it is not shown again.")


@app.command("list")
def list_(
    *,
    revoked: Annotated[bool, typer.Option(help="Show revoked ones too.")] = False,
    home: LocalHomeOption = DEFAULT_HOME,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the tokens, never their texts.

    Example: packtrail token list --home maker
    """
    place = open_home(home)
    with disk_errors():
        entries = TokenFile(place.tokens).list()
    rows = [_facts(entry) for entry in entries if revoked or not entry.revoked]
    write_rows(output, rows, ("id", "name", "roles", "partner", "created", "revoked"))


@app.command()
def revoke(
    *,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Its id, or how that begins.")],
    home: LocalHomeOption = DEFAULT_HOME,
    yes: YesOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a token invalid, for ever and at once.

    Example: packtrail token revoke --home maker 3f0a --yes
    """
    place = open_home(home)
    if not yes:
        typer.confirm(f"Revoke token {identifier}?", abort=True, err=True)
    with disk_errors():
        try:
            entry = TokenFile(place.tokens).revoke(identifier, format_ms(now_ms()))
        except NoSuchToken as error:
            raise CommandError(Exit.NOT_FOUND, str(error), "packtrail token list shows them.") from error
    write_facts(output, _facts(entry), "Revoked")


def _facts(entry: "TokenEntry") -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.to_builtins(entry)
    del facts["digest"]
    return facts
