"""Rule 8: ownership passes while goods stay where they are; the owner proposes, the new owner consents.

So goods in a logistics provider's hall are sold in place, and goods on their way straight from a maker to a
pharmacy pass through the wholesaler that never holds them (drop shipment).
"""

from contracts.records.agreement import Consent
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import CleanGuard, Positions, empty_fault, life_fault, locate_all
from contracts.rules.lifting import put_hold, tell_each
from contracts.rules.sending_back import RETURNED, was_sold_by
from contracts.rules.trade_lanes import LaneGuard
from contracts.rules.verdict import Verdict
from contracts.state.directory import find_partner, partner
from contracts.state.layout import ITEMS, LAW_HOLDS, number_key
from contracts.state.parties import (
    TRADING,
    has_role,
    holder_of,
    is_holder,
    is_licensed,
    is_owner,
    is_party,
    stakeholders,
)
from contracts.state.places import Position, owned_by, relied_on
from contracts.state.rows import NOBODY, PartnerRow


def find_new_owner(act: Act, gln: bytes) -> int | Verdict:
    """Find who shall own the goods: another partner that may own and be sold to."""
    found = find_partner(act.state, gln)
    if found is None:
        return Verdict(Code.RECEIVER_UNKNOWN, gln)
    number, row = found
    if is_party(number, act.signer):
        return Verdict(Code.RECEIVER_IS_SENDER, gln)
    return _buyer_fault(row) or number


def _buyer_fault(row: PartnerRow) -> Verdict | None:
    """Ask whether a partner may be sold to."""
    if not is_licensed(row):
        return Verdict(Code.RECEIVER_LICENCE, row.gln)
    return None if has_role(row, TRADING) else Verdict(Code.RECEIVER_ROLE, row.gln)


def goods_to_transfer(
    act: Act, parties: tuple[int, int], keys: tuple[bytes, ...], lanes: LaneGuard
) -> Positions | Verdict:
    """Find goods and ask whether their owner may sell them, wherever they are, to this buyer (rule 21).

    Args:
        act: The record.
        parties: Numbers of owner and buyer.
        keys: The goods.
        lanes: Asks whether the sale keeps to trade lanes.
    """
    owner, buyer = parties
    items = locate_all(act, keys)
    if isinstance(items, Verdict):
        return items
    clean = CleanGuard(act)
    for item in items:
        fault = life_fault(item) or _place_fault(owner, item) or empty_fault(act, item)
        fault = fault or _return_fault(act, owner, buyer, item) or clean.fault(item)
        if fault:
            return fault
    return lanes.fault(items) or items


def _place_fault(owner: int, item: Position) -> Verdict | None:
    """Ask whether an item is the owner's, by itself, and not about to become another's by receipt."""
    if not is_owner(owner, item):
        return Verdict(Code.NOT_OWNER, item.key)
    if item.above:
        return Verdict(Code.NOT_OUTERMOST, item.key)
    if item.shipment is not None and item.shipment.ownership_passes:
        return Verdict(Code.OWNERSHIP_UNDER_WAY, item.key)
    return None


def _return_fault(act: Act, owner: int, buyer: int, item: Position) -> Verdict | None:
    """Ask whether goods that their owner has itself go back to who sold them: they go by a return."""
    is_return = is_holder(owner, item) and was_sold_by(act, buyer, item)
    return Verdict(Code.GOES_BACK, item.key) if is_return else None


def take_ownership(act: Act, owner: int, record: Consent) -> Verdict | None:
    """Make the signer, that consented, the owner; holder, place and shipment stay."""
    seller = partner(act.state, owner)
    fault = None if is_licensed(seller) else Verdict(Code.LICENCE_NOT_ACTIVE, seller.gln)
    fault = fault or _buyer_fault(act.partner)
    if fault:
        return fault
    lanes = LaneGuard(act, record.head, act.signer, NOBODY, seller=owner)
    items = goods_to_transfer(act, (owner, act.signer), record.items, lanes)
    if isinstance(items, Verdict):
        return items
    # After this point it must succeed.
    # Everyone is told of what is theirs, and of nothing else; groups come in the order of the list.
    groups: dict[tuple[int, ...], list[bytes]] = {}
    returned = [item for item in items if was_sold_by(act, act.signer, item)]
    for item in items:
        after = relied_on(owned_by(item.row, act.signer, record.proposal), act.signer)
        act.state.write(ITEMS, item.key, after)
        groups.setdefault(tuple(sorted(set(stakeholders(item)))), []).append(item.key)
    for concerned, mine in groups.items():
        act.tell(EventKind.OWNERSHIP_PASSED, mine, record.proposal, concerned)
    _hold_returned(act, returned, record.proposal)
    lanes.tell()
    return None


def _hold_returned(act: Act, items: Positions, proposal: bytes) -> None:
    """Hold what became again whose it was before, until whoever has it in hand looks at it (rule 10)."""
    put_hold(act, items, RETURNED)
    for item in items:
        act.state.write(LAW_HOLDS, number_key(holder_of(item)), act.height)
    told = ((item.key, stakeholders(item)) for item in items)
    tell_each(act, EventKind.HELD_AS_RETURNED, told, proposal)
