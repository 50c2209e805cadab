"""Every node that may connect: names, roles and pinned certificates."""

from collections.abc import Iterable

from contracts.chain.genesis import Genesis, Node, genesis_hash
from contracts.primitives.hashing import Hash
from network.peer.face import PeerIdentity
from network.wire.errors import LocalProtocolError
from network.wire.messages import MAX_NAME_CHARACTERS


class Directory:
    """The nodes of one network.

    Attributes:
        chain_id: The network's name.
        genesis_hash: 32 bytes, what its nodes compare before they talk.
    """

    def __init__(self, chain_id: str, hash_of_genesis: Hash, nodes: Iterable[Node]) -> None:
        """List `nodes`.

        Raises:
            LocalProtocolError: A name is longer than the protocol carries.
        """
        self.chain_id = chain_id
        self.genesis_hash = hash_of_genesis
        self._by_name: dict[str, PeerIdentity] = {}
        self._by_certificate: dict[bytes, PeerIdentity] = {}
        self.list_anew(nodes)

    def list_anew(self, nodes: Iterable[Node]) -> None:
        """List other nodes: genesis names the first ones, governance admits and removes.

        Raises:
            LocalProtocolError: A name is longer than the protocol carries.
        """
        self._by_name = {}
        self._by_certificate = {}
        for node in nodes:
            if not 0 < len(node.name) <= MAX_NAME_CHARACTERS:
                raise LocalProtocolError(
                    f"node {node.name!r}: 1 to {MAX_NAME_CHARACTERS} characters are sent"
                )
            identity = PeerIdentity(node.name, node.role)
            self._by_name[node.name] = identity
            self._by_certificate[node.certificate] = identity

    @classmethod
    def of_genesis(cls, genesis: Genesis) -> "Directory":
        """List the nodes that genesis names."""
        return cls(genesis.chain_id, genesis_hash(genesis), genesis.nodes)

    @property
    def certificates(self) -> tuple[bytes, ...]:
        """The pinned certificates, DER: the only trust anchors."""
        return tuple(self._by_certificate)

    def by_name(self, name: str) -> PeerIdentity | None:
        """Return the node called `name`, or None."""
        return self._by_name.get(name)

    def by_certificate(self, certificate: bytes) -> PeerIdentity | None:
        """Return the node whose pinned certificate has exactly these bytes, or None for a stranger."""
        return self._by_certificate.get(certificate)
