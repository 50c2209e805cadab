"""What every record is asked on the model (rule 0 of contracts/LAW.md), and guards that rules share."""

from collections.abc import Iterable, Iterator
from functools import partial

from tests.properties.facts import PROFILES, ROLES, TOLERANCE_MS, Rules
from tests.properties.model import Guard, Model
from tests.properties.model_named import is_called_back
from tests.properties.model_sessions import COLD_CODES, kinds_in, standing, through
from tests.properties.said import Said
from tests.properties.said_cold import COLD_VERBS

Verdicts = Iterator[set[str]]
Told = tuple[str, str, str, frozenset[str]]
"""Kind of event, subject, item or nothing, who else is told."""

QUANTITY_VERBS = {"make", "send", "settle", "end"}
ABOUT_PRODUCTS = {"describe", "offer", "take", "delegate", "lane"}
ASKED_LATER = {
    *("commission", "onboard", "receive", "refuse", "void", "overdue", "withdraw", "place", *ABOUT_PRODUCTS),
    *("mandate", "act_for", "trace", "amend", "lengthen", "let", "motion", "vote", "drop_motion"),
    *("recall", "widen", "classify", "acknowledge", "respond", "close", "spare"),
    *COLD_VERBS,
    *QUANTITY_VERBS,
}
"""Verbs whose list their rule asks, and not before it."""
LICENSED_REASONS = {"exported", "free_sample", "checked_out"}
NEEDS_LICENCE = {
    *("unlock", "release", "confirm", "clear", "verify", "reject"),
    *("commission", "introduce", "pack", "dispense", "part", "reinstate"),
    *("propose", "consent", "send_out", "come_back", "onboard", "vouch"),
    *("keep", "acquit", "make", "ask", "lengthen", "let"),
    *("describe", "offer", "take", "place", "act_for", "repack"),
}
LICENSED_PURPOSES = {"sale", "own_premises", "export"}
NOT_TRADING = {"carrier", "agent"}
EVERY_ROLE = set().union(*ROLES.values())
MAKING = {"maker", "repackager"}
MARKETING = MAKING | {"parallel_distributor", "importer"}
NOT_SIGNING = {
    "commission": EVERY_ROLE - MAKING,
    "keep": EVERY_ROLE - MARKETING,
    "acquit": EVERY_ROLE - MARKETING,
    "repack": EVERY_ROLE - MAKING,
    "make": EVERY_ROLE - MAKING,
    "trace": EVERY_ROLE - MAKING,
    **dict.fromkeys(("amend", "lengthen"), EVERY_ROLE - MARKETING),
    "send": {"carrier", "regulator", "agent"},
    "pack": {"carrier", "regulator", "agent"},
    "ship": {"carrier", "regulator", "agent"},
    **{verb: {"carrier", "regulator", "agent"} for verb in ("propose", "send_out", "come_back")},
    "onboard": {"carrier", "regulator", "agent"},
    **dict.fromkeys(("vouch", "disown"), EVERY_ROLE - MARKETING),
    **dict.fromkeys(ABOUT_PRODUCTS, EVERY_ROLE - MARKETING),
    **{verb: set() for verb in ("motion", "vote", "drop_motion", "mandate", "act_for")},
}
"""Roles that alone are not enough, by verb; for all others: agents."""


LEFT = ("exported", "sample", "free_sample", "checked_out", "lost")
"""Lives of what left the supply chain, but may still be destroyed or stolen."""
LIVES = ("supplied", "destroyed", "stolen", "partly_dispensed", *LEFT, "consumed", "outside", "burned")
"""Lives that have ended."""


