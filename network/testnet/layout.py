"""What a test network leaves on disk, and how it is found again.

    <folder>/manifest.toml      as it was when the network was made
    <folder>/network.json       `NetworkFile`: nodes, addresses, processes
    <folder>/genesis.json
    <folder>/records/           public parts of the nodes' keys
    <folder>/homes/<node>/      each node's home
    <folder>/tokens/<node>      an API token for each node, mode 0600
    <folder>/logs/<node>.log    what each node wrote
    <folder>/relays.json        routes between the nodes, where the manifest asks for relays
    <folder>/cut.json           who is cut off
    <folder>/reset.json         whose connections were reset last

Nothing else is needed to find, stop or start it again.
"""

from pathlib import Path
from typing import Final

import msgspec

from network.testnet.process import ProcessId

DEFAULT_FOLDER: Final = Path("build/testnet")
"""Where networks are kept when nothing else is said, relative to the working folder."""


class NoSuchNetwork(LookupError):
    """There is no network, or no node, of this name here."""


class NodeEntry(msgspec.Struct, frozen=True):
    """One node of the network."""

    name: str
    """Its name."""
    role: str
    """validator, member or observer."""
    partner: str
    """GLN of the partner that runs it; empty for none."""
    p2p: str
    """host:port where it listens for nodes."""
    api: str
    """host:port of the API."""
    operators: str
    """host:port of livez, readyz and metrics."""
    process: ProcessId | None = None
    """The process started last; it may have ended."""


class NetworkFile(msgspec.Struct, frozen=True):
    """What is remembered of a network."""

    name: str
    """Its name."""
    nodes: tuple[NodeEntry, ...]
    """Its nodes, in the manifest's order."""
    relays: ProcessId | None = None
    """The process that carries the routes between them; it may have ended."""


class Folder:
    """Paths below one network's folder, and the file that remembers it."""

    def __init__(self, root: Path) -> None:
        """Name the files of the network in `root`."""
        self.root = root
        self.manifest = root / "manifest.toml"
        self.file = root / "network.json"
        self.genesis = root / "genesis.json"
        self.description = root / "description.json"
        self.relays = root / "relays.json"
        self.cut = root / "cut.json"
        self.reset = root / "reset.json"

    def record(self, node: str) -> Path:
        """Return the file with the public part of a node's keys."""
        return self.root / "records" / f"{node}.json"

    def home(self, node: str) -> Path:
        """Return a node's home."""
        return self.root / "homes" / node

    def token(self, node: str) -> Path:
        """Return the file with a node's API token."""
        return self.root / "tokens" / node

    def log(self, node: str) -> Path:
        """Return the file with what a node wrote."""
        return self.root / "logs" / f"{node}.log"

    def load(self) -> NetworkFile:
        """Return what is remembered.

        Raises:
            NoSuchNetwork: Nothing is.
        """
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=NetworkFile)
        except FileNotFoundError as error:
            raise NoSuchNetwork(f"there is no network in {self.root}") from error
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise NoSuchNetwork(f"{self.file} is not what was written there: {error}") from error

    def save(self, network: NetworkFile) -> None:
        """Remember; a reader sees the old file or the new one."""
        temporary = self.file.with_suffix(".new")
        temporary.write_bytes(msgspec.json.format(msgspec.json.encode(network), indent=2) + b"\n")
        temporary.replace(self.file)


def find_node(network: NetworkFile, name: str) -> NodeEntry:
    """Return a node by its name.

    Raises:
        NoSuchNetwork: There is none; the message lists those there are.
    """
    for node in network.nodes:
        if node.name == name:
            return node
    names = ", ".join(node.name for node in network.nodes)
    raise NoSuchNetwork(f"network {network.name} has no node {name!r}; it has {names}")


def with_process(network: NetworkFile, name: str, process: ProcessId | None) -> NetworkFile:
    """Return the network with another process for one node."""
    nodes = tuple(
        msgspec.structs.replace(node, process=process) if node.name == name else node
        for node in network.nodes
    )
    return msgspec.structs.replace(network, nodes=nodes)
