"""Whether the law counts packs without serials as the model does, and loses none."""

from contracts.gs1.keys import pack_gtin
from contracts.state.layout import BOOKS, HOLDINGS, LOADS
from tests.properties.differ import require
from tests.properties.facts import GTIN, PARTNER_NAMES
from tests.properties.model import Model
from tests.properties.model_quantities import totals

KINDS = {pack_gtin(digits): kind for kind, digits in GTIN.items()}


def compare_quantities(rows: dict[bytes, bytes], model: Model, shipments: dict[str, bytes]) -> None:
    """Ask of holdings, loads and books what the model says; and that they add up.

    Raises:
        Divergence: They disagree.
    """
    stock, loads, books = {}, {}, {}
    for key, value in rows.items():
        if key.startswith(HOLDINGS.prefix):
            size = key[7]
            lot, who = key[8 : 8 + size].decode(), key[8 + size :]
            holder, owner = (PARTNER_NAMES[int.from_bytes(who[at : at + 4], "big")] for at in (0, 4))
            stock[KINDS[key[1:7]], lot, holder, owner] = HOLDINGS.decode(value)
        elif key.startswith(LOADS.prefix):
            lines = LOADS.decode(value).lines
            loads[key[1:]] = {(KINDS[gtin], lot.decode(), number) for gtin, lot, number in lines}
        elif key.startswith(BOOKS.prefix):
            row = BOOKS.decode(value)
            for column in row.__struct_fields__:
                books[KINDS[key[1:7]], key[7:].decode(), column] = getattr(row, column)
    expected = {key: number for key, number in model.stock.items() if number}
    require(stock == expected, "holdings", law=stock, model=expected)
    on_the_way = {shipments[name]: set(load.lines) for name, load in model.loads.items()}
    require(loads == on_the_way, "loads", law=loads, model=on_the_way)
    entered = {key: number for key, number in books.items() if number}
    kept = {key: number for key, number in model.books.items() if number}
    require(entered == kept, "books", law=entered, model=kept)
    made = {key[:2]: number for key, number in books.items() if key[2] == "made"}
    require(made == dict(totals(model)), "all that was made", law=made, model=totals(model))
