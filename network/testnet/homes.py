"""Making the homes of a test network: keys, genesis, tokens, as operators would, one after the other.

Each operator runs `init` and hands over the public part of the keys; one of them builds genesis from those;
everybody gets a copy of it; each one makes an API token.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from network.testnet.layout import Folder, NetworkFile, NodeEntry
from network.testnet.manifest import Manifest, NodePlan, description_of, read_manifest
from network.testnet.ports import HOST, addresses
from network.testnet.program import Program
from network.testnet.relays import Route, plan_routes, save_routes

_PASSPHRASE_FILE: Final = "keys/passphrase"  # noqa: S105 - a file's name
_WRITER_ROLES: Final = ("submit", "read_own", "read_all", "operator", "admin")
_OBSERVER_ROLES: Final = ("submit", "read_all", "regulator", "operator", "admin")
"""An observer's token may submit as far as the token goes: it is the node that refuses."""


class NetworkExists(RuntimeError):
    """There is a network of this name that was made from another manifest."""


def prepare(manifest_file: Path, root: Path, program: Program) -> tuple[Folder, NetworkFile]:
    """Make the network of a manifest, or find the one that was made from it before.

    Args:
        manifest_file: The manifest.
        root: Where networks are kept.
        program: How commands are run.

    Raises:
        InvalidManifest: The manifest is none.
        NetworkExists: One of this name was made from another manifest.
        CommandFailed: A command refused.
        OSError: A file could not be read or written.
    """
    data = manifest_file.read_bytes()
    manifest = read_manifest(data)
    folder = Folder(root / manifest.name)
    if folder.file.exists():
        if folder.manifest.read_bytes() != data:
            raise NetworkExists(f"{folder.root} holds a network that was made from another manifest")
        return folder, folder.load()
    # What a run that was cut short left behind has never been a network.
    shutil.rmtree(folder.root, ignore_errors=True)
    folder.root.mkdir(parents=True, mode=0o700)
    folder.manifest.write_bytes(data)
    return folder, _make(manifest, folder, program)


def _make(manifest: Manifest, folder: Folder, program: Program) -> NetworkFile:
    places = addresses([node.name for node in manifest.nodes], manifest.ports.base)
    entries = tuple(
        NodeEntry(node.name, node.role, node.partner, *places[node.name]) for node in manifest.nodes
    )
    for name in ("records", "homes", "tokens", "logs"):
        (folder.root / name).mkdir(mode=0o700)
    routes = plan_routes(entries) if manifest.relays else ()
    if routes:
        save_routes(folder, routes)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as workers:
        jobs = [
            workers.submit(_init, folder, program, manifest, node, _dialled(node.name, entries, routes))
            for node in manifest.nodes
        ]
        for job in jobs:
            job.result()
    _make_genesis(manifest, folder, program)
    network = NetworkFile(manifest.name, entries)
    folder.save(network)
    return network


def _dialled(
    name: str, entries: Sequence[NodeEntry], routes: Sequence[Route]
) -> tuple[NodeEntry, Mapping[str, str]]:
    """Return a node, and whom it dials where.

    Everybody calls the validators: so a member or observer needs no address that others know.
    """
    (own,) = (entry for entry in entries if entry.name == name)
    if routes:
        return own, {route.target: f"{HOST}:{route.listen}" for route in routes if route.dialler == name}
    return own, {entry.name: entry.p2p for entry in entries if entry.role == "validator" and entry != own}


def _init(
    folder: Folder,
    program: Program,
    manifest: Manifest,
    node: NodePlan,
    dialled: tuple[NodeEntry, Mapping[str, str]],
) -> None:
    """Make one node's home, its record and its token."""
    own, peers = dialled
    home = str(folder.home(node.name))
    record = program.run(
        *("init", "--home", home, "--name", node.name, "--role", node.role),
        *("--chain-id", manifest.name, "--passphrase-file", _PASSPHRASE_FILE),
        *(word for gln in filter(None, (node.partner, *node.also_for)) for word in ("--partner", gln)),
        *("--listen", own.p2p, "--api", own.api, "--operators", own.operators),
        *(word for peer, address in peers.items() for word in ("--peer", f"{peer}={address}")),
        *_snapshots(manifest, node),
        *("--key-cost", "minimum", "--no-input", "--output", "json"),
    )
    folder.record(node.name).write_bytes(record)
    roles = _OBSERVER_ROLES if node.role == "observer" else _WRITER_ROLES
    program.run(
        *("token", "new", "--home", home, "--name", "testnet"),
        *(word for role in roles for word in ("--role", role)),
        *("--file", str(folder.token(node.name)), "--output", "json"),
    )


def _snapshots(manifest: Manifest, node: NodePlan) -> tuple[str, ...]:
    """Return what `init` is told of snapshots: where the manifest asks for them, observers begin with one."""
    if not manifest.snapshot_interval:
        return ()
    told = ("--snapshot-interval", str(manifest.snapshot_interval))
    return (*told, "--join-by-snapshot") if node.role == "observer" else told


def _make_genesis(manifest: Manifest, folder: Folder, program: Program) -> None:
    folder.description.write_bytes(msgspec.json.encode(description_of(manifest)))
    start = manifest.clock_start
    program.run(
        *("genesis", "new", str(folder.description), "--chain-id", manifest.name, "--test"),
        *(("--clock-start", start.isoformat()) if start else ()),
        *("--file", str(folder.genesis), "--output", "json"),
    )
    for power in dict.fromkeys(node.power for node in manifest.nodes):
        records = (str(folder.record(node.name)) for node in manifest.nodes if node.power == power)
        program.run(
            *("genesis", "add", *records, "--power", str(power)),
            *("--file", str(folder.genesis), "--output", "json"),
        )
    for node in manifest.nodes:
        shutil.copyfile(folder.genesis, folder.home(node.name) / "genesis.json")
