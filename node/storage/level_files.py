"""Checking LevelDB's files one by one, byte for byte, so that damage is found and its file named.

LevelDB itself checks a block when it reads it, and says that something is wrong, but not where; filters and
the ends of files it reads only now and then, or never. Here every byte of a table file, log or manifest is
covered: by a checksum, or by a form that leaves no choice. Nothing is opened, changed or repaired; the
database must be closed.

Source: the LevelDB documentation, table_format.md and log_format.md; the checksum is CRC-32C, masked.
"""

import re
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from node.storage.crc32c import crc32c_many
from node.storage.errors import StorageDamaged, StorageFailed
from node.storage.level_manifest import BadManifest, LiveTable, live_tables, log_in_use

_FOOTER_BYTES: Final = 48
_MAGIC: Final = (0xDB4775248B80FB57).to_bytes(8, "little")
_TRAILER_BYTES: Final = 5
_UNCOMPRESSED: Final = 0
_MASK_DELTA: Final = 0xA282EAD8
_MAX_VARINT_BYTES: Final = 10

_LOOKS: Final = 3
"""How often it is looked for a log that is not there: whoever writes meanwhile is told to be busy later."""

_LOG_BLOCK_BYTES: Final = 32_768
_LOG_HEADER_BYTES: Final = 7
_LOG_TYPES: Final = range(1, 5)

_TABLE_SUFFIXES: Final = (".ldb", ".sst")
_LOG_NAME: Final = re.compile(r"[0-9]{6,}\.log|MANIFEST-[0-9]{6,}")
_CURRENT_NAME: Final = "CURRENT"


class FilesChecked(msgspec.Struct, frozen=True):
    """What was found whole."""

    tables: int
    """Table files."""
    logs: int
    """Write-ahead logs and manifests."""


def check_level_files(folder: Path) -> FilesChecked:
    """Check every file of a closed database that holds data, and that none is missing.

    Raises:
        StorageDamaged: `where` is the first damaged file, by name.
        StorageFailed: The disk refused.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise StorageFailed(str(folder), error.strerror or str(error)) from error
    logs = [name for name in names if _LOG_NAME.fullmatch(name)]
    manifest = _check_current(folder, logs)
    for name in logs:
        _check_log(folder / name)
    check_newest_log(folder)
    tables = _live_tables(folder / manifest)
    for table in tables:
        _check_table(_path_of(folder, table, names), table.size)
    return FilesChecked(len(tables), len(logs))


def check_newest_log(folder: Path) -> None:
    """Check that the log is there which the manifest names.

    LevelDB itself goes on without it, and removes the tables that a manifest without its end does not name.
    Another process may have the database open.

    Raises:
        StorageDamaged: `where` is the manifest: its end is gone, or the log is.
        StorageFailed: The disk refused.
    """
    before = ""
    for _look in range(_LOOKS):
        manifest, name = _newest_log(folder)
        if not name or (folder / name).exists():
            return
        # Who has it open removes a log after the manifest names the next one; so a second look tells.
        if name == before:
            raise StorageDamaged(manifest, f"it names {name}, which is missing; or its own end is cut off")
        before = name


def is_table(name: str) -> bool:
    """Tell whether a file of this name in a database's folder is a table."""
    return name.endswith(_TABLE_SUFFIXES)


def live_table_names(folder: Path) -> set[str] | None:
    """Return the names that the database's tables may have; None without a manifest that can be read.

    Nothing is checked, and the last record may be cut off, as after a power cut.

    Raises:
        StorageFailed: The disk refused.
    """
    manifest, data = _newest_manifest(folder)
    if not data:
        return None
    try:
        tables = live_tables(_whole_records(manifest, data))
    except BadManifest:
        return None
    return {f"{table.number:06}{suffix}" for table in tables for suffix in _TABLE_SUFFIXES}


def _newest_log(folder: Path) -> tuple[str, str]:
    """Return the manifest in use and the log that it names; empty for what LevelDB will complain about."""
    manifest, data = _newest_manifest(folder)
    try:
        number = log_in_use(_whole_records(manifest, data))
    except BadManifest:
        return manifest, ""
    return manifest, f"{number:06}.log" if number else ""


def _newest_manifest(folder: Path) -> tuple[str, bytes]:
    """Return the manifest in use, and what is in it; empty for what LevelDB will complain about."""
    try:
        manifest = (folder / _CURRENT_NAME).read_text("ascii").strip()
        return manifest, (folder / manifest).read_bytes() if _LOG_NAME.fullmatch(manifest) else b""
    except (FileNotFoundError, UnicodeDecodeError):
        return "", b""
    except OSError as error:
        raise StorageFailed(str(folder), error.strerror or str(error)) from error


def _whole_records(name: str, data: bytes) -> Iterator[bytes]:
    """Yield the records up to one that is cut off, as a power cut leaves the last one."""
    try:
        for _at, record, _checksum in _records(name, data):
            yield record
    except StorageDamaged:
        return


def _live_tables(manifest: Path) -> list[LiveTable]:
    """Return the tables of the database; others in the folder are left-overs that the next start removes."""
    data = _read(manifest)
    if not data:
        raise StorageDamaged(manifest.name, "it is empty")
    records = _records(manifest.name, data)
    try:
        return live_tables(record for _at, record, _checksum in records)
    except BadManifest as error:
        raise StorageDamaged(manifest.name, str(error)) from error


def _path_of(folder: Path, table: LiveTable, names: Container[str]) -> Path:
    for suffix in _TABLE_SUFFIXES:
        name = f"{table.number:06}{suffix}"
        if name in names:
            return folder / name
    raise StorageDamaged(f"{table.number:06}{_TABLE_SUFFIXES[0]}", "it is missing")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageFailed(str(path), error.strerror or str(error)) from error


