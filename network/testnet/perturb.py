"""What may happen to a node, done on purpose: it is killed, it stands still for a while, it is restarted."""

import signal
import time
from collections.abc import Callable
from typing import assert_never

from network.testnet.layout import Folder, NetworkFile, find_node
from network.testnet.manifest import Action, Perturbation
from network.testnet.process import Pause, is_running, kill, send
from network.testnet.program import Program
from network.testnet.runner import start_node, stop_node


class NodeNotRunning(RuntimeError):
    """Only a running node can be killed or paused."""


def perturb(
    folder: Folder, name: str, action: Action, program: Program, seconds: int = 10, pause: Pause = time.sleep
) -> NetworkFile:
    """Do one thing to a node; return the network, saved.

    Args:
        folder: The network.
        name: The node.
        action: kill leaves it dead (restart starts it again); pause stops it with SIGSTOP and lets it go on;
            restart stops it in order, if it runs, and starts it.
        program: How a node is started.
        seconds: How long a pause lasts.
        pause: Waits.

    Raises:
        NoSuchNetwork: There is no such node.
        NodeNotRunning: It does not run.
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
        case _:
            assert_never(action)
    return network


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
        NoSuchNetwork, NodeNotRunning, CommandFailed: As `perturb`.
    """
    for entry in plan:
        told(entry)
        perturb(folder, entry.node, entry.action, program, entry.seconds, pause)
        if entry.action == "kill":
            pause(float(entry.seconds))
            perturb(folder, entry.node, "restart", program, entry.seconds, pause)
