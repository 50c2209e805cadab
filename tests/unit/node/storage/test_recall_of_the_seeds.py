"""The recall to beat: 50,000 packs of one product on three lines over five days in four lots, at 40 partners.

One line on one day is called back. It must find exactly its 3,000 packs and what was repacked from them, name
where each was last confirmed, and the books must balance at every height, with as many unaccounted for as
were planted.
"""

from collections import Counter

import msgspec
import pytest

from contracts.chain.genesis import Genesis, Partner, PartnerKey
from contracts.gs1 import keys
from contracts.gs1.dates import parse_date
from contracts.ledger.receipt import ACCEPTED
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.head import Head
from contracts.records.recall import (
    OpenRecall,
    Quantities,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    RespondToRecall,
    Scope,
    recall_id,
)
from contracts.records.record import Record
from contracts.records.supply import Commission, Decommission, DecommissionReason, Pack
from contracts.records.transformation import Transform
from contracts.rules.codes import Code
from contracts.state.directory import find_partner
from contracts.state.layout import CONSUMPTIONS, ITEMS, LOTS
from contracts.state.places import locate
from contracts.state.recalls import find_recall
from contracts.state.scopes import Reach, find_reach, follow_lineage
from node.storage.recall_books import Books, Located, count_books, locate_items
from tests.scenarios.law.world import (
    DAY_MS,
    HOUR_MS,
    PARTY_GLN,
    START_MS,
    Ledger,
    gtin,
    item,
    lane_of,
    small_genesis,
)

LINES, DAYS, HOURS = 3, 5, 10
CALLED_BACK = 3_000
"""Packs of line 2 on day 3."""
ALL = 50_000
PALLET = 100
WHOLESALERS = [f"W{number}" for number in range(1, 9)]
PHARMACIES = [f"P{number}" for number in range(1, 31)]
"""With the maker and the repackager: 40 partners."""
ROLES = {"W": "wholesaler", "P": "dispenser"}
GLNS = {
    name: f"42000003{number:04d}{keys.check_digit(f'42000003{number:04d}')}"
    for number, name in enumerate((*WHOLESALERS, *PHARMACIES), start=1)
}
EXPIRY = parse_date("2028-06-30")
FIRST_DAY_MS = START_MS // DAY_MS * DAY_MS - 10 * DAY_MS
HEAD = Head(START_MS, 60, b"")
PREFIX = item("pack-1")[:7]
PLANTED = 7
"""Packs that a pharmacy answers not to find."""


def network() -> Genesis:
    """Return the small network with 38 more partners, of whom 8 are wholesalers."""
    genesis = small_genesis()
    more = tuple(
        Partner(gln, name, (ROLES[name[0]],), "DE", keys=(PartnerKey(lane_of(name)),))
        for name, gln in GLNS.items()
    )
    return msgspec.structs.replace(genesis, partners=genesis.partners + more)


def party(name: str) -> bytes:
    return keys.pack_gln(GLNS.get(name) or PARTY_GLN[name])


def day_of(day: int) -> tuple[int, int]:
    """Return the working hours of a day, in ms."""
    start_ms = FIRST_DAY_MS + (day - 1) * DAY_MS + 6 * HOUR_MS
    return start_ms, start_ms + HOURS * HOUR_MS


