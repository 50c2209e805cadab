"""Who must hear of goods that something speaks against: makers and regulators, beside those with a stake.

Makers are found through the sources of an item and of all inside it; regulators stand in a row of their own,
for state has no list of partners that could be searched.
"""

from contracts.state.containers import sources_of
from contracts.state.layout import PRODUCTS, REGULATORS, SOLE_KEY
from contracts.state.parties import is_party, stakeholders
from contracts.state.places import Position
from contracts.state.rows import RegulatorsRow
from contracts.state.sources import lot_of, lot_row
from contracts.state.view import Overlay


def regulators(state: Overlay) -> tuple[int, ...]:
    """Return the numbers of the network's regulators, ascending."""
    row = state.read(REGULATORS, SOLE_KEY)
    return () if row is None else row.partners


def add_regulator(state: Overlay, partner: int) -> None:
    """Note that a partner, newly registered or with a new role, is a regulator."""
    state.write(REGULATORS, SOLE_KEY, RegulatorsRow(tuple(sorted({*regulators(state), partner}))))


def remove_regulator(state: Overlay, partner: int) -> None:
    """Note that a partner is a regulator no more, if it was one."""
    state.write(REGULATORS, SOLE_KEY, RegulatorsRow(tuple(sorted({*regulators(state)} - {partner}))))


def makers_of(state: Overlay, position: Position) -> tuple[int, ...]:
    """Return the marketing holders of an item and of everything inside it, ascending: one read per lot."""
    lots = {lot_of(source) for source in sources_of(state, position.key, position.row)}
    products = {lot_row(state, lot).gtin for lot in lots}
    return tuple(sorted({state.require(PRODUCTS, gtin).holder for gtin in products}))


def is_sole_maker(state: Overlay, party: int, position: Position) -> bool:
    """Tell whether a party is the marketing holder of an item and of everything inside it."""
    makers = makers_of(state, position)
    return bool(makers) and all(is_party(maker, party) for maker in makers)


def alarmed(state: Overlay, position: Position) -> tuple[int, ...]:
    """Return who is told at once of a suspicion or finding: everyone with a stake, makers, regulators."""
    return (*stakeholders(position), *makers_of(state, position), *regulators(state))
