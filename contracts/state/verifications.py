"""Which packs were verified by whoever has them now, so that only those are opened and repacked (LAW 16).

Written for those alone that may repack, and gone with the pack: state does not grow by pharmacies' looks.
"""

from contracts.gs1.keys import SGTIN_KIND
from contracts.state.layout import VERIFICATIONS
from contracts.state.parties import is_in_hand, is_party
from contracts.state.places import Position, reliance_on
from contracts.state.rows import NOBODY
from contracts.state.sources import lot_of, lot_row
from contracts.state.titles import title_of
from contracts.state.verification_rows import VerificationRow
from contracts.state.view import Overlay


def note_verified(state: Overlay, party: int, position: Position) -> None:
    """Note that a party looked at a pack; of containers, and of what it has not in hand, nothing is noted."""
    if position.key[:1] == SGTIN_KIND and not position.row.container and is_in_hand(party, position):
        state.write(VERIFICATIONS, position.key, VerificationRow(party, title_of(position)))


def forget_verified(state: Overlay, key: bytes) -> None:
    """Forget that a pack was looked at: it was opened."""
    if state.read(VERIFICATIONS, key) is not None:
        state.delete(VERIFICATIONS, key)


def is_verified(state: Overlay, party: int, position: Position) -> bool:
    """Tell whether a party verified a pack since it got it, or made it and nobody had it since."""
    row = state.read(VERIFICATIONS, position.key)
    if row is not None and is_party(row.partner, party) and row.title == title_of(position):
        return True
    maker = lot_row(state, lot_of(position.row.source)).maker
    return is_party(maker, party) and is_party(reliance_on(position), NOBODY)
