"""What the API is given of the node: `node/assembly.py` builds one context, `node/api/app.py` takes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import CollectorRegistry

from contracts.chain.genesis import Genesis, Node
from node.api.gateway import Captures, Drafts
from node.api.promises import Promises
from node.api.status import StatusSource
from node.api.tokens import TokenGrant
from node.config.schema import ApiSection
from node.host.chain import Chain
from node.host.submission import Submissions
from node.host.surroundings import WallClock
from node.storage.readers import Readers


class TokenCheck(Protocol):
    """Who knows the tokens: `node.api.tokens.TokenFile`."""

    def check(self, token: str) -> TokenGrant | None:
        """Return what a token allows, or None for an unknown or revoked one."""
        ...


@dataclass(frozen=True)
class ApiContext:
    """Everything that the HTTP interface needs."""

    genesis: Genesis
    """The network."""
    node: Node
    """This node in genesis: name, role, partner."""
    version: str
    """Of the program."""
    settings: ApiSection
    """Limits of the `[api]` section."""
    chain: Chain
    """The decided chain."""
    submissions: Submissions | None
    """Where documents go; None on a node that signs for nobody: it is read-only."""
    readers: Readers
    """Threads for reading."""
    promises: Promises
    """What this node keeps for its clients beside the ledger."""
    captures: Captures | None
    """The EPCIS gateway; None on a read-only node."""
    drafts: Drafts | None
    """Drafts that the gateway made; None on a read-only node."""
    tokens: TokenCheck
    """API tokens."""
    status: StatusSource
    """How the node stands."""
    wall: WallClock
    """Time of day, as the ledger counts it."""
    metrics: CollectorRegistry
    """Where all metrics of the node are registered."""
    serve_metrics: bool
    """Whether /metrics answers."""
    set_log_level: Callable[[str], None]
    """Changes what is logged: debug, info, warning or error."""
    draw: Callable[[int], bytes]
    """Returns so many random bytes that nobody can foresee, such as `os.urandom`."""
    history_from: int = 1
    """First height whose block, bundles and receipts are here; 1 unless the node began with a snapshot."""
    archived_to: int = 0
    """Up to this height, the contents of blocks are in an archive; 0 when none are."""
