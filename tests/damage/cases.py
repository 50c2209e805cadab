"""Where a home is damaged, and how: bits flipped, ends cut off or grown, pages emptied, files gone."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from node.home import CONFIG_FILE, HEAD_FILE, LOG_FOLDER, OUTBOX_FOLDER, SIGNER_FILE, VOUCHER_FILE, Home
from node.storage.snapshot_files import SNAPSHOT_FOLDER

PAGE: Final = 512
_SHARES: Final = {"flip": 5, "truncate": 3, "zero page": 2, "extend": 1}


class Case(NamedTuple):
    """One damage."""

    kind: str
    """Kind of file."""
    file: Path
    """Which, relative to the home."""
    what: str
    """flip, truncate, extend, zero page or delete."""
    data: bytes | None
    """What the file holds now; None when it is gone."""
    place: int
    """Where it begins, bytes from the file's start."""


def kinds_of(home: Home) -> dict[str, list[Path]]:
    """Return every file of the home by its kind, relative to it."""
    data, base = home.data, home.database
    segments = {folder: sorted((data / folder).iterdir()) for folder in (LOG_FOLDER, OUTBOX_FOLDER)}
    found = {
        "configuration": [home.config],
        "genesis": [home.genesis],
        "tokens": [home.tokens],
        "passphrase": [home.root / "passphrase"],
        "key": sorted(home.keys.glob("*.json")),
        "certificate": [home.certificate],
        "remembered configuration": [data / CONFIG_FILE],
        "head marker": [data / HEAD_FILE],
        "signer's record": [data / SIGNER_FILE],
        "consensus log, full": segments[LOG_FOLDER][:-1],
        "consensus log, last": segments[LOG_FOLDER][-1:],
        "outbox, full": segments[OUTBOX_FOLDER][:-1],
        "outbox, last": segments[OUTBOX_FOLDER][-1:],
        "manifest of a snapshot": sorted((data / SNAPSHOT_FOLDER).glob("*.manifest")),
        "chunk of a snapshot": sorted((data / SNAPSHOT_FOLDER).glob("*.chunk")),
        "manifests vouched for": [data / VOUCHER_FILE],
        "LevelDB CURRENT": [base / "CURRENT"],
        "LevelDB MANIFEST": sorted(base.glob("MANIFEST-*")),
        "LevelDB table": sorted(base.glob("*.ldb")),
        "LevelDB log": sorted(path for path in base.glob("*.log") if path.stat().st_size),
        "LevelDB LOCK and LOG": [base / "LOCK", *sorted(base.glob("LOG*"))],
    }
    return {kind: [path.relative_to(home.root) for path in paths] for kind, paths in found.items()}


def draw_cases(home: Home, positions: int, seed: int) -> Iterator[Case]:
    """Yield so many damages, or a few more: the same share for every kind of file, every way for each."""
    kinds = kinds_of(home)
    each = -(-positions // len(kinds))
    for kind, files in kinds.items():
        assert files, kind
        chance = Random(f"packtrail damage {seed} {kind}")
        for number in range(each):
            file = files[number % len(files)]
            content = (home.root / file).read_bytes()
            what = chance.choices(list(_SHARES), _SHARES.values())[0] if number >= len(files) else "delete"
            yield _case(kind, file, what, content, chance)


def _case(kind: str, file: Path, what: str, content: bytes, chance: Random) -> Case:
    if what == "delete":
        return Case(kind, file, what, None, 0)
    if not content or what == "extend":
        tails = (b"\0", b"\n", chance.randbytes(1), chance.randbytes(700), content[:200] or b"x", bytes(4096))
        return Case(kind, file, "extend", content + chance.choice(tails), len(content))
    place = chance.randrange(len(content))
    if what == "truncate":
        return Case(kind, file, what, content[:place], place)
    changed = bytearray(content)
    if what == "flip":
        changed[place] ^= 1 << chance.randrange(8)
    else:
        place -= place % PAGE
        changed[place : place + PAGE] = bytes(min(PAGE, len(content) - place))
    return Case(kind, file, what, bytes(changed), place)
