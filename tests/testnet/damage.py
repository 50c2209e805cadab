"""One bit of a stopped node's database, changed: in a stored value, or in one of the files."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from node.home import HEAD_FILE, Home
from node.storage.leveldb import LevelOptions, LevelStore, open_level
from node.storage.store import (
    BLOCKS,
    BUNDLES,
    COMMITS,
    DOCUMENTS,
    INDEX,
    META,
    RECEIPTS,
    STATE,
    WRITES,
)

SPACES: Final = {
    "state": STATE,
    "blocks": BLOCKS,
    "commits": COMMITS,
    "bundles": BUNDLES,
    "receipts": RECEIPTS,
    "writes": WRITES,
    "documents": DOCUMENTS,
    "index": INDEX,
    "meta": META,
}
"""Kinds of stored rows."""
_MAX_ROWS: Final = 10_000
_LOCK_AND_DIARY: Final = ("LOCK", "LOG", "LOG.old")
"""Files of LevelDB that hold no data."""


class Flip(NamedTuple):
    """One bit to be changed."""

    kind: str
    """A kind of row, or `file`."""
    place: bytes | Path
    """Key of the row, or the file relative to the node's data folder."""
    bit: int
    """Which bit of the value, of a key whose value is empty, or of the file."""


def draw_flips(home: Home, count: int, seed: int) -> list[Flip]:
    """Choose positions: by turns one of every kind of row, and one in every file.

    Args:
        home: Of a stopped node.
        count: How many.
        seed: The same seed, the same positions in the same database.
    """
    chance = random.Random(seed)
    turns = [*_rows(home, chance), *_files(home, chance)]
    return [next(turns[number % len(turns)]) for number in range(count)]


def _rows(home: Home, chance: random.Random) -> list[Iterator[Flip]]:
    store = _open(home)
    try:
        spaces = {name: store.scan(space, limit=_MAX_ROWS).rows for name, space in SPACES.items()}
    finally:
        store.close()
    assert all(spaces.values()), {name: len(rows) for name, rows in spaces.items()}
    return [_flips_of_rows(name, rows, chance) for name, rows in spaces.items()]


def _flips_of_rows(name: str, rows: list[tuple[bytes, bytes]], chance: random.Random) -> Iterator[Flip]:
    while True:
        key, value = chance.choice(rows)
        # Where there is no value, the key says all; its first byte says of which kind the row is.
        bits = range(8 * len(value)) if value else range(8, 8 * len(key))
        yield Flip(name, key, chance.choice(bits))


def _files(home: Home, chance: random.Random) -> list[Iterator[Flip]]:
    inside = [path for path in sorted(home.database.iterdir()) if path.name not in _LOCK_AND_DIARY]
    files = [path for path in (*inside, home.data / HEAD_FILE) if path.stat().st_size]
    assert any(path.suffix == ".ldb" for path in files), files
    return [_flips_of_file(path, home.data, chance) for path in files]


def _flips_of_file(path: Path, data: Path, chance: random.Random) -> Iterator[Flip]:
    while True:
        yield Flip("file", path.relative_to(data), chance.randrange(8 * path.stat().st_size))


def damaged_copy(home: Home, flip: Flip, target: Path) -> Path:
    """Copy a home to `target`, where nothing may be yet, change the bit there, and return `target`."""
    shutil.copytree(home.root, target)
    copy = Home(target)
    if isinstance(flip.place, Path):
        path = copy.data / flip.place
        path.write_bytes(_flipped(path.read_bytes(), flip.bit))
        return target
    store = _open(copy)
    try:
        value = store.get(flip.place)
        assert value is not None
        if value:
            store.write([(flip.place, _flipped(value, flip.bit))], sync=True)
        else:
            store.write([(flip.place, None), (_flipped(flip.place, flip.bit), b"")], sync=True)
    finally:
        store.close()
    return target


def _flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _open(home: Home) -> LevelStore:
    return open_level(home.database, LevelOptions(), create=False)
