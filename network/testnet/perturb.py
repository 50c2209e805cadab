"""What may happen to a node, done on purpose: it dies, stands still, is cut off, is reset, is restarted."""

import signal
import time
from collections.abc import Callable
from typing import assert_never

from network.testnet.layout import Folder, NetworkFile, find_node
from network.testnet.manifest import Action, Perturbation
from network.testnet.process import Pause, ProcessId, is_running, kill, send
from network.testnet.program import Program
from network.testnet.relays import load_names, save_names
from network.testnet.runner import start_node, stop_node


class NodeNotRunning(RuntimeError):
    """Only a running node can be killed or paused."""


class NoRelays(RuntimeError):
    """Only where relays stand between the nodes can one be cut off, or its connections be reset."""


def perturb(
    folder: Folder, name: str, action: Action, program: Program, seconds: int = 10, pause: Pause = time.sleep
) -> NetworkFile:
    """Do one thing to a node; return the network, saved.

    Args:
        folder: The network.
        name: The node.
        action: kill leaves it dead (restart starts it again); pause stops it with SIGSTOP and lets it go on;
            restart stops it in order, if it runs, and starts it; cut lets nothing through between it and the
            others for a while; reset ends all its connections with the others, and lets new ones through.
        program: How a node is started.
        seconds: How long a pause or a cut lasts.
        pause: Waits.

    Raises:
        NoSuchNetwork: There is no such node.
        NodeNotRunning: It does not run.
        NoRelays: The network has none, so nobody can be cut off.
        CommandFailed: It could not be started.
    """
    network = folder.load()
    process = find_node(network, name).process
    if action == "restart":
        return start_node(folder, stop_node(folder, network, name), name, program)
    if process is None or not is_running(process):
        raise NodeNotRunning(f"{name} does not run")
    match action:
        case "kill":
            kill(process)
        case "pause":
            send(process, signal.SIGSTOP)
            try:
                pause(float(seconds))
            finally:
                send(process, signal.SIGCONT)
        case "cut":
            cut_off(folder, network, name)
            try:
                pause(float(seconds))
            finally:
                heal(folder, network, name)
        case "reset":
            reset(folder, network, name)
        case _:
            assert_never(action)
    return network


def cut_off(folder: Folder, network: NetworkFile, name: str) -> None:
    """Let nothing through between a node and the others, until it is healed.

    Raises:
        NoRelays: Nobody carries the network's routes.
    """
    _set_cut(folder, network, load_names(folder.cut) | {name})


def heal(folder: Folder, network: NetworkFile, name: str) -> None:
    """Let through again what goes between a node and the others.

    Raises:
        NoRelays: Nobody carries the network's routes.
    """
    _set_cut(folder, network, load_names(folder.cut) - {name})


def reset(folder: Folder, network: NetworkFile, *names: str) -> None:
    """End every connection between these nodes and the others, at once and without a goodbye.

    Raises:
        NoRelays: Nobody carries the network's routes.
    """
    relays = _relays(network)
    save_names(folder.reset, names)
    send(relays, signal.SIGUSR1)


def _set_cut(folder: Folder, network: NetworkFile, names: frozenset[str]) -> None:
    relays = _relays(network)
    save_names(folder.cut, names)
    send(relays, signal.SIGHUP)


def _relays(network: NetworkFile) -> ProcessId:
    if network.relays is None or not is_running(network.relays):
        raise NoRelays(f"no relays carry the routes of {network.name}: its manifest has no `relays = true`")
    return network.relays


def perturb_all(
    folder: Folder,
    plan: tuple[Perturbation, ...],
    program: Program,
    told: Callable[[Perturbation], None],
    pause: Pause = time.sleep,
) -> None:
    """Carry out a manifest's perturbations one after the other; a killed node comes back after its time.

    Args:
        folder: The network.
        plan: What is done.
        program: How a node is started.
        told: Called before each one.
        pause: Waits.

    Raises:
        NoSuchNetwork, NodeNotRunning, NoRelays, CommandFailed: As `perturb`.
    """
    for entry in plan:
        told(entry)
        perturb(folder, entry.node, entry.action, program, entry.seconds, pause)
        if entry.action == "kill":
            pause(float(entry.seconds))
            perturb(folder, entry.node, "restart", program, entry.seconds, pause)
