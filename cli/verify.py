"""`packtrail verify`: believing nobody. Both commands need genesis and no network."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from cli.clock import format_ms
from cli.failures import CommandError, Exit
from cli.local import (
    DEFAULT_HOME,
    LocalHomeOption,
    disk_errors,
    load_genesis,
    load_settings,
    open_home,
    read_bytes,
)
from cli.options import OutputOption
from cli.output import Format, say, write_facts
from cli.repairing import open_archive

app = typer.Typer(help="Check a ledger, or a proof, against genesis alone.", no_args_is_help=True)


@app.command()
def chain(
    *,
    home: LocalHomeOption = DEFAULT_HOME,
    archive: Annotated[
        Path | None,
        typer.Option("--archive", metavar="FOLDER", help="Contents of old blocks that were archived."),
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Check every table file, signature, commit, hash and receipt of a stopped node, from genesis on.

    All blocks are executed again, and every stored row is compared. On a node that began with a snapshot,
    that and what speaks for it takes the place of the blocks before it. Where contents of old blocks were
    archived, --archive gives them; without it nothing is executed: headers, commits, roots, receipts and the
    contents that are here are checked. Exit code 1 at the first fault, which is named by its height or file.

    Example: packtrail verify chain --home build/testnet/demo/homes/regulator
    """
    from node.archive.manifest import WrongArchive
    from node.host.chain_fault import ChainFault
    from node.host.verify_chain import verify_home
    from node.host.verify_headers import VerifiedHeaders

    place = open_home(home)
    genesis = load_genesis(place.resolve(load_settings(place).node.genesis))
    with disk_errors():
        try:
            found = verify_home(place, genesis, _progress(), open_archive(archive))
        except WrongArchive as error:
            advice = "packtrail archive verify FOLDER names every damaged file."
            raise CommandError(Exit.FAILED, str(error), advice) from error
        except ChainFault as fault:
            facts: dict[str, Any] = {
                "valid": False,
                "height": fault.height,
                "where": fault.where,
                "fault": fault.reason,
            }
            if output is not Format.TABLE:
                write_facts(output, facts)
            raise CommandError(
                Exit.FAILED, str(fault), "The node can fetch the chain anew from its peers."
            ) from fault
    if found.first > 1:
        say(
            f"This node began with the snapshot of height {found.first - 1}: checked are that snapshot, the"
            " headers that tie it to genesis, who vouches for it, and every block after it."
        )
    if isinstance(found, VerifiedHeaders):
        say(
            f"Contents of blocks up to height {found.archived} are in an archive, so nothing was executed."
            " Not checked are those contents, the state and the indices: --archive FOLDER checks them too."
        )
    write_facts(output, {"valid": True, **msgspec.to_builtins(found, builtin_types=(bytes,)), **_hex(found)})


def _hex(found: Any) -> dict[str, str]:  # noqa: ANN401 - any struct
    """Return a struct's byte strings as hex."""
    names = found.__struct_fields__
    return {name: getattr(found, name).hex() for name in names if isinstance(getattr(found, name), bytes)}


def _progress() -> Any:  # noqa: ANN401 - a function of the height
    """Return what tells people every thousand blocks where the check is."""
    every = 1_000

    def tell(height: int) -> None:
        if height % every == 0:
            say(f"height {height} …")

    return tell


@app.command()
def proof(
    *,
    file: Annotated[Path, typer.Argument(help="The proof: bytes, or the JSON with them in base64.")],
    genesis: Annotated[
        Path,
        typer.Option("--genesis", metavar="FILE", envvar="PACKTRAIL_GENESIS", help="The network's genesis."),
    ] = Path("genesis.json"),
    output: OutputOption = Format.TABLE,
) -> None:
    """Check, offline, that a record is in block h and that block h + 1 certifies its verdict.

    Example: packtrail verify proof dispense.proof --genesis genesis.json
    """
    from cli.light import ACCEPTED, Trust, Unproven, verify_proof
    from contracts.ledger.document import document_decoder

    document = load_genesis(genesis)
    data = proof_bytes(read_bytes(file))
    try:
        proven = verify_proof(Trust.from_genesis(read_bytes(genesis)), data)
    except Unproven as error:
        raise CommandError(Exit.FAILED, f"{file} proves nothing: {error}") from error
    said = document_decoder(len(proven.data)).decode(proven.data)
    facts = {
        "valid": True,
        "chain_id": proven.block.chain_id,
        "height": proven.block.height,
        "time": format_ms(proven.block.time_ms),
        "block_id": proven.block.id.hex(),
        "document": proven.document_id.hex(),
        "partner": _partner_of(document, proven.lane),
        "key": proven.lane.hex(),
        "records": [type(record).__name__ for record in said.records],
        "accepted": proven.receipt.code == ACCEPTED,
        "code": proven.receipt.code,
    }
    write_facts(output, facts, "Proven")


def proof_bytes(data: bytes) -> bytes:
    """Return a proof's bytes from either of the forms in which nodes give it.

    Raises:
        CommandError: JSON without a proof.
    """
    if not data.lstrip().startswith(b"{"):
        return data
    try:
        return msgspec.json.decode(data, type=_ProofFile).proof
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(Exit.USAGE, f"the file holds no proof: {error}") from error


class _ProofFile(msgspec.Struct, frozen=True):
    """A proof in JSON."""

    proof: bytes
    """Base64."""


def _partner_of(genesis: Any, lane: bytes) -> str:  # noqa: ANN401 - a Genesis
    """Return whose key this is, as far as genesis says: a proof carries keys, and no register of partners."""
    for partner in genesis.partners:
        if any(key.public_key == lane for key in partner.keys):
            return f"{partner.name} ({partner.gln}), as named in genesis"
    return "not named in genesis: whose key it is, the ledger says (governance added it)"
