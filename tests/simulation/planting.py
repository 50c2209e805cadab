"""What a planted bug is, how it gets into the program for a while, and how what it breaks is called."""

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import ModuleType
from typing import Final, NamedTuple

ORDINARY: Final = "ordinary"
"""Worlds as `make_plan` draws them."""
BEYOND: Final = "beyond"
"""More than a third lie."""
JOINING: Final = "joining"
"""An observer joins by a snapshot, and one validator lies."""


class Planted(NamedTuple):
    """One bug."""

    name: str
    """A word for it."""
    mistake: str
    """What is wrong."""
    breaks: tuple[str, ...]
    """How the message of what it breaks begins: one of these."""
    plant: Callable[[ExitStack], None]
    """Plants it until the stack is closed."""
    is_quick: bool = True
    """A few seeds find it."""
    world: str = ORDINARY
    """In which kind of worlds it shows."""
    where: Mapping[str, object] = {}
    """Fields of their plans, as `--change` takes them, where few ordinary worlds have what it takes."""


def lying(*behaviours: str, **more: object) -> Mapping[str, object]:
    """Return what worlds of four have in common of whom one lies in these ways."""
    return {"powers": [1] * 4, "liars": [3], "skewed": [], "behaviours": list(behaviours), **more}


def honest(*faults: str, **more: object) -> Mapping[str, object]:
    """Return what worlds of four have in common in which nobody lies, with these faults."""
    return {"powers": [1] * 4, "liars": [], "skewed": [], "faults": list(faults), **more}


def replace(stack: ExitStack, owner: type | ModuleType, name: str, value: object) -> None:
    """Replace an attribute until the stack is closed."""
    stack.callback(setattr, owner, name, owner.__dict__[name])
    setattr(owner, name, value)


def replace_function(stack: ExitStack, original: Callable[..., object], value: object) -> None:
    """Replace a function in every module of ours that has imported it.

    Raises:
        LookupError: No module has it.
    """
    holders = [
        (module, name)
        for module in list(sys.modules.values())
        for name, found in list(vars(module).items())
        if found is original
    ]
    if not holders:
        raise LookupError(f"no module has {original}")
    for module, name in holders:
        replace(stack, module, name, value)


FORK: Final = "Broken: I1"
"""Two blocks at one height, or one without a quorum."""
LOST: Final = "Broken: I3"
"""What was promised is not there."""
STATE: Final = "WrongState: I4"
"""An item with two places or none."""
SIGNED: Final = "DoubleSigned: I5"
"""Two values signed for one step."""
UNTOLD: Final = "Broken: I6"
"""A lie that nobody reports."""
STUCK: Final = "Broken: I7"
"""No decision, or too late; nodes that hear votes of their own that they know nothing of vote no more."""
KEPT: Final = "Broken: I8"
"""A queue that is not empty when there is nothing to do, or that is beyond its bound."""
HELD: Final = "Broken: held"
"""A vote for what is not held."""
LANES: Final = "Broken: lanes"
"""A bundle out of place."""
UNNOTICED: Final = "Broken: I9"
"""Damage that changed what was read, or that was called by another name."""
DAMAGED: Final = "StorageDamaged"
"""The node itself notices."""
REFUSED: Final = "DoubleSignRefused"
"""As does the signer."""
DIVERGED: Final = "Broken: I2"
"""Other app hashes, or a node that holds itself to be on another chain."""
SETS: Final = "Broken: sets"
"""Others vote, or are counted, than was decided."""
QUARREL: Final = "Broken: honest"
"""An honest node takes another for a liar."""
CRASHED: Final = "IndexError"
"""A node fails by itself."""