def _check_current(folder: Path, logs: Iterable[str]) -> str:
    """Return the name of the manifest in use."""
    if not (folder / _CURRENT_NAME).is_file():
        raise StorageDamaged(_CURRENT_NAME, "it is missing")
    named = _read(folder / _CURRENT_NAME)
    for name in logs:
        if named == name.encode() + b"\n":
            return name
    raise StorageDamaged(_CURRENT_NAME, f"it names {named[:64]!r}, and there is no such manifest")


def _unmask(stored: int) -> int:
    rotated = (stored - _MASK_DELTA) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


# --------------------------------------------------------------------------------------------- tables


class _Handle(msgspec.Struct, frozen=True, order=True):
    """Where a block lies in a table file."""

    offset: int
    """Of its first byte."""
    size: int
    """Its length, without the trailer."""


class _Damage(ValueError):
    """A table that is not formed as it must be."""


def _check_table(path: Path, size: int) -> None:
    data = _read(path)
    if len(data) != size:
        raise StorageDamaged(path.name, f"it has {len(data)} bytes, the manifest says {size}")
    try:
        handles = _blocks(data)
        _check_tiling(data, handles)
    except (_Damage, IndexError) as error:
        raise StorageDamaged(path.name, str(error)) from error
    pieces = [data[handle.offset : handle.offset + handle.size + 1] for handle in handles]
    for handle, found in zip(handles, crc32c_many(pieces), strict=True):
        end = handle.offset + handle.size + 1
        if _unmask(int.from_bytes(data[end : end + 4], "little")) != found:
            raise StorageDamaged(path.name, f"the block at byte {handle.offset} does not match its checksum")


def _blocks(data: bytes) -> list[_Handle]:
    """Return every block that the file's footer leads to, by offset."""
    footer = data[-_FOOTER_BYTES:]
    if len(footer) < _FOOTER_BYTES or footer[-len(_MAGIC) :] != _MAGIC:
        raise _Damage("its end is not that of a table")
    meta, at = _handle(footer, 0)
    index, at = _handle(footer, at)
    if any(footer[at : -len(_MAGIC)]):
        raise _Damage("its footer holds something behind the handles")
    inner = [*_entries(data, meta), *_entries(data, index)]
    return sorted([meta, index, *inner])


def _check_tiling(data: bytes, handles: Iterable[_Handle]) -> None:
    """Blocks and their trailers fill the file up to its footer: no byte is left that nobody checks."""
    at = 0
    for handle in handles:
        if handle.offset != at:
            raise _Damage(f"a block begins at byte {handle.offset}, expected at byte {at}")
        at += handle.size + _TRAILER_BYTES
    if at != len(data) - _FOOTER_BYTES:
        raise _Damage(f"its blocks end at byte {at}, expected at byte {len(data) - _FOOTER_BYTES}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for position in range(_MAX_VARINT_BYTES):
        byte = data[at + position]
        value |= (byte & 0x7F) << 7 * position
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            if byte == 0 and position > 0:
                # LevelDB writes numbers in the shortest form; else a flipped bit could hide in the padding.
                raise _Damage("a number is longer than it need be")
            return value, at + position + 1
    raise _Damage("a number has no end")


def _handle(data: bytes, at: int) -> tuple[_Handle, int]:
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return _Handle(offset, size), at


def _entries(data: bytes, block: _Handle) -> Iterator[_Handle]:
    """Yield the handles that an index block, or the block of filters, holds as values."""
    end = block.offset + block.size
    if end + _TRAILER_BYTES > len(data) or data[end] != _UNCOMPRESSED:
        raise _Damage(f"the block at byte {block.offset} is cut off or compressed")
    content = data[block.offset : end]
    restarts = int.from_bytes(content[-4:], "little")
    limit = len(content) - 4 * (restarts + 1)
    at = 0
    while at < limit:
        _shared, at = _varint(content, at)
        added, at = _varint(content, at)
        length, at = _varint(content, at)
        at += added
        if at + length > limit:
            raise _Damage(f"the block at byte {block.offset} has an entry beyond its end")
        yield _handle(content, at)[0]
        at += length


# ----------------------------------------------------------------------------------------------- logs


def _check_log(path: Path) -> None:
    data = _read(path)
    places, pieces, stored = [], [], []
    for at, record, checksum in _records(path.name, data):
        places.append(at)
        pieces.append(record)
        stored.append(checksum)
    for at, found, checksum in zip(places, crc32c_many(pieces), stored, strict=True):
        if _unmask(checksum) != found:
            raise StorageDamaged(path.name, f"the record at byte {at} does not match its checksum")


def _records(name: str, data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Yield (position, type and content, stored checksum) of every physical record."""
    at = 0
    while at < len(data):
        left = _LOG_BLOCK_BYTES - at % _LOG_BLOCK_BYTES
        if left < _LOG_HEADER_BYTES:
            if any(data[at : at + left]):
                raise StorageDamaged(name, f"the filling at byte {at} is not empty")
            at += left
            continue
        length = int.from_bytes(data[at + 4 : at + 6], "little")
        end = at + _LOG_HEADER_BYTES + length
        if length > left - _LOG_HEADER_BYTES or end > len(data) or data[at + 6] not in _LOG_TYPES:
            # A power cut can leave half a record at the end of a log, and starting the node removes it.
            raise StorageDamaged(name, f"the record at byte {at} is cut off or of no known type")
        yield at, data[at + 6 : end], int.from_bytes(data[at : at + 4], "little")
        at = end
