"""The law's rows as they stand, decoded once: what comparing after every step reads.

A step changes a few rows of some hundred. So the rows are kept decoded from step to step and follow what each
block wrote; `compare.py` looks at everything anew from the stored bytes at intervals, and at the end.
"""

from collections.abc import Iterable
from typing import Any

from contracts.gs1.keys import ItemKey
from contracts.state.layout import CLAIM_ANSWERS, ENDINGS, ITEMS, REMAINDERS, SHIPMENTS, TABLES, Table

_OF_ITEMS = {table.prefix for table in (ITEMS, ENDINGS, REMAINDERS, CLAIM_ANSWERS)}
_DECODERS = {table.prefix: table.decode for table in TABLES}


class Mirror:
    """Rows by table.

    Attributes:
        raw: The bytes of every row, by state key.
        changed: State keys of the rows that the last block changed, ascending.
    """

    def __init__(self, rows: dict[bytes, bytes]) -> None:
        """Decode everything; all of it counts as changed."""
        self.raw = dict(rows)
        self.changed = sorted(rows)
        self._tables: dict[bytes, dict[bytes, Any]] = {prefix: {} for prefix in _DECODERS}
        for at, value in rows.items():
            self._tables[at[:1]][at[1:]] = _DECODERS[at[:1]](value)

    def follow(self, writes: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
        """Take over what a block wrote; return what the rows that changed were before, empty for none."""
        before = {}
        for at, value in writes:
            old = self.raw.get(at, b"")
            if old == value:
                continue
            before[at] = old
            table = self._tables[at[:1]]
            if value:
                self.raw[at], table[at[1:]] = value, _DECODERS[at[:1]](value)
            else:
                del self.raw[at], table[at[1:]]
        self.changed = sorted(before)
        return before

    def rows(self, table: Table[Any]) -> dict[bytes, Any]:
        """Return the rows of a table by key."""
        return self._tables[table.prefix]

    def has_changed(self, *tables: Table[Any]) -> bool:
        """Tell whether the last block changed a row of one of these tables."""
        prefixes = {table.prefix for table in tables}
        return any(at[:1] in prefixes for at in self.changed)

    def touched_items(self) -> list[ItemKey]:
        """Return the items of which the last block may have changed anything that is read of them.

        An item is read from its own rows, those of all it is inside, and the shipment of the outermost.
        """
        own = {at[1:] for at in self.changed if at[:1] in _OF_ITEMS}
        sent = {at[1:] for at in self.changed if at[:1] == SHIPMENTS.prefix}
        if not own and not sent:
            return []
        items = self.rows(ITEMS)
        found = []
        for key, row in items.items():
            is_touched, top = key in own, row
            while not is_touched and top.parent:
                is_touched, top = top.parent in own, items[top.parent]
            if is_touched or top.shipment in sent:
                found.append(ItemKey(key))
        return found
