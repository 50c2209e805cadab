"""Options of `packtrail recall`: which goods, on what terms, and what was found."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from cli.failures import CommandError, Exit
from cli.local import read_bytes

_GOODS: Final = "Which goods (all that is stated must hold)"
_TERMS: Final = "On what terms"
_FOUND: Final = "What was found, in packs"


class Kind(StrEnum):
    """What goods are called back for."""

    RECALL = "recall"
    WITHDRAWAL = "withdrawal"


class Origin(StrEnum):
    """On whose initiative."""

    VOLUNTARY = "voluntary"
    ORDERED = "ordered"


class Danger(StrEnum):
    """How dangerous it is to use the goods."""

    UNCLASSIFIED = "unclassified"
    CLASS_I = "class_i"
    CLASS_II = "class_ii"
    CLASS_III = "class_iii"


class Depth(StrEnum):
    """Down to whom goods are called back."""

    CONSUMER = "consumer"
    RETAIL = "retail"
    WHOLESALE = "wholesale"


class Reason(StrEnum):
    """Why."""

    QUALITY_DEFECT = "quality_defect"
    CONTAMINATION = "contamination"
    LABELLING = "labelling"
    PACKAGING = "packaging"
    STABILITY = "stability"
    ADVERSE_EVENTS = "adverse_events"
    FALSIFIED = "falsified"
    COLD_CHAIN = "cold_chain"
    LICENCE = "licence"
    OTHER = "other"


@dataclass(frozen=True)
class ScopeOptions:
    """Which goods are called back."""

    gtin: Annotated[str, typer.Option(help="Product, GTIN-14.", rich_help_panel=_GOODS)] = ""
    lot: Annotated[
        list[str] | None, typer.Option(help="Lot; repeat for several.", rich_help_panel=_GOODS)
    ] = None
    line: Annotated[str, typer.Option(help="Production line.", rich_help_panel=_GOODS)] = ""
    made_from: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="Made from then on, like 2026-11-19T06:00+01:00; widened to the hour.",
            rich_help_panel=_GOODS,
        ),
    ] = ""
    made_until: Annotated[
        str, typer.Option(metavar="TIME", help="Made before then.", rich_help_panel=_GOODS)
    ] = ""
    site: Annotated[
        str, typer.Option(metavar="GLN", help="Premises where they were made.", rich_help_panel=_GOODS)
    ] = ""
    market: Annotated[str, typer.Option(help="Market they are made for.", rich_help_panel=_GOODS)] = ""
    family: Annotated[
        bool, typer.Option("--family", help="Also what packs of the GTIN contain.", rich_help_panel=_GOODS)
    ] = False
    item: Annotated[
        list[str] | None,
        typer.Option(help="This pack or case, and no others; repeat.", rich_help_panel=_GOODS),
    ] = None
    first_serial: Annotated[
        str, typer.Option(help="First of a range of serials: digits.", rich_help_panel=_GOODS)
    ] = ""
    last_serial: Annotated[
        str, typer.Option(help="Last of it, with as many digits.", rich_help_panel=_GOODS)
    ] = ""
    session: Annotated[
        int,
        typer.Option(
            min=0,
            help="What was too warm, too cold or unwatched in this cold-chain session; trace shows numbers.",
            rich_help_panel=_GOODS,
        ),
    ] = 0
    scope: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON list of alternatives, fields as above; added to what the options say.",
            rich_help_panel=_GOODS,
        ),
    ] = None

    def alternatives(self) -> list[dict[str, Any]]:
        """Return the alternatives of the scope, as the API reads them.

        Raises:
            CommandError: Nothing is stated, or the file is no such list.
        """
        common: dict[str, Any] = {
            "gtin": self.gtin,
            "line": self.line,
            "made_from": self.made_from,
            "made_until": self.made_until,
            "site": self.site,
            "market": self.market,
            "first_serial": self.first_serial,
            "last_serial": self.last_serial,
            "family": self.family,
            "session": self.session,
            "items": self.item or [],
        }
        stated = {name: value for name, value in common.items() if value}
        found = [{**stated, "lot": lot} for lot in self.lot or ()] or ([stated] if stated else [])
        if self.scope is not None:
            found += _alternatives_in(self.scope)
        if not found:
            raise CommandError(
                Exit.USAGE,
                "nothing says which goods are called back",
                "Name a product with --gtin, and --lot, or --line, --made-from and --made-until; "
                "or --item, or --session.",
            )
        return found


def _alternatives_in(path: Path) -> list[dict[str, Any]]:
    try:
        return msgspec.json.decode(read_bytes(path), type=list[dict[str, Any]])
    except msgspec.MsgspecError as error:
        raise CommandError(
            Exit.USAGE,
            f"{path} is no list of alternatives: {error}",
            'It looks like [{"gtin": "09521101003215", "lot": "L1"}].',
        ) from error


@dataclass(frozen=True)
class TermsOptions:
    """On what terms goods are called back."""

    reason: Annotated[Reason, typer.Option(help="Why.", rich_help_panel=_TERMS)]
    depth: Annotated[Depth, typer.Option(help="Down to whom.", rich_help_panel=_TERMS)] = Depth.CONSUMER
    kind: Annotated[Kind, typer.Option(help="Recall or withdrawal.", rich_help_panel=_TERMS)] = Kind.RECALL
    origin: Annotated[
        Origin | None,
        typer.Option(
            help="On whose initiative; by default ordered for a regulator, else voluntary.",
            rich_help_panel=_TERMS,
        ),
    ] = None
    danger: Annotated[Danger, typer.Option("--class", help="May be set later.", rich_help_panel=_TERMS)] = (
        Danger.UNCLASSIFIED
    )
    respond_by: Annotated[
        str,
        typer.Option(
            metavar="TIME",
            help="By when partners must answer; the profile's default when left out.",
            rich_help_panel=_TERMS,
        ),
    ] = ""
    evaluation: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Health hazard evaluation: its hash goes on the ledger, never the file.",
            rich_help_panel=_TERMS,
        ),
    ] = None
    contact: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Whom to ask: likewise its hash.", rich_help_panel=_TERMS),
    ] = None

    def fields(self) -> dict[str, Any]:
        """Return the terms as the API reads them, without the origin."""
        return {
            "kind": self.kind.value,
            "recall_class": self.danger.value,
            "depth": self.depth.value,
            "reason": self.reason.value,
            "respond_by": self.respond_by,
            "evaluation": hash_of(self.evaluation),
            "contact": hash_of(self.contact),
        }


@dataclass(frozen=True)
class FoundOptions:
    """What a partner found of recalled goods."""

    set_aside: Annotated[
        int, typer.Option(min=0, help="In your hands, kept apart.", rich_help_panel=_FOUND)
    ] = 0
    returned: Annotated[int, typer.Option(min=0, help="Sent back.", rich_help_panel=_FOUND)] = 0
    destroyed: Annotated[int, typer.Option(min=0, help="Destroyed.", rich_help_panel=_FOUND)] = 0
    dispensed: Annotated[
        int, typer.Option(min=0, help="Supplied before the notice came.", rich_help_panel=_FOUND)
    ] = 0
    missing: Annotated[
        int,
        typer.Option(
            min=0, help="The ledger says you have them, and you do not find them.", rich_help_panel=_FOUND
        ),
    ] = 0


def hash_of(path: Path | None) -> str:
    """Return the SHA-256 of a file in hex; empty for none.

    Raises:
        CommandError: It cannot be read.
    """
    import hashlib

    return "" if path is None else hashlib.sha256(read_bytes(path)).hexdigest()
