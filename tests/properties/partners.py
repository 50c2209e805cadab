"""Random partners: what they say next. Most of it is nearly lawful, much of it is not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.properties import (
    partners_beyond,
    partners_corrections,
    partners_endings,
    partners_governance,
    partners_onboarding,
    partners_overages,
    partners_quantities,
    partners_recall,
    partners_registry,
)
from tests.properties.facts import (
    BUYERS,
    DAY_MS,
    GTIN,
    HOUR_MS,
    NEW_PLACES,
    PLACES,
    PURPOSES,
    ROLES,
    STEMS,
    TOLERANCE_MS,
    UNITS,
    VERBS_OF_GOODS,
    WAITS_MS,
    WITHIN_MS,
    is_unit,
    of_role,
)
from tests.properties.model import Model
from tests.properties.partners_cold import COLD_VERBS, ColdPartners
from tests.properties.partners_holds import HOLDING_VERBS, LIFTED_KINDS, Holders
from tests.properties.partners_packing import goods
from tests.properties.registered import Registered
from tests.properties.said import Document, Said, Step

PARTNERS = list(ROLES)
MAKERS = (*("maker",) * 4, "rival", "rival", "delegate", "relabel", "generic", "bulk")
"""Who mostly makes things."""
DISPENSING = (*of_role("dispenser"), "bulk", "south")
TRADING = tuple(name for name, roles in ROLES.items() if roles - {"carrier", "regulator", "agent"})
REGULATORS = of_role("regulator")
CARRIERS = (*("carrier",) * 3, *of_role("carrier"))
SERIALS = 30
"""Serials of each product that partners speak of; a few of them are never made."""
NUMBERS = 8
"""Logistic units of each kind."""
ENOUGH = 15
"""Below so many still and living items, partners mostly make new ones."""
VERBS = {
    **VERBS_OF_GOODS,
    **(partners_beyond.VERBS | partners_endings.VERBS),
    **(partners_onboarding.VERBS | partners_overages.VERBS),
    **(partners_registry.VERBS | partners_recall.VERBS),
    **(HOLDING_VERBS | COLD_VERBS),
    **(partners_quantities.VERBS | partners_corrections.VERBS),
    **partners_governance.VERBS,
}
"""Verbs by how often they are said."""
_APART = (partners_registry, partners_recall, partners_quantities)
_APART += (partners_onboarding, partners_overages, partners_corrections)
MAKING = {"commission", "introduce", "keep", "acquit"}
"""Verbs that are mostly up to makers."""


class Partners(Holders, ColdPartners, partners_beyond.Dealers, partners_onboarding.Claimants):
    """Chooses steps; looks at the model to find goods that are worth speaking of."""

    def __init__(self, random: Random, names: str = "", verbs: Mapping[str, int] | None = None) -> None:
        """Prepare to speak; shipments are named by `names` and a number."""
        self.random = random
        self._names, self._named = names, 0
        self._verbs = verbs or VERBS
        self._said_before: list[Document] = []
        self._places = Registered().places

    def _name(self, kind: str) -> str:
        """Return a name for a new shipment or document."""
        self._named += 1
        return f"{kind}{self._names}{self._named}"

    def says(self, model: Model, now_ms: int, verb: str) -> Document:
        """Return one record of a kind."""
        signer = self._signer(model, verb)
        return Document(signer, (self._said(model, now_ms, verb, signer),), self._name("D"))

    def step(self, model: Model, now_ms: int) -> Step:
        """Return the next step."""
        wait_ms = self._weighted(WAITS_MS)
        times = range(1 + self._chance(10) + 2 * self._chance(5))
        return Step(wait_ms, tuple(self.document(model, now_ms + wait_ms) for _ in times))

    def document(self, model: Model, now_ms: int) -> Document:
        """Return who says what in one document; at times one that was handed in before, maybe by another."""
        if self._said_before and self._chance(3):
            again = self.random.choice(self._said_before[-20:])
            return replace(again, signer=self.random.choice(PARTNERS)) if self._chance(30) else again
        count = 1 + self._chance(12) + self._chance(4)
        mandate = partners_registry.chooses_mandate(self.random, model) if self._chance(12) else None
        if mandate is not None:
            principal, signer, verb = mandate
            records = [Said(verb="act_for", receiver=principal), self._said(model, now_ms, verb, principal)]
        else:
            principal, first = self.record(model, now_ms)
            signer, records = principal, [first]
        records += [self.record(model, now_ms, principal)[1] for _ in range(count - len(records))]
        document = Document(signer, tuple(records), self._name("D"))
        self._said_before.append(document)
        return document

    def record(self, model: Model, now_ms: int, speaker: str = "") -> tuple[str, Said]:
        """Return who says what; mostly something that it is up to them to say."""
        for _attempt in range(5):
            verb = self._weighted(self._verbs)
            if self._chance(50) and not speaker and len(self._held(model)) < ENOUGH:
                verb = "commission"
            signer = speaker or self._signer(model, verb)
            if self._is_apt(model, verb, signer) or self._chance(5):
                break
        said = self._said(model, now_ms, verb, signer)
        return (self.random.choice(PARTNERS) if self._chance(3) and not speaker else signer), said

    def _said(self, model: Model, now_ms: int, verb: str, signer: str) -> Said:
        self._places = model.registered.places
        if verb in partners_registry.VERBS:
            said = partners_registry.says(self.random, model, verb, signer)
        elif verb in partners_governance.VERBS:
            return partners_governance.says(self.random, model, verb, signer, self._name("M"))
        elif verb in partners_quantities.VERBS:
            return partners_quantities.says(self.random, model, (signer, self._name("Q")), now_ms, verb)
        elif verb in partners_corrections.VERBS:
            return partners_corrections.says(self.random, model, verb, signer, self._name("P"))
        elif verb in partners_recall.VERBS:
            return partners_recall.on_recalls(self.random, model, signer, now_ms, verb, self._name("C"))
        elif verb in partners_overages.VERBS:
            said = partners_overages.says(self.random, model, verb, signer, self._place(signer))
        elif verb in {"find", "reinstate"}:
            said = partners_endings.take_back(self.random, model, verb, signer, self._place(signer))
        else:
            said = getattr(self, f"_{verb}")(model, signer, now_ms)
        said = partners_endings.made_late(self.random, model, said, signer)
        return self._bent(model, said) if self._chance(10) else said

    # ------------------------------------------------------------------------------ choices

    def _chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def _weighted(self, weights: dict[Any, int]) -> Any:
        return self.random.choices(list(weights), list(weights.values()))[0]

    def _some(self, names: Sequence[str], most: int = 4) -> tuple[str, ...]:
        count = min(len(names), self.random.randint(1, most))
        return tuple(self.random.sample(list(names), count))

    def _any_item(self) -> str:
        kind = self.random.choice([*GTIN, *UNITS])
        return f"{kind}-{self.random.randint(1, NUMBERS if kind in UNITS else SERIALS)}"

    def _own_places(self, partner: str) -> list[str]:
        return [place for place, (owner, _market) in self._places.items() if owner == partner]

    def _place(self, partner: str) -> str:
        own = self._own_places(partner)
        return self.random.choice(own) if own and self._chance(60) else ""

    def _held(self, model: Model, signer: str = "") -> list[str]:
        """Return what a partner, or anyone, holds, still and alive."""
        return [
            item
            for item in model.items
            if (not signer or model.holder(item) == signer)
            and model.life(item) == "active"
            and not model.shipment(item)
        ]

    def _holding(self, model: Model, among: Sequence[str]) -> list[str]:
        """Return those of some partners that hold anything, still and alive; often, if often."""
        holders = [model.holder(item) for item in self._held(model)]
        return [holder for holder in holders if holder in among]

    def _carrier(self) -> str:
        return self.random.choice(CARRIERS) if self._chance(45) else ""

    def _of_hands(self, model: Model, signer: str) -> tuple[str, ...]:
        """Return some of what a partner holds; mostly what stands side by side."""
        held = self._held(model, signer)
        if not held or self._chance(4):
            return self._some([self._any_item() for _ in range(3)], 2)
        if self._chance(65):
            parent = model.items[self.random.choice(held)].parent
            held = [item for item in held if model.items[item].parent == parent]
        return self._some(held)

    def _signer(self, model: Model, verb: str) -> str:
        for others in (*_APART, partners_governance):
            if verb in others.VERBS:
                return others.chooses_signer(self.random, model, verb)
        return self._handler(model, verb)

    def _handler(self, model: Model, verb: str) -> str:
        """Return who may say something of goods."""
        if verb in MAKING:
            return self.random.choice(MAKERS if self._chance(60) else PARTNERS)
        if self._chance(4) or not model.items:
            return self.random.choice(PARTNERS)
        shipments = self._open(model)
        if verb in {"receive", "refuse", "void"} and shipments:
            shipment = model.shipments[self.random.choice(shipments)]
            if verb == "void":
                return shipment.sender
            return shipment.carrier if shipment.carrier and self._chance(40) else shipment.receiver
        special = self._special_signer(model, verb)
        if special:
            return special
        if verb in partners_beyond.VERBS:
            return partners_beyond.signer_for(self.random, model, verb) or self.random.choice(PARTNERS)
        if verb in {"dispense", "part"} and self._chance(70):
            return self.random.choice(self._holding(model, DISPENSING) or list(DISPENSING))
        return model.holder(self.random.choice(self._held(model) or list(model.items)))

    def _special_signer(self, model: Model, verb: str) -> str:
        """Return who may say what few may; empty for verbs that any holder may say."""
        if verb in {"find", "reinstate"}:
            return partners_endings.signer_for(self.random, model, verb) or self.random.choice(PARTNERS)
        if verb in LIFTED_KINDS and self._chance(90):
            return self._lifting_signer(model, verb)
        return ""

    def _is_apt(self, model: Model, verb: str, signer: str) -> bool:
        """Tell whether it may be up to a partner to say this now."""
        for others in (*_APART, partners_governance):
            if verb in others.VERBS:
                return others.is_apt(model, verb, signer)
        if verb in COLD_VERBS:
            return self._is_cold_apt(model, verb, signer)
        return self._is_apt_with_goods(model, verb, signer)

    def _is_apt_with_goods(self, model: Model, verb: str, signer: str) -> bool:
        if verb in ("receive", "refuse", "void"):
            roles = {"receive": ("receiver", "carrier"), "refuse": ("receiver",), "void": ("sender",)}[verb]
            return bool(self._concerning(model, signer, roles))
        if verb in partners_beyond.VERBS:
            return partners_beyond.is_apt(model, verb)
        if verb == "commission":
            return signer in MAKERS
        if verb == "introduce":
            return signer in UNITS.values()
        if verb in {"find", "reinstate"}:
            return partners_endings.is_apt(model, verb, signer)
        if verb in HOLDING_VERBS:
            return self._is_worth_holding(model, verb)
        return self._has_goods_for(model, verb, signer)

    def _has_goods_for(self, model: Model, verb: str, signer: str) -> bool:
        """Tell whether a partner holds goods and may do this with them."""
        if verb in {"dispense", "part"}:
            return signer in DISPENSING and bool(self._held(model, signer))
        if verb in ("pack", "ship"):
            return signer in TRADING and bool(self._held(model, signer))
        return bool(self._held(model, signer))

    def _concerning(self, model: Model, signer: str, roles: Sequence[str]) -> list[str]:
        """Return open shipments that name a partner in one of these roles."""
        return [
            name
            for name in self._open(model)
            if signer in [getattr(model.shipments[name], role) for role in roles]
        ]

    def _open(self, model: Model) -> list[str]:
        return [name for name in model.shipments if model.on_the_way(name)]

    def _bent(self, model: Model, said: Said) -> Said:
        """Change one thing about a record."""
        change = self.random.randrange(7)
        if change == 0:
            return replace(said, at=self.random.choice([*PLACES, *NEW_PLACES]))
        if change == 1:
            return replace(said, ahead_ms=self.random.choice((TOLERANCE_MS, TOLERANCE_MS + 1, -DAY_MS)))
        if change == 2 and said.verb != "put_logger":
            return replace(said, items=())
        if change == 3 and said.items and said.verb not in ("commission", "onboard", "put_logger"):
            return replace(said, items=(*said.items, self.random.choice((said.items[0], self._any_item()))))
        if change == 4 and said.verb in ("pack", "unpack"):
            return replace(said, parent=self._any_item())
        if change == 5 and said.verb == "ship":
            return replace(said, receiver=self.random.choice(PARTNERS), passes=1 - said.passes)
        if change == 6 and said.shipment and said.verb not in ("ship", "send") and model.shipments:
            return replace(said, shipment=self.random.choice(list(model.shipments)))
        return said

    # ------------------------------------------------------------------------------ records

    def _commission(self, model: Model, signer: str, now_ms: int) -> Said:
        own = [kind for kind, holder in model.registered.holders.items() if holder == signer]
        kind = self.random.choice(own) if own and self._chance(90) else self.random.choice(list(GTIN))
        fresh = [f"{kind}-{n}" for n in range(1, SERIALS + 1) if f"{kind}-{n}" not in model.items]
        items = (
            self._some(fresh, 6) if fresh and self._chance(92) else (f"{kind}-{self.random.randint(1, 5)}",)
        )
        hours = self.random.choice((0, 0, 1, 2))
        made_ms = (
            now_ms - hours * HOUR_MS if hours else self.random.choice((0, 0, 0, now_ms + TOLERANCE_MS + 1))
        )
        today = now_ms // DAY_MS
        lot = f"{self.random.choice('ABC')}{today // 30}"
        known = model.lots.get((kind, lot), today + self.random.choice((40, 90, 300)))
        expiry = known if self._chance(90) else today + self.random.choice((-1, 0, 1, 9))
        what = {"kind": kind, "lot": lot, "expiry": expiry, "line": self.random.choice(("", "", "1"))}
        said = Said(verb="commission", items=items, at=self._place(signer), made_ms=made_ms, **what)
        return partners_onboarding.with_claims(self.random, model, said)

    def _introduce(self, model: Model, signer: str, now_ms: int) -> Said:
        own = [kind for kind, owner in UNITS.items() if owner == signer]
        kind = self.random.choice(own) if own and self._chance(90) else self.random.choice(list(UNITS))
        units = [f"{kind}-{number}" for number in range(1, NUMBERS + 1)]
        return Said(verb="introduce", items=self._some(units, 2), at=self._place(signer))

    def _pack(self, model: Model, signer: str, now_ms: int) -> Said:
        held = self._held(model, signer)
        boxes = [item for item in held if is_unit(item) or item.startswith("case")]
        new = [f"{kind}-{n}" for kind in STEMS for n in range(1, NUMBERS + 1)]
        new = [unit for unit in new if unit not in model.items] or [self._any_item()]
        parent = self.random.choice(boxes) if boxes and self._chance(75) else self.random.choice(new)
        items = goods(self.random, model, held, self._of_hands(model, signer), parent)
        return Said(verb="pack", items=items, parent=parent, at=self._place(signer))

    def _unpack(self, model: Model, signer: str, now_ms: int) -> Said:
        held = [item for item in self._held(model, signer) if model.children(item)]
        parent = self.random.choice(held) if held and self._chance(85) else self._any_item()
        children = model.children(parent) or [self._any_item()]
        return Said(verb="unpack", items=self._some(children), parent=parent, at=self._place(signer))

    def _ship(self, model: Model, signer: str, now_ms: int) -> Said:
        purpose = self._weighted(PURPOSES)
        items = self._of_hands(model, signer)
        if self._chance(90):
            full = (item for item in items if item not in model.items or not model.is_emptied(item))
            items = tuple(full) or items
        owners = [model.owner(item) for item in items if item in model.items] or ["maker"]
        receiver = self.random.choice([name for name in BUYERS if name != signer])
        if self._chance(10):
            receiver = self.random.choice(PARTNERS)
        if purpose == "own_premises":
            receiver = signer
        elif purpose == "authority" and self._chance(80):
            receiver = self.random.choice(REGULATORS)
        elif purpose == "return" and self._chance(50):
            receiver = self.random.choice(owners)
        passes = int(purpose != "own_premises" and self._chance(60 if set(owners) == {signer} else 15))
        destination = self._place(receiver)
        if purpose == "own_premises" and not destination and self._chance(90):
            destination = self.random.choice(self._own_places(signer) or [""])
        carrier = self.random.choice(PARTNERS) if self._chance(8) else self._carrier()
        said = Said(
            verb="ship",
            items=items,
            at=self._place(signer),
            receiver=receiver,
            destination=destination,
            purpose=purpose,
            passes=passes,
            within_ms=self._weighted(WITHIN_MS),
            carrier=carrier,
            shipment=self._name("S"),
        )
        said = partners_overages.to_claimant(self.random, model, said, self._held(model, signer))
        return partners_beyond.going_back(self.random, model, said, self._held(model, signer))

    def _shipment_for(self, model: Model, signer: str, roles: Sequence[str]) -> str:
        mine = self._concerning(model, signer, roles)
        if mine and self._chance(95):
            return self.random.choice(mine)
        return self.random.choice([*model.shipments, "S0"])

    def _of_shipment(self, model: Model, shipment: str) -> tuple[str, ...]:
        """Return some of what is on its way with a shipment, also out of containers."""
        tops = model.on_the_way(shipment)
        if not tops or self._chance(4):
            return (self._any_item(),)
        nested = [item for top in tops for item in model.inside(top)]
        return self._some(nested if nested and self._chance(45) else tops, 3)

    def _receive(self, model: Model, signer: str, now_ms: int) -> Said:
        shipment = self._shipment_for(model, signer, ("receiver", "carrier"))
        mode = self.random.choice(("all", "all", "listed", "all_except"))
        if shipment in model.shipments and model.shipments[shipment].carrier == signer and self._chance(85):
            mode = "all"
        items = () if mode == "all" and self._chance(97) else self._of_shipment(model, shipment)
        rest = self._name("R") if mode == "all_except" else ""
        return Said(
            verb="receive", items=items, at=self._place(signer), shipment=shipment, mode=mode, rest=rest
        )

    def _refuse(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._back(model, signer, "refuse", "receiver")

    def _void(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._back(model, signer, "void", "sender")

    def _back(self, model: Model, signer: str, verb: str, role: str) -> Said:
        shipment = self._shipment_for(model, signer, (role,))
        items = self._of_shipment(model, shipment) if self._chance(60) else ()
        return Said(verb=verb, items=items, at=self._place(signer), shipment=shipment)

    def _dispense(self, model: Model, signer: str, now_ms: int) -> Said:
        life = "supplied" if self._chance(60) else "partly_dispensed"
        to = self.random.choice(("patient", "patient", "patient", "retail", "institution"))
        return replace(self._handle(model, signer, "dispense", life), to=to)

    def _part(self, model: Model, signer: str, now_ms: int) -> Said:
        items = self._of_hands(model, signer)
        return partners_endings.part(self.random, model, signer, items, self._place(signer))

    def _destroy(self, model: Model, signer: str, now_ms: int) -> Said:
        return self._handle(model, signer, "destroy", "stolen" if self._chance(60) else "destroyed")

    def _steal(self, model: Model, signer: str, now_ms: int) -> Said:
        nested = [item for item in model.items if model.items[item].parent and model.life(item) == "active"]
        if nested and self._chance(60):
            items = self._some(nested, 2)
            return Said(verb="steal", items=items, at=self._place(signer))
        return self._handle(model, signer, "steal", "lost" if self._chance(50) else "stolen")

    def _leave(self, model: Model, signer: str, now_ms: int) -> Said:
        items = self._of_hands(model, signer)
        return partners_endings.leave(self.random, items, self._place(signer))

    def _observe(self, model: Model, signer: str, now_ms: int) -> Said:
        if self._chance(30):
            mine = [item for item in model.items if model.holder(item) == signer]
            if mine:
                return Said(verb="observe", items=self._some(mine), at=self._place(signer))
        said = self._handle(model, signer, "observe", "destroyed")
        own = self._own_places(signer)
        return replace(said, at=self.random.choice(own)) if own and self._chance(85) else said

    def _handle(self, model: Model, signer: str, verb: str, life: str) -> Said:
        """Speak of what one holds, or of what has ended already."""
        ended = [item for item in model.items if model.life(item) == life]
        items = self._some(ended, 2) if ended and self._chance(20) else self._of_hands(model, signer)
        return Said(verb=verb, items=items, at=self._place(signer))
