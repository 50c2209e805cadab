"""What many seeds came to: a table for people, and a line of JSON for programs."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from tests.simulation.outcome import Outcome

_COLUMNS: Final = 3
_WIDTH: Final = 34
_NUMBERS: Final = (
    *("heights", "rounds", "restarts", "documents", "items", "evidence"),
    *("events", "inputs"),
)


class Totals:
    """The sum of outcomes.

    Attributes:
        failed: The outcomes of seeds in which something broke.
        seeds: How many seeds ran.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.seeds = 0
        self.failed: list[Outcome] = []
        self._cpu_seconds = 0.0
        self._numbers: Counter[str] = Counter(dict.fromkeys(_NUMBERS, 0))
        self._sizes: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._lies: Counter[str] = Counter()
        self._repairs: Counter[str] = Counter()
        self._messages: Counter[str] = Counter()
        self._changes: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Add one seed's outcome."""
        self.seeds += 1
        self._cpu_seconds += outcome.seconds
        for name in _NUMBERS:
            self._numbers[name] += getattr(outcome, name)
        self._sizes[f"n = {outcome.validators}"] += 1
        self._faults.update(outcome.faults)
        self._lies.update(outcome.lies)
        self._repairs.update(outcome.repairs)
        self._messages.update(outcome.messages)
        self._changes.update(outcome.changes)
        if outcome.failure:
            self.failed.append(outcome)

    @property
    def events_per_second(self) -> int:
        """Events and inputs of engines for each second of one processor's time."""
        total = self._numbers["events"] + self._numbers["inputs"]
        return round(total / self._cpu_seconds) if self._cpu_seconds else 0

    def table(self, seconds: float) -> list[str]:
        """Return the lines of the table; `seconds` is how long it took by the clock on the wall."""
        numbers = self._numbers
        overview = {
            "seeds": self.seeds,
            "failed": len(self.failed),
            "heights": numbers["heights"],
            "rounds beyond the first": numbers["rounds"],
            "crashes": numbers["restarts"],
            "documents": numbers["documents"],
            "items": numbers["items"],
            "evidence": numbers["evidence"],
            "events": numbers["events"],
            "inputs of engines": numbers["inputs"],
            "processor seconds": round(self._cpu_seconds),
            "seconds by the clock": round(seconds),
            "events and inputs a second": self.events_per_second,
        }
        sections = {
            "sizes": dict(sorted(self._sizes.items(), key=lambda item: int(item[0].split()[-1]))),
            "faults injected": dict(sorted(self._faults.items())),
            "messages": dict(sorted(self._messages.items())),
            "changes of who votes": dict(sorted(self._changes.items())),
            "what liars did": dict(sorted(self._lies.items())),
            "repairs": dict(sorted(self._repairs.items())),
        }
        lines = _rows(overview)
        for title, counts in sections.items():
            lines += ["", f"{title}: {sum(counts.values()):,}", *_rows(counts)]
        return lines

    def summary(self, seconds: float) -> dict[str, object]:
        """Return what the last line says; `seconds` is how long it took by the clock on the wall."""
        return {
            "seeds": self.seeds,
            "failed": len(self.failed),
            **self._numbers,
            "sizes": dict(sorted(self._sizes.items())),
            "faults": dict(sorted(self._faults.items())),
            "lies": dict(sorted(self._lies.items())),
            "repairs": dict(sorted(self._repairs.items())),
            "messages": dict(sorted(self._messages.items())),
            "changes": dict(sorted(self._changes.items())),
            "events_per_second": self.events_per_second,
            "cpu_seconds": round(self._cpu_seconds, 1),
            "seconds": round(seconds, 1),
        }


def _rows(counts: Mapping[str, int]) -> list[str]:
    """Lay out counts in columns, to be read downwards."""
    cells = [f"{kind:22} {count:>11,}" for kind, count in counts.items()]
    height = -(-len(cells) // _COLUMNS)
    return ["  ".join(f"{cell:{_WIDTH}}" for cell in cells[at::height]).rstrip() for at in range(height)]
