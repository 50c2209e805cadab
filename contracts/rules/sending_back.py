"""Rule 9: goods go back to whoever sold them, or where nothing is sold any more; and what they are held for.

A return points at the shipment or transfer with which its signer bought the goods, and the title of each of
them says so (`state/titles.py`). What the seller takes back is held as returned until it is verified
(rule 10); anyone else takes it for disposal. What is held for disposal travels for disposal only.
"""

from contracts.records.custody import Ship, ShipPurpose
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.verdict import Verdict
from contracts.state.layout import PROPOSALS, SHIPMENTS
from contracts.state.parties import UNSALEABLE_RETURNS, has_role, is_among, is_owner, is_party, is_receiver
from contracts.state.places import Position, effective_holds
from contracts.state.rows import THE_LAW, HoldKind, PartnerRow
from contracts.state.titles import is_bought, is_sale, sellers_of, title_of

NO_HOLD = 0
_NO_RETURNS = frozenset({ShipPurpose.SALE, ShipPurpose.EXPORT})
"""Purposes by whose name goods would come back without the hold of a return."""
FOR_DISPOSAL = (int(HoldKind.FOR_DISPOSAL), THE_LAW)
"""The law's own hold on goods that are to be destroyed."""
RETURNED = (int(HoldKind.RETURNED), THE_LAW)
"""The law's own hold on goods that went back to who sold them (rule 10)."""


def find_seller(act: Act, record: Ship) -> int | Verdict | None:
    """Find who made the sale, or the transfer, that a return points at; None when it points at none."""
    if not record.sale:
        return None
    if record.purpose != ShipPurpose.RETURN:
        return Verdict(Code.SALE_NOT_EXPECTED, record.sale)
    sale = act.state.read(SHIPMENTS, record.sale)
    if sale is not None and is_sale(sale) and is_receiver(act.signer, sale):
        return sale.sender
    transfer = act.state.read(PROPOSALS, record.sale)
    if transfer is not None and is_bought(transfer) and is_party(act.signer, transfer.other):
        return transfer.proposer
    return Verdict(Code.SALE_UNKNOWN, record.sale)


def taker_fault(record: Ship, seller: int | None, number: int, receiver: PartnerRow) -> Verdict | None:
    """Ask whether the receiver of a return sold the goods, or may take what nobody sells any more."""
    if seller is None or is_party(number, seller) or has_role(receiver, UNSALEABLE_RETURNS):
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


def sold_back_fault(act: Act, record: Ship, receiver: int, item: Position) -> Verdict | None:
    """Ask of goods that are sold or exported whether they go back to who sold them: that is a return."""
    if record.purpose not in _NO_RETURNS:
        return None
    is_return = was_sold_by(act, receiver, item) or _goes_home(act, receiver, item)
    return Verdict(Code.GOES_BACK, item.key) if is_return else None


def _goes_home(act: Act, receiver: int, item: Position) -> bool:
    """Tell whether an item goes to its owner, who had it before: not what that partner bought in place.

    What a container holds that was bought may have been bought in place.
    """
    if not is_owner(receiver, item):
        return False
    title = title_of(item)
    if title and act.state.read(SHIPMENTS, title) is not None:
        return True
    return not sellers_of(act.state, (item,))


def was_sold_by(act: Act, party: int, item: Position) -> bool:
    """Tell whether a party sold an item to its owner, or something that was packed into it afterwards."""
    return is_among(party, sellers_of(act.state, (item,)))


def hold_on_receipt(record: Ship, seller: int | None, receiver: int) -> int:
    """Return the hold that the law sets on goods when they are received, by what they were sent for.

    Returned goods may be sold anew by the one that sold them, once verified; goods that a holder only sends
    home to their owner likewise.
    """
    if record.purpose == ShipPurpose.DISPOSAL:
        return int(HoldKind.FOR_DISPOSAL)
    if record.purpose != ShipPurpose.RETURN:
        return NO_HOLD
    may_be_sold = seller is None or is_party(receiver, seller)
    return int(HoldKind.RETURNED if may_be_sold else HoldKind.FOR_DISPOSAL)
