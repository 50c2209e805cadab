"""Cost follows the pallet, not the pack: rows read and written, counted."""

from dataclasses import dataclass

import pytest

from contracts.gs1.dates import parse_date
from contracts.ledger.receipt import ACCEPTED
from contracts.records.coldchain import LoggerOn, Readings, StorageProfile
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void, shipment_id
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import Commission, Decommission, DecommissionReason, Pack, Unpack
from contracts.state.layout import TABLES
from tests.scenarios.law.world import START_MS, Ledger, gln, gtin, item

SOURCES = 5
SIZES = (100, 10_000)
MAX_READS = 8
MAX_WRITES = 8

DIRECTORY = {table.prefix for table in TABLES if table.is_directory}
PLANT, HALL = Head(START_MS, 60, gln("Plant")), Head(START_MS, 60, gln("Hall"))
PALLET = item("pallet-1")
EXPIRY = parse_date("2027-06-30")


@dataclass(frozen=True)
class Cost:
    """What one document cost."""

    reads: int
    directory_reads: int
    writes: int


class Yard:
    """A pallet of packs from several makes, and documents whose cost is counted."""

    def __init__(self, packs: int) -> None:
        self.ledger = Ledger()
        self.packs = tuple(b"%d" % number for number in range(packs))
        for at in range(SOURCES):
            some = self.packs[at::SOURCES]
            self.cost("Acme", Commission(PLANT, gtin("pack"), b"L%d" % at, EXPIRY, b"", 0, some))
        prefix = item("pack-1")[:7]
        self.keys = tuple(prefix + serial for serial in self.packs)
        self.cost("Acme", Pack(PLANT, PALLET, self.keys))

    def cost(self, signer: str, record: Record, code: str = ACCEPTED) -> Cost:
        bundle = self.ledger.bundle(signer, [self.ledger.document(record)])
        self.ledger.reader.reads.clear()
        result = self.ledger.block(bundle)
        assert result.receipts[0].code == code
        reads = self.ledger.reader.reads
        registered = sum(key[:1] in DIRECTORY for key in reads)
        return Cost(len(reads) - registered, registered, len(result.writes))

    def last_shipment(self) -> bytes:
        assert self.ledger.result is not None
        return shipment_id(self.ledger.result.receipts[0].document_id, 0)

    def ship(self, sender: str = "Acme", receiver: str = "Bulk") -> Record:
        head, place = (PLANT, "Hall") if sender == "Acme" else (HALL, "Shop")
        return Ship(head, (PALLET,), gln(receiver), gln(place), ShipPurpose.SALE, 1, 0, gln("Fleet"), ())


@pytest.mark.parametrize("packs", SIZES)
def test_a_pallet_moves_in_a_handful_of_reads_and_writes(packs: int) -> None:
    yard = Yard(packs)
    costs = [yard.cost("Acme", yard.ship())]
    shipment = yard.last_shipment()
    everything = (shipment, ReceiveMode.ALL, ())
    costs.append(yard.cost("Fleet", Receive(Head(START_MS, 60, gln("Hub")), *everything)))
    costs.append(yard.cost("Bulk", Receive(HALL, *everything)))
    costs.append(yard.cost("Bulk", yard.ship("Bulk", "Corner")))
    shipment = yard.last_shipment()
    costs.append(yard.cost("Corner", Refuse(Head(START_MS, 60, gln("Shop")), shipment, ())))
    costs.append(yard.cost("Bulk", yard.ship("Bulk", "Corner")))
    shipment = yard.last_shipment()
    costs.append(yard.cost("Bulk", Void(HALL, shipment, ())))
    costs.append(yard.cost("Bulk", Decommission(HALL, DecommissionReason.DESTROYED, (PALLET,))))
    for cost in costs:
        assert cost.reads <= MAX_READS + SOURCES
        assert cost.writes <= MAX_WRITES
    # Who is registered is read once and then known.
    assert costs[0].directory_reads <= MAX_READS
    assert costs[5].directory_reads == costs[7].directory_reads == 0