class Supply:
    """Goods on their way down three levels, with the books kept after every block."""

    def __init__(self) -> None:
        self.ledger = Ledger(network())
        self.pallets: dict[tuple[int, int], list[bytes]] = {}
        """By line and day."""
        self.packs: dict[bytes, tuple[bytes, ...]] = {}
        """What is on each pallet."""
        self.recall = b""
        self.seen: list[Books] = []
        self.repacked: list[bytes] = []
        """What came of packs in scope."""

    def do(self, signer: str, *records: Record) -> bytes:
        receipt = self.ledger.submit(signer, *records)
        assert receipt.code == ACCEPTED, (receipt.code, receipt.subject, signer)
        if self.recall:
            self.seen.append(self.books())
        return receipt.document_id

    def send(
        self,
        sender: str,
        receiver: str,
        things: tuple[bytes, ...],
        sale: bytes = b"",
        *,
        arrives: bool = True,
    ) -> bytes:
        purpose = ShipPurpose.RETURN if sale else ShipPurpose.SALE
        sent = Ship(HEAD, things, party(receiver), b"", purpose, 1, 0, b"", (), sale)
        shipment = shipment_id(self.do(sender, sent), 0)
        if arrives:
            self.do(receiver, Receive(HEAD, shipment, ReceiveMode.ALL, ()))
        return shipment

    def make(self) -> None:
        """Make everything, hour by hour, and put it on pallets of packs made side by side."""
        others = (ALL - CALLED_BACK) // (LINES * DAYS - 1)
        left = ALL
        for line in range(1, LINES + 1):
            for day in range(1, DAYS + 1):
                count = CALLED_BACK if (line, day) == (2, 3) else others
                if (line, day) == (LINES, DAYS):
                    count = left
                left -= count
                self.make_day(line, day, count)

    def make_day(self, line: int, day: int, count: int) -> None:
        serials = [b"%d%d%05d" % (line, day, number) for number in range(count)]
        for hour in range(HOURS):
            half = (day - 1) * 2 + (hour >= HOURS // 2)
            some = tuple(serials[hour * count // HOURS : (hour + 1) * count // HOURS])
            made_ms = day_of(day)[0] + hour * HOUR_MS + 60_000
            lot = b"L%d" % (half * 4 // (2 * DAYS) + 1)
            self.do("Acme", Commission(HEAD, gtin("pack"), lot, EXPIRY, b"%d" % line, made_ms, some))
        pallets = self.pallets[line, day] = []
        for at in range(0, count, PALLET):
            pallet = item(f"pallet-{len(self.packs) + 1}")
            self.packs[pallet] = tuple(PREFIX + serial for serial in serials[at : at + PALLET])
            pallets.append(pallet)
            self.do("Acme", Pack(HEAD, pallet, self.packs[pallet]))

    def scope(self) -> tuple[Scope, ...]:
        start_ms, end_ms = day_of(3)
        return (Scope(gtin("pack"), 0, b"", b"2", start_ms, end_ms, b"", "", (), b"", b""),)

    def reach(self) -> Reach:
        state = self.ledger.state()
        reach = find_reach(state, self.scope())
        follow_lineage(state, reach)
        return reach

    def in_scope(self) -> list[bytes]:
        """Return every serial of a make in scope, by looking at all that was ever made."""
        reach = self.reach()
        found = []
        for key, value in self.ledger.reader.rows.items():
            if key.startswith(ITEMS.prefix + PREFIX) and reach.has(ITEMS.decode(value).source):
                found.append(key[1:])
        return sorted(found)

    def located(self) -> list[Located]:
        return locate_items(self.ledger.state(), self.in_scope())

    def books(self) -> Books:
        state = self.ledger.state()
        found = find_recall(state, self.recall)
        assert found is not None
        wanted = self.known_scope
        return count_books(state, found[0], len(wanted), locate_items(state, wanted))

    @property
    def known_scope(self) -> list[bytes]:
        """Return what was made in scope, by the test's own knowledge of what it made."""
        return [PREFIX + b"23%05d" % number for number in range(CALLED_BACK)] + self.repacked


def sold(thing: bytes) -> Ship:
    return Ship(HEAD, (thing,), party("W1"), b"", ShipPurpose.SALE, 1, 0, b"", ())


def opening(scope: tuple[Scope, ...], *, drill: int = 0) -> OpenRecall:
    return OpenRecall(
        *(HEAD, RecallKind.RECALL, drill, RecallOrigin.VOLUNTARY, RecallClass.CLASS_I, RecallDepth.CONSUMER),
        *(RecallReason.CONTAMINATION, scope, b"", b"", 0),
    )


@pytest.fixture(scope="module")
def supply() -> Supply:
    """Everything made and spread: of the day 12 pallets at wholesalers, 10 on the way, 2 repacked in part."""
    supply = Supply()
    supply.make()
    bad = supply.pallets[2, 3]
    assert sum(len(packs) for packs in supply.packs.values()) == ALL
    # The repackager opens 50 packs of each of two lots, and 20 of another day: one lot comes out of them.
    supply.send("Acme", "Helper", (bad[0], bad[29], supply.pallets[1, 1][0]))
    mixed = (*supply.packs[bad[0]][:50], *supply.packs[bad[29]][:50])
    clean = supply.packs[supply.pallets[1, 1][0]][:20]
    out = tuple(b"R%03d" % number for number in range(120))
    terms = (gtin("pack"), b"R1", EXPIRY, b"9", 0)
    supply.do("Helper", Transform(HEAD, mixed, *terms, out[:100], 0))
    supply.do("Helper", Transform(HEAD, clean, *terms, out[100:], 0))
    supply.repacked = [PREFIX + serial for serial in out[:100]]
    for number, pallet in enumerate(bad[1:13]):
        supply.send("Acme", WHOLESALERS[number % 8], (pallet,))
    for number, pallet in enumerate(bad[13:23]):
        supply.send("Acme", WHOLESALERS[number % 8], (pallet,), arrives=False)
    sales = []
    for number, pharmacy in enumerate(PHARMACIES):
        wholesaler, pallet = WHOLESALERS[number % 8], bad[1 + number % 8]
        some = supply.packs[pallet][number // 8 * 20 : number // 8 * 20 + 20]
        sales.append(supply.send(wholesaler, pharmacy, some))
        supply.do(pharmacy, Dispense(HEAD, some[: number % 5 + 1]))
    # A pharmacy returns three packs, a wholesaler destroys one, and two are stolen.
    supply.send("P5", "W5", supply.packs[bad[5]][5:8], sale=sales[4])
    supply.do("W1", Decommission(HEAD, DecommissionReason.DESTROYED, supply.packs[bad[1]][80:81]))
    supply.do("W2", Decommission(HEAD, DecommissionReason.STOLEN, supply.packs[bad[2]][90:92]))
    return supply


def marks(supply: Supply) -> int:
    rows = supply.ledger.reader.rows.items()
    return sum(len(LOTS.decode(value).marks) for key, value in rows if key[:1] == LOTS.prefix)


def test_the_recall_of_the_seeds(supply: Supply) -> None:
    ledger = supply.ledger
    supply.do("Acme", opening(supply.scope(), drill=1))
    assert marks(supply) == 0
    supply.recall = recall_id(supply.do("Acme", opening(supply.scope())), 0)

    # By line and day it writes no more than its lots: the two of that day, and the one that was repacked.
    assert ledger.result is not None
    written = Counter(key[:1] for key, _value in ledger.result.writes)
    assert (written[LOTS.prefix], written[ITEMS.prefix]) == (3, 0)
    assert len(ledger.result.writes) == 3 + 5
    assert supply.in_scope() == sorted(supply.known_scope)
    assert len(supply.in_scope()) == CALLED_BACK + 100

    # Each one's last confirmed holder: as the ledger's custody says.
    state = ledger.state()
    for found in supply.located()[::97]:
        position = locate(state, found.key)
        assert position is not None
        assert found.holder in {position.top.holder, position.shipment.carrier if position.shipment else 0}
    first = supply.books()
    dispensed = sum(number % 5 + 1 for number in range(len(PHARMACIES)))
    assert first.balance == 0
    assert first.accounts["consumed"] == 100
    assert first.accounts["in_transit"] == 10 * PALLET
    assert first.accounts["dispensed"] == dispensed
    assert (first.accounts["returned"], first.accounts["destroyed"], first.accounts["stolen"]) == (3, 1, 2)
    assert first.accounts["unaccounted"] == 0

    # From now on nothing of it is dispensed or sold; the rest is.
    bad, good = supply.pallets[2, 3], supply.pallets[1, 2]
    held = supply.packs[bad[1]][10:11]
    assert ledger.submit("P1", Dispense(HEAD, held)).code == Code.RECALLED
    assert ledger.submit("Acme", sold(bad[25])).code == Code.RECALLED
    assert ledger.submit("Helper", sold(PREFIX + b"R001")).code == Code.RECALLED
    supply.send("Helper", "W1", (PREFIX + b"R110",))
    supply.send("Acme", "W3", (good[0],))

    # Partners answer; seven packs are not found. Some are destroyed. The books balance at every height.
    supply.do("P1", RespondToRecall(HEAD, supply.recall, Quantities(17, 0, 0, 0, 3)))
    supply.do("P7", RespondToRecall(HEAD, supply.recall, Quantities(15, 0, 0, 0, 4)))
    supply.do("W4", Decommission(HEAD, DecommissionReason.DESTROYED, (bad[12],)))
    supply.do("P7", Decommission(HEAD, DecommissionReason.DESTROYED, supply.packs[bad[7]][2:7]))
    assert len(supply.seen) > 5
    assert all(books.balance == 0 for books in supply.seen)
    last = supply.books()
    assert last.accounts["unaccounted"] == PLANTED
    assert last.accounts["destroyed"] == 1 + PALLET + 5
    in_hands = ("on_hand", "in_transit", "returned", "unaccounted")
    assert sum(last.holders.values()) == sum(last.accounts[name] for name in in_hands)
    number = find_partner(ledger.state(), party("P7"))
    assert number is not None
    assert last.holders[number[0]] == 20 - 2 - 5
    assert ledger.state().read(CONSUMPTIONS, supply.packs[bad[0]][0]) is not None


def test_by_lot_it_is_one_write_of_goods(supply: Supply) -> None:
    scope = (Scope(gtin("pack"), 0, b"L4", b"", 0, 0, b"", "", (), b"", b""),)
    supply.recall = b""
    supply.do("Acme", opening(scope))
    assert supply.ledger.result is not None
    written = Counter(key[:1] for key, _value in supply.ledger.result.writes)
    assert (written[LOTS.prefix], written[ITEMS.prefix]) == (1, 0)
