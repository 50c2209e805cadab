"""A simulated machine's disk: files and database in memory, and a trap at any of their persistence points.

Every operation that changes a file, and the moments before and after each batch of the database, is a point.
A trap waits for the n-th point from now: there the power goes out, or the disk refuses.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Final, NamedTuple

import msgspec

from node.storage.errors import StorageFull
from node.storage.head import Head
from node.storage.head_marker import HeadMarker, save_head_marker
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles, Operation, PowerLoss, Survive
from node.storage.store import Write

NO_SPACE: Final = "No space left on device"
"""Why a disk refuses, in the system's words."""
_CUT = 0.3
"""Part of the damaged files whose end is gone; of the others, a bit has flipped."""


class Trap(msgspec.Struct):
    """What waits at a persistence point."""

    points: int
    """How many points from now."""
    refuses: bool
    """The disk refuses instead of losing power."""
    survive: Survive
    """What the crash leaves of unsynced data."""


class Decayed(NamedTuple):
    """A file that decayed while its machine was off."""

    name: str
    """Its name."""
    sound: MemoryFiles
    """All files as they should be."""
    files: MemoryFiles
    """And as they are."""


class TrappedStore(MemoryStore):
    """The store in memory, whose batches are persistence points."""

    def __init__(self, point: Callable[[str], None]) -> None:
        """Begin empty; `point` is called before and after each batch."""
        super().__init__()
        self._point = point

    def write(self, batch: Iterable[Write], *, sync: bool) -> None:
        """Apply a batch."""
        self._point("batch")
        super().write(batch, sync=sync)
        self._point("batch written")

    def killed(self, point: Callable[[str], None]) -> "TrappedStore":
        """Return what the next process finds when this one is killed: everything, as durable as it was."""
        after = TrappedStore(point)
        MemoryStore.write(after, list(self._durable.items()), sync=True)
        for batch in self._unsynced:
            MemoryStore.write(after, batch, sync=False)
        return after

    def settle(self) -> None:
        """Make everything durable that is found here, as LevelDB does when it opens."""
        MemoryStore.write(self, (), sync=True)

    def survivor(self, choose: Callable[[int], int], point: Callable[[str], None]) -> "TrappedStore":
        """Return what a restart finds."""
        found = self.crash(choose)
        after = TrappedStore(point)
        MemoryStore.write(after, list(found._durable.items()), sync=True)
        return after


