"""What the rest of a node sees of the network: peers with names and roles, and messages."""

from collections.abc import Collection
from typing import Protocol

import msgspec

from network.wire.messages import Hello, Message

VALIDATOR = "validator"
MEMBER = "member"
OBSERVER = "observer"
ROLES = (VALIDATOR, MEMBER, OBSERVER)


class PeerIdentity(msgspec.Struct, frozen=True):
    """A node that proved who it is."""

    name: str
    """Its name in genesis."""
    role: str
    """validator, member or observer, as genesis says."""


class PeerListener(Protocol):
    """What a node is told. Calls come one at a time, from the event loop, and must not block.

    For one peer they come in order: up, messages, down. A session that takes another's place is announced by
    down and up, since what waited in the old one is lost.

    An exception that leaves one of these is a bug of this node: it goes to the supervisor.
    """

    def on_up(self, peer: PeerIdentity, hello: Hello) -> None:
        """A session with `peer` is open; `hello` says where it stands."""
        ...

    def on_down(self, peer: PeerIdentity, reason: str) -> None:
        """The session with `peer` is over; what was sent and not answered may be lost."""
        ...

    def on_message(self, peer: PeerIdentity, message: Message) -> None:
        """A well-formed message that `peer`'s role may send; hellos, pings and farewells do not come here.

        Raises:
            RemoteProtocolError: The message is one that no correct node sends; it is banned for a while.
        """
        ...


class PeerNetwork(Protocol):
    """What a node may do."""

    def send(self, name: str, message: Message) -> bool:
        """Queue `message` for the node called `name`.

        Returns:
            False when there is no session with it, its queue for blocks is full, this node's role may not
            send it, or it is too long: nothing was queued.
        """
        ...

    def broadcast(
        self, message: Message, roles: Collection[str] = ROLES, without: Collection[str] = ()
    ) -> int:
        """Queue `message` for every connected peer of these roles, `without` some; return for how many."""
        ...

    def ban(self, name: str, reason: str) -> None:
        """Close the session with a peer that lied or stalls, and refuse new ones for a while."""
        ...

    def connected(self) -> tuple[PeerIdentity, ...]:
        """Return the peers with an open session, by name."""
        ...
