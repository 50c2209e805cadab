"""What random partners say of the cold chain (rule 18)."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.properties.facts import DAY_MS, PRODUCTS
from tests.properties.model import Model
from tests.properties.said import Said

COLD_VERBS = {"keep": 4, "put_logger": 6, "remove_logger": 2, "read": 9, "acquit": 4}
"""Verbs by how often they are said."""
LOGGERS = tuple(f"L{number}" for number in range(1, 9))
LIMITS = ((200, 800), (200, 2_500), (800, 200), (-28_000, 0))
TIMES_S = ((1_800, 3_600, 900), (0, 600, 600), (600, 1_200, 90_000), (900, 600, 600), (600, 600, 0))
"""Allowance, budget, gap; the last two make no sense."""
STEPS_MS = (60_000, 300_000, 600_000, 899_000, 901_000, 3_600_000)
TEMPERATURES = (500, 500, 500, 850, 850, 2_600, -100)


class ColdPartners(ABC):
    """The part of `Partners` that has to do with loggers."""

    random: Random

    @abstractmethod
    def _chance(self, percent: int) -> bool:
        """Say yes so often."""

    @abstractmethod
    def _held(self, model: Model, signer: str = "") -> list[str]:
        """Return what a partner holds, still and alive."""

    def _is_cold_apt(self, model: Model, verb: str, signer: str) -> bool:
        """Tell whether it may be up to a partner to say this now."""
        if verb == "keep":
            is_maker = signer in model.registered.holders.values()
            return is_maker and (len(model.storages) < len(PRODUCTS) or self._chance(5))
        if verb == "put_logger":
            is_free = len(self._on(model)) < len(LOGGERS)
            return bool(model.storages) and is_free and bool(self._held(model, signer))
        if verb == "acquit":
            return bool(self._bad(model, signer)) or self._chance(5)
        return bool(self._mine(model, signer))

    def _mine(self, model: Model, signer: str) -> list[str]:
        """Return loggers that a partner put on, or whose item it holds."""
        found = []
        for logger, number in model.loggers.items():
            session = model.sessions[number]
            if session.installed_by == signer or model.holder(session.item) == signer:
                found.append(logger)
        return found

    def _pick(self, names: Sequence[Any], spare: Any) -> Any:
        return self.random.choice(names) if names and self._chance(95) else spare

    def _keep(self, model: Model, signer: str, now_ms: int) -> Said:
        own = [kind for kind, holder in model.registered.holders.items() if holder == signer]
        low, high = self.random.choice(LIMITS if self._chance(20) else LIMITS[:2])
        times = self.random.choice(TIMES_S if self._chance(20) else TIMES_S[:3])
        return Said(verb="keep", kind=self._pick(own, "pack"), limits=(low, high, *times))

    def _put_logger(self, model: Model, signer: str, now_ms: int) -> Said:
        free = [one for one in LOGGERS if one not in self._on(model)]
        held = self._held(model, signer)
        full = [item for item in held if model.children(item)]
        item = self._pick(full if full and self._chance(70) else held, "pack-1")
        ahead_ms = 0 if self._chance(80) else self.random.choice((-60_000, -3_600_000))
        logger = self._pick(free, LOGGERS[0])
        return Said(verb="put_logger", items=(item,), logger=logger, ahead_ms=ahead_ms)

    def _on(self, model: Model) -> list[str]:
        return [logger for logger, number in model.loggers.items() if model.sessions[number].is_running]

    def _remove_logger(self, model: Model, signer: str, now_ms: int) -> Said:
        mine = [one for one in self._mine(model, signer) if one in self._on(model)]
        ahead_ms = 0 if self._chance(80) else -self.random.choice(STEPS_MS)
        return Said(verb="remove_logger", logger=self._pick(mine, LOGGERS[0]), ahead_ms=ahead_ms)

    def _read(self, model: Model, signer: str, now_ms: int) -> Said:
        """Read on from the last known reading, mostly up to now and no further."""
        logger = self._pick(self._mine(model, signer), LOGGERS[0])
        session = model.sessions.get(model.loggers.get(logger, 0))
        last_ms = (session.last_s if session else now_ms // 1_000) * 1_000
        end_ms = (session.off_s * 1_000 if session and session.off_s else 0) or now_ms
        step_ms = self.random.choice(STEPS_MS[:4] if self._chance(85) else STEPS_MS)
        most = max(1, min(60, (end_ms - last_ms) // step_ms))
        if self._chance(70) and end_ms - last_ms > 60 * step_ms:
            step_ms = max(step_ms, (end_ms - last_ms) // 60)
        count = most if self._chance(70) else self.random.randint(0, 5)
        temperature = self.random.choice(TEMPERATURES)
        readings = []
        for at in range(1, count + 1):
            temperature = self.random.choice(TEMPERATURES) if self._chance(25) else temperature
            readings.append((last_ms + at * step_ms - now_ms, temperature))
        said = Said(verb="read", logger=logger, readings=tuple(readings))
        if readings and self._chance(5):
            wrong = (readings[0], *readings, (DAY_MS, 500), (readings[-1][0] + 1_000, 200_000))
            return replace(said, readings=(*readings, self.random.choice(wrong)))
        return said

    def _bad(self, model: Model, signer: str) -> list[tuple[int, str]]:
        """Return sessions in breach, with products of the signer's."""
        return [
            (number, kind)
            for number, session in model.sessions.items()
            for kind in session.judged
            if session.findings(kind)[1] and model.registered.holders[kind] == signer
        ]

    def _acquit(self, model: Model, signer: str, now_ms: int) -> Said:
        bad = self._bad(model, signer)
        spare = (self.random.randint(0, len(model.sessions) + 1), self.random.choice(list(PRODUCTS)))
        number, kind = self.random.choice(bad) if bad and self._chance(80) else spare
        return Said(verb="acquit", session=number, kind=kind)
