"""Things that become others: transformation events to a repack (LAW, EPCIS table and rule 16)."""

from contracts.gs1.keys import GTIN_BYTES, SGTIN_KIND, format_item, unpack_gtin
from contracts.records.head import Head
from contracts.records.transformation import Transform
from contracts.state.layout import ITEMS
from contracts.state.view import Overlay
from node.epcis.commissioning import check_make, lot_and_expiry, production_line
from node.epcis.events import EpcisEvent
from node.epcis.refusal import EventRefused
from node.epcis.steps import Statement
from node.epcis.told import Told

_FIELD = "outputEPCList"
_GTIN_END = 1 + GTIN_BYTES


def repack(state: Overlay, event: EpcisEvent, statement: Statement, head: Head) -> Told:
    """Return what it means that packs become others.

    No event says what was thrown away: units that are missing among the outputs are for the law to refuse,
    and waste is declared with a record.

    Args:
        state: After all earlier events of the file.
        event: For its master data: lot and expiry of what comes out.
        statement: What it states.
        head: Of the event.

    Raises:
        EventRefused: What comes out is not of one product, its lot or expiry is not stated, or the ledger has
            it with others.
    """
    gtins = {item[1:_GTIN_END] for item in statement.outputs if item[:1] == SGTIN_KIND}
    units = [item for item in statement.outputs if item[:1] != SGTIN_KIND]
    if units:
        raise EventRefused("not_supported", _FIELD, f"{format_item(units[0])} is no pack")
    if len(gtins) > 1:
        named = ", ".join(unpack_gtin(gtin) for gtin in sorted(gtins))
        raise EventRefused("not_supported", _FIELD, f"one repack makes one product, and this makes {named}")
    rows = [(item, state.read(ITEMS, item)) for item in statement.outputs]
    for item, row in rows:
        if row is not None:
            check_make(state, event, item, row)
    lot, expiry = lot_and_expiry(event)
    serials = tuple(item[_GTIN_END:] for item in statement.outputs)
    made = (gtins.pop(), lot, expiry, production_line(event), max(event.time_ms, 0), serials, 0)
    record = Transform(head, statement.items, *made)
    is_done = all(row is not None for _item, row in rows)
    return Told((record,), () if is_done else (record,))
