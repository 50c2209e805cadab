"""What trouble with a pack, a case or a pallet means for what it is inside, and for what is inside it.

    python -m tests.scenarios.nested.matrix --rewrite

`matrix.txt` holds the verdict of every cell: {trouble} x {on pack, case, pallet} x {at rest, in transit, part
received} x {acting on pack, case, pallet} x {receive, refuse, unpack, ship, dispense, destroy}. To add a
trouble, add a line to `TROUBLES`, rewrite, and read what is new.

Packs 1 and 2 are in case 1, packs 3 and 4 in case 2, both cases on a pallet. Acme made them and sold them to
Dale, who has them at rest, or has sent them on to Corner. Of the part received Corner has case 1; the pallet
with case 2 is still on its way. Dale and Corner are both dispensers: who holds something may try everything.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from contracts.ledger.receipt import ACCEPTED
from tests.scenarios.law.language import Speaker
from tests.scenarios.law.world import DAY_MS, Ledger

TABLE = Path(__file__).with_name("matrix.txt")
YES = "yes"

LEVELS = ("pack", "case", "pallet")
SITUATIONS = ("at rest", "in transit", "part received")
ACTIONS = ("receive", "refuse", "unpack", "ship", "dispense", "destroy")

OLD = {
    "pack": ("pack-1",),
    "case": ("pack-1..2", "case-1"),
    "pallet": ("pack-1..4", "case-1..2"),
}
"""What is of the lot in trouble, where a lot is; a pallet's is that of all in it."""
ITEMS = {"pack": "pack-1", "case": "case-1", "pallet": "pallet-1"}
REST = {"pack": "pack-3", "case": "case-2", "pallet": "pallet-1"}
"""What is still on its way of the part received."""
OPENED = {"pack": "pack-1 from case-1", "case": "pack-1..2 from case-1", "pallet": "case-2 from pallet-1"}
"""What comes out of what: a pack itself, all of a case, a case of the pallet."""


LISTED = {"pack": "pack-1", "case": "pack-1..2, case-1", "pallet": "pack-1..4, case-1..2"}
"""What of the goods a recall by serials lists."""
KEPT = "from 2.00 to 8.00, 30 minutes, 60 minutes, gaps 15 minutes"


class Trouble(NamedTuple):
    """Something that speaks against goods."""

    begins: tuple[str, ...] = ()
    """Sentences that bring it about, with the item for {item}; none when time does."""
    comes_out: tuple[str, ...] = ()
    """Sentences by which it comes out four days later."""
    is_of_lot: bool = False
    """Whether the goods in trouble are of a lot of their own, `OLD`."""
    expires: bool = False
    """Whether that lot expires before the goods are acted on."""


TROUBLES = {
    "hold": Trouble(("Gov locks {item}",)),
    "stolen": Trouble(("Gov reports {item} stolen",)),
    "recall of serials": Trouble(("Acme recalls as R1: {listed}",)),
    "recall of a lot": Trouble(("Acme recalls as R1: pack lot OLD or case lot OLD",), is_of_lot=True),
    "expiry": Trouble(is_of_lot=True, expires=True),
    "excursion": Trouble(
        (f"Acme keeps pack {KEPT}", f"Acme keeps case {KEPT}", "Dale puts logger-1 onto {item}"),
        ("Dale reads 5.00 9.00 9.00 9.00 9.00 5.00 off logger-1 every 10 minutes",),
    ),
}
"""All troubles by name, in the order of the table."""


class Stage:
    """Goods in a situation, on which things are tried without consequences."""

    def __init__(self, trouble: Trouble, level: str, situation: str) -> None:
        self.situation = situation
        self.speaker = Speaker(Ledger())
        self._make(trouble, level)
        if situation != "at rest":
            self._say("Dale ships pallet-1 to Corner as S1")
        for sentence in trouble.begins:
            self._say(sentence.format(item=ITEMS[level], listed=LISTED[level]))
        self.speaker.ledger.wait(4 * DAY_MS)
        for sentence in trouble.comes_out:
            self._say(sentence)
        if situation == "part received":
            self._say("Corner receives case-1 of S1")

    def _make(self, trouble: Trouble, level: str) -> None:
        last_day = "2026-03-04" if trouble.expires else "2026-03-20"
        for name in OLD[level] if trouble.is_of_lot else ():
            self._say(f"Acme commissions {name} of lot OLD expiring {last_day}")
        for name in ("pack-1", "pack-2", "pack-3", "pack-4", "case-1", "case-2"):
            if self.speaker.see(name).endswith("is unknown"):
                self._say(f"Acme commissions {name} of lot NEW")
        for sentence in (
            "Acme packs pack-1..2 into case-1",
            "Acme packs pack-3..4 into case-2",
            "Acme packs case-1..2 into pallet-1",
            "Acme ships pallet-1 to Dale as S0",
            "Dale receives S0",
        ):
            self._say(sentence)

    def _say(self, sentence: str) -> None:
        receipt = self.speaker.submit(sentence)
        if receipt.code != ACCEPTED:
            raise ValueError(f"{sentence}: {receipt.code}")

    def tried(self, action: str, level: str) -> str:
        """Return the verdict on an action on one of the goods, and take it back."""
        ledger = self.speaker.ledger
        kept = dict(ledger.reader.rows), ledger.height, ledger.time_ms, ledger.app_hash
        receipt = self.speaker.submit(self.sentence(action, level))
        ledger.reader.rows, ledger.height, ledger.time_ms, ledger.app_hash = kept
        return YES if receipt.code == ACCEPTED else receipt.code

    def sentence(self, action: str, level: str) -> str:
        """Return who tries what: whoever may receive does, and whoever holds the goods does all else."""
        item, way = ITEMS[level], "S0" if self.situation == "at rest" else "S1"
        if action in ("receive", "refuse"):
            who = "Dale" if self.situation == "at rest" else "Corner"
            what = REST[level] if self.situation == "part received" else item
            return f"{who} {action}s {what} of {way}"
        who = "Corner" if self.situation == "part received" else "Dale"
        match action:
            case "unpack":
                return f"{who} unpacks {OPENED[level]}"
            case "ship":
                return f"{who} ships {item} to Bulk as S2"
            case "dispense":
                return f"{who} dispenses {item}"
        return f"{who} destroys {item}"


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    yield "What may be done with goods when something is wrong with a part of them. See matrix.py."
    for name, trouble in TROUBLES.items():
        for situation in SITUATIONS:
            rows = [("trouble on", "acting on", *ACTIONS)]
            for level in LEVELS:
                stage = Stage(trouble, level, situation)
                rows += [
                    (level, target, *(stage.tried(action, target) for action in ACTIONS)) for target in LEVELS
                ]
            yield ""
            yield f"## {name}, {situation}"
            yield from _aligned(rows)


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def text() -> str:
    """Return the whole table."""
    return "\n".join(table()) + "\n"


if __name__ == "__main__":
    if "--rewrite" in sys.argv[1:]:
        TABLE.write_text(text(), encoding="utf-8")
    else:
        print(text(), end="")
