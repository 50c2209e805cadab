"""Doing a fault to a running network, and measuring how long its nodes take to come back."""

import shutil
import signal
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from network.testnet.layout import find_node
from network.testnet.perturb import cut_off, heal, reset
from network.testnet.process import send
from node.home import Home
from tests.chaos.effects import Watch
from tests.chaos.judging import Recovery
from tests.chaos.plan import Fault, Kind
from tests.testnet.client import Client
from tests.testnet.history import History
from tests.testnet.running import Running, packtrail

Wait = Callable[[float], None]
MORE: Final = 2
"""Blocks above the highest that anybody had when a fault was over: the first of them may have been decided by
then, and not yet applied by anybody; the second was not even proposed."""


def commit(network: Running, fault: Fault, history: History, wait: Wait = time.sleep) -> Recovery:
    """Do it, undo it, and return how long it took until the network was whole again.

    Args:
        network: All its nodes run.
        fault: What is done.
        history: Told whose outbox is deleted.
        wait: Waits while it lasts.
    """
    # A node that is told to end might have ended by itself: nobody would notice afterwards.
    network.check_nobody_died()
    before = network.highest()
    names = fault.nodes
    forced: tuple[str, ...] = ()
    forgotten = 0
    undo = partial(network.start, *names)
    watch = Watch(network, fault)
    match fault.kind:
        case Kind.KILL:
            network.kill(*names)
        case Kind.RESTART:
            forced = network.end(*names)
        case Kind.DELETE | Kind.DELETE_OBSERVER:
            forced = network.end(*names)
            forgotten = sum(_delete(network, name, history) for name in names)
        case Kind.PAUSE:
            _signal(network, names, signal.SIGSTOP)
            undo = partial(_signal, network, names, signal.SIGCONT)
        case Kind.CUT | Kind.LONG_CUT:
            _each(network, names, cut_off)
            undo = partial(_each, network, names, heal)
        case Kind.RESET:
            reset(network.folder, network.folder.load(), *names)
            undo = _nothing
    watch.wait(wait)
    seconds = recover(network, names, before, undo)
    return Recovery(fault.label, seconds, forced, watch.missing(), forgotten)


def recover(network: Running, names: Sequence[str], before: int, undo: Callable[[], None]) -> float:
    """Undo a fault; return after how many seconds all have a block that was decided later, and vote.

    Args:
        network: All its validators must come to that block, whomever the fault was done to.
        names: To whom it was done: they must, too, if they are observers.
        before: The greatest height that anybody had before the fault.
        undo: Ends it, and returns when nodes that it starts are ready.
    """
    began = time.monotonic()
    undo()
    aim = max(before, network.highest()) + MORE
    for name in dict.fromkeys((*network.validators, *names)):
        network.wait_for_height(name, aim)
        network.wait_for_votes(name)
    return time.monotonic() - began


def _delete(network: Running, name: str, history: History) -> int:
    """Delete what a stopped node knows; return how many documents nobody but it has in a block.

    A validator needs a record of what it signs, which then is empty.
    """
    home = network.folder.home(name)
    others = network.clients(*(other for other in network.validators if other != name))
    forgotten = history.lose_outbox(name, max(others.values(), key=Client.height).document)
    shutil.rmtree(Home(home).data)
    if name in network.validators:
        done = packtrail("node", "repair", "--home", home, "--give-up-signer", state=network.state)
        assert done.code == 0, done.err
    return forgotten


def _nothing() -> None:
    """What is over as soon as it is done needs no end."""


def _signal(network: Running, names: tuple[str, ...], number: signal.Signals) -> None:
    file = network.folder.load()
    for name in names:
        process = find_node(file, name).process
        assert process is not None
        assert send(process, number), f"{name} has ended by itself"


def _each(network: Running, names: tuple[str, ...], do: Callable[..., None]) -> None:
    for name in names:
        do(network.folder, network.folder.load(), name)
