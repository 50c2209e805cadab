"""A reference model of custody, written from contracts/LAW.md: small, slow, and without cleverness.

Everything is a plain dict of items that each say what they are now. Nothing is lazy, nothing is counted in
advance: who is inside what, what is on its way, how dirty a container is, is looked up among all items each
time. The rules stand in `model_rules.py`. The model shares no code with the law.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from tests.properties.facts import is_unit
from tests.properties.registered import Registered

OVERDUE = "overdue"
"""The hold on what is on its way with an overdue shipment."""
Guard = tuple[str, Callable[[str], bool]]
"""A verdict code, and whether it speaks against an item."""
Exposures = frozenset[tuple[int, int]]
"""(session, second until which it was seen, 0 for the whole)."""


def lot_name(source: tuple[Any, ...]) -> str:
    """Return what the lot of a source is called; claimed lots of several expiries are called the same."""
    return str(source[1]).partition("/")[0]


@dataclass(frozen=True)
class Thing:
    """An item. Place, holder, owner and shipment are empty inside a parent."""

    holder: str
    owner: str
    place: str
    born: tuple[int, int]
    """Height and document index."""
    source: tuple[object, ...] = ()
    """GTIN, lot, line, hour, site; empty for a logistic unit."""
    expires_ms: int = 0
    """Instant from which it is expired; 0 for never."""
    life: str = "active"
    holds: frozenset[str] = frozenset()
    """Each the hold's kind, and the name of who set it unless the law did."""
    parent: str = ""
    shipment: str = ""
    """On its way with it; empty when it stands still."""
    was_filled: bool = False
    """Whether something ever was inside, in this generation."""
    emptied_ms: int | None = None
    """When the last child left; None while there are children, or never were."""
    introducer: str = ""
    """Who brought it to life, or first filled it."""
    generation: int = 1
    unsealed: bool = False
    """Whether something came out, or went in by another hand than the packer's."""
    packer: str = ""
    """Who first filled it."""
    title: str = ""
    """The shipment with which its owner came to own it; empty for what its owner made."""
    exposures: Exposures = frozenset()
    """Cold-chain sessions that it went through itself."""
    levels: int = 0
    """Levels of packing from here downwards, the most since it was last empty; 0 for what is no container."""
    sellers: frozenset[str] = frozenset()
    """From whom something was bought before it went in, since it was last empty."""
    opened: tuple[str, str, int] | None = None
    """By whom and where it was opened to dispense a part of it, and how many units are left."""
    relied: frozenset[str] = frozenset()
    """Who relied on it, beside who brought it to life."""
    ended: tuple[str, str, int] | None = None
    """By whom, where and when its life ended, when that may be undone."""
    sent_to: str = ""
    """Whom outside it was sent to, while it is there."""
    seen: tuple[str, str] = ("", "")
    """Of a pack: by whom it was verified last, of those who may repack, and its title then."""
    answer: tuple[str, bool] = ("", False)
    """Of what was onboarded: confirmed or contradicted, and whether by a commission."""
    despite: bool = False
    """Whether it was supplied although something spoke against it."""


@dataclass(frozen=True)
class Shipment:
    """Goods sent; what is still on its way are the items that name it."""

    sender: str
    receiver: str
    purpose: str
    passes: int
    deadline_ms: int
    destination: str
    carrier: str = ""
    custody: bool = False
    hold: str = ""
    """What is received is held as that."""
    overdue: bool = False
    received_ms: int | None = None
    """When something of it was received last."""

    @property
    def is_sale(self) -> bool:
        """Whether it is a sale: by name, or abroad."""
        return self.purpose == "sale" or (self.purpose == "export" and bool(self.passes))


def parties(shipment: Shipment) -> tuple[str, str, str]:
    """Return who is concerned by what happens to a shipment."""
    return shipment.sender, shipment.receiver, shipment.carrier


@dataclass(frozen=True)
class Proposal:
    """What one partner asked another to agree to."""

    proposer: str
    other: str
    until: int
    items: tuple[str, ...]
    is_open: bool = True
    kind: str = "ownership"
    """Or burning, revival, expiry."""
    terms: tuple[str, str, int] = ("", "", 0)
    """Expiry: kind, lot and day."""
    is_agreed: bool = False


