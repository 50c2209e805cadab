"""A file system in memory that forgets what a real one may forget: for the simulator and for crash tests.

It promises no more than `FileSystem` says. Bytes that were not synced may be lost, kept, or torn at sectors
of 512 bytes; a name that was created, renamed or removed is durable only after its folder was synced: in a
crash some of the newest changes of a folder are forgotten. When only the process ends, whoever comes next
finds everything, and nothing of it is more durable than before. Any operation can be made to fail, or to be
the moment at which the power goes out.
"""

from collections.abc import Callable
from enum import Enum
from typing import Final

import msgspec

from node.storage.errors import StorageFailed
from node.storage.files import folder_of

SECTOR_BYTES: Final = 512


class PowerLoss(Exception):
    """The machine stops here; raise it from `before`."""


class Survive(Enum):
    """What a crash leaves of unsynced data and names."""

    KEPT = "kept"
    """All of it, as after `kill -9`; it is not durable by that, and a later power cut may take it."""
    DROPPED = "dropped"
    """None of it."""
    TORN = "torn"
    """Any sectors, and any number of the oldest name changes of each folder."""


class Operation(msgspec.Struct, frozen=True):
    """An operation that changes something, about to be carried out."""

    number: int
    """Counted from 1 since the file system was made."""
    kind: str
    """open, append, write_at, truncate, sync, rename, remove, make_folder or sync_folder."""
    name: str
    """The file or folder."""


class _Inode:
    """A file's bytes: what is durable, and what a reader sees."""

    def __init__(self, content: bytes | bytearray = b"", identity: bytes = b"") -> None:
        self.durable = bytes(content)
        self.present = bytearray(content)
        self.identity = identity

    def survivor(self, survive: Survive, choose: Callable[[int], int]) -> bytes:
        return self.durable if survive is Survive.DROPPED else self._torn(choose)

    def twin(self, *, is_settled: bool) -> "_Inode":
        found = _Inode(self.present if is_settled else self.durable, self.identity)
        found.present[:] = self.present
        return found

    def _torn(self, choose: Callable[[int], int]) -> bytes:
        """Choose for each sector between old and new; a file that grew may have grown by zeros only."""
        old, new = self.durable, bytes(self.present)
        length = (len(old), len(new))[choose(2)]
        torn = bytearray(old[:length].ljust(length, b"\0"))
        for at in range(0, length, SECTOR_BYTES):
            sector = new[at : min(at + SECTOR_BYTES, length)]
            if sector != torn[at : at + SECTOR_BYTES] and choose(2):
                torn[at : at + len(sector)] = sector
        return bytes(torn)


_Change = tuple[str, _Inode | None]
"""A name and the file it now stands for; None when it was removed."""


