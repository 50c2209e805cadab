"""What rules still read, but no answer depends on any more: forgotten, so that fewer components differ.

A pack that is stolen may be held besides, and one that the law holds for disposal may be suspect too: guards
read it, and say the same without it, for ever. Nothing here is believed: `test_reductions.py` explores worlds
that forget nothing, and asks of every step that it leads to the same with and without what is forgotten.

- **For ever held.** Nobody lifts a hold for disposal, nor a suspicion where the family `holds` is not played.
  Guards ask whether there is any hold, and whether one is for disposal. So beside such a hold others are
  forgotten; and those inside what it lies on, for what comes out takes it along.
- **Dead.** Of what is stolen or destroyed nobody asks what it is held for, nor, inside such a thing, how it
  had ended before.
- **Containers** that are held for ever, or dead, are never filled again: nobody asks who may.
- **Deadlines** of shipments are for who takes goods back late: the law then quarantines them. For those that
  are dead, or held already so that this makes no difference, every deadline counts as past.
- **Reliance** on an item is read by corrections (rule 19) alone.

Where the family `corrections` is played, the dead may live on, so nothing of them is forgotten, nor reliance.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from contracts.primitives.encoding import encode
from contracts.rules.sending_back import FOR_DISPOSAL
from contracts.state.layout import CONTAINERS, SHIPMENTS
from contracts.state.places import QUARANTINE, Holds, merge_holds
from contracts.state.rows import NOBODY, THE_LAW, HoldKind, ItemRow, Life
from tests.modelcheck.cast import PAST_MS
from tests.modelcheck.memory import Rows

Placed = Mapping[bytes, ItemRow]
"""Items with their rows; of the outermost ones as they stand."""

DEAD: Final = frozenset({Life.STOLEN, Life.DESTROYED})
"""Lives from which no rule leads back."""
SUSPECT: Final = (int(HoldKind.SUSPECT), THE_LAW)
"""Stands for every suspicion that nobody clears: whose it is makes no difference."""
_NESTED: Final = DEAD | {Life.ACTIVE}


class Around(NamedTuple):
    """What an item and all that it is inside say of everything in it."""

    holds: Holds
    """Holds that stay for ever: at most one, which stands for all."""
    is_dead: bool
    """Whether one of them is stolen or destroyed."""


NOTHING: Final = Around((), is_dead=False)


class Forgetting:
    """Rewrites the rows of a component; remembers what it rewrote."""

    def __init__(self, families: frozenset[str]) -> None:
        """Prepare for a world in which these families are played."""
        self._is_cleared = "holds" in families
        self._is_corrected = "corrections" in families
        self._known: dict[tuple[int, Around], tuple[ItemRow, Around]] = {}
        self._rewritten: dict[object, bytes] = {}

    def without(self, rows: Rows, placed: Placed) -> tuple[Rows, Placed]:
        """Return the rows of a component without what is forgotten.

        Args:
            rows: Its rows, and perhaps others.
            placed: Its items; these rows are kept alive by the caller.

        Returns:
            The rows, its containers counting what is left; and its items.
        """
        kept, around = self._items(placed)
        changed = dict(rows)
        for key, dirty in _dirt_inside(kept).items():
            at = CONTAINERS.prefix + key
            is_over = around[key] != NOTHING and not self._is_corrected
            changed[at] = self._container(rows[at], dirty, is_over=is_over)
        tops = [key for key, row in kept.items() if not row.parent]
        sent = kept[tops[0]].shipment
        if sent and all(self._is_late_anyway(kept[key], around[key]) for key in tops):
            at = SHIPMENTS.prefix + sent
            changed[at] = self._late(rows[at])
        return changed, kept

    def _items(self, placed: Placed) -> tuple[dict[bytes, ItemRow], dict[bytes, Around]]:
        """Return the rows of items without what is forgotten, and what each says of all that is in it."""
        if any(row.parent and row.life not in _NESTED for row in placed.values()):
            # What ended otherwise inside something, and may come back, is left as it is.
            return dict(placed), dict.fromkeys(placed, NOTHING)
        rows: dict[bytes, ItemRow] = {}
        around: dict[bytes, Around] = {b"": NOTHING}
        for key in sorted(placed, key=lambda key: _depth(placed, key)):
            row = placed[key]
            rows[key], around[key] = self._item(row, around[row.parent])
        return rows, around

    def _item(self, row: ItemRow, around: Around) -> tuple[ItemRow, Around]:
        at = (id(row), around)
        found = self._known.get(at)
        if found is None:
            found = self._known[at] = self._plain(row, around)
        return found

    def _plain(self, row: ItemRow, around: Around) -> tuple[ItemRow, Around]:
        is_dead = around.is_dead or (row.life in DEAD and not self._is_corrected)
        life = int(Life.ACTIVE) if around.is_dead else row.life
        holds: Holds = () if is_dead else self._merged(row.holds)
        if holds and self._merged(merge_holds(holds, around.holds)) == around.holds:
            holds = ()
        lasting = self._lasting(merge_holds(holds, around.holds))
        relied_by = row.relied_by if self._is_corrected else NOBODY
        plain = replace(row, life=life, holds=holds, relied_by=relied_by)
        return plain, Around(lasting, is_dead)

    def _merged(self, holds: Holds) -> Holds:
        """Return the holds that stand for several: one that stays for ever, or all that do not."""
        return self._lasting(holds) or holds

    def _lasting(self, holds: Holds) -> Holds:
        if FOR_DISPOSAL in holds:
            return (FOR_DISPOSAL,)
        is_suspect = not self._is_cleared and any(kind == HoldKind.SUSPECT for kind, _setter in holds)
        return (SUSPECT,) if is_suspect else ()

    def _is_late_anyway(self, row: ItemRow, around: Around) -> bool:
        """Tell whether it makes no difference if an outermost item is taken back late.

        Args:
            row: Its row, without what is forgotten.
            around: What it says of everything in it.
        """
        if around.is_dead or FOR_DISPOSAL in around.holds:
            return True
        # Where holds are lifted on the way, one that came late may outlive those that were there.
        return not self._is_cleared and self._merged(merge_holds(row.holds, (QUARANTINE,))) == row.holds

    def _container(self, value: bytes, dirty: int, *, is_over: bool) -> bytes:
        """Return a container's row with this dirt; if nothing goes into it any more, not whose it was."""
        at = (value, dirty, is_over)
        found = self._rewritten.get(at)
        if found is None:
            row = replace(CONTAINERS.decode(value), dirty=dirty)
            if is_over:
                row = replace(row, introduced_by=NOBODY, emptied_at_ms=0)
            found = self._rewritten[at] = encode(row)
        return found

    def _late(self, value: bytes) -> bytes:
        """Return a shipment's row past its deadline, whether or not anyone declared that."""
        found = self._rewritten.get(value)
        if found is None:
            row = replace(SHIPMENTS.decode(value), deadline_ms=PAST_MS, overdue=0)
            found = self._rewritten[value] = encode(row)
        return found


def _dirt_inside(rows: Placed) -> dict[bytes, int]:
    """Return of each container how many of its children are dirty (`contracts/state/containers.py`)."""
    dirty = {key: 0 for key, row in rows.items() if row.container}
    # The innermost come first: what is dirty in them counts further out.
    for key in sorted(rows, key=lambda key: _depth(rows, key), reverse=True):
        row = rows[key]
        if row.parent and (row.holds or row.life != Life.ACTIVE or dirty.get(key)):
            dirty[row.parent] += 1
    return dirty


def _depth(rows: Placed, key: bytes) -> int:
    """Return in how many others an item is."""
    depth = 0
    while parent := rows[key].parent:
        key, depth = parent, depth + 1
    return depth
