"""`packtrail snapshot`: the snapshots in a node's home, which its running node makes and gives to others.

Nodes make them at heights that all of them know, because a snapshot is believed when several validators vouch
for the same one. So there is no command that makes one: `snapshots.interval_heights` says how often.
"""

from typing import Annotated, Any

import typer

from cli.failures import CommandError, Exit
from cli.local import DEFAULT_HOME, LocalHomeOption, disk_errors, open_home
from cli.options import OutputOption
from cli.output import Format, say, write_facts, write_rows

app = typer.Typer(help="Snapshots of the state, for nodes that join late.", no_args_is_help=True)

_COLUMNS = ("height", "rows", "chunks", "bytes", "app_hash", "manifest_hash")


@app.command("list")
def list_(home: LocalHomeOption = DEFAULT_HOME, output: OutputOption = Format.TABLE) -> None:
    """List the complete snapshots in a node's home, whether it runs or not; damaged ones are only named.

    Who vouches for them, a running node says at /v1/status.

    Example: packtrail snapshot list --home maker
    """
    from node.storage.errors import StorageDamaged
    from node.storage.files import DiskFiles
    from node.storage.snapshot_files import SnapshotFiles

    found = []
    with disk_errors():
        snapshots = SnapshotFiles(DiskFiles(open_home(home).data))
        for height in snapshots.heights():
            try:
                found.append(snapshots.load(height))
            except StorageDamaged as damage:
                say(str(damage))
    rows: list[dict[str, Any]] = [
        {
            "height": held.manifest.height,
            "rows": held.manifest.rows,
            "chunks": len(held.manifest.chunks),
            "bytes": held.stored_bytes,
            "app_hash": held.manifest.app_hash.hex(),
            "manifest_hash": held.hash.hex(),
        }
        for held in found
        if held is not None
    ]
    write_rows(output, rows, _COLUMNS)


@app.command()
def verify(
    height: Annotated[int, typer.Argument(help="The snapshot's height, as `snapshot list` shows it.")],
    home: LocalHomeOption = DEFAULT_HOME,
    output: OutputOption = Format.TABLE,
) -> None:
    """Read every chunk of a snapshot and compare it with the manifest.

    Example: packtrail snapshot verify 120000 --home maker
    """
    from node.storage.errors import StorageDamaged
    from node.storage.files import DiskFiles
    from node.storage.snapshot_files import SnapshotFiles
    from node.storage.snapshot_reading import WrongSnapshot, read_snapshot

    with disk_errors():
        snapshots = SnapshotFiles(DiskFiles(open_home(home).data))
        try:
            held = snapshots.load(height)
            if held is None:
                raise CommandError(Exit.NOT_FOUND, f"there is no snapshot of height {height} in {home}")
            rows = sum(map(len, read_snapshot(snapshots, held.manifest)))
        except (StorageDamaged, WrongSnapshot) as error:
            raise CommandError(
                Exit.FAILED,
                str(error),
                "If the node began with it, packtrail verify chain starts from it: bring its files back"
                " from a backup. Else delete them; the node makes the next one from its state.",
            ) from error
    write_facts(output, {"valid": True, "height": height, "rows": rows, "manifest_hash": held.hash.hex()})
