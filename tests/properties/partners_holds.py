"""What random partners say of goods held back: rules 7, 14, 15 and 23."""

from collections.abc import Callable, Sequence
from random import Random

from tests.properties.facts import DAY_MS, ROLES, kind_of, of_role
from tests.properties.model import Model, lot_name
from tests.properties.said import Said

HOLDING_VERBS = {
    "overdue": 3,
    "lock": 1,
    "unlock": 4,
    "quarantine": 1,
    "release": 3,
    "suspect": 1,
    "confirm": 1,
    "clear": 5,
    "verify": 5,
    "reject": 1,
    "report": 1,
}
"""Verbs by how often they are said."""
LIFTED_KINDS = {
    "unlock": {"locked"},
    "release": {"quarantined"},
    "confirm": {"suspect"},
    "clear": {"suspect", "illegitimate"},
}
"""Holds that a verb is about."""
REGULATORS = of_role("regulator")
FINDINGS = ("tampered", "copied", "outside_lane", "unknown_serial")


class Holders:
    """The part of the partners' speech that is about holds; `Partners` has the choices."""

    random: Random
    _chance: Callable[[int], bool]
    _some: Callable[..., tuple[str, ...]]
    _of_hands: Callable[[Model, str], tuple[str, ...]]
    _place: Callable[[str], str]
    _any_item: Callable[[], str]

    def _bearing(self, model: Model, verb: str) -> list[str]:
        """Return the living items that carry a hold of the kind that a verb is about."""
        kinds = LIFTED_KINDS[verb]
        return [
            item
            for item, thing in model.items.items()
            if any(hold.split()[0] in kinds for hold in thing.holds)
            and model.life(item) in ("active", "partly_dispensed")
        ]

    def _is_worth_holding(self, model: Model, verb: str) -> bool:
        """Tell whether there is something that a verb may be said of."""
        if verb in LIFTED_KINDS:
            return bool(self._bearing(model, verb))
        return bool(model.shipments if verb == "overdue" else model.items)

    def _lifting_signer(self, model: Model, verb: str) -> str:
        """Return who may lift something: setters, holders, makers, the regulator."""
        bearing = self._bearing(model, verb)
        if not bearing:
            return self.random.choice(list(ROLES))
        item = self.random.choice(bearing)
        setters = _setters(model, item)
        makers = [model.registered.holders.get(kind_of(item), "maker")]
        return self.random.choice([*setters, *makers, model.holder(item), model.holder(item), *REGULATORS])

    def _overdue(self, model: Model, signer: str, now_ms: int) -> Said:
        under_way = [name for name in model.shipments if model.on_the_way(name)]
        late = [name for name in under_way if model.shipments[name].deadline_ms < now_ms]
        among: Sequence[str] = late if late and self._chance(80) else under_way or ["S0"]
        if self._chance(8):
            among = [*model.shipments, "S0"]
        return Said(verb="overdue", shipment=self.random.choice(among), at=self._place(signer))

    def _held_back(self, model: Model, signer: str, verb: str) -> Said:
        """Speak of what one holds, or now and then of anything."""
        items = self._of_hands(model, signer)
        mine = [item for item in model.items if model.holder(item) == signer]
        if model.items and (signer in REGULATORS or self._chance(8)):
            items = self._some(list(model.items), 2)
        elif mine and self._chance(25):
            items = self._some(mine, 3)
        return Said(verb=verb, items=items, at=self._place(signer))

    def _lock(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._held_back(model, signer, "lock")

    def _quarantine(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._held_back(model, signer, "quarantine")

    def _suspect(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._held_back(model, signer, "suspect")

    def _let_go(self, model: Model, signer: str, verb: str) -> Said:
        """Speak of what carries such a hold."""
        bearing = self._bearing(model, verb)
        own = [item for item in bearing if signer in (model.holder(item), *_setters(model, item))]
        items = self._some(own or bearing or [self._any_item()], 2)
        if self._chance(8):
            items = (*items, self._any_item())
        return Said(verb=verb, items=items, at=self._place(signer))

    def _unlock(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._let_go(model, signer, "unlock")

    def _release(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._let_go(model, signer, "release")

    def _confirm(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._let_go(model, signer, "confirm")

    def _clear(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._let_go(model, signer, "clear")

    def _verify(self, model: Model, signer: str, now_ms: int) -> Said:
        waiting = {"quarantined", "returned", "unconfirmed"}
        quarantined = [item for item, thing in model.items.items() if waiting & thing.holds]
        own = [item for item in quarantined if model.holder(item) == signer]
        items = self._some(own) if own and self._chance(70) else self._held_back(model, signer, "").items
        lot, expiry = "", 0
        source = model.items[items[0]].source if items and items[0] in model.items else ()
        if source and self._chance(40):
            lot = lot_name(source)
            expiry = model.lots[source[:2]] + int(self._chance(10))
        elif self._chance(5):
            lot, expiry = "X9", now_ms // DAY_MS
        return Said(verb="verify", items=items, at=self._place(signer), lot=lot, expiry=expiry)

    def _reject(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._held_back(model, signer, "reject")

    def _report(self, model: Model, signer: str, now_ms: int) -> Said:
        finding = self.random.choice(FINDINGS)
        items = self._held_back(model, signer, "").items
        if finding == "unknown_serial" and self._chance(80):
            items = tuple(item for item in (self._any_item(), self._any_item()) if item not in model.items)
        return Said(verb="report", items=tuple(dict.fromkeys(items)), at=self._place(signer), finding=finding)


def _setters(model: Model, item: str) -> list[str]:
    """Return the partners that put a hold on an item."""
    words = [hold.split() for hold in model.items[item].holds]
    return sorted(said[1] for said in words if len(said) > 1 and said[1] in ROLES)