class Judge:
    """One document being judged on the model."""

    def __init__(self, model: Model, signer: str, now_ms: int, born: tuple[int, int]) -> None:
        self.model = model
        self.signer = signer
        self.now_ms = now_ms
        self.born = born
        self.index = 0
        self.covered: tuple[frozenset[str], frozenset[str], int] | None = None
        self.told: set[Told] = set()
        self.breached: set[str] | None = None
        """In a late record: items that something speaks against, and nothing for the record itself."""

    def tell(self, kind: str, subject: str, items: Iterable[str] = (), concerned: Iterable[str] = ()) -> None:
        """Note an event, item by item, and who else must be told of it."""
        others = frozenset(concerned) - {"", self.signer}
        self.told |= {(kind, subject, item, others) for item in tuple(items) or ("",)}

    def profile(self, said: Said) -> Rules:
        """Return the profile that binds the signer where it acts."""
        return PROFILES[self.profile_at(said)]

    def profile_at(self, said: Said) -> str:
        """Return the name of that profile."""
        registered = self.model.registered
        return registered.follows[registered.market_at(self.signer, said.at)]

    def roles(self, name: str) -> frozenset[str]:
        """Return the roles of a partner."""
        return self.model.registered.roles[name]

    def regulators(self) -> tuple[str, ...]:
        """Return who watches over the network."""
        registered = self.model.registered
        return tuple(sorted(name for name, roles in registered.roles.items() if "regulator" in roles))

    def is_barred(self, name: str) -> bool:
        """Tell whether a partner's licence is not active."""
        return name in self.model.registered.unlicensed

    # ------------------------------------------------------------------------------ rule 27

    def under_mandate(self, said: Said) -> Verdicts:
        """Ask whether a mandate covers what an agent says; a late record is a kind of its own."""
        if self.covered is not None:
            verbs, places, _until = self.covered
            yield (
                set() if said.verb in verbs and not (said.late or said.exempt) else {"mandate_not_for_record"}
            )
            yield {"mandate_not_for_premises"} if places and said.at not in places else set()

    # ------------------------------------------------------------------------------ rule 0

    def every_record(self, said: Said) -> Verdicts:
        """Ask what every record is asked."""
        needs_licence = (
            said.verb in NEEDS_LICENCE
            or (said.verb in {"ship", "send"} and said.purpose in LICENSED_PURPOSES)
            or bool(said.exempt)
            or (said.verb == "delegate" and said.step == "given")
            or (said.verb == "mandate" and said.until != 0)
            or (said.verb == "lane" and said.step != "cleared")
            or (said.verb == "end" and said.reason in {"dispensed", "exported"})
        )
        needs_licence = needs_licence or (said.verb == "leave" and said.reason in LICENSED_REASONS)
        is_barred = needs_licence and self.is_barred(self.signer)
        yield self.unless_late({"licence_not_active"} if is_barred else set())
        roles = self.roles(self.signer)
        barred = NOT_SIGNING.get(said.verb, {"agent"})
        # An exemption is for those who trade, whatever it is asked for.
        if said.verb == "ship" and said.purpose in ("return", "disposal", "authority") and not said.exempt:
            barred = barred - {"regulator"}
        yield set() if roles - barred else {"role_not_allowed"}
        yield {"claimed_time_invalid"} if said.ahead_ms > TOLERANCE_MS else set()
        places = self.model.registered.places
        yield {"premises_unknown"} if said.at and said.at not in places else set()
        yield {"premises_not_own"} if said.at and places[said.at][0] != self.signer else set()
        if said.verb not in ASKED_LATER and not said.exempt:
            yield from self.list_of(said)

    def list_of(self, said: Said) -> Verdicts:
        """Ask whether something is listed, and nothing twice."""
        yield set() if said.items else {"nothing_listed"}
        yield {"listed_twice"} if len(set(said.items)) < len(said.items) else set()

    def together(self, said: Said) -> Guard:
        """Ask whether a container of an item is listed beside it."""
        return "listed_with_container", lambda item: bool(set(self.model.above(item)) & set(said.items))

    def life(self, *lives: str) -> list[Guard]:
        """Ask whether the life of an item, or of what it is inside, has ended: in these ways, or in any."""
        return [
            (
                life if life == "partly_dispensed" else f"already_{life}",
                lambda item, life=life: self.model.life(item) == life,
            )
            for life in lives or LIVES
        ]

    def unended(self) -> Guard:
        """Ask whether what an item is inside has ended."""
        model = self.model
        return "parent_not_active", lambda item: any(
            model.items[up].life != "active" for up in model.above(item)
        )

    def hand(self) -> list[Guard]:
        """Ask whether an item is in the signer's hands, and stands still."""
        return [
            ("not_holder", lambda item: self.model.holder(item) != self.signer),
            ("in_transit", lambda item: bool(self.model.shipment(item))),
        ]

    def empty(self) -> Guard:
        """Ask whether an item is a container that was emptied."""
        return "container_empty", self.model.is_emptied

    def clean(self, *, is_leaving: bool = False, receiver: str = "") -> list[Guard]:
        """Ask whether an item and all that is inside is clean (its life is asked apart).

        Goods that leave with the signer's own logger still on need not have it read out; those that their
        receiver claims may go to it.
        """
        model = self.model
        awaited = {f"claimed {receiver}"}
        return [
            *(
                (word, lambda item, word=word: any(hold.startswith(word) for hold in model.holds(item)))
                for word in ("recalled", "withdrawn")
            ),
            ("on_hold", lambda item: bool(model.holds(item) - awaited)),
            ("contents_not_clean", lambda item: model.dirty_children(item) > 0),
            ("recalled", lambda item: self._is_recalled(item, "recalled")),
            ("withdrawn", lambda item: self._is_recalled(item, "withdrawn")),
            ("expired", lambda item: model.is_expired(item, self.now_ms)),
            *((code, partial(self._is_cold, code, is_leaving)) for code in COLD_CODES),
        ]

    def _is_recalled(self, item: str, word: str) -> bool:
        """Tell whether an item or what is inside is called back: its lot, its make, or an excursion."""
        return self.model.is_under(item, word) or is_called_back(self.model, item, word)

    def _is_cold(self, code: str, is_leaving: bool, item: str) -> bool:
        """Tell whether loggers' sessions speak against an item with this code."""
        kinds = kinds_in(self.model, (item,))
        leaving = self.signer if is_leaving else ""
        return standing(self.model, through(self.model, item), kinds, self.now_ms, leaving) == code

    def unless_late(self, codes: set[str]) -> set[str]:
        """Return what refuses a record; in a late one nothing, but the breach is noted."""
        if self.breached is None:
            return codes
        self.breached |= {""} if codes else set()
        return set()

    def clean_or_late(
        self, items: Iterable[str], *, is_leaving: bool = False, receiver: str = ""
    ) -> list[Guard]:
        """Return the guards of clean goods; of a late record none, but the breaches are noted when asked."""
        guards = self.clean(is_leaving=is_leaving, receiver=receiver)
        if self.breached is None:
            return guards
        known = [item for item in items if item in self.model.items]
        self.breached |= {item for item in known if any(fails(item) for _code, fails in guards)}
        return []

    def take_along(self, items: Iterable[str], said: Said) -> None:
        """Do what handling items singly implies: unpack nested ones, move still ones to the stated place."""
        for item in items:
            parent = self.model.items[item].parent
            if parent:
                self.tell("unpacked", parent, (item,))
            self.model.take_out(item, self.now_ms)
        self.bring(items, said)

    def bring(self, items: Iterable[str], said: Said) -> None:
        """Move the signer's still items to the stated place, and say so."""
        for item in self.model.move(items, self.signer, said.at):
            self.tell("moved", said.at, (item,))
