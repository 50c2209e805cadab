"""Who voted at which height: an index of every set that there was, for old commits and for proofs.

Rows, in the INDEX space:
    w  first height (8)      the set that votes from it on, as state holds it
"""

from collections.abc import Iterator
from typing import Final

from contracts.primitives.encoding import MalformedBytes, RowDecoder, encode
from contracts.state.governance_rows import Validators
from node.storage.errors import StorageDamaged
from node.storage.store import INDEX, Reader, Space, Write, put

_SET: Final = b"w"
SETS: Final = INDEX + _SET
"""First bytes of these rows in the database."""
_HEIGHT_BYTES: Final = 8
_SETS_READ: Final = 100
"""Sets read in one step."""

_decode: Final = RowDecoder(Validators).decode


def set_entry(from_height: int, validators: Validators) -> Write:
    """Build the row of a set that votes from a height on."""
    return put(INDEX, _SET + from_height.to_bytes(_HEIGHT_BYTES, "big"), encode(validators))


class ValidatorHistory:
    """Reads the rows, over a store or a pinned snapshot."""

    def __init__(self, reader: Reader) -> None:
        """Read from `reader`."""
        self._index = Space(reader, INDEX)

    def sets(self) -> Iterator[tuple[int, Validators]]:
        """Yield every set with the first height at which it votes, in order.

        Raises:
            StorageDamaged: A row cannot be read.
        """
        start: bytes | None = None
        while True:
            page = self._index.scan(_SET, start=start, limit=_SETS_READ)
            for key, data in page.rows:
                yield _read(key, data)
            if page.resume is None:
                return
            start = page.resume

    def at(self, height: int) -> Validators:
        """Return the set that votes at a height.

        Raises:
            StorageDamaged: The index has none for it, or a row cannot be read.
        """
        found: Validators | None = None
        for from_height, validators in self.sets():
            if from_height > height:
                break
            found = validators
        if found is None:
            raise StorageDamaged("index of validators", f"no set votes at height {height}")
        return found


def _read(key: bytes, data: bytes) -> tuple[int, Validators]:
    height = int.from_bytes(key[len(_SET) :], "big")
    try:
        return height, _decode(data)
    except MalformedBytes as error:
        raise StorageDamaged("index of validators", f"the set from height {height} on: {error}") from error
