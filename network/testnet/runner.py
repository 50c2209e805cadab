"""Starting, watching and stopping the nodes of a test network."""

import http.client
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from network.testnet import probe
from network.testnet.layout import Folder, NetworkFile, NodeEntry, find_node, with_process
from network.testnet.manifest import read_manifest
from network.testnet.process import Pause, identify, is_running, kill, stop
from network.testnet.program import CommandFailed, Program, last_lines

READY_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 15.0
RELAYS: Final = "relays"
"""Name of the log that the relays write."""
_POLL_S: Final = 0.1


class NodeNotReady(RuntimeError):
    """A node ended, or did not become ready in time; the message holds the last lines of its log."""


def start_node(folder: Folder, network: NetworkFile, name: str, program: Program) -> NetworkFile:
    """Start a node that does not run; return the network with its process, saved.

    Raises:
        CommandFailed: It could not be started.
    """
    node = find_node(network, name)
    if node.process is not None and is_running(node.process):
        return network
    pid = program.start(("node", "start", "--home", str(folder.home(name))), folder.log(name))
    process = identify(pid)
    if process is None:
        raise CommandFailed(f"{name} ended at once: {_said(folder, name)}")
    changed = with_process(network, name, process)
    folder.save(changed)
    return changed


def start_all(folder: Folder, network: NetworkFile, program: Program) -> NetworkFile:
    """Start every node that does not run, the relays between them first."""
    network = start_relays(folder, network, program)
    for node in network.nodes:
        network = start_node(folder, network, node.name, program)
    return network


def start_relays(folder: Folder, network: NetworkFile, program: Program) -> NetworkFile:
    """Start the relays of a network that has some, if they do not run; return the network, saved.

    Raises:
        CommandFailed: They could not be started.
    """
    if not folder.relays.exists() or (network.relays is not None and is_running(network.relays)):
        return network
    pid = program.start(("testnet", "relays", str(folder.root)), folder.log(RELAYS))
    changed = msgspec.structs.replace(network, relays=identify(pid))
    folder.save(changed)
    return changed


def wait_ready(
    folder: Folder,
    nodes: Iterable[NodeEntry],
    timeout_s: float = READY_TIMEOUT_S,
    pause: Pause = time.sleep,
) -> None:
    """Wait until all these nodes say that they are ready.

    Raises:
        NodeNotReady: One ended, or is not ready after `timeout_s`.
    """
    waiting = list(nodes)
    for _ in range(max(1, round(timeout_s / _POLL_S))):
        for node in waiting:
            if node.process is None or not is_running(node.process):
                raise NodeNotReady(f"{node.name} has ended: {_said(folder, node.name)}")
        waiting = [node for node in waiting if not probe.is_ready(node.operators)]
        if not waiting:
            return
        pause(_POLL_S)
    reasons = "; ".join(f"{node.name}: {_why_not_ready(folder, node)}" for node in waiting)
    raise NodeNotReady(f"not ready after {timeout_s:.0f} s: {reasons}")


def _why_not_ready(folder: Folder, node: NodeEntry) -> str:
    answer = probe.get_json(node.operators, "/readyz?verbose")
    return str(answer.body) if answer.body is not None else _said(folder, node.name)


def _said(folder: Folder, name: str) -> str:
    lines = last_lines(folder.log(name))
    return "\n".join(["its log ends:", *lines]) if lines else "it wrote nothing"


def stop_node(
    folder: Folder, network: NetworkFile, name: str, timeout_s: float = STOP_TIMEOUT_S
) -> NetworkFile:
    """Stop a node in order, or kill it when it does not end in time; return the network, saved."""
    process = find_node(network, name).process
    if process is not None and not stop(process, timeout_s):
        kill(process)
    changed = with_process(network, name, None)
    folder.save(changed)
    return changed


def stop_all(folder: Folder, network: NetworkFile, timeout_s: float = STOP_TIMEOUT_S) -> NetworkFile:
    """Stop every node of the network; observers and members first, who need the others."""
    order = sorted(network.nodes, key=lambda node: node.role == "validator")
    for node in order:
        network = stop_node(folder, network, node.name, timeout_s)
    if network.relays is not None:
        if not stop(network.relays, timeout_s):
            kill(network.relays)
        network = msgspec.structs.replace(network, relays=None)
        folder.save(network)
    return network


def remove(manifest: Path, root: Path) -> None:
    """Stop the network of a manifest, if there is one below `root`, and remove its files."""
    folder = Folder(root / read_manifest(manifest.read_bytes()).name)
    if folder.file.exists():
        stop_all(folder, folder.load())
    shutil.rmtree(folder.root, ignore_errors=True)


def standing(folder: Folder, node: NodeEntry) -> probe.Standing:
    """Ask a node where it is."""
    running = node.process is not None and is_running(node.process)
    token = read_token(folder, node.name)
    answer = probe.get_json(node.api, "/v1/status", token) if running else probe.Answer(0, None)
    known = answer.body if answer.status == http.client.OK and isinstance(answer.body, dict) else {}
    return probe.Standing(
        name=node.name,
        role=node.role,
        running=running,
        ready=running and probe.is_ready(node.operators),
        height=known.get("height"),
        app_hash=known.get("app_hash"),
        api=node.api,
        operators=node.operators,
        pid=node.process.pid if running and node.process is not None else None,
    )


def read_token(folder: Folder, node: str) -> str:
    """Return a node's API token; empty when there is none."""
    try:
        return folder.token(node).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