class Disk:
    """The disk of one machine, through all of its lives.

    Attributes:
        files: The files, now.
        store: The database, now.
        trap: What waits for the node; None for nothing.
        points: Persistence points passed so far.
        tails: Ends of logs that were torn, and cut off when they were opened.
        on_point: Told the name of each; None for nobody.
        is_opening: Whether the node is only opening what is here.
        fired: How often what waited happened, by kind.
        decayed: The file that decayed while the machine was off, until the node started or it was repaired.
    """

    def __init__(self, random: Random) -> None:
        """Begin empty.

        Args:
            random: Decides what torn data looks like.
        """
        self._random = random
        self.files = MemoryFiles(self._before)
        self.store = TrappedStore(self._point)
        self.trap: Trap | None = None
        self.points = self.tails = 0
        self.on_point: Callable[[str], None] | None = None
        self.is_opening = False
        self.fired: Counter[str] = Counter()
        self.decayed: Decayed | None = None
        self._backup: tuple[MemoryFiles, TrappedStore] | None = None
        self._joining: TrappedStore | None = None
        self._replaced: TrappedStore | None = None

    def _before(self, operation: Operation) -> None:
        self.tails += operation.kind == "truncate"
        self._point(f"{operation.kind} {operation.name}")
        if (operation.kind, operation.name) == ("sync_folder", ""):
            # The database is in that folder, too.
            self._replaced = None

    def _point(self, name: str) -> None:
        self.points += 1
        if self.on_point is not None:
            self.on_point(name)
        trap = self.trap
        if trap is None:
            return
        trap.points -= 1
        if trap.points > 0:
            return
        if trap.points == 0:
            at = "while_opening" if self.is_opening else f"at_write_{trap.survive.value}"
            self.fired["disk_refuses" if trap.refuses else f"crash_{at}"] += 1
        if trap.refuses:
            raise StorageFull(name, NO_SPACE)
        raise PowerLoss(name)

    def crash(self, survive: Survive) -> None:
        """The machine stops: keep what a restart finds."""
        self.trap = None
        self.is_opening = False
        self._joining = None
        self.files = self.files.crash(survive, self._random.randrange, self._before)
        if survive is Survive.KEPT:
            self.store = self.store.killed(self._point)
            return
        if self._replaced is not None and (survive is Survive.DROPPED or self._random.random() < 0.5):
            # The new database had its place, and the folder was not synced.
            self.store = self._replaced
        self._replaced = None
        choose = (lambda _count: 0) if survive is Survive.DROPPED else self._random.randrange
        self.store = self.store.survivor(choose, self._point)

    def begin_joining(self) -> TrappedStore:
        """Return an empty database that grows beside the one in its place; what was there is dropped."""
        self._joining = TrappedStore(self._point)
        return self._joining

    def move_in(self, head: Head) -> None:
        """Give the database that has grown its place, step by step as `node/joining.py` does."""
        if self._joining is None:
            raise RuntimeError("no database has grown")
        self._point("rename joining")
        self.store, self._replaced = self._joining, self.store
        self.files.sync_folder("")
        self._joining = self._replaced = None
        save_head_marker(self.files, "head", HeadMarker(head.height, head.app_hash))

    def decay(self) -> str:
        """Flip a bit of a file, or cut off its end, while its machine is off.

        Log, signer's record and head marker: the outbox is spared, for its newest bundles are the one loss
        that docs/persistence.md admits, and what tells whether the home was copied, for then the node does
        not vote for a while, as after a restore. `make damage` tries every kind of file.

        Returns:
            The file's name; empty when there is none.
        """
        names = [f"log/{name}" for name in self.files.names("log")]
        names = [name for name in ("head", "signer", *names) if self.files.read(name)]
        if not names or self.decayed is not None:
            return ""
        name = self._random.choice(names)
        sound = self.files.settled(self._before)
        self.files = sound.settled(self._before)
        at = self._random.randrange(len(self.files.read(name) or b""))
        if self._random.random() < _CUT:
            self.files.cut(name, at)
        else:
            self.files.flip(name, at, self._random.randrange(8))
        self.decayed = Decayed(name, sound, self.files.copied())
        return name

    @property
    def has_backup(self) -> bool:
        """Whether there is a copy to restore."""
        return self._backup is not None

    def back_up(self) -> None:
        """Copy everything, as it is now."""
        store = self.store.survivor(lambda count: count - 1, self._point)
        self._backup = self.files.copied(self._before), store

    def restore(self, *, in_place: bool) -> None:
        """Bring the copy back, whatever happened since.

        Args:
            in_place: Over what is here: what looks as in the copy is left alone.
        """
        if self._backup is not None:
            files, store = self._backup
            self.files = self.files.put_back(files, self._before) if in_place else files.copied(self._before)
            self._replaced = None
            self.store = store.survivor(lambda count: count - 1, self._point)
            self.decayed = None

    def lose(self) -> None:
        """Delete everything, and nothing goes wrong while its owner begins anew."""
        self.trap = None
        self.files = MemoryFiles(self._before)
        self.store, self._replaced = TrappedStore(self._point), None
        self.decayed = None

    def lose_database(self) -> None:
        """Delete the database, and what outside of it knew how far it was; the signer's record stays."""
        trap, self.trap = self.trap, None
        self.store = TrappedStore(self._point)
        self.files.remove("head")
        self.files.sync_folder("")
        self.trap = trap
