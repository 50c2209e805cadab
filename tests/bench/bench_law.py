"""How fast the law is by itself: rules, state and hashing over a dict, without signatures, disk or network.

    nice python -m tests.bench.bench_law

Prints one line per workload: microseconds of CPU per unit, units per second. A real store comes on top.
"""

import time
from collections.abc import Callable, Iterable

from contracts.gs1.dates import parse_date
from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose, shipment_id
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import Commission, Pack
from tests.scenarios.law.world import Ledger, gln, gtin, item

EXPIRY = parse_date("2027-06-30")
PER_DOCUMENT = 1_000


def serials(count: int, block: int) -> tuple[bytes, ...]:
    """Return serials of 16 characters that look random."""
    return tuple(
        b"%016X" % (((at + block * count) * 0x9E3779B97F4A7C15) & (2**64 - 1)) for at in range(count)
    )


def timed(ledger: Ledger, signer: str, records: Iterable[Record]) -> float:
    """Execute one block with one document per record; return CPU seconds without building the bundle."""
    bundle = ledger.bundle(signer, [ledger.document(record) for record in records])
    start = time.process_time()
    result = ledger.block(bundle)
    seconds = time.process_time() - start
    assert all(receipt.code == "accepted" for receipt in result.receipts), result.receipts[0]
    return seconds


def commissions(ledger: Ledger) -> tuple[float, int]:
    """20 documents of 1,000 random serials each."""
    head = Head(ledger.time_ms, 60, gln("Plant"))
    records = [
        Commission(head, gtin("pack"), b"L1", EXPIRY, b"2", 0, serials(PER_DOCUMENT, block))
        for block in range(20)
    ]
    return timed(ledger, "Acme", records), 20 * PER_DOCUMENT


def packs(ledger: Ledger) -> tuple[float, int]:
    """The 20,000 packs into 20 new pallets."""
    head = Head(ledger.time_ms, 60, gln("Plant"))
    prefix = item("pack-1")[:7]
    records = [
        Pack(head, item(f"pallet-{block}"), tuple(prefix + serial for serial in serials(PER_DOCUMENT, block)))
        for block in range(20)
    ]
    return timed(ledger, "Acme", records), 20 * PER_DOCUMENT


def ships(ledger: Ledger) -> tuple[float, int]:
    """2,000 packs of their own, one shipment each."""
    head = Head(ledger.time_ms, 60, gln("Plant"))
    kept = Commission(head, gtin("pack"), b"L2", EXPIRY, b"", 0, tuple(b"S%d" % at for at in range(2_000)))
    timed(ledger, "Acme", [kept])
    prefix = item("pack-1")[:7]
    to = (gln("Bulk"), gln("Hall"))
    records = [
        Ship(head, (prefix + serial,), *to, ShipPurpose.SALE, 1, 0, b"", ()) for serial in kept.serials
    ]
    return timed(ledger, "Acme", records), len(records)


def receives(ledger: Ledger) -> tuple[float, int]:
    """Those 2,000 shipments, received."""
    assert ledger.result is not None
    identifiers = [shipment_id(receipt.document_id, 0) for receipt in ledger.result.receipts]
    head = Head(ledger.time_ms, 60, gln("Hall"))
    records = [Receive(head, identifier, ReceiveMode.ALL, ()) for identifier in identifiers]
    return timed(ledger, "Bulk", records), len(records)


WORKLOADS: tuple[tuple[str, Callable[[Ledger], tuple[float, int]]], ...] = (
    ("commission, per serial", commissions),
    ("pack, per child", packs),
    ("ship, per record", ships),
    ("receive, per record", receives),
)


def main() -> None:
    """Run all workloads on one ledger."""
    ledger = Ledger()
    for name, workload in WORKLOADS:
        seconds, units = workload(ledger)
        print(f"{name:24} {seconds / units * 1e6:8.2f} us {units / seconds:12,.0f} /s")


if __name__ == "__main__":
    main()