@pytest.mark.parametrize("packs", SIZES)
def test_returning_a_pallet_reads_its_sale_and_no_pack(packs: int) -> None:
    yard = Yard(packs)
    yard.cost("Acme", yard.ship())
    sale = yard.last_shipment()
    yard.cost("Bulk", Receive(HALL, sale, ReceiveMode.ALL, ()))
    back = (gln("Plant"), ShipPurpose.RETURN, 1, 0, b"", (), sale)
    returned = yard.cost("Bulk", Ship(HALL, (PALLET,), gln("Acme"), *back))
    received = yard.cost("Acme", Receive(PLANT, yard.last_shipment(), ReceiveMode.ALL, ()))
    assert (returned.reads, returned.writes) == (5 + SOURCES, 3)
    assert received.writes == 3


@pytest.mark.parametrize("packs", SIZES)
def test_refusing_a_pallet_for_one_stolen_pack_costs_the_same(packs: int) -> None:
    yard = Yard(packs)
    stolen = yard.cost("Acme", Decommission(PLANT, DecommissionReason.STOLEN, (yard.keys[7],)))
    refused = yard.cost("Acme", yard.ship(), "contents_not_clean")
    assert (stolen.reads, stolen.writes) == (4, 3)
    assert refused.reads <= MAX_READS
    assert refused.writes == 1


def test_the_cost_is_the_same_whatever_the_pallet_holds() -> None:
    small, large = (Yard(packs) for packs in SIZES)
    assert small.cost("Acme", small.ship()) == large.cost("Acme", large.ship())


@pytest.mark.parametrize("packs", SIZES)
def test_unpacking_and_excepting_cost_what_they_list(packs: int) -> None:
    yard = Yard(packs)
    unpacked = yard.cost("Acme", Unpack(PLANT, PALLET, yard.keys[:3]))
    assert (unpacked.reads, unpacked.writes) == (1 + 1 + 1 + 3, 1 + 1 + 3)
    yard.cost("Acme", yard.ship())
    received = Receive(HALL, yard.last_shipment(), ReceiveMode.ALL_EXCEPT, yard.keys[3:5])
    excepted = yard.cost("Bulk", received)
    assert excepted.reads <= MAX_READS
    assert excepted.writes <= MAX_WRITES


def test_a_commission_writes_one_row_for_each_serial() -> None:
    ledger = Ledger()
    serials = tuple(b"%016d" % number for number in range(1_000))
    made = ledger.document(Commission(PLANT, gtin("pack"), b"L1", EXPIRY, b"2", START_MS, serials))
    bundle = ledger.bundle("Acme", [made])
    ledger.reader.reads.clear()
    result = ledger.block(bundle)
    # Beside the serials: the lane, the counter of lots, the number and row of the lot, origin, source; and
    # the lists of the product's lots, the hour's makes, the lot's sites, the site's lots.
    assert len(result.writes) == len(serials) + 10
    # What it looked for beside that: open recalls of the product and the site, and what the lot is made of.
    assert sum(key[:1] not in DIRECTORY for key in ledger.reader.reads) <= len(serials) + 13
    taken = [len(key) + len(value) for key, value in result.writes if key[1:8] == item("pack-1")[:7]]
    assert len(taken) == len(serials)
    assert max(taken) <= 50


@pytest.mark.parametrize("packs", SIZES)
def test_a_logger_costs_one_read_and_its_breach_one_write(packs: int) -> None:
    yard = Yard(packs)
    yard.cost("Acme", StorageProfile(PLANT, gtin("pack"), 200, 800, 600, 600, 900))
    put_on = yard.cost("Acme", LoggerOn(PLANT, b"\x03LOG", PALLET))
    # The lane, the counter of sessions, the session, the logger, the pallet; what is inside is read.
    assert (put_on.reads, put_on.writes) == (6 + SOURCES, 5)
    without = Yard(packs).cost("Acme", yard.ship())
    shipped = yard.cost("Acme", yard.ship())
    assert shipped.reads - without.reads == 1
    assert shipped.writes == without.writes
    yard.cost("Bulk", Receive(HALL, yard.last_shipment(), ReceiveMode.ALL, ()))
    yard.ledger.wait(3_600_000)
    warm = tuple((START_MS // 1_000 + 600 * at, 900) for at in range(1, 6))
    breached = yard.cost("Bulk", Readings(HALL, b"\x03LOG", warm))
    assert (breached.reads, breached.writes) == (5, 2)
    assert yard.cost("Bulk", yard.ship("Bulk", "Corner"), "cold_chain_hold").reads <= MAX_READS + SOURCES + 1
