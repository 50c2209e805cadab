"""Seals: whether a container is just as its maker packed it, so that one look stands for all that is in it.

A returned case may be verified as a whole, instead of pack by pack, when it holds packs of one product and
lot, was packed by that lot's maker, and nothing came out since or went in by another hand (rule 10).
"""

from typing import Final

from contracts.state.containers import find_contents
from contracts.state.parties import is_party
from contracts.state.places import Position
from contracts.state.sources import lot_of, lot_row
from contracts.state.view import Overlay

_PACKS_ONLY: Final = 1
"""Levels of packing of a container that holds no other container."""


def is_seen_whole(state: Overlay, position: Position) -> bool:
    """Tell whether looking at an item looks at all of it: a pack, an empty unit, or a case never opened."""
    contents = find_contents(state, position.key, position.row)
    if contents is None or contents.children == 0:
        return True
    if contents.opened or contents.height > _PACKS_ONLY:
        return False
    lots = {lot_of(source) for source, _count in contents.sources}
    return len(lots) == 1 and is_party(lot_row(state, lots.pop()).maker, contents.introduced_by)
