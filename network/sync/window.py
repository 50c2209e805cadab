"""The heights being fetched: who was asked for each, what has come, and how many bytes that takes."""

from collections.abc import Iterable

import msgspec

from network.sync.checks import ReadBlock, ReceivedBlock


class Slot(msgspec.Struct):
    """One height that was asked for."""

    peer: str
    """Who was asked."""
    bundles: list[bytes]
    """Bundles that have come, in order."""
    read: ReadBlock | None = None
    """The block, once it has come."""

    @property
    def is_complete(self) -> bool:
        """Whether all of it has come."""
        return self.read is not None and len(self.bundles) == len(self.read.block.bundles)

    def size(self, largest: int) -> int:
        """Bytes it takes; `largest` as long as it may still grow."""
        if self.read is None or not self.is_complete:
            return largest
        return len(self.read.block_bytes) + len(self.read.commit_bytes) + sum(map(len, self.bundles))


class Window:
    """Slots by height, above the last height the host has applied.

    Heights up to `proven` are proven: their slots are complete, and follow one another from the head on.
    Small blocks make thousands of slots, and every message asks for room and for the lowest missing height:
    both are kept up to date, never counted anew.

    Attributes:
        proven: Last proven height.
        proven_id: Its block's id, 32 bytes.
    """

    def __init__(self, head: int, head_id: bytes, largest: int, budget: int) -> None:
        """Begin at the head; a block takes at most `largest` bytes, all of them at most `budget`."""
        self.proven = head
        self.proven_id = head_id
        self._largest = largest
        self._budget = budget
        self._slots: dict[int, Slot] = {}
        self._sizes: dict[int, int] = {}  # what each slot counts for
        self._used = 0  # their sum
        self._head = head
        self._lowest = head + 1  # below it, down to the head, every height has its slot
        self._delivered = head  # the host has what is above the head up to here
        self._delivered_bytes = 0  # what that takes

    def get(self, height: int) -> Slot | None:
        """Return the slot of a height that was asked for."""
        return self._slots.get(height)

    def next_read(self) -> tuple[Slot, ReadBlock] | None:
        """Return the complete slot above the proven ones, if it has come."""
        slot = self._slots.get(self.proven + 1)
        return None if slot is None or slot.read is None or not slot.is_complete else (slot, slot.read)

    def prove(self, read: ReadBlock) -> None:
        """The next block is proven."""
        self.proven, self.proven_id = read.height, read.block_id

    def apply(self, height: int, block_id: bytes) -> None:
        """The host has applied a block: forget everything up to it."""
        if height >= self.proven:
            self.proven, self.proven_id = height, block_id
        for applied in range(self._head + 1, min(height, self._delivered) + 1):
            self._delivered_bytes -= self._sizes[applied]
        self._delivered = max(self._delivered, height)
        self._close(range(self._head + 1, height + 1))
        self._head = max(self._head, height)
        self._lowest = max(self._lowest, height + 1)

    def disprove(self, height: int) -> str | None:
        """A proven block came with wrong bundles: prove and deliver anew from there; return who sent it."""
        slot = self._slots.get(height)
        if slot is None or slot.read is None or height > self.proven:
            return None
        self.proven, self.proven_id = height - 1, slot.read.block.header.previous_block_id
        self._delivered, self._delivered_bytes = self._head, 0
        return slot.peer

    def undelivered(self, ahead: int, ahead_bytes: int) -> list[ReceivedBlock]:
        """Mark as delivered, and return, proven blocks.

        Args:
            ahead: So many may be delivered and not yet applied.
            ahead_bytes: They may take so much, or be one.
        """
        blocks = []
        while self._delivered < min(self.proven, self._head + ahead):
            height = self._delivered + 1
            slot, size = self._slots[height], self._sizes[height]
            if slot.read is None or (self._delivered_bytes and self._delivered_bytes + size > ahead_bytes):
                break
            self._delivered, self._delivered_bytes = height, self._delivered_bytes + size
            blocks.append(ReceivedBlock(slot.peer, slot.read, tuple(slot.bundles)))
        return blocks

    def lowest_missing(self) -> int:
        """Return the lowest height that nobody was asked for."""
        self._lowest = max(self._lowest, self.proven + 1)
        while self._lowest in self._slots:
            self._lowest += 1
        return self._lowest

    def has_room(self, height: int) -> bool:
        """Tell whether `height` may be asked for: the next block needed always may."""
        return height == self.proven + 1 or self._room() >= self._largest

    def open_range(self, peer: str, first: int, last: int) -> list[int]:
        """Open slots for `peer` from `first` to at most `last`, as far as there is room; return them."""
        heights = [first]
        room = self._room() - self._largest
        for height in range(first + 1, last + 1):
            room -= self._largest
            if room < 0 or height in self._slots:
                break
            heights.append(height)
        for height in heights:
            self._slots[height] = Slot(peer, [])
            self._count(height, self._largest)
        return heights

    def completed(self, height: int) -> None:
        """All of a slot has come: it counts for what it takes from now on."""
        self._count(height, self._slots[height].size(self._largest))

    def drop(self, heights: list[int]) -> None:
        """Close the slots of these heights, to be asked for again."""
        self._close(heights)
        self._lowest = min((self._lowest, *heights))

    def _close(self, heights: Iterable[int]) -> None:
        for height in heights:
            self._slots.pop(height, None)
            self._count(height, 0)

    def _count(self, height: int, size: int) -> None:
        self._used += size - self._sizes.pop(height, 0)
        if size:
            self._sizes[height] = size

    def drop_unproven(self, peer: str) -> None:
        """Close everything that came from a liar and is not proven."""
        self.drop([at for at, slot in self._slots.items() if slot.peer == peer and at > self.proven])

    def clear(self) -> None:
        """Close all slots."""
        self.drop(list(self._slots))

    def _room(self) -> int:
        return self._budget - self._used
