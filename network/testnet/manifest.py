"""The manifest: one TOML file that says everything about a test network.

It is a description of the network (network/description.py) plus what only a network on one machine has: its
name, a test clock, the nodes that run, their ports, and what is to be done to them.
"""

import tomllib
from datetime import datetime
from typing import Final, Literal

import msgspec

from network.description import Description
from network.toml_bounds import check_toml

MAX_NODES: Final = 64
MAX_PAUSE_S: Final = 600
_PORTS_PER_NODE: Final = 3
_LOWEST_PORT: Final = 1024
_HIGHEST_PORT: Final = 65_535
_NAME_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_MAX_NAME_CHARACTERS: Final = 40

Action = Literal["kill", "pause", "restart", "cut", "reset"]
"""What can be done to a node: SIGKILL, SIGSTOP for a while, an orderly stop and a new start, or, where there
are relays, that nothing comes through to it or from it for a while, or that its connections end at once."""
BY_RELAYS: Final = ("cut", "reset")
"""What only relays can do."""


class InvalidManifest(ValueError):
    """A manifest that no network can be started from; the message names the place and what is expected."""


class NodePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node that runs."""

    name: str
    """Unique; also its folder's name."""
    role: Literal["validator", "member", "observer"]
    """What it does."""
    partner: str = ""
    """GLN of the partner that runs it."""
    also_for: tuple[str, ...] = ()
    """GLNs of more partners whose keys it holds: a hub."""
    power: int = 1
    """Voting power of a validator."""


class Ports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where nodes listen on loopback."""

    base: int = 0
    """First of three ports per node, in the order of nodes; 0 picks free ones and remembers them."""


class Perturbation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is done to a node by `testnet perturb` without an action."""

    action: Action
    """What."""
    node: str
    """To whom."""
    seconds: int = 10
    """How long a killed, paused or cut node stays so."""


class Manifest(Description, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole test network."""

    name: str
    """Name of the network, also its chain id and folder."""
    nodes: tuple[NodePlan, ...]
    """Its nodes."""
    clock_start: datetime | None = None
    """What the network's clock shows when its genesis is made; None for real time."""
    ports: Ports = Ports()
    """Where its nodes listen."""
    relays: bool = False
    """Whether its nodes reach each other through relays, so that one can be cut off."""
    perturbations: tuple[Perturbation, ...] = ()
    """What may be done to its nodes."""
    snapshot_interval: int = 0
    """Its nodes make a snapshot at every height that this divides, and a new observer begins with one; 0: as
    nodes do it by themselves."""


def read_manifest(data: bytes) -> Manifest:
    """Read and check a manifest.

    Raises:
        InvalidManifest: Not TOML of this form, or contradictory.
    """
    try:
        check_toml(data.decode("utf-8"))
        manifest = msgspec.toml.decode(data, type=Manifest)
    except (tomllib.TOMLDecodeError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidManifest(str(error)) from error
    _check(manifest)
    return manifest


def description_of(manifest: Manifest) -> Description:
    """Return the part of a manifest that becomes genesis."""
    fields = {name: getattr(manifest, name) for name in Description.__struct_fields__}
    return Description(**fields)


def _require(condition: bool, message: str) -> None:  # noqa: FBT001 - a guard reads best this way
    if not condition:
        raise InvalidManifest(message)


def _check(manifest: Manifest) -> None:
    _check_name("name", manifest.name)
    names = [node.name for node in manifest.nodes]
    _require(0 < len(names) <= MAX_NODES, f"nodes: {len(names)}, expected 1 to {MAX_NODES}")
    _require(len(set(names)) == len(names), "nodes: a name stands there twice")
    _require(any(node.role == "validator" for node in manifest.nodes), "nodes: none is a validator")
    partners = {partner.gln for partner in manifest.partners}
    for node in manifest.nodes:
        _check_node(node, partners)
    base = manifest.ports.base
    highest = _HIGHEST_PORT - _PORTS_PER_NODE * len(names)
    _require(
        base == 0 or _LOWEST_PORT <= base <= highest,
        f"ports.base: {base}, expected 0 or {_LOWEST_PORT} to {highest}",
    )
    _require(manifest.snapshot_interval >= 0, f"snapshot_interval: {manifest.snapshot_interval}, at least 0")
    start = manifest.clock_start
    _require(start is None or start.tzinfo is not None, "clock_start: expected a time with its offset")
    for at, entry in enumerate(manifest.perturbations):
        _require(entry.node in names, f"perturbations[{at}].node: no node is called {entry.node!r}")
        _require(0 < entry.seconds <= MAX_PAUSE_S, f"perturbations[{at}].seconds: 1 to {MAX_PAUSE_S}")
        can = manifest.relays or entry.action not in BY_RELAYS
        _require(can, f"perturbations[{at}].action: {entry.action} needs relays = true")


def _check_name(key: str, name: str) -> None:
    _require(
        0 < len(name) <= _MAX_NAME_CHARACTERS and set(name) <= _NAME_CHARACTERS and name[0] != "-",
        f"{key}: {name!r}, expected 1 to {_MAX_NAME_CHARACTERS} of a-z, 0-9 and hyphen",
    )


def _check_node(node: NodePlan, partners: set[str]) -> None:
    _check_name("nodes.name", node.name)
    for gln in filter(None, (node.partner, *node.also_for)):
        _require(gln in partners, f"nodes.{node.name}: no partner has the GLN {gln!r}")
    _require(node.power > 0, f"nodes.{node.name}.power: {node.power}, expected at least 1")
