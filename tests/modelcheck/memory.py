"""What the law answered before: a move's outcome follows from the rows that the law reads to judge it.

The law is a function of what it reads, and it reads one row after another, each chosen by what it read
before. So every move has a tree: which row is read first, and for each value of it which one next, down to
the outcome. A move is executed once for each path through its tree, and looked up ever after, whatever else
there is in the component. Nothing is assumed of any rule.
"""

from collections.abc import Callable, Collection
from itertools import pairwise
from typing import Any, Final

from contracts.records.record import Record

Rows = dict[bytes, bytes]
"""Rows by state key."""
Seen = list[tuple[bytes, bytes | None]]
"""Rows that were read, in order, with what they were."""

REFUSED: Final = None
_UNKNOWN: Final = object()


class Move:
    """What one partner signs, or two agree on: records that come one after the other, or none of them."""

    __slots__ = ("acts", "kind", "root", "signers")

    def __init__(self, acts: tuple[tuple[str, Record], ...], kind: str, signers: int) -> None:
        """Prepare.

        Args:
            acts: Signers by name, each with a record.
            kind: For people.
            signers: Bits of those who sign.
        """
        self.acts = acts
        self.kind = kind
        self.signers = signers
        # A row's key and, by its value, what comes next; or the outcome.
        self.root: Any = _UNKNOWN


class Reading:
    """Rows over those that never change; notes which of them were read, by table."""

    def __init__(self, rows: Rows, fixed: Rows, noted: Collection[bytes] = ()) -> None:
        self._rows, self._fixed, self._noted = rows, fixed, noted
        self.seen: Seen = []

    def get(self, key: bytes) -> bytes | None:
        """Return a row."""
        found = self._rows.get(key)
        if key[:1] in self._noted:
            self.seen.append((key, found))
        return self._fixed.get(key) if found is None else found


class Memory:
    """Outcomes of moves by what was read."""

    def __init__(
        self, execute: Callable[[Rows, Move], tuple[Rows | None, Seen]], never: Collection[bytes]
    ) -> None:
        """Begin knowing nothing.

        Args:
            execute: Asks the law.
            never: Keys of rows that are in no state, so that reading them tells nothing.
        """
        self._execute = execute
        self._never = never
        self._likely: dict[object, list[Move]] = {}
        self.executed = 0

    def after(self, rows: Rows, move: Move) -> Rows | None:
        """Return the rows after a move, or None when it is refused."""
        node, get = move.root, rows.get
        while type(node) is tuple:
            node = node[1].get(get(node[0]), _UNKNOWN)
        outcome = self._learn(rows, move) if node is _UNKNOWN else node
        if outcome is REFUSED:
            return REFUSED
        # An empty value says that the row is gone.
        return {at: row for at, row in {**rows, **outcome}.items() if row}

    def likely(self, about: object, rows: Rows, moves: Collection[Move]) -> list[Move]:
        """Return the moves that are not refused for the first row that the law reads.

        Args:
            about: Stands for these moves.
            rows: Of the component.
            moves: All that anyone might try.
        """
        found: list[Move] = []
        for first in self._first_rows(about, rows, moves):
            value = rows.get(first)
            at = (about, first, value)
            known = self._likely.get(at)
            if known is None:
                known = self._likely[at] = [
                    move
                    for move in moves
                    if type(move.root) is tuple
                    and move.root[0] == first
                    and (self.after(rows, move) or move.root[1][value] is not REFUSED)
                ]
            found += known
        return found

    def _first_rows(self, about: object, rows: Rows, moves: Collection[Move]) -> list[bytes]:
        """Return the rows of which one is read first by each of these moves."""
        known: Any = self._likely.get(about)
        if known is None:
            for move in moves:
                self.after(rows, move)
            # A move that is judged without reading anything is refused, whatever there is.
            known = sorted({move.root[0] for move in moves if type(move.root) is tuple})
            self._likely[about] = known
        first: list[bytes] = known
        return first

    def _learn(self, rows: Rows, move: Move) -> Rows | None:
        """Ask the law, and remember its answer with what it read."""
        outcome, seen = self._execute(rows, move)
        self.executed += 1
        path = [one for one in seen if one[0] not in self._never]
        node: Any = outcome
        if not path:
            move.root = node
            return outcome
        if move.root is _UNKNOWN:
            move.root = (path[0][0], {})
        branch = move.root[1]
        for (_key, value), (key, _value) in pairwise(path):
            if value not in branch:
                branch[value] = (key, {})
            branch = branch[value][1]
        branch[path[-1][1]] = outcome
        return outcome