class Model:
    """The state of the ledger in plain words."""

    def __init__(self) -> None:
        self.items: dict[str, Thing] = {}
        self.shipments: dict[str, Shipment] = {}
        self.proposals: dict[str, Proposal] = {}
        self.lots: dict[tuple[str, str], int] = {}
        self.instants: dict[tuple[str, str], int] = {}
        self.registered = Registered()
        self.makers: dict[tuple[str, str], str] = {}
        """Who commissioned a lot first."""
        self.makes: set[tuple[object, ...]] = set()
        """Every source that there ever was."""
        self.marks: dict[tuple[object, ...], set[tuple[str, int]]] = {}
        """What speaks against a lot (two words) or a make: (recalled or withdrawn, recall's number)."""
        self.recalls: dict[str, Any] = {}
        self.lineage: dict[tuple[object, ...], frozenset[tuple[object, ...]]] = {}
        """What makes a repacked make comes of; the name of one ends in its first serial."""
        self.repacked: dict[str, tuple[object, ...]] = {}
        """Items that were opened, and the make they were repacked into."""
        self.materials: dict[tuple[str, str], frozenset[tuple[str, str]]] = {}
        """Lots, and the material lots of which they were made."""
        self.former: dict[tuple[str, str], frozenset[int]] = {}
        """Expiries that lots had before they were amended."""
        self.amended: Counter[tuple[str, str]] = Counter()
        """How often lots were amended."""
        self.released: set[tuple[str, int]] = set()
        """(item, or kind and lot of counted packs; recall's number)."""
        self.law_held_ms: dict[str, int] = {}
        """When the law last held goods back in a partner's hands."""
        self.claimed_ms: dict[tuple[object, ...], int] = {}
        """When what was onboarded was claimed first, by its source."""
        self.storages: dict[str, Any] = {}
        self.sessions: dict[int, Any] = {}
        self.loggers: dict[str, int] = {}
        self.unlogged: dict[str, int] = {}
        self.stock: Counter[tuple[str, str, str, str]] = Counter()
        """Packs without serials by kind, lot, holder and owner."""
        self.books: Counter[tuple[str, str, str]] = Counter()
        """The same by kind, lot, and how they came or went."""
        self.loads: dict[str, Any] = {}
        self.overages: dict[tuple[str, str], tuple[str, int]] = {}
        """By claimant and item: with which shipment it came, and until when the claim stands."""
        self.overage_counts: Counter[str] = Counter()
        """How many items were claimed with a shipment."""
        self.height = 1
        """Of the next block."""
        self.motions: dict[str, Any] = {}

    def copy(self) -> "Model":
        """Return a copy: things and shipments are frozen, so the dicts are all there is to copy."""
        other = Model()
        other.items = dict(self.items)
        other.shipments = dict(self.shipments)
        other.lots = dict(self.lots)
        other.proposals = dict(self.proposals)
        other.instants = dict(self.instants)
        other.registered = self.registered.copy()
        other.lots, other.makers = dict(self.lots), dict(self.makers)
        other.makes, other.marks = set(self.makes), {key: set(marks) for key, marks in self.marks.items()}
        other.lineage, other.repacked = dict(self.lineage), dict(self.repacked)
        other.amended = self.amended.copy()
        other.materials, other.former = dict(self.materials), dict(self.former)
        other.recalls, other.released = dict(self.recalls), set(self.released)
        other.law_held_ms, other.claimed_ms = dict(self.law_held_ms), dict(self.claimed_ms)
        other.storages, other.sessions = dict(self.storages), dict(self.sessions)
        other.stock, other.books = self.stock.copy(), self.books.copy()
        other.loads = dict(self.loads)
        other.overages, other.overage_counts = dict(self.overages), self.overage_counts.copy()
        other.height, other.motions = self.height, dict(self.motions)
        other.loggers, other.unlogged = dict(self.loggers), dict(self.unlogged)
        return other

    def change(self, item: str, **fields: object) -> None:
        """Change fields of an item."""
        self.items[item] = replace(self.items[item], **fields)

    def change_shipment(self, name: str, **fields: object) -> None:
        """Change fields of a shipment."""
        self.shipments[name] = replace(self.shipments[name], **fields)

    # ------------------------------------------------------------------------------ where things are

    def above(self, item: str) -> list[str]:
        """Return the containers around an item, from its parent outwards."""
        found = []
        while self.items[item].parent:
            item = self.items[item].parent
            found.append(item)
        return found

    def top(self, item: str) -> str:
        """Return the outermost container of an item; itself when it stands by itself."""
        return [item, *self.above(item)][-1]

    def children(self, item: str) -> list[str]:
        """Return what is directly inside."""
        return [name for name, thing in self.items.items() if thing.parent == item]

    def inside(self, item: str) -> list[str]:
        """Return all that is inside, at any level."""
        found = []
        for child in self.children(item):
            found += [child, *self.inside(child)]
        return found

    def holder(self, item: str) -> str:
        """Return who holds an item."""
        return self.items[self.top(item)].holder

    def owner(self, item: str) -> str:
        """Return who owns an item."""
        return self.items[self.top(item)].owner

    def place(self, item: str) -> str:
        """Return the premises where an item was last stated to be."""
        return self.items[self.top(item)].place

    def shipment(self, item: str) -> str:
        """Return the shipment an item is on its way with; empty when it stands still."""
        return self.items[self.top(item)].shipment

    def on_the_way(self, shipment: str) -> list[str]:
        """Return the top-level items still on their way with a shipment."""
        return [name for name, thing in self.items.items() if thing.shipment == shipment]

    # ------------------------------------------------------------------------------ how things are

    def life(self, item: str) -> str:
        """Return an item's life: its own end, or else that of the nearest container around it that ended."""
        lives = [self.items[name].life for name in (item, *self.above(item))]
        return next((life for life in lives if life != "active"), "active")

    def holds(self, item: str) -> frozenset[str]:
        """Return the holds that bind an item: what it carries, and that of an overdue shipment."""
        shipment = self.shipments.get(self.shipment(item))
        late = {OVERDUE} if shipment is not None and shipment.overdue else set()
        return self.carried(item) | late

    def carried(self, item: str) -> frozenset[str]:
        """Return the holds that an item takes along: its own, and those around it."""
        return frozenset().union(*(self.items[name].holds for name in (item, *self.above(item))))

    def carried_below(self, item: str, container: str) -> frozenset[str]:
        """Return the holds of an item, and of what is around it up to a container, that one left out."""
        around = [item, *self.above(item)]
        return frozenset().union(*(self.items[name].holds for name in around[: around.index(container)]))

    def is_dirty(self, item: str) -> bool:
        """Tell whether an item has an own hold or has ended, or anything inside it."""
        thing = self.items[item]
        return bool(thing.holds) or thing.life != "active" or any(map(self.is_dirty, self.children(item)))

    def dirty_children(self, item: str) -> int:
        """Return how many direct children are dirty."""
        return sum(map(self.is_dirty, self.children(item)))

    def sources(self, item: str) -> Counter[tuple[object, ...]]:
        """Return the sources of all that is inside, with counts."""
        return Counter(self.items[name].source for name in self.inside(item) if self.items[name].source)

    def exposures_inside(self, item: str) -> Counter[tuple[int, int]]:
        """Return the exposures of all that is inside, with counts."""
        return Counter(one for name in self.inside(item) for one in self.items[name].exposures)

    @staticmethod
    def longest(exposures: Iterable[tuple[int, int]]) -> Exposures:
        """Return exposures with one stay for each session, the longest."""
        stays: dict[int, list[int]] = {}
        for session, until_s in exposures:
            stays.setdefault(session, []).append(until_s)
        return frozenset((one, 0 if 0 in ends else max(ends)) for one, ends in stays.items())

    def is_emptied(self, item: str) -> bool:
        """Tell whether an item is a container with nothing in it: an empty unit, or an emptied case."""
        is_container = is_unit(item) or self.items[item].was_filled
        return is_container and not self.children(item)

    def is_under(self, item: str, word: str) -> bool:
        """Tell whether an item's lot or make, or that of something inside, is recalled or withdrawn.

        It may have been released itself; what is inside counts as what its lot is.
        """
        return any(
            against == word and (name != item or (item, number) not in self.released)
            for name in (item, *self.inside(item))
            for against, number in self.against(name)
        )

    def against(self, item: str) -> set[tuple[str, int]]:
        """Return the marks on an item's lot and make."""
        return self.marks_on(self.items[item].source)

    def marks_on(self, source: tuple[object, ...]) -> set[tuple[str, int]]:
        """Return the marks on a make and on its lot as a whole."""
        return self.marks.get(source, set()) | self.marks.get(source[:2], set())

    def against_lot(self, lot: tuple[str, str]) -> set[tuple[str, int]]:
        """Return what speaks against a lot as a whole, but for what its counted packs were released from."""
        return self._unreleased(lot, self.marks.get(lot, set()))

    def against_counted(self, lot: tuple[str, str]) -> set[tuple[str, int]]:
        """Return what speaks against the counted packs of a lot: a mark on one make is one on all."""
        several = (marks for make, marks in self.marks.items() if make[:2] == lot)
        return self._unreleased(lot, set().union(*several))

    def _unreleased(self, lot: tuple[str, str], marks: set[tuple[str, int]]) -> set[tuple[str, int]]:
        return {(word, number) for word, number in marks if (" ".join(lot), number) not in self.released}

    def is_expired(self, item: str, now_ms: int) -> bool:
        """Tell whether an item is expired, or anything inside it."""
        ends = [self.items[name].expires_ms for name in (item, *self.inside(item))]
        return any(0 < end <= now_ms for end in ends)

    def seller(self, title: str) -> str:
        """Return who sold what has this title; nobody when it was no sale."""
        sale, transfer = self.shipments.get(title), self.proposals.get(title)
        if sale is not None:
            return sale.sender if sale.is_sale else ""
        is_bought = transfer is not None and transfer.is_agreed and transfer.kind == "ownership"
        return transfer.proposer if transfer is not None and is_bought else ""

    def sellers(self, item: str) -> frozenset[str]:
        """Return who sold an item to its owner, and what was packed into it afterwards."""
        thing = self.items[item]
        return (thing.sellers | {self.seller(thing.title)}) - {""}

    # ------------------------------------------------------------------------------ what happens to things

    def relied(self, item: str) -> frozenset[str]:
        """Return who relied on an item or on something that it is inside."""
        return frozenset().union(*(self.items[name].relied for name in (item, *self.above(item))))

    def rely(self, item: str, *parties: str) -> None:
        """Note who relied on an item."""
        self.change(item, relied=self.items[item].relied | set(parties) - {""})

    def take_out(self, item: str, now_ms: int, *, was_error: bool = False) -> None:
        """Take an item out of its parent: it stands where that stands, and takes holds and ends along."""
        parent = self.items[item].parent
        if not parent:
            return
        for up in self.above(item):
            for hold in self.items[up].holds - self.carried_below(item, up):
                if hold.startswith("claimed "):
                    claimant = hold.partition(" ")[2]
                    self.overages[claimant, item] = self.overages[claimant, up]
        if self.children(parent) == [item]:
            self.change(parent, emptied_ms=now_ms, levels=1, sellers=frozenset())
        top = self.items[self.top(item)]
        around = (self.items[name] for name in (item, *self.above(item)))
        end = next((thing for thing in around if thing.life != "active"), self.items[item])
        seen = [
            (session, until_s or (now_ms // 1_000 if self.sessions[session].is_running else 0))
            for up in self.above(item)
            for session, until_s in self.items[up].exposures
        ]
        self.change(
            item,
            exposures=self.longest((*self.items[item].exposures, *seen)),
            parent="",
            ended=end.ended,
            holder=top.holder,
            owner=top.owner,
            place=top.place,
            shipment=top.shipment,
            holds=self.carried(item),
            life=self.life(item),
            relied=self.relied(item),
        )
        while parent and not was_error:
            self.change(parent, unsealed=True)
            parent = self.items[parent].parent

    def put_in(self, item: str, parent: str) -> None:
        """Put an item, standing by itself, into a parent."""
        sellers = self.sellers(item)
        self.change(item, parent=parent, holder="", owner="", place="", shipment="")
        hand = self.holder(parent)
        if not self.items[parent].was_filled and not is_unit(parent):
            self.change(parent, packer=hand)
        self.change(parent, was_filled=True, emptied_ms=None)
        level = self.items[item].levels
        for name in (parent, *self.above(parent)):
            level += 1
            thing = self.items[name]
            unsealed = thing.unsealed or hand != (thing.introducer if is_unit(name) else thing.packer)
            self.change(
                name, levels=max(level, thing.levels), unsealed=unsealed, sellers=thing.sellers | sellers
            )

    def move(self, items: Iterable[str], signer: str, place: str) -> list[str]:
        """Move the signer's still items, with all around them, to a stated place; return what moved."""
        moved = []
        for item in items:
            top = self.top(item)
            thing = self.items[top]
            if place and place != thing.place and thing.holder == signer and not thing.shipment:
                self.change(top, place=place)
                moved.append(top)
        return moved

    # ------------------------------------------------------------------------------ questions

    def first_fault(self, items: Iterable[str], guards: list[Guard]) -> set[str]:
        """Return the codes with which a list may be refused; empty when nothing speaks against any item.

        LAW.md asks list by list in listed order. Where several items fail different guards, both readings are
        allowed: the first failing item decides, or the first failing guard does. Unknown items are found
        together with the first guard.
        """
        faults: list[tuple[int, int, str]] = []
        for order, item in enumerate(items):
            if item not in self.items:
                faults.append((0, order, "item_unknown"))
                continue
            failing = [(rank, order, code) for rank, (code, fails) in enumerate(guards) if fails(item)]
            faults += failing[:1]
        return {faults[0][2], min(faults)[2]} if faults else set()
