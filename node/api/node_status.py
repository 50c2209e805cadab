"""The endpoint /v1/status: the node and where its ledger stands."""

from typing import Final

import msgspec
from aiohttp import web

from contracts.chain.genesis import genesis_hash
from contracts.gs1.dates import format_timestamp
from node.api.access import Right
from node.api.answers import answer, json_bytes
from node.api.context import ApiContext
from node.api.endpoints import Answer, Endpoint
from node.api.status import ConsensusStatus, PeerStatus, PoolStatus, SnapshotStatus, UnreachedPeer

NO_BLOCK: Final = ""
"""Block id at height 0."""


class NodeView(msgspec.Struct, frozen=True):
    """Which node answers."""

    name: str
    """Its name in genesis."""
    role: str
    """validator, member or observer."""
    version: str
    """Of the program."""
    partner: str
    """GLN of the partner that runs it; may be empty."""
    signs_for: tuple[str, ...]
    """GLNs of the partners whose documents it takes."""


class StatusView(msgspec.Struct, frozen=True):
    """How the node stands."""

    node: NodeView
    """Which one."""
    chain_id: str
    """Name of the network."""
    genesis_hash: str
    """Hex."""
    height: int
    """Last height."""
    block_id: str
    """Of that block, hex; empty at height 0."""
    app_hash: str
    """After it, hex."""
    time: str
    """Block time."""
    now: str
    """The node's clock, as the ledger counts it."""
    clock_offset_ms: int
    """What every node of a test network adds to its system time."""
    consensus: ConsensusStatus | None
    """Where consensus stands; null on a node that does not vote."""
    peers: tuple[PeerStatus, ...]
    """Connected peers."""
    unreached: tuple[UnreachedPeer, ...]
    """Peers that this node dials in vain, and why."""
    pool: PoolStatus
    """Bundles that wait for a block."""
    waiting: int
    """Own documents between submission and commit."""
    syncing: bool
    """Whether blocks are being fetched because this node is behind."""
    has_quorum: bool
    """Whether validators that can decide are in touch."""
    evidence: int
    """Pieces of evidence that this node holds against validators: see /v1/evidence."""
    convictions: int
    """Heights at which a validator lied, as the ledger has it: see /v1/convictions."""
    fork_height: int
    """Height at which the ledger forked; 0 while no fork is known: see /v1/evidence."""
    ready: bool
    """Whether all readiness checks pass."""
    history_from: int
    """First height whose block is here; above 1 on a node that began with a snapshot."""
    bodies_from: int
    """First height whose documents are here; above `history_from` when older ones are in an archive."""
    snapshots: tuple[SnapshotStatus, ...]
    """Snapshots that this node holds for nodes that join late, by height."""


class Status:
    """Answers /v1/status."""

    def __init__(self, context: ApiContext) -> None:
        """Answer for the node of `context`."""
        self._context = context
        self._genesis_hash = genesis_hash(context.genesis).hex()

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Return the endpoint."""
        return (
            Endpoint(
                "GET",
                "/v1/status",
                Right.KNOWN,
                self.show,
                "The node and where its ledger stands.",
                (Answer(200, "The status.", StatusView),),
            ),
        )

    async def show(self, _request: web.Request) -> web.Response:
        """Show how the node stands."""
        view = self.view()
        return answer(json_bytes(view), view.height)

    def view(self) -> StatusView:
        """Return how the node stands."""
        context, tip = self._context, self._context.chain.tip
        status = context.status.status()
        submissions = context.submissions
        lanes = () if submissions is None else {key.partner for key in submissions.keys.values()}
        node = context.node
        return StatusView(
            node=NodeView(node.name, node.role, context.version, node.partner, tuple(sorted(lanes))),
            chain_id=context.genesis.chain_id,
            genesis_hash=self._genesis_hash,
            height=tip.height,
            block_id=tip.block_id.hex() if tip.height else NO_BLOCK,
            app_hash=tip.app_hash.hex(),
            time=format_timestamp(tip.time_ms),
            now=format_timestamp(context.wall.now_ms()),
            clock_offset_ms=context.genesis.clock_offset_ms,
            consensus=status.consensus,
            peers=status.peers,
            unreached=status.unreached,
            pool=status.pool,
            waiting=0 if submissions is None else submissions.waiting,
            syncing=status.syncing,
            has_quorum=status.has_quorum,
            evidence=sum(status.evidence.values()),
            convictions=sum(status.convictions.values()),
            fork_height=status.fork_height,
            ready=all(check.ok for check in context.status.checks()),
            history_from=context.history_from,
            bodies_from=max(context.history_from, context.archived_to + 1),
            snapshots=status.snapshots,
        )
