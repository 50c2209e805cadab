"""Commissioning events: what they state of a make, and the records that bring it to life.

Follows LAW, EPCIS table and rule f.
"""

from collections.abc import Sequence
from typing import Final

from contracts.gs1.dates import Date, format_date
from contracts.gs1.keys import SSCC_KIND, ItemKey, format_item
from contracts.records.head import Head
from contracts.records.record import Record
from contracts.records.supply import Commission, CommissionLogisticUnits
from contracts.state.rows import ItemRow
from contracts.state.sources import lot_of, lot_row
from contracts.state.view import Overlay
from node.epcis.events import EpcisEvent
from node.epcis.refusal import EventRefused

_LINE_ATTRIBUTES: Final = frozenset({"line", "lineNumber", "packagingLine", "productionLine"})
"""Local names under which vendors state the production line in master data; the vocabulary has none."""


def check_make(state: Overlay, event: EpcisEvent, item: ItemKey, row: ItemRow) -> None:
    """Ask whether an item that lives has the lot and expiry that an event states.

    Raises:
        EventRefused: It has others.
    """
    if not row.source or event.ilmd is None:
        return
    known = lot_row(state, lot_of(row.source))
    lot, expiry = event.ilmd.lot, event.ilmd.expiry
    if lot is not None and lot.encode() != known.lot:
        reason = f"{format_item(item)} is of lot {known.lot.decode()} on the ledger, here of lot {lot}"
        raise EventRefused("disagrees_with_ledger", "ilmd.lotNumber", reason)
    if expiry is not None and expiry != known.expiry:
        day = format_date(Date(known.expiry))
        reason = f"{format_item(item)} expires {day} on the ledger, here {format_date(expiry)}"
        raise EventRefused("disagrees_with_ledger", "ilmd.itemExpirationDate", reason)


def commissions(event: EpcisEvent, items: Sequence[ItemKey], head: Head) -> tuple[Record, ...]:
    """Return one commission for each GTIN in the order of the file, and one for the logistic units."""
    by_gtin: dict[bytes, list[bytes]] = {}
    units: list[bytes] = []
    for item in items:
        if item[:1] == SSCC_KIND:
            units.append(item)
        else:
            by_gtin.setdefault(item[1:7], []).append(item[7:])
    records: list[Record] = []
    for gtin, serials in by_gtin.items():
        lot, expiry = lot_and_expiry(event)
        made_at = max(event.time_ms, 0)
        records.append(Commission(head, gtin, lot, expiry, production_line(event), made_at, tuple(serials)))
    if units:
        records.append(CommissionLogisticUnits(head, tuple(units)))
    return tuple(records)


def lot_and_expiry(event: EpcisEvent, lot: bytes = b"") -> tuple[bytes, int]:
    """Return the lot and the expiry date of what an event brings to life.

    Args:
        event: For its master data.
        lot: As its class identifier says, if it has one.

    Raises:
        EventRefused: One of them is not stated.
    """
    ilmd = event.ilmd
    stated = lot or (b"" if ilmd is None or ilmd.lot is None else ilmd.lot.encode())
    if not stated:
        raise EventRefused("missing_field", "ilmd.lotNumber", "packs and cases need a lot")
    if ilmd is None or ilmd.expiry is None:
        raise EventRefused("missing_field", "ilmd.itemExpirationDate", "packs and cases need an expiry date")
    return stated, int(ilmd.expiry)


def production_line(event: EpcisEvent) -> bytes:
    """Return the production line; a stated one that is none is for the law to refuse."""
    attributes = () if event.ilmd is None else event.ilmd.attributes
    named = (entry.value for entry in attributes if entry.name.rpartition("#")[2] in _LINE_ATTRIBUTES)
    return next(named, "").encode()
