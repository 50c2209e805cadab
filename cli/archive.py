"""`packtrail archive`: contents of old blocks, in files beside a node; `node archive` writes them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.archiving import progress
from cli.clock import format_ms
from cli.failures import CommandError, Exit
from cli.home_lock import stopped_home
from cli.local import DEFAULT_HOME, LocalHomeOption, disk_errors, load_genesis, load_settings
from cli.options import OutputOption
from cli.output import Format, say, write_facts

app = typer.Typer(help="Archives of old blocks: verify them, bring them back.", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="The archive.")]
_MAX_FAULTS_SHOWN = 20


@app.command()
def verify(
    folder: FolderArgument,
    genesis: Annotated[
        Path,
        typer.Option("--genesis", metavar="FILE", envvar="PACKTRAIL_GENESIS", help="The network's genesis."),
    ] = Path("genesis.json"),
    output: OutputOption = Format.TABLE,
) -> None:
    """Check an archive, offline, against genesis alone: every file, block, signature, commit and receipt.

    All files are looked at, and all that are damaged are named; then the exit code is 1. What documents did
    to the state is not executed here: `packtrail verify chain --archive FOLDER` does that.

    Example: packtrail archive verify /mnt/archive --genesis genesis.json
    """
    from node.archive.folder import ArchiveFolder
    from node.archive.inspecting import inspect_archive
    from node.storage.files import DiskFiles

    network = load_genesis(genesis)
    archive = ArchiveFolder(DiskFiles(folder.expanduser().absolute()))
    with disk_errors():
        found = inspect_archive(archive, network, progress, lambda fault: say(f"damaged: {fault}"))
    manifests, verified, damaged = found.manifests, found.verified, [fault.file for fault in found.faults]
    if not manifests and not damaged:
        raise CommandError(Exit.NOT_FOUND, f"there is no archive in {folder}")
    ends = (manifests[0], manifests[-1]) if manifests else ()
    facts: dict[str, Any] = {
        "valid": not damaged,
        "network": network.chain_id,
        "first": ends[0].first if ends else None,
        "last": ends[1].last if ends else None,
        "from": format_ms(ends[0].first_time_ms) if ends else None,
        "to": format_ms(ends[1].last_time_ms) if ends else None,
        "files": len(manifests),
        "damaged": damaged[:_MAX_FAULTS_SHOWN],
        "bytes": sum(manifest.bytes for manifest in manifests),
        "bundles": sum(one.bundles for one in verified),
        "documents": sum(one.documents for one in verified),
        "signatures": sum(one.signatures for one in verified),
    }
    write_facts(output, facts, "Archive")
    if damaged:
        raise CommandError(
            Exit.FAILED,
            f"{len(damaged)} files are damaged: {', '.join(damaged[:_MAX_FAULTS_SHOWN])}",
            "Fetch them from another copy; no node takes anything from a damaged file.",
        )


@app.command()
def restore(
    source: Annotated[Path, typer.Option("--from", metavar="FOLDER", help="The archive.")],
    home: LocalHomeOption = DEFAULT_HOME,
    from_height: Annotated[
        int, typer.Option(min=1, help="First height that is wanted; all up to the newest come back.")
    ] = 1,
    output: OutputOption = Format.TABLE,
) -> None:
    """Bring archived contents back into a stopped node's database.

    Every file is verified before anything is taken from it. What was interrupted goes on with the next run.

    Example: packtrail archive restore --home regulator --from /mnt/archive --from-height 250000
    """
    from contracts.chain.genesis import genesis_hash
    from node.archive.folder import ArchiveFolder
    from node.archive.manifest import WrongArchive
    from node.archive.restoring import restore as bring_back
    from node.storage.files import DiskFiles
    from node.storage.head import check_identity
    from node.storage.leveldb import LevelOptions, open_level

    with stopped_home(home) as place:
        network = load_genesis(place.resolve(load_settings(place).node.genesis))
        with disk_errors():
            store = open_level(place.database, LevelOptions(), create=False)
            try:
                check_identity(store, genesis_hash(network))
                folder = ArchiveFolder(DiskFiles(source.expanduser().absolute()))
                left = bring_back(store, network, folder, from_height, progress)
            except WrongArchive as error:
                raise CommandError(
                    Exit.FAILED,
                    str(error),
                    "What came before it is back. Fetch the file from another copy, and run this again.",
                ) from error
            finally:
                store.close()
    write_facts(output, {"home": str(place.root), "archived_to": left, "contents_from": left + 1}, "Restored")
