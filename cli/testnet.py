"""`packtrail testnet`: a whole network on this machine, for trying things out and for tests."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from cli.connection import testnet_root
from cli.failures import CommandError, Exit
from cli.options import OutputOption
from cli.output import Format, say, write_line, write_rows
from network.testnet import manifest as manifests
from network.testnet.homes import NetworkExists, prepare
from network.testnet.layout import Folder, NetworkFile, NoSuchNetwork, find_node
from network.testnet.manifest import Action, InvalidManifest, read_manifest
from network.testnet.perturb import NodeNotRunning, NoRelays, perturb, perturb_all
from network.testnet.program import CommandFailed, Program, last_lines
from network.testnet.runner import NodeNotReady, remove, standing, start_all, stop_all, wait_ready

app = typer.Typer(help="A network of nodes on this machine.", no_args_is_help=True)

PROGRAM: Final = Program((sys.executable, "-m", "cli.main"))
"""This very program, as an operator would start it."""
SHIPPED: Final = Path(manifests.__file__).parent / "manifests"
"""Manifests that come with Packtrail."""
DEFAULT_NETWORK: Final = "demo"
_READY_S: Final = 60
_SHORT_HASH: Final = 16

NameArgument = Annotated[str, typer.Argument(metavar="NETWORK", help="The network's name.")]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FOLDER",
        envvar="PACKTRAIL_TESTNETS",
        help="Where networks are kept; build/testnet.",
    ),
]


@app.command()
def up(
    *,
    name: NameArgument = DEFAULT_NETWORK,
    manifest: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A manifest (TOML), instead of a shipped one by its name."),
    ] = None,
    state: StateOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw away what an earlier run left.")] = False,
    timeout: Annotated[int, typer.Option(min=1, max=600, help="Seconds until all must be ready.")] = _READY_S,
    output: OutputOption = Format.TABLE,
) -> None:
    """Make a network, if there is none of this name yet, start its nodes and wait until all are ready.

    Example: packtrail testnet up --manifest network/testnet/manifests/us-pharma.toml
    """
    with refusals():
        folder, network = raise_network(
            manifest or shipped(name), state or testnet_root(), fresh=fresh, timeout=timeout
        )
    say(f"Ask a node with --profile {network.name}/NODE; stop with packtrail testnet down {network.name}.")
    _write_standing(folder, network, output)


def shipped(name: str) -> Path:
    """Return the file of a manifest that comes with Packtrail.

    Raises:
        CommandError: There is none of this name.
    """
    path = SHIPPED / f"{name}.toml"
    if not path.is_file():
        there = ", ".join(sorted(entry.stem for entry in SHIPPED.glob("*.toml")))
        raise CommandError(
            Exit.NOT_FOUND, f"no manifest called {name!r} is shipped", f"There is {there}; or --manifest."
        )
    return path


def raise_network(path: Path, root: Path, *, fresh: bool, timeout: float) -> tuple[Folder, NetworkFile]:
    """Make a network of the manifest at `path` below `root`, start it, and wait until it is ready."""
    if fresh:
        remove(path, root.absolute())
    folder, network = prepare(path, root.absolute(), PROGRAM)
    network = start_all(folder, network, PROGRAM)
    try:
        wait_ready(folder, network.nodes, timeout)
    except NodeNotReady:
        stop_all(folder, network)
        raise
    return folder, network


@app.command()
def down(
    *,
    name: NameArgument = DEFAULT_NETWORK,
    state: StateOption = None,
    files: Annotated[bool, typer.Option("--remove", help="Remove its files too.")] = False,
) -> None:
    """Stop the nodes of a network, each by its process id. Its ledger stays, unless --remove.

    Example: packtrail testnet down us-pharma
    """
    with refusals():
        folder = _folder(name, state)
        network = folder.load()
        stop_all(folder, network)
        if files:
            remove(folder.manifest, folder.root.parent)
    was_up = any(node.process is not None for node in network.nodes)
    say(f"Network {name} has stopped." if was_up else f"Network {name} was not running.")


@app.command()
def status(
    *, name: NameArgument = DEFAULT_NETWORK, state: StateOption = None, output: OutputOption = Format.TABLE
) -> None:
    """Show every node's process, height and app hash. Exit code 6 when one is not well.

    Example: packtrail testnet status demo
    """
    with refusals():
        folder = _folder(name, state)
        network = folder.load()
    rows = _write_standing(folder, network, output)
    if not all(row["ready"] for row in rows):
        raise typer.Exit(Exit.UNHEALTHY)


@app.command()
def logs(
    *,
    name: NameArgument = DEFAULT_NETWORK,
    node: Annotated[str | None, typer.Option(help="One node; all when not given.")] = None,
    lines: Annotated[int, typer.Option(min=1, max=100_000, help="How many of the last lines.")] = 20,
    state: StateOption = None,
) -> None:
    """Print the last lines that nodes wrote.

    Example: packtrail testnet logs demo --node maker --lines 50
    """
    with refusals():
        folder = _folder(name, state)
        network = folder.load()
        nodes = [find_node(network, node)] if node else network.nodes
    for entry in nodes:
        for line in last_lines(folder.log(entry.name), lines):
            write_line(line if node else f"{entry.name}: {line}")


@app.command("perturb")
def perturb_(
    *,
    name: NameArgument,
    action: Annotated[
        Action | None, typer.Argument(help="What to do; none does what the manifest plans.")
    ] = None,
    node: Annotated[str | None, typer.Option(help="To which node.")] = None,
    seconds: Annotated[int, typer.Option(min=1, max=600, help="How long a pause or a cut lasts.")] = 10,
    state: StateOption = None,
) -> None:
    """Kill a node, let it stand still or without network for a while, end its connections, or restart it.

    Example: packtrail testnet perturb four kill --node validator-4
    """
    with refusals():
        folder = _folder(name, state)
        if action is None:
            plan = read_manifest(folder.manifest.read_bytes()).perturbations
            perturb_all(folder, plan, PROGRAM, lambda entry: say(f"{entry.action} {entry.node}"))
        elif node is None:
            raise CommandError(
                Exit.USAGE, f"to which node? packtrail testnet perturb {name} {action} --node NODE"
            )
        else:
            perturb(folder, node, action, PROGRAM, seconds)
            say(f"{action} {node}: done")


@app.command(hidden=True)
def relays(
    *, folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The network's folder.")]
) -> None:
    """Carry what goes between the nodes of a network, until SIGTERM; `testnet up` starts it.

    Example: packtrail testnet relays build/testnet/seven
    """
    import asyncio

    from network.testnet.relays import serve_relays

    asyncio.run(serve_relays(Folder(folder)))


@app.command()
def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Let the network run on afterwards.")] = False,
    result: Annotated[Path, typer.Option(metavar="FILE", help="Where the facts go.")] = Path(
        "build/demo.json"
    ),
    state: StateOption = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Six nodes: a pack goes from its maker to a patient, four attempts to cheat are refused, a recall runs.

    Example: packtrail testnet demo --keep
    """
    from cli.demo.stage import run_demo

    with refusals():
        root = (state or testnet_root()).absolute()
        run_demo(shipped(DEFAULT_NETWORK), root, result, output, PROGRAM, keep=keep)


