"""Overages: items that one partner holds by the ledger, and another says it was sent (LAW 6, ADR 16).

The claim is a hold on the item's row, with the claimant as its setter. By claimant and item there stands
beside it what the item came with, and until when its holder must bear that.
"""

from contracts.state.layout import OVERAGE_COUNTS, OVERAGES, overage_key
from contracts.state.overage_rows import OverageRow
from contracts.state.places import Holds, Position
from contracts.state.rows import HoldKind
from contracts.state.view import Overlay


def claim_by(claimant: int) -> tuple[int, int]:
    """Return the hold with which a partner claims an item."""
    return int(HoldKind.CLAIMED), claimant


def claims_among(holds: Holds) -> Holds:
    """Return those of some holds that are claims of overages."""
    return tuple(hold for hold in holds if hold[0] == HoldKind.CLAIMED)


def find_overage(state: Overlay, claimant: int, key: bytes) -> OverageRow | None:
    """Return what a partner claimed of an item last, whether or not that has ended; None for nothing."""
    return state.read(OVERAGES, overage_key(claimant, key))


def note_overage(state: Overlay, claimant: int, key: bytes, row: OverageRow) -> None:
    """Note what a partner claims of an item."""
    state.write(OVERAGES, overage_key(claimant, key), row)


def is_open_to_contest(state: Overlay, claimant: int, key: bytes, time_ms: int) -> bool:
    """Tell whether the time of a claim that an item carries is over."""
    return time_ms > state.require(OVERAGES, overage_key(claimant, key)).until_ms


def claimed_with(state: Overlay, shipment: bytes) -> int:
    """Return how many items were claimed with a shipment, whatever became of that."""
    return state.read(OVERAGE_COUNTS, shipment) or 0


def count_claimed(state: Overlay, shipment: bytes, added: int) -> None:
    """Count items that are claimed with a shipment."""
    state.write(OVERAGE_COUNTS, shipment, claimed_with(state, shipment) + added)


def inherit_overages(state: Overlay, child: Position) -> None:
    """Let an item that comes out of claimed containers be claimed for as long as they are."""
    own = claims_among(child.row.holds)
    for key, row in child.above:
        for _kind, claimant in claims_among(row.holds):
            if claim_by(claimant) not in own:
                outer = state.require(OVERAGES, overage_key(claimant, key))
                state.write(OVERAGES, overage_key(claimant, child.key), outer)
                own = (*own, claim_by(claimant))
