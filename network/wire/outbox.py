"""What waits to be sent to one peer: bounded, by priority, several small frames at a time; without I/O.

One frame alone costs the event loop several times what it costs among ten (a system call and a TLS record
each), so frames that wait together leave together. What a height waits for leaves first; but after a few
chunks the lower classes get one, so that a busy network cannot starve a peer that catches up.
"""

from collections import deque

from network.wire.frames import Frame, Priority

CHUNK_BYTES = 64 * 1024
"""Frames are joined up to this much; a longer frame leaves alone."""
MAX_PASSED_OVER = 8
"""A class that waits gets a chunk after this many chunks of higher classes."""
_PRIORITIES = tuple(Priority)
"""The classes, the most urgent first; going through the enumeration itself takes several times as long."""
MAX_WAITING_BYTES = {
    Priority.URGENT: 8 << 20,
    Priority.BUNDLES: 32 << 20,
    Priority.BLOCKS: 16 << 20,
}
"""A class that holds this much takes no further frame."""


class Outbox:
    """The frames that wait for one peer.

    Attributes:
        waiting_bytes: Bytes of all of them.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._frames: dict[Priority, deque[bytes]] = {priority: deque() for priority in Priority}
        self._bytes = dict.fromkeys(Priority, 0)
        self._passed_over = dict.fromkeys(Priority, 0)
        self.waiting_bytes = 0

    def __bool__(self) -> bool:
        """Tell whether anything waits: every frame has a header."""
        return self.waiting_bytes > 0

    def put(self, frame: Frame) -> bool:
        """Add a frame; False, and nothing added, when its class is full."""
        priority = frame.priority
        if self._bytes[priority] >= MAX_WAITING_BYTES[priority]:
            return False
        self._frames[priority].append(frame.data)
        self._bytes[priority] += len(frame.data)
        self.waiting_bytes += len(frame.data)
        return True

    def take(self) -> bytes:
        """Remove and return the next chunk to send; empty when nothing waits."""
        waiting = [priority for priority in _PRIORITIES if self._frames[priority]]
        if not waiting:
            return b""
        if len(waiting) == 1:
            self._passed_over[waiting[0]] = 0
            return self._chunk(waiting[0])
        chosen = next((one for one in waiting if self._passed_over[one] >= MAX_PASSED_OVER), waiting[0])
        for priority in waiting:
            self._passed_over[priority] = 0 if priority is chosen else self._passed_over[priority] + 1
        return self._chunk(chosen)

    def _chunk(self, priority: Priority) -> bytes:
        frames = self._frames[priority]
        parts = [frames.popleft()]
        length = len(parts[0])
        while frames and length + len(frames[0]) <= CHUNK_BYTES:
            parts.append(frames.popleft())
            length += len(parts[-1])
        self._bytes[priority] -= length
        self.waiting_bytes -= length
        return parts[0] if len(parts) == 1 else b"".join(parts)
