"""`packtrail product`: what is registered, and who holds it (rule 24)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from cli.connection import talks_to_node
from cli.http import NodeClient, segment
from cli.options import OutputOption
from cli.output import Format, write_facts, write_json, write_json_line, write_rows
from cli.spread import Signing, spread
from cli.stated import after, receipt, state

app = typer.Typer(help="Products: what is registered, and who may make it.", no_args_is_help=True)

GtinArgument = Annotated[str, typer.Argument(metavar="GTIN", help="GTIN-14.")]
_COLUMNS: Final = ("gtin", "name", "strength", "form", "holder", "markets", "serialisation")
_FACTS: Final = "What it is"


class Serialised(StrEnum):
    """How packs are told apart."""

    SERIAL = "serial"
    LOT = "lot"
    NONE = "none"


@dataclass(frozen=True)
class ProductOptions:
    """What is stated of a product."""

    name: Annotated[str, typer.Option(help="Name for people.", rich_help_panel=_FACTS)]
    market: Annotated[
        list[str],
        typer.Option(help="Market it is made for; repeat, the first decides expiry.", rich_help_panel=_FACTS),
    ]
    strength: Annotated[str, typer.Option(help="Such as 10 mg.", rich_help_panel=_FACTS)] = ""
    form: Annotated[str, typer.Option(help="Pharmaceutical form.", rich_help_panel=_FACTS)] = ""
    serialisation: Annotated[
        Serialised, typer.Option(help="How its packs are told apart.", rich_help_panel=_FACTS)
    ] = Serialised.SERIAL
    units: Annotated[int, typer.Option(min=1, help="Smallest units in one pack.", rich_help_panel=_FACTS)] = 1
    contains: Annotated[
        str, typer.Option(metavar="GTIN", help="For a case: what is inside.", rich_help_panel=_FACTS)
    ] = ""
    count: Annotated[int, typer.Option(min=0, help="For a case: how many of it.", rich_help_panel=_FACTS)] = 0
    national_number: Annotated[
        list[str] | None, typer.Option(help="NDC or the like; repeat.", rich_help_panel=_FACTS)
    ] = None
    storage: Annotated[
        str, typer.Option(help="Storage condition as the label says it.", rich_help_panel=_FACTS)
    ] = ""
    logger: Annotated[
        bool, typer.Option("--logger", help="It never travels without a logger.", rich_help_panel=_FACTS)
    ] = False
    leaflet: Annotated[str, typer.Option(metavar="URL", help="Leaflet.", rich_help_panel=_FACTS)] = ""

    def fields(self) -> dict[str, Any]:
        """Return the facts as the API reads them."""
        return {
            "name": self.name,
            "strength": self.strength,
            "form": self.form,
            "markets": self.market,
            "serialisation": self.serialisation.value,
            "units_per_pack": self.units,
            "contains_gtin": self.contains,
            "contains_count": self.count,
            "national_numbers": self.national_number or [],
            "storage": self.storage,
            "logger_required": self.logger,
            "leaflet": self.leaflet,
        }


@app.command("list")
@talks_to_node
def list_(
    client: NodeClient,
    *,
    holder: Annotated[str | None, typer.Option(metavar="GLN", help="Only of this marketing holder.")] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the products that are registered.

    Example: packtrail product list --profile demo/regulator
    """
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get("/v1/products", {"holder": holder, "limit": 500, "after": cursor})
        rows += page["products"]
        cursor = page["next"]
        if cursor is None:
            break
    if output is Format.TABLE:
        rows = [{**row, "holder": row["holder"]["name"]} for row in rows]
    write_rows(output, rows, _COLUMNS, "Products")


@app.command()
@talks_to_node
def show(client: NodeClient, *, gtin: GtinArgument, output: OutputOption = Format.TABLE) -> None:
    """Show a product: its facts, its delegates, its trade lanes, how it is kept.

    Example: packtrail product show 09521101003215
    """
    found = client.get(f"/v1/products/{segment(gtin)}")
    match output:
        case Format.JSON:
            write_json(found)
        case Format.JSONL:
            write_json_line(found)
        case Format.TABLE:
            write_facts(output, {name: value for name, value in found.items() if name != "lanes"}, "Product")
            write_lanes(output, found["lanes"])


@app.command()
@talks_to_node
@spread
def describe(
    client: NodeClient,
    *,
    gtin: GtinArgument,
    product: ProductOptions,
    signing: Signing,
    output: OutputOption = Format.TABLE,
) -> None:
    """Register a product, or state anew what it is; all that is not stated is empty then.

    Example: packtrail product describe 09521101003215 --name "Meadol" --strength "10 mg" --market NL
    """
    fields = {"gtin": gtin, **product.fields()}
    receipt(output, state(client, signing, "describe_product", fields), "Product stated")
    after(f"packtrail product show {gtin}")


@app.command()
@talks_to_node
@spread
def offer(
    client: NodeClient,
    *,
    gtin: GtinArgument,
    to: Annotated[
        str, typer.Option(metavar="GLN", help="Who may take it; left out, the offer is taken back.")
    ] = "",
    signing: Signing,
    output: OutputOption = Format.TABLE,
) -> None:
    """Offer a product to another marketing holder, or take the offer back.

    Example: packtrail product offer 09521101003215 --to 9521102000008
    """
    found = state(client, signing, "offer_product", {"gtin": gtin, "partner": to})
    receipt(output, found, "Product offered" if to else "Offer taken back")
    if to:
        after(f"The other party: packtrail product take {gtin}")


@app.command()
@talks_to_node
@spread
def take(
    client: NodeClient, *, gtin: GtinArgument, signing: Signing, output: OutputOption = Format.TABLE
) -> None:
    """Become the marketing holder of a product that was offered to you.

    Example: packtrail product take 09521101003215
    """
    receipt(output, state(client, signing, "take_product", {"gtin": gtin}), "Product taken")


def write_lanes(output: Format, lanes: list[dict[str, Any]]) -> None:
    """Print the trade lanes of a product."""
    if output is Format.TABLE:
        lanes = [{**lane, "receivers": [one["name"] for one in lane["receivers"]]} for lane in lanes]
    write_rows(output, lanes, ("lot", "receivers", "roles", "markets", "step"), "Trade lanes")
