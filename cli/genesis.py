"""`packtrail genesis`: the document that every node of a network starts from.

One operator writes a description (TOML), makes a genesis from it, and adds the public record of every node.
All compare the hash that `genesis show` prints before they start.
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from cli.clock import format_ms, now_ms
from cli.failures import CommandError, Exit
from cli.local import load_genesis, load_record, read_bytes
from cli.options import OutputOption
from cli.output import Format, say, write_facts
from network.description import Description, add_node, build_genesis
from network.toml_bounds import check_toml

if TYPE_CHECKING:
    from contracts.chain.genesis import Genesis

app = typer.Typer(help="The document that every node of a network starts from.", no_args_is_help=True)

DEFAULT_FILE: Final = Path("genesis.json")
FileOption = Annotated[Path, typer.Option("--file", metavar="FILE", help="The genesis.")]


@app.command()
def new(
    *,
    description: Annotated[Path, typer.Argument(help="TOML (or JSON) with markets, partners, products …")],
    chain_id: Annotated[str, typer.Option(help="Name of the network: a-z, 0-9 and hyphen.")],
    file: FileOption = DEFAULT_FILE,
    test: Annotated[
        bool, typer.Option("--test", help="A test network: it may have a clock of its own.")
    ] = False,
    clock_start: Annotated[
        str | None, typer.Option(metavar="TIME", help="What a test network's clock shows now (RFC 3339).")
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a genesis from a description; it has no nodes yet.

    Example: packtrail genesis new network.toml --chain-id nordic-pharma --file genesis.json
    """
    from contracts.chain.genesis import InvalidGenesis

    if file.exists():
        raise CommandError(Exit.FAILED, f"{file} is there already", "A genesis is never overwritten.")
    now = now_ms()
    offset = _parse_time(clock_start) - now if clock_start else 0
    if offset and not test:
        raise CommandError(Exit.USAGE, "--clock-start is for test networks", "Add --test.")
    try:
        genesis = build_genesis(
            _read_description(description),
            chain_id,
            time_ms=now + offset,
            clock_offset_ms=offset,
            is_test=test,
        )
    except InvalidGenesis as error:
        raise CommandError(Exit.USAGE, f"{description}: {error}") from error
    _save(file, genesis)
    say(f"Next: packtrail genesis add NODE.json … --file {file}")
    _tell(file, genesis, output)


@app.command()
def add(
    *,
    records: Annotated[list[Path], typer.Argument(help="Public records, from packtrail keys export.")],
    file: FileOption = DEFAULT_FILE,
    power: Annotated[int, typer.Option(min=1, help="Voting power of the validators among them.")] = 1,
    output: OutputOption = Format.TABLE,
) -> None:
    """Add nodes, with the partner keys they hold.

    Example: packtrail genesis add maker.json wholesaler.json --file genesis.json
    """
    from contracts.chain.genesis import InvalidGenesis

    genesis = _load_draft(file)
    try:
        for path in records:
            genesis = add_node(genesis, load_record(path), power)
    except InvalidGenesis as error:
        raise CommandError(Exit.FAILED, str(error)) from error
    _save(file, genesis)
    _tell(file, genesis, output)


@app.command()
def show(
    *,
    file: Annotated[Path, typer.Argument(help="The genesis.")] = DEFAULT_FILE,
    output: OutputOption = Format.TABLE,
) -> None:
    """Check a genesis as a node does, and print what it says and its hash.

    Example: packtrail genesis show genesis.json
    """
    from contracts.chain.genesis import InvalidGenesis
    from contracts.ledger.genesis_state import genesis_writes

    genesis = load_genesis(file)
    try:
        genesis_writes(genesis)
    except InvalidGenesis as error:
        raise CommandError(Exit.FAILED, f"{file}: {error}") from error
    _tell(file, genesis, output)


def _parse_time(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(Exit.USAGE, f"--clock-start {text!r}: {error}") from error
    if moment.tzinfo is None:
        raise CommandError(Exit.USAGE, f"--clock-start {text!r}: the offset is missing", "End it with Z.")
    return round(moment.timestamp() * 1000)


def _read_description(path: Path) -> Description:
    data = read_bytes(path)
    try:
        if data.lstrip().startswith(b"{"):
            return msgspec.json.decode(data, type=Description)
        check_toml(data.decode("utf-8"))
        return msgspec.toml.decode(data, type=Description)
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(Exit.USAGE, f"{path}: {error}") from error


def _load_draft(path: Path) -> "Genesis":
    """Return a genesis that may still lack its nodes."""
    from contracts.chain.genesis import Genesis

    try:
        return msgspec.json.decode(read_bytes(path), type=Genesis)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(Exit.FAILED, f"{path} is no genesis: {error}") from error


def _save(path: Path, genesis: "Genesis") -> None:
    from contracts.chain.genesis import encode_genesis

    temporary = path.with_name(path.name + ".new")
    try:
        temporary.write_bytes(encode_genesis(genesis))
        temporary.replace(path)
    except OSError as error:
        raise CommandError(Exit.FAILED, f"{path} cannot be written: {error.strerror}") from error


def _tell(path: Path, genesis: "Genesis", output: Format) -> None:
    from contracts.chain.genesis import genesis_hash

    facts = {
        "file": str(path),
        "chain_id": genesis.chain_id,
        "kind": genesis.kind,
        "genesis_hash": genesis_hash(genesis).hex(),
        "time": format_ms(genesis.time_ms),
        "clock_offset_ms": genesis.clock_offset_ms,
        "markets": [f"{market.code} ({market.profile})" for market in genesis.markets],
        "partners": len(genesis.partners),
        "premises": len(genesis.premises),
        "products": len(genesis.products),
        "nodes": [f"{node.name} ({node.role})" for node in genesis.nodes],
    }
    write_facts(output, facts, "Genesis")
