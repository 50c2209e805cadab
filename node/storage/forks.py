"""What this node knows of forks: the proof of one, votes of heights that took rounds, what people settled.

Rows in the LOCAL space:
    xp                 [when it was found, proof]: the fork at the lowest height that is known
    xs  height (8)     [height, block id]: which block stands there, by the word of the network's operators
    xv  height (8)     votes of a height that was not decided in its first round; the newest heights only
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from contracts.chain.fork import MAX_FORK_BYTES, ForkProof
from contracts.chain.votes import Vote
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from node.storage.errors import StorageDamaged
from node.storage.store import LOCAL, KeyValueStore, Reader, Space, delete, put

MAX_HEIGHTS: Final = 64
"""Heights whose votes are kept."""
MAX_VOTES: Final = 8_192
"""Most votes kept of one height: thirty rounds of the largest set."""
_SETTLED_READ: Final = 100
"""Settled heights read in one step."""

_PROOF: Final = b"xp"
_SETTLED: Final = b"xs"
_VOTES: Final = b"xv"
_HEIGHT_BYTES: Final = 8


class KeptFork(msgspec.Struct, frozen=True, array_like=True):
    """A fork that this node knows of."""

    found_ms: int
    """When it learned of it, by its clock, ms since 1970-01-01 UTC."""
    proof: ForkProof
    """That it is one, and who has to answer for it."""


class Settled(msgspec.Struct, frozen=True, array_like=True):
    """What the operators of the network agreed on after a fork, of one height."""

    height: int
    """Where two blocks were decided."""
    block_id: bytes
    """32 bytes, the block that stands."""


_FORKS: Final[Decoder[KeptFork]] = Decoder(KeptFork, MAX_FORK_BYTES + 64)
_SETTLED_ROWS: Final[Decoder[Settled]] = Decoder(Settled)
_VOTE_ROWS: Final[Decoder[tuple[Vote, ...]]] = Decoder(tuple[Vote, ...], MAX_VOTES * 128)


def keep_fork(store: KeyValueStore, kept: KeptFork) -> None:
    """Make the proof of a fork durable, in the place of the one before.

    Raises:
        StorageFailed: The disk refused.
    """
    store.write([put(LOCAL, _PROOF, encode(kept))], sync=True)


def load_fork(reader: Reader) -> KeptFork | None:
    """Return the fork that this node knows of; None when there is none.

    Raises:
        StorageDamaged: The row cannot be read.
        StorageFailed: The disk refused.
    """
    data = Space(reader, LOCAL).get(_PROOF)
    try:
        return None if data is None else _FORKS.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged("kept proof of a fork", str(error)) from error


def settle(store: KeyValueStore, settled: Settled) -> None:
    """Make durable which block stands after a fork, beside what was settled before; raises as `keep_fork`."""
    store.write(
        [put(LOCAL, _SETTLED + settled.height.to_bytes(_HEIGHT_BYTES, "big"), encode(settled))], sync=True
    )


def load_settled(reader: Reader) -> Mapping[int, bytes]:
    """Return which block stands at each height that people have settled; raises as `load_fork`."""
    rows, start = Space(reader, LOCAL), None
    settled: dict[int, bytes] = {}
    try:
        while True:
            page = rows.scan(_SETTLED, start=start, limit=_SETTLED_READ)
            found = [_SETTLED_ROWS.decode(data) for _key, data in page.rows]
            settled |= {each.height: each.block_id for each in found}
            start = page.resume
            if start is None:
                return settled
    except MalformedBytes as error:
        raise StorageDamaged("row of a settled fork", str(error)) from error


def keep_votes(store: KeyValueStore, height: int, votes: Iterable[Vote]) -> None:
    """Keep the votes of a height, and forget those of the oldest: not synced, for no safety rests on them.

    Raises:
        StorageDamaged: What is stored fails its checksum.
        StorageFailed: The disk refused.
    """
    held = [key for key, _data in Space(store, LOCAL).scan(_VOTES, limit=MAX_HEIGHTS + 1).rows]
    row = put(LOCAL, _votes_key(height), encode(tuple(votes)[:MAX_VOTES]))
    dropped = held[: max(0, len(held) + 1 - MAX_HEIGHTS)]
    store.write([*(delete(LOCAL, key) for key in dropped), row], sync=False)


def load_votes(reader: Reader, height: int) -> tuple[Vote, ...]:
    """Return the votes that are kept of a height; raises as `load_fork`."""
    data = Space(reader, LOCAL).get(_votes_key(height))
    try:
        return () if data is None else _VOTE_ROWS.decode(data)
    except MalformedBytes as error:
        raise StorageDamaged(f"kept votes of height {height}", str(error)) from error


def _votes_key(height: int) -> bytes:
    return _VOTES + height.to_bytes(_HEIGHT_BYTES, "big")
