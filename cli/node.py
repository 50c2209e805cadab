"""`packtrail node`: running a node on this machine."""

import http.client
import os
import signal
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from cli.failures import CommandError, Exit
from cli.home_lock import locked, process_of, stopped_home
from cli.listening import taken_addresses
from cli.local import (
    DEFAULT_HOME,
    LocalHomeOption,
    YesOption,
    disk_errors,
    load_settings,
    open_home,
    write_private,
)
from cli.options import OutputOption
from cli.output import Format, say, write_facts
from network.testnet.probe import get_json
from network.testnet.process import identify, is_running, send, wait_until_ended

app = typer.Typer(help="Run a node on this machine.", no_args_is_help=True)

DEFAULT_KEEP_DAYS: Final = 2_192
"""Six years: for so long the law wants records kept, and journeys are asked for."""
DEFAULT_KEEP_HEIGHTS: Final = 1_000
"""For peers that were away for a while."""
MIN_KEEP_HEIGHTS: Final = 16
"""What a peer asks for at once."""
_STOP_TIMEOUT_S: Final = 30
_REPAIR_PATIENCE_S: Final = 60


@app.command()
def start(home: LocalHomeOption = DEFAULT_HOME) -> None:
    """Run the node in the foreground until it is told to stop (Ctrl-C, SIGTERM, `node stop`).

    Example: packtrail node start --home maker
    """
    from contracts.chain.genesis import InvalidGenesis
    from node.assembly import run_node
    from node.joining import join_first
    from node.setting import NotThisNode

    place = open_home(home)
    settings = load_settings(place)
    if not place.resolve(settings.node.genesis).is_file():
        genesis = place.resolve(settings.node.genesis)
        raise CommandError(
            Exit.NOT_FOUND, f"there is no genesis at {genesis}", "Copy the network's genesis there."
        )
    with locked(place):
        # Before it joins: a node may fetch a snapshot for minutes until it listens for clients.
        taken = taken_addresses(settings)
        if taken:
            raise CommandError(
                Exit.FAILED,
                f"the node cannot listen: {'; '.join(taken)}",
                f"End what listens there, or set other addresses in {place.config}.",
            )
        with disk_errors():
            own = identify(os.getpid())
            write_private(place.process_id, msgspec.json.encode(own) + b"\n")
            try:
                ended = join_first(place)
                code = run_node(place.root) if ended is None else ended
            except (NotThisNode, InvalidGenesis) as error:
                raise CommandError(Exit.USAGE, str(error)) from error
            finally:
                place.process_id.unlink(missing_ok=True)
    raise typer.Exit(code)


@app.command()
def repair(
    home: LocalHomeOption = DEFAULT_HOME,
    *,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Execute the whole chain once more to find damage.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Fetch the chain anew even when nothing is found.")
    ] = False,
    give_up_outbox: Annotated[
        bool,
        typer.Option("--give-up-outbox", help="Go on without own bundles that are in no block and damaged."),
    ] = False,
    give_up_signer: Annotated[
        bool,
        typer.Option(
            "--give-up-signer",
            help="Begin an empty record of what was signed, where it is lost; listen before voting.",
        ),
    ] = False,
    archive: Annotated[
        Path | None,
        typer.Option("--archive", metavar="FOLDER", help="Old blocks that peers may no longer have."),
    ] = None,
    patience: Annotated[
        int, typer.Option(min=1, max=86_400, help="Seconds without a new block before giving up.")
    ] = _REPAIR_PATIENCE_S,
    output: OutputOption = Format.TABLE,
) -> None:
    """Find what is damaged in a stopped node's home, and fetch the chain anew from its peers.

    What was damaged is kept in data/damaged-N. A whole signer's record is never touched: this validator signs
    no step twice, and votes only above what it has signed. Without it nothing is done, unless
    --give-up-signer lets the validator listen first; with damaged keys nothing is done.

    Example: packtrail node repair --home maker
    """
    from cli.repairing import Wish, repair_home

    wish = Wish(thorough, rebuild, give_up_outbox, give_up_signer, patience, archive)
    with stopped_home(home) as place:
        repair_home(place, wish, output)


