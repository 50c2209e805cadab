"""Planted bugs about forks, where more than a third lie (`beyond.py`), and where liars speak of forks."""

from contextlib import ExitStack
from typing import Final

from contracts.chain import fork
from contracts.chain.fork import ForkProof
from contracts.chain.validators import ValidatorSet
from node.host import forks
from node.host.core import NodeCore
from node.host.forks import ForkWatch
from node.host.parting import Partings
from node.storage.forks import KeptFork
from node.storage.store import KeyValueStore
from tests.simulation.planting import BEYOND, DIVERGED, UNTOLD, Planted, replace, replace_function


def _forget(stack: ExitStack) -> None:
    class Unsynced:
        def __init__(self, store: KeyValueStore) -> None:
            self._store = store

        def write(self, batch: object, *, sync: bool) -> None:
            del sync
            self._store.write(batch, sync=False)  # type: ignore[arg-type]

    original = forks.keep_fork

    def keep_fork(store: KeyValueStore, kept: KeptFork) -> None:
        original(Unsynced(store), kept)  # type: ignore[arg-type]

    replace_function(stack, original, keep_fork)


def _name_everybody(stack: ExitStack) -> None:
    def suspects_in(_validators: ValidatorSet, proof: ForkProof) -> frozenset[int]:
        return frozenset(entry.validator for each in (proof.first, proof.second) for entry in each.signatures)

    replace_function(stack, fork.suspects_in, suspects_in)


def _go_on(stack: ExitStack) -> None:
    replace(stack, NodeCore, "_halt", lambda _self, _reason: None)


def _ask_nobody(stack: ExitStack) -> None:
    replace(stack, Partings, "doubt", lambda _self, _peer, _height: None)


def _tell_nobody(stack: ExitStack) -> None:
    replace(stack, ForkWatch, "_tell", lambda _self: None)
    replace(stack, ForkWatch, "greet", lambda self, peer, height, tip: self.hear(peer, height, tip))


def _believe_proofs(stack: ExitStack) -> None:
    replace_function(stack, fork.verify_fork, lambda _chain_id, _validators, _proof: None)


PLANTED_FORKS: Final = (
    Planted("fork_unsynced", "a fork is told before it is durable", (UNTOLD,), _forget, world=BEYOND),
    Planted("names_all", "who signed either commit is suspected", (UNTOLD,), _name_everybody, world=BEYOND),
    Planted("goes_on", "a fork stops nobody", (UNTOLD,), _go_on, world=BEYOND),
    Planted("never_asks", "another chain is not asked about", (UNTOLD,), _ask_nobody, world=BEYOND),
    Planted("fork_secret", "a fork is told to nobody", (UNTOLD,), _tell_nobody, world=BEYOND),
    Planted("any_proof", "proofs of forks are believed unread", (DIVERGED,), _believe_proofs),
)
