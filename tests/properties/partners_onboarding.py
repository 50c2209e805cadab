"""What random partners say by rule 25: of goods that nobody made, and of what others claim to have."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.properties.facts import DAY_MS, GTIN, kind_of
from tests.properties.model import Model
from tests.properties.model_onboarding import is_answer, is_claim
from tests.properties.said import Said

VERBS = {"onboard": 4, "vouch": 2, "disown": 1}
"""Verbs by how often they are said."""
SIGNERS = ("bulk", "broker", "pharmacy", "rival", "clinic", "burner")
SERIALS = 30


def chooses_signer(random: Random, model: Model, verb: str) -> str:
    """Return one that may bring goods in, or the holder of a product that somebody claims."""
    claimed = _claimed(model)
    if verb == "onboard" or not claimed:
        return random.choice(SIGNERS)
    return model.registered.holders[kind_of(random.choice(claimed))]


def is_apt(model: Model, verb: str, signer: str) -> bool:
    """Tell whether there is something that a verb may be said of."""
    holders = model.registered.holders
    return verb == "onboard" or any(holders[kind_of(item)] == signer for item in _claimed(model))


def _claimed(model: Model) -> list[str]:
    return [item for item, thing in model.items.items() if is_claim(thing.source)]


def with_claims(random: Random, model: Model, said: Said) -> Said:
    """Return a commission as it is, or, now and then, with serials that somebody onboarded."""
    waiting = [item for item in _claimed(model) if kind_of(item) == said.kind and is_answer(model, item)]
    if not waiting or random.random() < 0.4:
        return said
    chosen = tuple(random.sample(waiting, min(len(waiting), random.randint(1, 3))))
    lot, _slash, expiry = model.items[chosen[0]].source[1].partition("/")
    items = tuple(dict.fromkeys((*chosen, *said.items[:3])))
    if random.random() < 0.3:
        return replace(said, items=items)
    known = model.lots.get((said.kind, lot), int(expiry))
    return replace(
        said, items=items, lot=lot, expiry=known, made_ms=said.made_ms if random.random() < 0.4 else 0
    )


class Claimants:
    """The part of the partners' speech that is about claims; `Partners` has the choices."""

    random: Random
    _place: Callable[[str], str]

    def _onboard(self, model: Model, signer: str, now_ms: int) -> Said:
        kinds = [kind for kind in model.registered.holders if kind not in model.registered.by_lot]
        kind = self.random.choice(kinds if kinds and self.random.random() < 0.95 else list(GTIN))
        fresh = [f"{kind}-{n}" for n in range(1, SERIALS + 1) if f"{kind}-{n}" not in model.items]
        if not fresh or self.random.random() < 0.05:
            fresh = [f"{kind}-{self.random.randint(1, 5)}"]
        today = now_ms // DAY_MS
        lot = f"{self.random.choice('ABC')}{today // 30}"
        known = model.lots.get((kind, lot), today + self.random.choice((40, 90)))
        expiry = known if self.random.random() < 0.85 else today + self.random.choice((-1, 40, 90))
        ground = self.random.choice(("stock", "import", "non_member"))
        sender = self.random.choice(("", "maker")) if ground == "stock" else ""
        if self.random.random() < 0.05:
            sender = "bulk"
        items = tuple(self.random.sample(fresh, min(len(fresh), self.random.randint(1, 3))))
        what = {"kind": kind, "lot": lot, "expiry": expiry, "reason": ground, "receiver": sender}
        return Said(verb="onboard", items=items, at=self._place(signer), **what)

    def _vouch(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._answered(model, signer, "vouch")

    def _disown(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._answered(model, signer, "disown")

    def _answered(self, model: Model, signer: str, verb: str) -> Said:
        mine = [item for item in _claimed(model) if model.registered.holders[kind_of(item)] == signer]
        among = mine if mine and self.random.random() < 0.9 else list(model.items) or ["pack-1"]
        items = tuple(self.random.sample(among, min(len(among), self.random.randint(1, 3))))
        return Said(verb=verb, items=items, at=self._place(signer))