@app.command()
def archive(
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="The archive; made when missing.")],
    home: LocalHomeOption = DEFAULT_HOME,
    *,
    keep_days: Annotated[
        int, typer.Option(min=0, help="Days of block time whose contents stay in the database.")
    ] = DEFAULT_KEEP_DAYS,
    keep_heights: Annotated[
        int, typer.Option(min=MIN_KEEP_HEIGHTS, help="Newest blocks whose contents stay, at least.")
    ] = DEFAULT_KEEP_HEIGHTS,
    keep_contents: Annotated[
        bool, typer.Option("--keep-contents", help="Remove nothing: only write the archive.")
    ] = False,
    despite_recalls: Annotated[
        bool, typer.Option("--despite-recalls", help="Archive also what books of open recalls need.")
    ] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Move the contents of old blocks from a stopped node's database into an archive.

    Headers, commits, receipts, indices and state stay. A question that needs an archived document is answered
    with `archived` (410); `packtrail archive restore` brings it back. Nothing is removed before it was
    written durably, read back and verified. A run that was interrupted goes on with the next one.

    Example: packtrail node archive --home maker --to /mnt/archive --keep-days 2192
    """
    from cli.archiving import Retention, archive_home

    retention = Retention(keep_days, keep_heights, keep_contents, despite_recalls)
    meanwhile = "The network goes on with one validator away: archive on one at a time, and start it again."
    with stopped_home(home, meanwhile) as place:
        archive_home(place, to, retention, output)


@app.command()
def reindex(
    home: LocalHomeOption = DEFAULT_HOME,
    *,
    archive: Annotated[
        Path | None,
        typer.Option("--archive", metavar="FOLDER", help="Contents of old blocks that were archived."),
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Build a stopped node's database anew from its own blocks: state and all indices; no peer is asked.

    Every block is checked and executed again. It may be interrupted: until the end the home is as it was, and
    the next run goes on. The old database is kept in data/damaged-N. Where contents of old blocks were
    archived, --archive gives them, and the new database has them again.

    Example: packtrail node reindex --home maker
    """
    from cli.repairing import reindex_home

    with stopped_home(home) as place:
        reindex_home(place, archive, output)


@app.command()
def trust(*, home: LocalHomeOption = DEFAULT_HOME, yes: YesOption = False) -> None:
    """Say that this validator's home is the newest there is, after moving it or restoring the whole network.

    A home that was copied listens before it votes, or its key might sign a step twice. Never say this of a
    copy while the key has signed elsewhere since: the others would convict it.

    Example: packtrail node trust --home maker
    """
    from node.home import SIGNER_FILE
    from node.identity.standing import Standing
    from node.storage.files import DiskFiles

    with stopped_home(home) as place:
        if not (place.data / SIGNER_FILE).exists():
            raise CommandError(
                Exit.NOT_FOUND, f"{place.data} holds no signer's record", "Only validators have one."
            )
        if not yes:
            typer.confirm(
                "Has this key signed nothing, anywhere, since this copy was made?", abort=True, err=True
            )
        with disk_errors():
            Standing(DiskFiles(place.data)).allow(0)


@app.command()
def settle(
    block_id: Annotated[str, typer.Argument(help="Id of the block that stands, hex.")],
    home: LocalHomeOption = DEFAULT_HOME,
    *,
    yes: YesOption = False,
) -> None:
    """Say which of two blocks stands after the ledger forked, when all operators have agreed on it.

    A stopped node that has this block goes on with it; one that has the other fetches the chain anew. Who
    lied can lie again: agree first on how the network goes on without them.

    Example: packtrail node settle 3f0c…77 --home maker
    """
    from cli.settling import settle_home

    with stopped_home(home) as place:
        settle_home(place, block_id.lower(), yes=yes)


@app.command()
def stop(
    home: LocalHomeOption = DEFAULT_HOME,
    timeout: Annotated[
        int, typer.Option(min=1, max=600, help="Seconds to wait for its end.")
    ] = _STOP_TIMEOUT_S,
) -> None:
    """Tell the node to stop, and wait until it has.

    Example: packtrail node stop --home maker
    """
    place = open_home(home)
    process = process_of(place)
    if process is None or not send(process, signal.SIGTERM):
        raise CommandError(Exit.NOT_FOUND, f"no node runs in {place.root}")
    if not wait_until_ended(process, timeout):
        raise CommandError(Exit.UNREACHABLE, f"process {process.pid} still runs after {timeout} s")
    say(f"The node in {place.root} has stopped.")


@app.command()
def status(home: LocalHomeOption = DEFAULT_HOME, output: OutputOption = Format.TABLE) -> None:
    """Tell whether the node runs and is ready, by its process and its operators' port.

    Example: packtrail node status --home maker
    """
    place = open_home(home)
    settings = load_settings(place)
    process = process_of(place)
    running = process is not None and is_running(process)
    live = get_json(settings.api.operators_listen, "/livez").status == http.client.OK
    ready = get_json(settings.api.operators_listen, "/readyz?verbose")
    facts: dict[str, Any] = {
        "name": settings.node.name,
        "home": str(place.root),
        "running": running,
        "pid": process.pid if running and process is not None else None,
        "api": settings.api.listen,
        "operators": settings.api.operators_listen,
        "live": live,
        "ready": ready.status == http.client.OK,
        "checks": ready.body,
    }
    write_facts(output, facts)
    if not live:
        raise typer.Exit(Exit.UNREACHABLE)
    if not facts["ready"]:
        raise typer.Exit(Exit.UNHEALTHY)