def _folder(name: str, state: Path | None) -> Folder:
    return Folder((state or testnet_root()).absolute() / name)


def _write_standing(folder: Folder, network: NetworkFile, output: Format) -> list[dict[str, Any]]:
    rows = [msgspec.to_builtins(standing(folder, node)) for node in network.nodes]
    columns = ("name", "role", "pid", "ready", "height", "app_hash", "api", "operators")
    shown = (
        rows if output is not Format.TABLE else [{**row, "app_hash": _short(row["app_hash"])} for row in rows]
    )
    write_rows(output, shown, columns, f"Network {network.name}")
    return rows


def _short(digest: str | None) -> str | None:
    """Return the start of a hash: enough for people to see that two differ."""
    return digest and digest[:_SHORT_HASH] + "…"


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what a test network refuses into a command's end."""
    try:
        yield
    except InvalidManifest as error:
        raise CommandError(Exit.USAGE, f"manifest: {error}") from error
    except (NoSuchNetwork, FileNotFoundError) as error:
        raise CommandError(Exit.NOT_FOUND, str(error), "packtrail testnet up starts one.") from error
    except NetworkExists as error:
        raise CommandError(Exit.FAILED, str(error), "--fresh makes it anew; its ledger is lost.") from error
    except NodeNotReady as error:
        raise CommandError(Exit.UNHEALTHY, str(error)) from error
    except (NodeNotRunning, NoRelays, CommandFailed) as error:
        raise CommandError(Exit.FAILED, str(error)) from error
