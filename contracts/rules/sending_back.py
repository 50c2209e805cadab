"""Rule 9: goods go back to whoever sold them, or where nothing is sold any more; and what they are held for.

A return points at the shipment with which its signer bought the goods, and the title of each of them says
so (`state/titles.py`). What the seller takes back is held as returned until it is verified (rule 10); anyone
else takes it for disposal. What is held for disposal travels for disposal only.
"""

from contracts.records.custody import Ship, ShipPurpose
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state.layout import SHIPMENTS
from contracts.state.parties import UNSALEABLE_RETURNS, has_role, is_receiver, is_sender
from contracts.state.places import Position, effective_holds
from contracts.state.rows import THE_LAW, HoldKind, PartnerRow, ShipmentRow
from contracts.state.titles import title_of

NO_HOLD = 0
FOR_DISPOSAL = (int(HoldKind.FOR_DISPOSAL), THE_LAW)
"""The law's own hold on goods that are to be destroyed."""


def find_sale(act: Act, record: Ship) -> ShipmentRow | Verdict | None:
    """Find the sale that a return points at; None when it points at none."""
    if not record.sale:
        return None
    if record.purpose != ShipPurpose.RETURN:
        return Verdict(Code.SALE_NOT_EXPECTED, record.sale)
    sale = act.state.read(SHIPMENTS, record.sale)
    if sale is None or sale.purpose != ShipPurpose.SALE or not is_receiver(act.signer, sale):
        return Verdict(Code.SALE_UNKNOWN, record.sale)
    return sale


def taker_fault(record: Ship, sale: ShipmentRow | None, number: int, receiver: PartnerRow) -> Verdict | None:
    """Ask whether the receiver of a return sold the goods, or may take what nobody sells any more."""
    if sale is None or is_sender(number, sale) or has_role(receiver, UNSALEABLE_RETURNS):
        return None
    return Verdict(Code.RETURN_RECEIVER, record.receiver)


def own_goods_fault(record: Ship, item: Position) -> Verdict | None:
    """Ask of an item that the signer of a return owns whether it was bought with the sale named."""
    if not record.sale:
        return Verdict(Code.SALE_MISSING, item.key)
    if title_of(item) != record.sale:
        return Verdict(Code.NOT_OF_THAT_SALE, item.key)
    return None


def purpose_fault(record: Ship, item: Position) -> Verdict | None:
    """Ask whether goods that are to be destroyed travel for nothing else."""
    if record.purpose != ShipPurpose.DISPOSAL and FOR_DISPOSAL in effective_holds(item):
        return Verdict(Code.FOR_DISPOSAL_ONLY, item.key)
    return None


def hold_on_receipt(record: Ship, sale: ShipmentRow | None, receiver: int) -> int:
    """Return the hold that the law sets on goods when they are received, by what they were sent for.

    Returned goods may be sold anew by the one that sold them, once verified; goods that a holder only sends
    home to their owner likewise.
    """
    if record.purpose == ShipPurpose.DISPOSAL:
        return int(HoldKind.FOR_DISPOSAL)
    if record.purpose != ShipPurpose.RETURN:
        return NO_HOLD
    may_be_sold = sale is None or is_sender(receiver, sale)
    return int(HoldKind.RETURNED if may_be_sold else HoldKind.FOR_DISPOSAL)
