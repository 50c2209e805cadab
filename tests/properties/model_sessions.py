"""Cold-chain sessions on the model: what loggers saw, and what that says of goods (rule 18).

A session keeps all its readings; what they mean for a product is worked out from them anew each time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.properties.facts import is_unit, kind_of
from tests.properties.model import Exposures, Model

COLD_CODES = ("cold_chain_hold", "readings_missing")
"""What sessions may say, the gravest first."""


@dataclass(frozen=True)
class Storage:
    """How a product must be kept."""

    low: int
    high: int
    allowance_s: int
    budget_s: int
    gap_s: int


@dataclass(frozen=True)
class Judged:
    """A product in a session: the readings from `first` on count, and of them the time after `since_s`."""

    storage: Storage
    needs_logger: bool
    since_s: int
    used_s: int
    first: int
    is_cleared: bool = False


@dataclass(frozen=True)
class Session:
    """A logger's stay on an item, or a journey without the logger it needs (no logger)."""

    logger: str
    item: str
    installed_by: str
    on_s: int
    removed_by: str = ""
    off_s: int = 0
    readings: tuple[tuple[int, int], ...] = ()
    judged: dict[str, Judged] = field(default_factory=dict)
    cleared: dict[str, int] = field(default_factory=dict)
    """When the first breach began that its maker cleared, by product."""
    is_received: bool = False
    """Of a journey without a logger: whether some of it arrived."""

    @property
    def last_s(self) -> int:
        return self.readings[-1][0] if self.readings else self.on_s

    @property
    def is_running(self) -> bool:
        return bool(self.logger) and not self.off_s

    def first_breach(self, kind: str) -> int:
        """Return when the first breach ever began, cleared or not; 0 for never."""
        if kind not in self.judged:
            return 0
        return min((one for one in (self.cleared.get(kind, 0), self.findings(kind)[1]) if one), default=0)

    def findings(self, kind: str) -> tuple[int, int, bool]:
        """Return time outside with what was used before, when the breach began (0: never), if by a gap."""
        one = self.judged[kind]
        storage = one.storage
        if not self.logger:
            is_late = self.is_received and not one.is_cleared
            return one.used_s, self.on_s if is_late else 0, False
        known = [(self.on_s, None), *self.readings]
        outside_s, run_s, breach = one.used_s, 0, (0, False)
        for (before_s, before), (at_s, _now) in zip(known[one.first :], known[one.first + 1 :], strict=False):
            span_s = max(0, at_s - max(before_s, one.since_s))
            was_outside = before is not None and not storage.low <= before <= storage.high
            run_s = run_s + span_s if was_outside else 0
            outside_s += span_s if was_outside else 0
            over_s = max(run_s - storage.allowance_s, outside_s - storage.budget_s if was_outside else 0)
            unread_s = span_s - storage.gap_s
            if max(over_s, unread_s) > 0 and not breach[0]:
                breach = (at_s - max(over_s, unread_s), unread_s >= over_s)
        return outside_s, *breach


def kept(model: Model, items: Iterable[str]) -> list[str]:
    """Return the products among items and what is inside them that have a storage profile."""
    return sorted(kinds_in(model, items) & model.storages.keys())


def kinds_in(model: Model, items: Iterable[str]) -> set[str]:
    """Return the kinds of items and of what is inside them."""
    return {kind_of(name) for item in items for name in (item, *model.inside(item))}


def standing(
    model: Model, exposures: Exposures, kinds: set[str] | None, now_ms: int, leaving: str = ""
) -> str:
    """Return the code with which sessions speak against products; nothing when they do not."""
    found = set()
    for number, until_s in exposures:
        session = model.sessions[number]
        for kind, one in session.judged.items():
            if kinds is not None and kind not in kinds:
                continue
            breached_s = session.findings(kind)[1]
            if breached_s and (not until_s or breached_s < until_s):
                found.add("cold_chain_hold")
            ends = [end for end in (until_s, session.off_s) if end]
            if not ends and one.needs_logger and leaving != session.installed_by:
                ends = [now_ms // 1_000]
            if session.logger and ends and min(ends) - max(session.last_s, one.since_s) > one.storage.gap_s:
                found.add("readings_missing")
    return min(found, default="")


def through(model: Model, item: str) -> Exposures:
    """Return the exposures of an item, of what it is inside, and of what is inside it."""
    names = (item, *model.above(item), *model.inside(item))
    return model.longest(one for name in names for one in model.items[name].exposures)


def around(model: Model, parent: str) -> Exposures:
    """Return what goods that go into a container share; an empty unit forgets sessions that are over."""
    own = model.items[parent].exposures
    if is_unit(parent) and not model.children(parent):
        own = frozenset(one for one in own if model.sessions[one[0]].is_running)
    return model.longest((*own, *(one for up in model.above(parent) for one in model.items[up].exposures)))
