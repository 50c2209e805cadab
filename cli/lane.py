"""`packtrail lane`: to whom a product, or one lot of it, is to be sold (rule 21)."""

from dataclasses import dataclass
from typing import Annotated

import typer

from cli.connection import talks_to_node
from cli.http import NodeClient, segment
from cli.options import OutputOption
from cli.output import Format
from cli.product import GtinArgument, write_lanes
from cli.spread import Signing, spread
from cli.stated import receipt, state

app = typer.Typer(help="Trade lanes: to whom a product is to be sold.", no_args_is_help=True)

LotOption = Annotated[str, typer.Option(help="Only this lot; its lane counts instead of the product's.")]


@dataclass(frozen=True)
class LaneOptions:
    """To whom."""

    to: Annotated[list[str] | None, typer.Option(metavar="GLN", help="May receive it; repeat.")] = None
    role: Annotated[list[str] | None, typer.Option(help="Any other has such a role; repeat.")] = None
    market: Annotated[list[str] | None, typer.Option(help="Any other gets it there; repeat.")] = None
    block: Annotated[
        bool, typer.Option("--block", help="Refuse sales elsewhere, where the profile allows it.")
    ] = False


@app.command("set")
@talks_to_node
@spread
def set_(
    client: NodeClient,
    *,
    gtin: GtinArgument,
    lot: LotOption = "",
    terms: LaneOptions,
    signing: Signing,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say to whom a product is to be sold; sales elsewhere are flagged, or refused.

    Example: packtrail lane set 09521101003215 --to 9521102000008 --role dispenser --market NL
    """
    fields = {
        "gtin": gtin,
        "lot": lot,
        "receivers": terms.to,
        "roles": terms.role,
        "markets": terms.market,
        "step": "block" if terms.block else "flag",
    }
    found = state(client, signing, "set_trade_lane", fields)
    receipt(output, found, "Trade lane set")


@app.command()
@talks_to_node
@spread
def clear(
    client: NodeClient,
    *,
    gtin: GtinArgument,
    lot: LotOption = "",
    signing: Signing,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let a product, or a lot, be sold to anybody again.

    Example: packtrail lane clear 09521101003215
    """
    fields = {"gtin": gtin, "lot": lot, "step": "cleared"}
    receipt(output, state(client, signing, "set_trade_lane", fields), "Trade lane cleared")


@app.command("list")
@talks_to_node
def list_(client: NodeClient, *, gtin: GtinArgument, output: OutputOption = Format.TABLE) -> None:
    """List the trade lanes of a product.

    Example: packtrail lane list 09521101003215
    """
    write_lanes(output, client.get(f"/v1/products/{segment(gtin)}")["lanes"])
