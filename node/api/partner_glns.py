"""GLNs of partners by their numbers, remembered: the answer to a write asks no disk for them."""

from collections.abc import Iterable

from contracts.state.rows import NOBODY
from node.storage.custody import Custody
from node.storage.store import Snapshot


class PartnerGlns:
    """What is known of numbers so far. A number is given once and its GLN stays, so nothing is ever wrong."""

    def __init__(self) -> None:
        """Begin with nobody known."""
        self._known: dict[int, str | None] = {NOBODY: None}

    def knows(self, numbers: Iterable[int]) -> bool:
        """Tell whether all these numbers are known."""
        return all(number in self._known for number in numbers)

    def learn(self, snapshot: Snapshot, numbers: Iterable[int]) -> None:
        """Look numbers up. On a reader thread.

        Raises:
            StorageDamaged: What is stored does not match its checksum.
        """
        custody = Custody(snapshot)
        self._known.update((number, custody.gln_of(number)) for number in numbers)

    def gln_of(self, number: int) -> str | None:
        """Return the GLN of a known number; None for nobody."""
        return self._known[number]
