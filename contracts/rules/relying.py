"""Who relied on items that it does not hold: so that nobody takes back what others built on (rule 19)."""

from collections.abc import Iterable

from contracts.rules.act import Act
from contracts.rules.implied import again
from contracts.state.layout import ITEMS
from contracts.state.parties import is_holder
from contracts.state.places import Position, relied_on


def note_reliance(act: Act, items: Iterable[Position]) -> None:
    """Remember the signer as one who relied on those of the items that it does not hold."""
    for item in items:
        if is_holder(act.signer, item):
            continue
        found = again(act, item.key)
        row = relied_on(found.row, act.signer)
        if row is not found.row:
            act.state.write(ITEMS, item.key, row)
