"""The supply of the recall to beat: 50,000 packs on three lines, five days and four lots, down three levels.

One maker, eight wholesalers on two levels, one repackager and 31 pharmacies: goods go to 40 partners. Four
of them run validators, ten pharmacies have no node and let a hub sign, the rest are members. All is done by
records in blocks of a real node's ledger; beside it this module keeps its own account of where each pack
is, so that the ledger's can be compared with it.
"""

from collections.abc import Callable

from contracts.chain.genesis import Delegation, Genesis, Market, Partner, Premises, Product
from contracts.gs1.keys import check_digit, pack_gln, pack_gtin, sgtin, sscc
from contracts.ledger.receipt import ACCEPTED
from contracts.primitives import signing
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.late import Late, LateReason
from contracts.records.mandates import ActFor, Mandate
from contracts.records.outside import ShipOutside
from contracts.records.recall import (
    OpenRecall,
    RecallClass,
    RecallDepth,
    RecallKind,
    RecallOrigin,
    RecallReason,
    RespondToRecall,
    Scope,
)
from contracts.records.record import RECORD_TAGS, Record
from contracts.records.supply import Commission, Decommission, DecommissionReason, Pack
from contracts.records.transformation import Transform
from contracts.records.verification import VerificationReason, VerificationResult, Verify
from network.description import Description, NodeRecord, PartnerRecord, add_node, build_genesis
from tests.support.ledger import OneNode
from tests.support.parties import EXPIRY, START_MS, Party, lane_key, validator_seed

LINES, DAYS, HOURS = 3, 5, 10
CALLED_BACK = 3_000
"""Packs of line 2 on day 3."""
ALL = 50_000
PALLET, CASE = 100, 20
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
FIRST_DAY_MS = START_MS // DAY_MS * DAY_MS - 10 * DAY_MS
PREFIX = "4200003"


def gln_of(number: int) -> str:
    body = f"{PREFIX}{number:05d}"
    return f"{body}{check_digit(body)}"


def _party(number: int, name: str, role: str, prefixes: tuple[str, ...] = ()) -> Party:
    return Party(name, gln_of(number), gln_of(1_000 + number), (role,), prefixes)


MAKER = _party(1, "maker", "maker", (PREFIX,))
REPACKAGER = _party(2, "repackager", "repackager")
NATIONAL = [_party(10 + number, f"national-{number}", "wholesaler") for number in range(1, 4)]
REGIONAL = [_party(20 + number, f"regional-{number}", "wholesaler") for number in range(1, 6)]
PHARMACIES = [_party(40 + number, f"pharmacy-{number}", "dispenser") for number in range(1, 32)]
HUB = _party(90, "hub", "agent")
REGULATOR = _party(91, "regulator", "regulator")
BY_HUB = PHARMACIES[20:30]
"""Pharmacies without a node: each signed a mandate once, and the hub signs everything for it."""
PARTIES = (MAKER, REPACKAGER, *NATIONAL, *REGIONAL, *PHARMACIES, HUB, REGULATOR)
VALIDATORS = 4
"""The first of them vote: maker, repackager and two wholesalers."""
OFFLINE_BEFORE, OFFLINE_AFTER = 8, 12
"""Packs dispensed while the ledger was out of reach, recorded before and after the recall was opened."""

_BODY = f"0{PREFIX}00001"
PACK_GTIN = f"{_BODY}{check_digit(_BODY)}"
_CASE_BODY = f"5{PREFIX}00001"
CASE_GTIN = f"{_CASE_BODY}{check_digit(_CASE_BODY)}"
PACKED, CASED = pack_gtin(PACK_GTIN), pack_gtin(CASE_GTIN)


def genesis() -> Genesis:
    """Return the network: four validators, members, and partners without a node."""
    partners = tuple(
        Partner(party.gln, party.name, party.roles, "DE", "active", party.prefixes) for party in PARTIES
    )
    described = Description(
        markets=(Market(code="DE", profile="eu-fmd", utc_offset_minutes=60),),
        partners=partners,
        premises=tuple(Premises(party.premises, party.gln, f"{party.name} site", "DE") for party in PARTIES),
        products=(
            Product(PACK_GTIN, MAKER.gln, "Testol 10 mg", ("DE",)),
            Product(
                CASE_GTIN, MAKER.gln, "Testol, case", ("DE",), contains_gtin=PACK_GTIN, contains_count=CASE
            ),
        ),
        delegations=(Delegation(PACK_GTIN, REPACKAGER.gln),),
    )
    built = build_genesis(described, "seeds", time_ms=START_MS, is_test=True)
    for number, party in enumerate(party for party in PARTIES if party not in BY_HUB):
        votes = number < VALIDATORS
        held = (HUB, *BY_HUB) if party is HUB else (party,)
        record = NodeRecord(
            *(party.name, "validator" if votes else "member", f"certificate of {party.name}".encode()),
            partner=party.gln,
            validator_key=signing.public_key_of(validator_seed(number)) if votes else b"",
            partners=tuple(PartnerRecord(one.gln, lane_key(one).public_key) for one in held),
        )
        built = add_node(built, record)
    return built


