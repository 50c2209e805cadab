"""Where files are damaged, and how: bits flipped, ends cut off or grown, pages emptied, files gone."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from node.home import CONFIG_FILE, HEAD_FILE, LOG_FOLDER, OUTBOX_FOLDER, SIGNER_FILE, VOUCHER_FILE, Home
from node.identity.standing import PLACE_FILES, STANDING_FILE
from node.storage.snapshot_files import SNAPSHOT_FOLDER

PAGE: Final = 512
_SHARES: Final = {"flip": 5, "truncate": 3, "zero page": 2, "extend": 1}

Kinds = Mapping[str, list[Path]]
"""Files by what they are, relative to the folder that they are in."""


class Case(NamedTuple):
    """One damage."""

    kind: str
    """Kind of file."""
    file: Path
    """Which, relative to the folder."""
    what: str
    """flip, truncate, extend, zero page, delete or rewrite."""
    place: int
    """Where it begins, bytes from the file's start."""
    patch: bytes
    """What is flipped, appended, or written in place of all; empty for the others."""

    def damaged(self, content: bytes) -> bytes | None:
        """Return what a file holds afterwards; None when it is gone."""
        # A copy of a home may have a shorter file: what tells it from a copy.
        place = min(self.place, max(len(content) - 1, 0))
        changed = bytearray(content)
        match self.what:
            case "delete":
                return None
            case "truncate":
                del changed[place:]
            case "flip":
                changed[place] ^= self.patch[0]
            case "zero page":
                changed[place : place + PAGE] = bytes(min(PAGE, len(content) - place))
            case "extend":
                changed += self.patch
            case _:
                changed = bytearray(self.patch)
        return bytes(changed)


def kinds_of(home: Home) -> dict[str, list[Path]]:
    """Return every file of the home by its kind, relative to it."""
    data, base = home.data, home.database
    segments = {folder: sorted((data / folder).iterdir()) for folder in (LOG_FOLDER, OUTBOX_FOLDER)}
    found = {
        "configuration": [home.config],
        "genesis": [home.genesis],
        "tokens": [home.tokens],
        "public record": [home.record],
        "passphrase": [home.root / "passphrase"],
        "key": sorted(home.keys.glob("*.json")),
        "certificate": [home.certificate],
        "remembered configuration": [data / CONFIG_FILE],
        "head marker": [data / HEAD_FILE],
        "signer's record": [data / SIGNER_FILE],
        "right to vote": [data / STANDING_FILE, data / PLACE_FILES[0]],
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


def kinds_of_archive(folder: Path) -> dict[str, list[Path]]:
    """Return every file of an archive by its kind, relative to it."""
    found = {"blocks": sorted(folder.glob("*.zst")), "manifest": sorted(folder.glob("*.json"))}
    return {kind: [path.relative_to(folder) for path in paths] for kind, paths in found.items()}


def draw_cases(folder: Path, kinds: Kinds, each: int, seed: str) -> Iterator[Case]:
    """Yield so many damages for every kind of file in a folder: each file deleted once, else every way."""
    for kind, files in kinds.items():
        assert files, kind
        chance = Random(f"packtrail damage {seed} {kind}")
        for number in range(each):
            file = files[number % len(files)]
            content = (folder / file).read_bytes()
            what = chance.choices(list(_SHARES), _SHARES.values())[0] if number >= len(files) else "delete"
            yield _case(kind, file, what, content, chance)


def _case(kind: str, file: Path, what: str, content: bytes, chance: Random) -> Case:
    if what == "delete":
        return Case(kind, file, what, 0, b"")
    if not content or what == "extend":
        tails = (b"\0", b"\n", chance.randbytes(1), chance.randbytes(700), content[:200] or b"x", bytes(4096))
        return Case(kind, file, "extend", len(content), chance.choice(tails))
    place = chance.randrange(len(content))
    if what == "zero page":
        place -= place % PAGE
    patch = bytes((1 << chance.randrange(8),)) if what == "flip" else b""
    return Case(kind, file, what, place, patch)
