"""What a record implies: unpacking (rule 2b) and moving (rule 28), done first and reported as inferred.

Warehouse systems leave both out of their files: they ship a case off a pallet without saying that it came
down, and pack at one site what was made at another. The holder's record is taken at its word.
"""

from collections.abc import Iterable

from contracts.records.head import Head
from contracts.rules.act import Act
from contracts.rules.events import EventKind
from contracts.rules.guards import Positions, stated_premises
from contracts.state.containers import take_out
from contracts.state.layout import ITEMS
from contracts.state.parties import is_in_hand
from contracts.state.places import Position, locate, placed


def by_parent(positions: Iterable[Position]) -> dict[bytes, Positions]:
    """Group items that are inside something by their parent, in listed order."""
    groups: dict[bytes, Positions] = {}
    for position in positions:
        if position.above:
            groups.setdefault(position.row.parent, []).append(position)
    return groups


def unpack_implied(act: Act, positions: Positions) -> Positions:
    """Take every nested item out of its parent; return where all items stand then."""
    groups = by_parent(positions)
    if not groups:
        return positions
    for parent, children in groups.items():
        take_out(act.state, act.time_ms, children)
        act.tell(EventKind.UNPACKED, (child.key for child in children), parent)
    return [again(act, position.key) for position in positions]


def move_implied(act: Act, head: Head, positions: Positions) -> Positions:
    """Move still items to the premises the record states; return where all items stand then.

    An item inside a container moves with the outermost one.
    """
    found = stated_premises(act, head)
    if found is None:
        return positions
    number, row = found
    moved: dict[bytes, None] = {}
    for position in positions:
        top = position.top
        if top.premises != number and position.top_key not in moved:
            act.state.write(ITEMS, position.top_key, placed(top, top.holder, top.owner, number))
            moved[position.top_key] = None
    if not moved:
        return positions
    act.tell(EventKind.MOVED, moved, row.gln)
    return [again(act, position.key) for position in positions]


def move_own(act: Act, head: Head, positions: Positions) -> Positions:
    """Move those of the items that the signer has in hand to the stated premises; the rest stays.

    For records that may be about what others hold, or what is on its way.
    """
    move_implied(act, head, [item for item in positions if is_in_hand(act.signer, item)])
    return [again(act, position.key) for position in positions]


def again(act: Act, key: bytes) -> Position:
    """Return where an item stands now, after something was written.

    Raises:
        LookupError: It is gone, which nothing in the law can do.
    """
    found = locate(act.state, key)
    if found is None:
        msg = f"items: {key.hex()} vanished while a record was judged"
        raise LookupError(msg)
    return found
