"""How much a node must keep: down to which height bodies of blocks may go into an archive.

What reads them: peers that fetch blocks, also those that began with a snapshot of this node's; journeys,
documents, proofs and files of partners, for as long as the operator says; and the books of every open recall,
which are reckoned from the records that brought its goods to life.
"""

from typing import Final, NamedTuple

from contracts.chain.header import Header
from node.storage.archived import bodies_from
from node.storage.base import base_height
from node.storage.errors import StorageDamaged
from node.storage.head import load_head
from node.storage.history import History
from node.storage.recall_floor import floor_of_open_recalls
from node.storage.store import Reader

DAY_MS: Final = 86_400_000


class Limit(NamedTuple):
    """Up to where contents may be archived, and what asks for the rest."""

    last: int
    """Last height that may be archived; 0 for none."""
    reason: str
    """Why not the next one, in a few words."""


def last_to_archive(
    reader: Reader, keep_days: int, keep_heights: int, snapshots: list[int], *, despite_recalls: bool = False
) -> Limit:
    """Return up to which height contents of blocks may be archived.

    Args:
        reader: The database.
        keep_days: Days of block time to keep.
        keep_heights: Newest blocks to keep, at least 1.
        snapshots: Heights of the snapshots that this node gives to others.
        despite_recalls: Do not care for open recalls.

    Raises:
        StorageDamaged: The head or a header is missing or damaged.
    """
    head = load_head(reader)
    if head is None or head.height == 0:
        return Limit(0, "there are no blocks yet")
    limits = [
        Limit(head.height - keep_heights, f"the newest {keep_heights} blocks are kept"),
        Limit(_before(reader, head.height, head.time_ms - keep_days * DAY_MS), f"{keep_days} days are kept"),
    ]
    given = [height for height in snapshots if height != base_height(reader)]
    if given:
        reason = "who joins by this node's oldest snapshot needs the blocks after it"
        limits.append(Limit(min(given), reason))
    if not despite_recalls:
        floor = floor_of_open_recalls(reader)
        if floor is not None:
            limits.append(
                Limit(floor.height - 1, f"recall {floor.recall.hex()} is open, and reckoned from it")
            )
    return min(limits)


def _before(reader: Reader, head: int, time_ms: int) -> int:
    """Return the last height whose block is not later than a time; what is archived already for none."""
    history = History(reader)
    low, high = bodies_from(reader) - 1, head
    while low < high:
        middle = (low + high + 1) // 2
        if _header(history, middle).time_ms <= time_ms:
            low = middle
        else:
            high = middle - 1
    return low


def _header(history: History, height: int) -> Header:
    block = history.blocks.load(height)
    if block is None:
        raise StorageDamaged(f"block {height}", "it is missing")
    return block.header
