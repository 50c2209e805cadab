"""Whether the law knows of every make what the model does: what it comes of, and what speaks against it."""

from collections.abc import Callable

from contracts.state.claims import printed_expiry
from contracts.state.layout import CLAIMS, ITEMS, LOTS, SOURCES
from contracts.state.lists import Budget, entries, origins_of_make
from contracts.state.rows import MAKES_PER_LOT, HoldKind, LotRow, SourceRow
from contracts.state.sources import marks_of
from contracts.state.view import Overlay
from tests.properties.compare_claims import claimed_make
from tests.properties.differ import require
from tests.properties.facts import GTIN, item_key
from tests.properties.mirror import Mirror
from tests.properties.model import Model

Makes = dict[int, tuple[object, ...]]
"""Makes in the model's words, by source number."""
KINDS = {item_key(f"{kind}-1")[1:7]: kind for kind in GTIN}


def read_makes(
    state: Overlay, mirror: Mirror, item_name: Callable[[bytes], str], place_name: Callable[[int], str]
) -> Makes:
    """Return every source number's make.

    Args:
        state: The law's state.
        mirror: The same, decoded.
        item_name: Tells what the steps call an item.
        place_name: Tells what the steps call premises, by their number.
    """
    lots = {int.from_bytes(key, "big"): row for key, row in mirror.rows(LOTS).items()}
    first_of = _first_outputs(state, mirror)
    found: Makes = {}
    for key, row in mirror.rows(SOURCES).items():
        source: SourceRow = row
        number = int.from_bytes(key, "big")
        lot: LotRow = lots[number // MAKES_PER_LOT]
        first = (item_name(first_of[number]),) if number in first_of else ()
        make = (KINDS[lot.gtin], lot.lot.decode(), source.line.decode())
        claim = mirror.rows(CLAIMS).get(key)
        if claim is not None:
            found[number] = claimed_make(make, printed_expiry(state, number // MAKES_PER_LOT), claim)
            continue
        found[number] = (*make, source.hour, place_name(source.site), *first)
    return found


def _first_outputs(state: Overlay, mirror: Mirror) -> dict[int, bytes]:
    """Return the first serial of every repacked make, by source number."""
    first: dict[int, bytes] = {}
    for key, row in mirror.rows(ITEMS).items():
        first[row.source] = min(key, first.get(row.source, key))
    return {
        source: key
        for source, key in first.items()
        if next(entries(state, origins_of_make(source), Budget(99)), 0)
    }


def check_makes(state: Overlay, mirror: Mirror, makes: Makes, model: Model) -> None:
    """Ask of every make what speaks against it and what it comes of, and of lots how many they have.

    Raises:
        Divergence: They disagree.
    """
    lots = {int.from_bytes(key, "big"): row for key, row in mirror.rows(LOTS).items()}
    for number, made in makes.items():
        marks = marks_of(lots[number // MAKES_PER_LOT], number)
        law = {(HoldKind(kind).name.lower(), recall) for kind, recall in marks}
        against = model.marks_on(made)
        require(law == against, f"marks on {made}", law=law, model=against)
        comes_of = {makes[origin] for origin in entries(state, origins_of_make(number), Budget(99))}
        lineage = model.lineage.get(made, frozenset())
        require(comes_of == lineage, f"what {made} comes of", law=comes_of, model=lineage)
    for number, lot in lots.items():
        of_lot = {at: made for at, made in makes.items() if at // MAKES_PER_LOT == number}
        made_for = {model.registered.made_for[made[:2]] for made in of_lot.values()}
        require({lot.markets} == made_for, "markets of a lot", law=lot.markets, model=made_for)
        numbered = [at % MAKES_PER_LOT for at in of_lot]
        require(
            sorted(numbered) == [*range(1, lot.makes + 1)], "makes of a lot", law=numbered, model=lot.makes
        )