class MemoryFile:
    """A file open for writing."""

    def __init__(self, files: "MemoryFiles", name: str, inode: _Inode) -> None:
        """Open `inode`, which is called `name` now."""
        self._files = files
        self._name = name
        self._inode = inode
        self._is_open = True
        files.open_files += 1

    def size(self) -> int:
        """Return the present length in bytes."""
        return len(self._inode.present)

    def append(self, data: bytes) -> None:
        """Write `data` at the end."""
        self._write("append", len(self._inode.present), data)

    def write_at(self, offset: int, data: bytes) -> None:
        """Overwrite bytes from `offset` on."""
        self._write("write_at", offset, data)

    def _write(self, kind: str, offset: int, data: bytes) -> None:
        try:
            self._files.begin(kind, self._name)
        except StorageFailed:
            # A full disk takes what it can before it refuses.
            self._place(offset, data[: len(data) // 2])
            raise
        self._place(offset, data)

    def _place(self, offset: int, data: bytes) -> None:
        self._inode.present[offset : offset + len(data)] = data

    def truncate(self, length: int) -> None:
        """Cut the file to `length` bytes."""
        self._files.begin("truncate", self._name)
        del self._inode.present[length:]

    def sync(self) -> None:
        """Make every byte written so far durable."""
        self._files.begin("sync", self._name)
        self._inode.durable = bytes(self._inode.present)

    def close(self) -> None:
        """Close; closing twice is allowed."""
        self._files.open_files -= self._is_open
        self._is_open = False


class MemoryFiles:
    """A `FileSystem` in memory. Not for two threads at once.

    Attributes:
        operations: Number of changing operations begun so far.
        open_files: Number of files that are open for writing.
        free: What `free_bytes` answers; a test may change it.
    """

    def __init__(self, before: Callable[[Operation], None] | None = None) -> None:
        """Begin empty.

        Args:
            before: Called before each changing operation; it may raise StorageFailed, and the operation fails
                (a write half done), or PowerLoss, and nothing of it is done.
        """
        self._before = before
        self._folders = {""}
        self._names: dict[str, _Inode] = {}
        self._durable_names: dict[str, _Inode] = {}
        self._pending: dict[str, list[list[_Change]]] = {}
        self._last_identity = 0
        self.operations = 0
        self.open_files = 0
        self.free = 1 << 40

    def _new_identity(self) -> bytes:
        self._last_identity += 1
        return str(self._last_identity).encode()

    def begin(self, kind: str, name: str) -> None:
        """Count an operation and give `before` its chance."""
        self.operations += 1
        if self._before is not None:
            self._before(Operation(self.operations, kind, name))

    def _change(self, folder: str, changes: list[_Change]) -> None:
        _apply(self._names, changes)
        self._pending.setdefault(folder, []).append(changes)

    def read(self, name: str) -> bytes | None:
        """Return the whole content, or None when there is no such file."""
        inode = self._names.get(name)
        return None if inode is None else bytes(inode.present)

    def open(self, name: str) -> MemoryFile:
        """Open for writing, creating an empty file when there is none."""
        inode = self._names.get(name)
        if inode is None:
            folder = folder_of(name)
            if folder not in self._folders:
                raise StorageFailed(name, "No such file or directory")
            self.begin("open", name)
            inode = _Inode(identity=self._new_identity())
            self._change(folder, [(name, inode)])
        return MemoryFile(self, name, inode)

    def rename(self, old: str, new: str) -> None:
        """Give the file another name in the same folder, replacing what has it; atomic."""
        self.begin("rename", old)
        inode = self._names.get(old)
        if inode is None:
            raise StorageFailed(old, "No such file or directory")
        self._change(folder_of(new), [(old, None), (new, inode)])

    def remove(self, name: str) -> None:
        """Remove the file; a missing one is no error."""
        if name in self._names:
            self.begin("remove", name)
            self._change(folder_of(name), [(name, None)])

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in `folder`, sorted."""
        return sorted(name.rpartition("/")[2] for name in self._names if folder_of(name) == folder)

    def make_folder(self, folder: str) -> None:
        """Create the folder and those above it, durably."""
        parts = folder.split("/")
        missing = {"/".join(parts[:count]) for count in range(1, len(parts) + 1)} - self._folders
        if missing:
            self.begin("make_folder", folder)
            self._folders |= missing

    def sync_folder(self, folder: str) -> None:
        """Make every creation, rename and removal in `folder` durable."""
        self.begin("sync_folder", folder)
        for changes in self._pending.pop(folder, []):
            _apply(self._durable_names, changes)

    def sync_file(self, name: str) -> None:
        """Make every byte of a file durable."""
        self.begin("sync", name)
        inode = self._names.get(name)
        if inode is None:
            raise StorageFailed(name, "No such file or directory")
        inode.durable = bytes(inode.present)

    def identity(self, name: str) -> bytes | None:
        """Return what tells this file from every copy of it."""
        inode = self._names.get(name)
        return None if inode is None else inode.identity

    def inode(self, name: str) -> bytes | None:
        """Return what tells this file from one put in its place: here, the same as its identity."""
        return self.identity(name)

    def free_bytes(self) -> int:
        """Return how much more this disk takes: as much as a test says."""
        return self.free

    # -------------------------------------------------------------------------------------- faults

    def crash(
        self,
        survive: Survive,
        choose: Callable[[int], int],
        before: Callable[[Operation], None] | None = None,
    ) -> "MemoryFiles":
        """Return what a restart finds after the machine stopped; this one must not be used any more.

        Args:
            survive: What becomes of unsynced data.
            choose: Returns a number from 0 up to and without its argument; asked only when torn.
            before: For the new file system.
        """
        if survive is Survive.KEPT:
            return self._twin(before)
        names = dict(self._durable_names)
        for folder in sorted(self._pending):
            pending = self._pending[folder]
            count = choose(len(pending) + 1) if survive is Survive.TORN else 0
            for changes in pending[:count]:
                _apply(names, changes)
        after = MemoryFiles(before)
        after.free = self.free
        after._folders = set(self._folders)
        after._names = {
            name: _Inode(names[name].survivor(survive, choose), names[name].identity)
            for name in sorted(names)
        }
        after._durable_names = dict(after._names)
        after._last_identity = self._last_identity
        return after

    def _twin(self, before: Callable[[Operation], None] | None, *, is_settled: bool = False) -> "MemoryFiles":
        """Return the same files, and as much of them durable; or all of it, when they have settled."""
        twins: dict[int, _Inode] = {}

        def twin(inode: _Inode) -> _Inode:
            if id(inode) not in twins:
                twins[id(inode)] = inode.twin(is_settled=is_settled)
            return twins[id(inode)]

        after = MemoryFiles(before)
        after.free = self.free
        after._folders = set(self._folders)
        after._last_identity = self._last_identity
        after._names = {name: twin(inode) for name, inode in self._names.items()}
        if is_settled:
            after._durable_names = dict(after._names)
            return after
        after._durable_names = {name: twin(inode) for name, inode in self._durable_names.items()}
        after._pending = {
            folder: [
                [(name, None if inode is None else twin(inode)) for name, inode in changes]
                for changes in pending
            ]
            for folder, pending in self._pending.items()
        }
        return after

    def settled(self, before: Callable[[Operation], None] | None = None) -> "MemoryFiles":
        """Return the same files with all of them durable, as some time later or after a shutdown."""
        return self._twin(before, is_settled=True)

    def copied(self, before: Callable[[Operation], None] | None = None) -> "MemoryFiles":
        """Return a durable copy, as a backup is made: the same bytes, in files of their own."""
        copy = self.settled(before)
        # Later ones get other identities than both the files here and those of the copy.
        self._last_identity += 1
        for inode in copy._names.values():  # noqa: SLF001 - of this class
            inode.identity += b" copy %d" % self._last_identity
        return copy

    def put_back(
        self, backup: "MemoryFiles", before: Callable[[Operation], None] | None = None
    ) -> "MemoryFiles":
        """Return these files after a backup was put over them, durably, as `rsync -a --delete` does.

        What is as in the backup stays the file that it is; in the place of the others there are new ones.

        Args:
            backup: A copy of these files as they were.
            before: For the new file system.
        """
        after = MemoryFiles(before)
        after.free = self.free
        after._folders = set(self._folders)
        after._last_identity = self._last_identity
        for name, inode in backup.copied()._names.items():  # noqa: SLF001 - of this class
            here = self._names.get(name, inode)
            same = here if here.present == inode.present else inode
            after._names[name] = _Inode(inode.present, same.identity)
        after._durable_names = dict(after._names)
        return after

    def flip(self, name: str, offset: int, bit: int) -> None:
        """Flip one bit (0 to 7) of a durable byte, as a decaying disk does."""
        inode = self._names[name]
        durable = bytearray(inode.durable)
        durable[offset] ^= 1 << bit
        inode.present[offset] ^= 1 << bit
        inode.durable = bytes(durable)

    def cut(self, name: str, length: int) -> None:
        """Lose the durable end of a file, as a decaying file system does."""
        inode = self._names[name]
        del inode.present[length:]
        inode.durable = inode.durable[:length]


def _apply(names: dict[str, _Inode], changes: list[_Change]) -> None:
    for name, inode in changes:
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode
