"""What a node is told before anything of it runs: configuration, genesis, its own record, unlocked keys."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from contracts.chain.genesis import Genesis, InvalidGenesis, Node, decode_genesis
from network.description import NodeRecord, is_whole
from network.peer.face import VALIDATOR
from node.config.load import read_config
from node.config.schema import Config
from node.home import Home
from node.identity.keystore import KeyKind, Keystore
from node.identity.passphrase import read_passphrase
from node.pool.bundler import LaneKey
from node.storage.files import DiskFiles

_REMEDY: Final = "restore it from a backup, or from the copy that the network's operators were given"


class NotThisNode(ValueError):
    """Home and genesis do not fit together; the message says what to correct."""


@dataclass(frozen=True)
class _Secrets:
    """A node's unlocked keys."""

    node_seed: bytes
    certificate: bytes
    validator_seed: bytes
    lane_keys: tuple[LaneKey, ...]


@dataclass(frozen=True)
class Setting:
    """Everything that is read before anything runs."""

    home: Home
    """Where it lies."""
    config: Config
    """What the operator decided."""
    genesis: Genesis
    """What the network decided."""
    node: Node
    """This node in genesis."""
    secrets: _Secrets
    """Its unlocked keys."""


def read_setting(home: Home) -> Setting:
    """Read everything that a node is told, and unlock its keys.

    Raises:
        InvalidConfig, InvalidGenesis, NotThisNode, KeystoreError, NoPassphrase: It is not as it must be.
        StorageError, OSError: A file could not be read.
    """
    loaded = read_config(home.config, os.environ)
    config = loaded.config
    genesis = _read_genesis(home.resolve(config.node.genesis))
    record = _read_record(home)
    nodes = {node.name: node for node in genesis.nodes}
    # What genesis says may be overtaken: governance gives nodes other roles and keys, and admits new ones.
    node = _recorded(record, config.node.name) or nodes.get(config.node.name)
    if node is None:
        known = ", ".join(sorted(nodes))
        raise NotThisNode(f"genesis names no node {config.node.name!r}; it names {known} (node.name)")
    return Setting(home, config, genesis, node, _unlock(home, config, genesis, node, record))


def _read_genesis(path: Path) -> Genesis:
    try:
        return decode_genesis(path.read_bytes())
    except InvalidGenesis as error:
        raise InvalidGenesis(f"{path}: {error}") from error


def _read_record(home: Home) -> NodeRecord | None:
    """Return the public part of this home's keys; None when the home keeps none.

    Raises:
        NotThisNode: It is damaged. By genesis alone a node might not vote, or sign for another partner.
    """
    try:
        record = msgspec.json.decode(home.record.read_bytes(), type=NodeRecord)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotThisNode(f"{home.record} is no node's record: {error}; {_REMEDY}") from error
    if not is_whole(record):
        raise NotThisNode(
            f"{home.record} does not match its checksum; {_REMEDY}. If you changed it yourself, take its"
            " checksum out"
        )
    return record


def _recorded(record: NodeRecord | None, name: str) -> Node | None:
    """Return this node as its own home describes it; its peers go by the ledger, whatever it says here."""
    if record is None or record.name != name:
        return None
    return Node(record.name, record.role, record.certificate, record.partner, record.validator_key)


def _unlock(home: Home, config: Config, genesis: Genesis, node: Node, record: NodeRecord | None) -> _Secrets:
    configured = home.resolve(config.keys.passphrase_file) if config.keys.passphrase_file else None
    passphrase = read_passphrase(os.environ, configured)
    keystore = Keystore(DiskFiles(home.root), home.keys.name)
    node_key = keystore.load(KeyKind.NODE, passphrase)
    owners = {key.public_key: key.gln for key in (() if record is None else record.partners)}
    owners |= {key.public_key: partner.gln for partner in genesis.partners for key in partner.keys}
    lane_keys = []
    for name in config.keys.partners:
        key = keystore.load(KeyKind.PARTNER, passphrase, name)
        if key.public_key not in owners:
            raise NotThisNode(
                f"neither genesis nor this home's record knows whose the key {name!r} is (keys.partners)"
            )
        lane_keys.append(LaneKey(key.public_key, key.seed, owners[key.public_key]))
    validator_seed = b""
    if node.role == VALIDATOR:
        validator = keystore.load(KeyKind.VALIDATOR, passphrase)
        if validator.public_key != node.validator_key:
            raise NotThisNode(
                f"genesis, or this home's record, names another validator key for {node.name!r} than it holds"
            )
        validator_seed = validator.seed
    return _Secrets(node_key.seed, node.certificate, validator_seed, tuple(lane_keys))
