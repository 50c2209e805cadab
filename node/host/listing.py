"""Who may connect, by the ledger: what governance decided reaches the peers, the directory and the pins."""

from collections.abc import Iterable
from typing import Protocol

import structlog

from network.peer.directory import Directory
from network.peer.peers import Peers
from node.host.applied import Applied

_log = structlog.get_logger(__name__)


class Pinning(Protocol):
    """A transport that can be told whom to let in."""

    def pin(self, certificates: Iterable[bytes]) -> None:
        """Let nodes with these certificates, DER, connect from the next connection on."""
        ...


class PeerSide:
    """What talks to other nodes, and who they are by the ledger.

    Attributes:
        peers: Everyone this node is connected with.
    """

    def __init__(self, peers: Peers, directory: Directory, transport: Pinning, since: int = 0) -> None:
        """Join the parts.

        Args:
            peers: The sessions.
            directory: What lists them.
            transport: What lets them in.
            since: Height after which `directory` is the list: what blocks up to it changed is in it.
        """
        self._since = since
        self.peers = peers
        self._directory = directory
        self._transport = transport

    def follow(self, applied: Applied) -> None:
        """Let nodes in that governance admitted, and others go."""
        if applied.nodes is None or applied.tip.height <= self._since:
            return
        self._directory.list_anew(applied.nodes)
        self._transport.pin(node.certificate for node in applied.nodes)
        self.peers.list_changed()
        _log.info("nodes_listed_anew", height=applied.tip.height, nodes=len(applied.nodes))
