"""The handshake: who is at the other end, and does it belong to the same network; without I/O.

TLS has proven a certificate before the first message. The dialling side says hello first; the side that was
dialled judges that, and answers with its own hello only if it accepts. So whoever receives a hello in answer
knows that it was accepted.

A node is what its certificate pins, whatever its hello claims. Who claims another's name is refused. Who
claims another role is let in as what it is here: governance changes roles, and a node that is behind, on
either side, must not be cut off from the very blocks that say so.
"""

import msgspec

from network.peer.directory import Directory
from network.peer.face import ROLES, PeerIdentity
from network.wire.errors import RemoteProtocolError
from network.wire.messages import PROTOCOL_VERSION, Hello


class HandshakeRefused(RemoteProtocolError):
    """The other end does not belong here, or not now.

    Attributes:
        code: The first check that failed: certificate, itself, node, version, chain_id, genesis, name, role;
            then what the owner of the session may say: banned, duplicate.
    """

    def __init__(self, code: str, message: str) -> None:
        """Refuse with a stable code and a sentence."""
        super().__init__(message)
        self.code = code


class LocalNode(msgspec.Struct, frozen=True):
    """This node, as it introduces itself."""

    name: str
    """Its name in genesis."""
    role: str
    """validator, member or observer."""


def build_hello(local: LocalNode, directory: Directory, height: int, tip: bytes) -> Hello:
    """Return the hello of this node; `tip` is the id of the block at `height`, empty at 0."""
    return Hello(
        PROTOCOL_VERSION,
        directory.chain_id,
        directory.genesis_hash,
        local.name,
        local.role,
        height,
        tip,
    )


class Handshake:
    """One side of one handshake."""

    def __init__(self, local: LocalNode, directory: Directory, certificate: bytes, dialled: str = "") -> None:
        """Judge the node that proved `certificate`.

        Args:
            local: This node.
            directory: Who may connect.
            certificate: What the other end proved, DER.
            dialled: The node that was dialled; empty when the other end dialled.
        """
        self._local = local
        self._directory = directory
        self._certificate = certificate
        self._dialled = dialled

    def identify(self) -> PeerIdentity:
        """Return who is at the other end, by its certificate.

        Raises:
            HandshakeRefused: A stranger, this node itself, or not the node that was dialled.
        """
        identity = self._directory.by_certificate(self._certificate)
        if identity is None:
            raise HandshakeRefused("certificate", "the certificate is not pinned by genesis")
        if identity.name == self._local.name:
            raise HandshakeRefused("itself", "the connection leads back to this node")
        if self._dialled not in ("", identity.name):
            raise HandshakeRefused("node", f"{self._dialled} was dialled, {identity.name} answered")
        return identity

    def check(self, hello: Hello) -> PeerIdentity:
        """Judge the other end's hello and return who it is.

        Raises:
            HandshakeRefused: The first check that failed, in the order of the class' codes.
        """
        identity = self.identify()
        expected = (
            ("version", hello.version, PROTOCOL_VERSION),
            ("chain_id", hello.chain_id, self._directory.chain_id),
            ("genesis", hello.genesis_hash.hex(), self._directory.genesis_hash.hex()),
            ("name", hello.node, identity.name),
        )
        for code, found, wanted in expected:
            if found != wanted:
                raise HandshakeRefused(code, f"{code} is {found!r}, expected {wanted!r}")
        if hello.role not in ROLES:
            raise HandshakeRefused("role", f"role is {hello.role!r}, expected one of {', '.join(ROLES)}")
        return identity