def lot_of(day: int, hour: int) -> bytes:
    """Return the lot of an hour: four lots over ten half days."""
    half = (day - 1) * 2 + (hour >= HOURS // 2)
    return b"L%d" % (half * 4 // (2 * DAYS) + 1)


def window(day: int) -> tuple[int, int]:
    """Return the working hours of a day, in ms."""
    start_ms = FIRST_DAY_MS + (day - 1) * DAY_MS + 6 * HOUR_MS
    return start_ms, start_ms + HOURS * HOUR_MS


def opening(node: OneNode, scope: Scope, *, drill: int = 0) -> OpenRecall:
    """Return the maker's recall."""
    terms = (RecallKind.RECALL, drill, RecallOrigin.VOLUNTARY, RecallClass.CLASS_I, RecallDepth.CONSUMER)
    return OpenRecall(node.head(MAKER), *terms, RecallReason.CONTAMINATION, (scope,), b"", b"", 0)


def line_2_day_3() -> Scope:
    """Return what is called back."""
    return Scope(PACKED, 0, b"", b"2", *window(3), b"", "", (), b"", b"")


class Supply:
    """Attributes: node; pallets by line and day; packs on each pallet; where: what the test knows itself."""

    def __init__(self) -> None:
        self.node = OneNode(genesis(), parties=PARTIES)
        self.pallets: dict[tuple[int, int], list[bytes]] = {}
        self.packs: dict[bytes, tuple[bytes, ...]] = {}
        self.cases: dict[bytes, tuple[bytes, ...]] = {}
        """Cases on each pallet that has some."""
        self.inside: dict[bytes, tuple[bytes, ...]] = {}
        """Packs in each case."""
        self.where: dict[bytes, tuple[str, Party]] = {}
        """Account, and who has or had it, of every pack in scope."""
        self.repacked: list[bytes] = []
        """What came of packs in scope."""
        self.offline: list[tuple[Party, bytes]] = []
        """Packs dispensed without the ledger, not recorded yet."""
        self.waiting: list[bytes] = []
        self.after_block: Callable[[], None] = lambda: None
        """Called after every block."""
        self._pallets = 0

    # ------------------------------------------------------------------------------- blocks

    def put(self, party: Party, *records: Record) -> bytes:
        """Queue a document for the next block; return its id."""
        if party in BY_HUB:
            document = self.node.put(HUB, ActFor(self.node.head(HUB), party.packed), *records)
        else:
            document = self.node.put(party, *records)
        self.waiting.append(document)
        return document

    def block(self) -> None:
        """Make a block of what waits; all of it must be accepted."""
        self.node.produce()
        receipts = {receipt.document_id: receipt for receipt in self.node.applied[-1].receipts}
        for document in self.waiting:
            receipt = receipts[document]
            assert receipt.code == ACCEPTED, (receipt.code, receipt.subject)
        self.waiting.clear()
        self.after_block()

    def shipment(self, document: bytes, party: Party) -> bytes:
        """Return the shipment that a document announced, behind the record that says for whom it is."""
        return shipment_id(document, int(party in BY_HUB))

    def send(
        self, moves: list[tuple[Party, Party, tuple[bytes, ...], bytes]], *, arrive: bool = True
    ) -> list[bytes]:
        """Send goods in one block and receive them in the next; return the shipments.

        Args:
            moves: Sender, receiver, items, and for a return the sale that it points at.
            arrive: Whether they are received.
        """
        sent = []
        for sender, receiver, things, sale in moves:
            purpose = ShipPurpose.RETURN if sale else ShipPurpose.SALE
            terms = (receiver.packed, receiver.place, purpose, 1, 0, b"", (), sale)
            document = self.put(sender, Ship(self.node.head(sender), things, *terms))
            sent.append(self.shipment(document, sender))
            self.know(things, "in_transit", sender)
        self.block()
        if arrive:
            for (_sender, receiver, things, sale), shipment in zip(moves, sent, strict=True):
                self.put(receiver, Receive(self.node.head(receiver), shipment, ReceiveMode.ALL, ()))
                self.know(things, "returned" if sale else "on_hand", receiver)
            self.block()
        return sent

    def end(self, party: Party, things: tuple[bytes, ...], record: Record, account: str) -> None:
        """Queue what ends packs."""
        self.put(party, record)
        self.know(things, account, party)

    def know(self, things: tuple[bytes, ...], account: str, party: Party) -> None:
        """Remember where packs in scope are now."""
        for thing in things:
            for pack in self.packs.get(thing) or self.inside.get(thing) or (thing,):
                if pack in self.where:
                    self.where[pack] = (account, party)

    # --------------------------------------------------------------------------- production

    def make(self) -> None:
        """Make everything, hour by hour; each day's packs go onto pallets, on every other one in cases."""
        others = (ALL - CALLED_BACK) // (LINES * DAYS - 1)
        left = ALL
        for line in range(1, LINES + 1):
            for day in range(1, DAYS + 1):
                count = CALLED_BACK if (line, day) == (2, 3) else others
                count = left if (line, day) == (LINES, DAYS) else count
                left -= count
                self._make_day(line, day, count)
                self.block()

    def _make_day(self, line: int, day: int, count: int) -> None:
        serials = [b"%d%d%05d" % (line, day, number) for number in range(count)]
        head = self.node.head(MAKER)
        keys: list[tuple[bytes, int]] = []
        for hour in range(HOURS):
            some = tuple(serials[hour * count // HOURS : (hour + 1) * count // HOURS])
            made_ms = window(day)[0] + hour * HOUR_MS + 60_000
            self.put(MAKER, Commission(head, PACKED, lot_of(day, hour), EXPIRY, b"%d" % line, made_ms, some))
            keys += [(sgtin(PACK_GTIN, serial.decode()), hour) for serial in some]
        if (line, day) == (2, 3):
            self.where.update({key: ("on_hand", MAKER) for key, _hour in keys})
        pallets = self.pallets[line, day] = []
        for at in range(0, count, PALLET):
            packs = tuple(key for key, _hour in keys[at : at + PALLET])
            pallets.append(self._pallet(packs, lot_of(day, keys[at][1])))

    def _pallet(self, packs: tuple[bytes, ...], lot: bytes) -> bytes:
        head, self._pallets = self.node.head(MAKER), self._pallets + 1
        body = f"1{PREFIX}{self._pallets:09d}"
        pallet = sscc(f"{body}{check_digit(body)}")
        self.packs[pallet] = packs
        if self._pallets % 2 or len(packs) % CASE:
            self.put(MAKER, Pack(head, pallet, packs))
            return pallet
        serials = tuple(b"C%d-%d" % (self._pallets, number) for number in range(len(packs) // CASE))
        cases = tuple(sgtin(CASE_GTIN, serial.decode()) for serial in serials)
        records: list[Record] = [Commission(head, CASED, lot, EXPIRY, b"", 0, serials)]
        for number, case in enumerate(cases):
            self.inside[case] = packs[number * CASE : (number + 1) * CASE]
            records.append(Pack(head, case, self.inside[case]))
        self.put(MAKER, *records, Pack(head, pallet, cases))
        self.cases[pallet] = cases
        return pallet

    # ------------------------------------------------------------------------- distribution

    def give_mandates(self) -> None:
        """Let the hub sign for the pharmacies that have no node."""
        tags = {kind: tag for tag, kind in RECORD_TAGS.items()}
        kinds = tuple(
            sorted(tags[kind] for kind in (Receive, Dispense, Ship, Late, RespondToRecall, Decommission))
        )
        for pharmacy in BY_HUB:
            # The one record that it signs itself.
            head = self.node.head(pharmacy)
            self.waiting.append(self.node.put(pharmacy, Mandate(head, HUB.packed, kinds, (), 1_000_000)))
        self.block()

    def spread(self) -> None:
        """Send goods down three levels: pallets, cases and loose packs; some end, some are on their way."""
        bad, other = self.pallets[2, 3], self.pallets[1, 1]
        moves = [(MAKER, NATIONAL[number % 3], (pallet,), b"") for number, pallet in enumerate(bad[1:13])]
        moves += [(MAKER, NATIONAL[number % 3], (pallet,), b"") for number, pallet in enumerate(other[1:9])]
        self.send([*moves, (MAKER, REPACKAGER, (bad[0], bad[29], other[0]), b"")])
        self._repack(bad, other)
        # Ten pallets stay on their way.
        moving = [(MAKER, NATIONAL[number % 3], (pallet,), b"") for number, pallet in enumerate(bad[13:23])]
        self.send(moving, arrive=False)
        # Eight pallets go on to the second level, some of other days with them.
        down = [(NATIONAL[number % 3], REGIONAL[number % 5], (bad[1 + number],), b"") for number in range(8)]
        down += [
            (NATIONAL[number % 3], REGIONAL[number % 5], (other[1 + number],), b"") for number in range(8)
        ]
        self.send(down)
        sales = self._supply_pharmacies(bad)
        self._end_some(bad, sales)

    def _repack(self, bad: list[bytes], other: list[bytes]) -> None:
        """Open 50 packs of each of two lots, and 20 of another day: one lot comes out of them."""
        mixed = (*self.packs[bad[0]][:50], *self.packs[bad[29]][:50])
        clean = self.packs[other[0]][:20]
        out = tuple(b"R%03d" % number for number in range(120))
        head, terms = self.node.head(REPACKAGER), (PACKED, b"R1", EXPIRY, b"9", 0)
        looked = Verify(
            head, (*mixed, *clean), b"", 0, VerificationResult.VERIFIED, VerificationReason.ROUTINE
        )
        self.put(REPACKAGER, looked)
        self.put(REPACKAGER, Transform(head, mixed, *terms, out[:100], 0))
        self.put(REPACKAGER, Transform(head, clean, *terms, out[100:], 0))
        self.know(mixed, "consumed", REPACKAGER)
        self.repacked = [sgtin(PACK_GTIN, serial.decode()) for serial in out[:100]]
        self.where.update(dict.fromkeys(self.repacked, ("on_hand", REPACKAGER)))
        self.block()

    def _supply_pharmacies(self, bad: list[bytes]) -> list[bytes]:
        """Sell a case of 20 or ten loose packs to each pharmacy; each dispenses some, also offline."""
        moves = []
        for number, pharmacy in enumerate(PHARMACIES):
            pallet = bad[1 + number % 8]
            share, cases = number // 8, self.cases.get(pallet)
            things = (cases[share],) if cases else self.packs[pallet][share * 10 : share * 10 + 10]
            moves.append((REGIONAL[number % 8 % 5], pharmacy, things, b""))
        sales = self.send(moves)
        for number, (_seller, pharmacy, things, _sale) in enumerate(moves):
            packs = self.inside.get(things[0], things)
            given = packs[: number % 3 + 1]
            self.end(pharmacy, given, Dispense(self.node.head(pharmacy), given), "dispensed")
            self.offline += [(pharmacy, pack) for pack in packs[4:6]]
        self.block()
        self.offline = self.offline[: OFFLINE_BEFORE + OFFLINE_AFTER]
        self.record_late(OFFLINE_BEFORE)
        return sales

    def record_late(self, count: int) -> None:
        """Record packs that were dispensed while the ledger was out of reach."""
        for pharmacy, pack in self.offline[:count]:
            given = Dispense(self.node.head(pharmacy), (pack,))
            self.end(pharmacy, (pack,), Late(LateReason.NO_NETWORK, given), "dispensed")
        del self.offline[:count]
        self.block()

    def _end_some(self, bad: list[bytes], sales: list[bytes]) -> None:
        """A pharmacy returns three packs; packs are destroyed, stolen, lost, exported, sampled, sent away."""
        seller, pharmacy, loose = REGIONAL[0], PHARMACIES[0], self.packs[bad[1]]
        back = (self.inside.get(self.cases[bad[1]][0]) if bad[1] in self.cases else loose[:10])[7:10]
        self.send([(pharmacy, seller, back, sales[0])])
        reasons = (
            *((DecommissionReason.DESTROYED, "destroyed"), (DecommissionReason.STOLEN, "stolen")),
            *((DecommissionReason.LOST, "lost"), (DecommissionReason.EXPORTED, "exported")),
            *((DecommissionReason.SAMPLE, "sampled"), (DecommissionReason.CHECKED_OUT, "checked_out")),
        )
        for number, (reason, account) in enumerate(reasons):
            things = self.packs[bad[9]][number * 2 : number * 2 + 2]
            self.end(NATIONAL[2], things, Decommission(self.node.head(NATIONAL[2]), reason, things), account)
        abroad = self.packs[bad[9]][20:25]
        head = self.node.head(NATIONAL[2])
        gone = ShipOutside(head, abroad, pack_gln(gln_of(9_999)), b"\x01" * 32)
        self.end(NATIONAL[2], abroad, gone, "outside")
        self.block()
