"""Whether the law counts packs without serials as the model does, and loses none."""

from contracts.state.layout import BOOKS, HOLDINGS, LOADS
from tests.properties.compare_makes import KINDS
from tests.properties.differ import require
from tests.properties.facts import PARTNER_NAMES
from tests.properties.mirror import Mirror
from tests.properties.model import Model
from tests.properties.model_quantities import totals


def compare_quantities(mirror: Mirror, model: Model, shipments: dict[str, bytes]) -> None:
    """Ask of holdings, loads and books what the model says; and that they add up.

    Raises:
        Divergence: They disagree.
    """
    stock, loads, books = {}, {}, {}
    for key, packs in mirror.rows(HOLDINGS).items():
        size = key[6]
        lot, who = key[7 : 7 + size].decode(), key[7 + size :]
        holder, owner = (PARTNER_NAMES[int.from_bytes(who[at : at + 4], "big")] for at in (0, 4))
        stock[KINDS[key[:6]], lot, holder, owner] = packs
    for key, row in mirror.rows(LOADS).items():
        lines = {(KINDS[gtin], lot.decode(), number) for gtin, lot, number in row.lines}
        loads[key] = (lines, PARTNER_NAMES[row.carrier] if row.carrier else "", bool(row.custody))
    for key, row in mirror.rows(BOOKS).items():
        for column in row.__struct_fields__:
            books[KINDS[key[:6]], key[6:].decode(), column] = getattr(row, column)
    expected = {key: number for key, number in model.stock.items() if number}
    require(stock == expected, "holdings", law=stock, model=expected)
    on_the_way = {
        shipments[name]: (set(load.lines), load.carrier, load.custody) for name, load in model.loads.items()
    }
    require(loads == on_the_way, "loads", law=loads, model=on_the_way)
    entered = {key: number for key, number in books.items() if number}
    kept = {key: number for key, number in model.books.items() if number}
    require(entered == kept, "books", law=entered, model=kept)
    made = {key[:2]: number for key, number in books.items() if key[2] == "made"}
    require(made == dict(totals(model)), "all that was made", law=made, model=totals(model))
