"""The configuration's sections and fields: type, bounds, default and description of each.

A description is read by people in four places (`config schema`, `config show`, the file that `init` writes
and the reference documentation), so it stands in the field's annotation instead of beside it. Limits that all
nodes must share are no configuration: they stand in genesis (contracts.chain.parameters).
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

_PORT_PATTERN = r"([0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_ADDRESS_PATTERN = rf"^([A-Za-z0-9.-]{{1,253}}|\[[0-9A-Fa-f:.]{{2,45}}\]):{_PORT_PATTERN}$"
_NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"

MIB = 1 << 20


def _address(description: str) -> Meta:
    expected = {"expected": "host:port, such as 127.0.0.1:7700 or [::1]:7700"}
    return Meta(pattern=_ADDRESS_PATTERN, description=description, extra=expected)


def _name(description: str) -> Meta:
    expected = {
        "expected": "a name: 1 to 63 of A-Z, a-z, 0-9, dot, hyphen, underscore; a letter or digit first"
    }
    return Meta(pattern=_NAME_PATTERN, description=description, extra=expected)


class NodeSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who this node is."""

    name: Annotated[str, _name("This node's name in genesis; its role and keys follow from there.")] = "node"
    genesis: Annotated[str, Meta(min_length=1, description="Genesis file, relative to the home folder.")] = (
        "genesis.json"
    )


class PeerAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where another node listens."""

    name: Annotated[str, _name("The other node's name in genesis; its key is pinned there.")]
    address: Annotated[str, _address("Where it listens for nodes.")]


class P2pSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Traffic between nodes: mutual TLS, keys pinned by genesis."""

    listen: Annotated[str, _address("Where this node listens for other nodes.")] = "127.0.0.1:7700"
    peers: Annotated[
        tuple[PeerAddress, ...], Meta(max_length=1_000, description="Nodes to keep a connection to.")
    ] = ()


class ApiSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """HTTP for clients and, on another port, for operators."""

    listen: Annotated[str, _address("Where clients, pages and EPCIS are served.")] = "127.0.0.1:7780"
    operators_listen: Annotated[str, _address("Where livez, readyz and metrics are served.")] = (
        "127.0.0.1:7781"
    )
    max_body_bytes: Annotated[
        int, Meta(ge=1 << 10, le=1 << 30, description="Longest request body; longer ones answer 413.")
    ] = 32 * MIB
    max_connections: Annotated[int, Meta(ge=1, le=65_536, description="Most open client connections.")] = (
        1_024
    )
    max_subscribers: Annotated[
        int, Meta(ge=0, le=65_536, description="Most open streams of live events.")
    ] = 256
    max_queued_bytes: Annotated[
        int,
        Meta(
            ge=MIB,
            le=1 << 34,
            description="Documents between submission and commit; beyond it submits answer 429.",
        ),
    ] = 64 * MIB
    token_requests_per_second: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Most requests of one token in a second; beyond it 429.")
    ] = 1_000
    max_body_total_bytes: Annotated[
        int,
        Meta(
            ge=MIB,
            le=1 << 34,
            description="Bodies of all requests being read or handled; beyond it whoever has most gets 429.",
        ),
    ] = 128 * MIB
    wait_ms: Annotated[
        int,
        Meta(ge=100, le=600_000, description="Longest wait for a commit (`?wait=commit`), in milliseconds."),
    ] = 30_000


class StorageSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The database and the consensus log."""

    cache_bytes: Annotated[int, Meta(ge=MIB, le=1 << 38, description="Cache of database blocks.")] = 128 * MIB
    write_buffer_bytes: Annotated[
        int,
        Meta(ge=1 << 16, le=1 << 30, description="Writes kept in memory before they become a sorted file."),
    ] = 32 * MIB
    table_bytes: Annotated[int, Meta(ge=1 << 20, le=1 << 30, description="Largest sorted file.")] = 8 * MIB
    bloom_bits: Annotated[
        int, Meta(ge=0, le=32, description="Bits per key of the filter that spares reads of absent keys.")
    ] = 10
    max_open_files: Annotated[int, Meta(ge=16, le=65_536, description="Most sorted files open at once.")] = (
        512
    )
    keep_writes_heights: Annotated[
        int,
        Meta(
            ge=1, le=1_000_000, description="Of how many heights the writes are kept, to locate a difference."
        ),
    ] = 1_000
    log_segment_bytes: Annotated[
        int, Meta(ge=1 << 16, le=1 << 30, description="Length at which the consensus log begins a new file.")
    ] = 16 * MIB


class PoolSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bundles that wait for a block."""

    total_bytes: Annotated[int, Meta(ge=MIB, le=1 << 34, description="Most bytes of bundles held.")] = (
        64 * MIB
    )
    lane_bytes: Annotated[
        int, Meta(ge=MIB, le=1 << 34, description="Most bytes of bundles held for one signing key.")
    ] = 16 * MIB
    lane_bundles: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Most bundles held for one signing key.")
    ] = 4_096
    total_bundles: Annotated[
        int,
        Meta(ge=1, le=10_000_000, description="Most bundles held: small ones take more memory than bytes."),
    ] = 32_768


class KeysSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The encrypted key files in the home's `keys` folder."""

    passphrase_file: Annotated[
        str,
        Meta(description="File with the passphrase, relative to the home; empty: from the environment."),
    ] = ""
    partners: Annotated[
        tuple[Annotated[str, _name("Name of a partner key.")], ...],
        Meta(max_length=64, description="Partner keys that this node signs bundles with."),
    ] = ()
    cost: Annotated[
        Literal["minimum", "interactive", "moderate", "sensitive"],
        Meta(description="Work that unlocking a new key file takes; minimum is for test networks only."),
    ] = "moderate"


class LogSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the program tells on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severity that is written.")
    ] = "info"
    format: Annotated[Literal["text", "json"], Meta(description="For people, or one JSON object a line.")] = (
        "text"
    )


class MetricsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers for Prometheus."""

    enabled: Annotated[bool, Meta(description="Serve /metrics on the operators' port.")] = True


class SnapshotsSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Snapshots of the state, for nodes that join late."""

    interval_heights: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000,
            description="A snapshot is made at every height that this divides; 0 for none."
            " Alike on all nodes, or validators do not vouch for each other's.",
        ),
    ] = 10_000
    keep: Annotated[
        int,
        Meta(
            ge=2,
            le=16,
            description="How many snapshots are kept on the disk; up to four more while peers fetch them."
            " Two at least: peers are offered one when the next block is there.",
        ),
    ] = 3
    join: Annotated[
        bool,
        Meta(
            description="Begin a new observer with a snapshot that more than a third of the validators vouch"
            " for, instead of executing every block."
        ),
    ] = False
    join_wait_s: Annotated[
        int,
        Meta(
            ge=5,
            le=86_400,
            description="Without such a snapshot for so long, it executes every block after all; sooner,"
            " when more than two thirds of the validators say that they have none.",
        ),
    ] = 20


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration."""

    node: NodeSection = NodeSection()
    p2p: P2pSection = P2pSection()
    api: ApiSection = ApiSection()
    storage: StorageSection = StorageSection()
    pool: PoolSection = PoolSection()
    keys: KeysSection = KeysSection()
    log: LogSection = LogSection()
    metrics: MetricsSection = MetricsSection()
    snapshots: SnapshotsSection = SnapshotsSection()
