"""What the translation of an event may ask beside the state: what chain and file remember."""

from collections.abc import Iterable
from typing import Protocol

from contracts.gs1.keys import ItemKey


class Memory(Protocol):
    """Remembers, for whoever acts in a file."""

    def contents(self, parent: ItemKey) -> tuple[ItemKey, ...] | None:
        """Return what is directly inside a container; None when it cannot be listed."""
        ...

    def loads(self, partner: int) -> Iterable[bytes]:
        """Return the ids of a partner's shipments of packs without serials, in and out, oldest first."""
        ...

    def is_stated(self, statement: bytes) -> bool:
        """Tell whether this node's keys stated this before, in the chain or this file, by its fingerprint."""
        ...
