"""Doing a fault to a running network, and measuring how long its nodes take to come back."""

import shutil
import signal
import time
from collections.abc import Callable

from network.testnet.layout import find_node
from network.testnet.perturb import cut_off, heal
from network.testnet.process import send
from node.home import Home
from tests.chaos.plan import Fault, Kind
from tests.testnet.history import History
from tests.testnet.running import Running, packtrail

Wait = Callable[[float], None]


def commit(network: Running, fault: Fault, history: History, wait: Wait = time.sleep) -> float:
    """Do it, undo it, and return after how many seconds its nodes stand where the others stand.

    Args:
        network: All its nodes run.
        fault: What is done.
        history: Told what a deleted outbox held.
        wait: Waits while it lasts.
    """
    names = fault.nodes
    match fault.kind:
        case Kind.KILL:
            network.kill(*names)
            wait(fault.seconds)
            return network.recover(*names)
        case Kind.RESTART:
            network.stop(*names)
            return network.recover(*names)
        case Kind.DELETE:
            network.stop(*names)
            for name in names:
                _delete(network, name, history)
            return network.recover(*names)
        case Kind.PAUSE:
            _signal(network, names, signal.SIGSTOP)
            wait(fault.seconds)
            return _caught_up(network, names, lambda: _signal(network, names, signal.SIGCONT))
        case Kind.CUT:
            _each(network, names, cut_off)
            wait(fault.seconds)
            return _caught_up(network, names, lambda: _each(network, names, heal))


def _delete(network: Running, name: str, history: History) -> None:
    """Delete what a stopped node knows; a validator needs a record of what it signs, which then is empty."""
    home = network.folder.home(name)
    shutil.rmtree(Home(home).data)
    history.forget_pending(name)
    if name in network.validators:
        done = packtrail("node", "repair", "--home", home, "--give-up-signer", state=network.state)
        assert done.code == 0, done.err


def _signal(network: Running, names: tuple[str, ...], number: signal.Signals) -> None:
    file = network.folder.load()
    for name in names:
        process = find_node(file, name).process
        assert process is not None
        assert send(process, number), f"{name} has ended by itself"


def _each(network: Running, names: tuple[str, ...], do: Callable[..., None]) -> None:
    for name in names:
        do(network.folder, network.folder.load(), name)


def _caught_up(network: Running, names: tuple[str, ...], undo: Callable[[], None]) -> float:
    """Undo a fault, and return after how many seconds one more height is decided and its nodes have it."""
    others = [name for name in network.validators if name not in names] or list(network.validators)
    undo()
    began = time.monotonic()
    aim = max(network.client(name).height() for name in others) + 1
    for name in (*others, *names):
        network.wait_for_height(name, aim)
    return time.monotonic() - began
