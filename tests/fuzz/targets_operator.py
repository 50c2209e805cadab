"""Decoders of files that people and programs write or carry, and of what commands are answered."""

import base64
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from cli.failures import CommandError
from cli.genesis import _read_description
from cli.home_lock import process_of
from cli.http import Answer
from cli.local import load_record
from cli.verify import proof_bytes
from network.description import Description, NodeRecord, sealed
from network.testnet.layout import Folder, NetworkFile, NoSuchNetwork
from network.testnet.manifest import InvalidManifest, read_manifest
from network.testnet.process import ProcessId
from node.api.tokens import Role, TokenFile
from node.config.errors import InvalidConfig
from node.config.load import load_config, read_config
from node.config.render import render_toml
from node.home import Home
from node.identity.keystore import COSTS, KeyKind, Keystore, KeystoreError
from node.storage.errors import StorageDamaged
from node.storage.memory_files import MemoryFiles
from tests.fuzz.scratch import fresh_folder
from tests.fuzz.shapes import Shapes
from tests.fuzz.target import TREE_AMPLIFICATION, Target
from tests.fuzz.targets_ledger import proofs
from tests.fuzz.texts import Texts
from tests.testnet.running import MANIFESTS

_KEYS: Final = "keys"
_PASSPHRASE: Final = b"open"


def _of_file(path: Path, reader: Callable[[], object]) -> Callable[[bytes], object]:
    """Write the input into a file, then read that."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def decode(data: bytes) -> object:
        path.write_bytes(data)
        return reader()

    return decode


def _config() -> Callable[[bytes], object]:
    path = fresh_folder("config") / "node.toml"
    return _of_file(path, lambda: read_config(path))


def _variable(data: bytes) -> object:
    """Read a configuration out of the environment: a name, and a value without zero bytes."""
    name, _, value = os.fsdecode(data.replace(b"\0", b"")).partition("=")
    return load_config(environment={f"PACKTRAIL_{name}": value})


def _configs() -> Texts:
    default = load_config().config
    peers = (
        '[p2p]\npeers = [{ name = "a", address = "127.0.0.1:7700" }, { name = "b", address = "[::1]:1" }]\n'
    )
    few = '[node]\nname = "alder"\n[api]\nlisten = "[::1]:80"\n'
    written = render_toml(default).replace("\n# ", "\n")
    lines = [line for line in written.splitlines() if line.startswith("[") or " = " in line[:40]]
    return Texts([text.encode() for text in ("\n".join(lines), peers, few)])


_VARIABLES: Final = (
    b"P2P__LISTEN=127.0.0.1:7700",
    b'P2P__PEERS=[{name="a",address="b:1"}]',
    b"STORAGE__CACHE_BYTES=1048576",
)


def _tokens() -> Callable[[bytes], object]:
    path = fresh_folder("tokens") / "tokens.json"
    return _of_file(path, lambda: TokenFile(path).list())


def _token_file(count: int) -> bytes:
    file = TokenFile(fresh_folder("tokens") / "tokens.json", Random("packtrail fuzz token files").randbytes)
    for number in range(count):
        file.create(f"till {number}", [Role.SUBMIT, Role.READ_OWN], "2026-01-01T00:00:00Z")
    return (file._path.read_bytes()) if count else b"{}"


def _network() -> Callable[[bytes], object]:
    folder = Folder(fresh_folder("network"))
    return _of_file(folder.file, folder.load)


def _record() -> Callable[[bytes], object]:
    path = fresh_folder("record") / "record.json"
    return _of_file(path, lambda: load_record(path))


def _records() -> Texts:
    """Return records with a checksum, which every change makes wrong, and without."""
    shapes = Shapes(Random("packtrail fuzz NodeRecord"))
    bare = [msgspec.structs.replace(shapes.make(NodeRecord), checksum="") for _ in range(2)]
    return Texts([msgspec.json.encode(record) for record in (*bare, *map(sealed, bare))])


def _description() -> Callable[[bytes], object]:
    path = fresh_folder("description") / "network.toml"
    return _of_file(path, lambda: _read_description(path))


def _process() -> Callable[[bytes], object]:
    home = Home(fresh_folder("home"))

    def found() -> ProcessId:
        process = process_of(home)
        if process is None:
            raise ValueError("none is named")
        return process

    return _of_file(home.process_id, found)


class _KeyFiles:
    """A keystore whose one file is replaced; unlocking costs the least that it may."""

    def __init__(self) -> None:
        self._files = MemoryFiles()
        self._store = Keystore(self._files, _KEYS, Random("packtrail fuzz keys").randbytes)
        self._store.create(KeyKind.VALIDATOR, _PASSPHRASE, COSTS["minimum"])
        self.data = self._files.read(f"{_KEYS}/validator.json") or b""

    def find(self, data: bytes) -> object:
        """Read what may be told of the key; every change is noticed, so what is found is the key."""
        handle = self._files.open(f"{_KEYS}/validator.json")
        handle.truncate(0)
        handle.append(data)
        return self._store.find(KeyKind.VALIDATOR)


def _made(kind: type, count: int = 3) -> Texts:
    shapes = Shapes(Random(f"packtrail fuzz {kind.__name__}"))
    return Texts([msgspec.json.encode(shapes.make(kind)) for _ in range(count)])


def _proof(data: bytes) -> object:
    return proof_bytes(data)


def _answer(data: bytes) -> object:
    """Read what a node, or what stands in its place, answers to a command."""
    answer = Answer(500, {}, data)
    answer.problem()
    return answer.json()


def operator_targets() -> list[Target]:
    """Return the decoders of files."""
    keys = _KeyFiles()
    manifests = Texts([path.read_bytes() for path in sorted(MANIFESTS.glob("*.toml"))])
    carried = Texts([b'{"document": "00", "proof": "' + base64.b64encode(proofs()[0]) + b'"}'])
    described = _made(Description, 2)
    token_file = Texts([_token_file(count) for count in (0, 3)])
    answers = Texts([b'{"title":"Gone","status":410,"code":"gone","detail":"x"}', b'[1,2.5,null,{"a":[]}]'])
    damaged = (StorageDamaged,)
    variables = Texts(list(_VARIABLES))
    return [
        _tree(Target("configuration", _config(), (InvalidConfig,), _configs(), 2)),
        _tree(Target("configuration in the environment", _variable, (InvalidConfig,), variables, 2)),
        _tree(Target("manifest of a test network", read_manifest, (InvalidManifest,), manifests, 4)),
        Target("file of a test network", _network(), (NoSuchNetwork,), _made(NetworkFile), 4),
        Target("node's record", _record(), (CommandError,), _records(), 4),
        Target("process id", _process(), (ValueError,), _made(ProcessId), 4),
        Target("token file", _tokens(), damaged, token_file, 8),
        Target("key file", keys.find, (KeystoreError,), Texts([keys.data]), 40),
        Target("proof in JSON", _proof, (CommandError,), carried, 10),
        _tree(Target("answer to a command", _answer, (CommandError,), answers, 20)),
        _tree(Target("description of a network", _description(), (CommandError,), described, 4)),
    ]


def _tree(target: Target) -> Target:
    return target._replace(amplification=TREE_AMPLIFICATION)
