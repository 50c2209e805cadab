"""Whether the law knows what lots are made of, and which recalls reach them, as the model does."""

from contracts.gs1.keys import pack_gtin
from contracts.state.layout import BATCHES
from contracts.state.lists import Budget, entries, made_of_batch
from contracts.state.view import Overlay
from tests.properties.differ import require
from tests.properties.facts import GTIN, MATERIAL_GTIN
from tests.properties.mirror import Mirror
from tests.properties.model import Model
from tests.properties.model_named import ingredients

KINDS = {pack_gtin(digits): kind for kind, digits in (*GTIN.items(), *MATERIAL_GTIN.items())}


def compare_lots(state: Overlay, mirror: Mirror, model: Model) -> None:
    """Ask of every batch what the model says.

    Raises:
        Divergence: They disagree.
    """
    batches = {int.from_bytes(key, "big"): row for key, row in mirror.rows(BATCHES).items()}
    names = {number: (KINDS[row.gtin], row.lot.decode()) for number, row in batches.items()}
    materials = {names[at]: {names[one] for one in row.materials} for at, row in batches.items()}
    expected = {lot: set(model.materials.get(lot, ())) for lot in materials}
    require(materials == expected, "what lots are made of", law=materials, model=expected)
    require(set(model.materials) <= set(materials), "lots that are traced", law=set(materials), model=0)
    for number, row in batches.items():
        listed = [*entries(state, made_of_batch(number), Budget(999))]
        made = {at for at, other in batches.items() if number in other.materials}
        require(sorted(listed) == sorted(made), "what is made of a lot", law=listed, model=made)
        reached = {recall for recall, _position in row.reached if _is_open(model, recall)}
        named = {
            found.number
            for found in model.recalls.values()
            for one in found.alternatives
            if not found.drill and not found.closed and one.material in ingredients(model, names[number])
        }
        require(reached == named, f"recalls that reach {names[number]}", law=reached, model=named)


def _is_open(model: Model, number: int) -> bool:
    return any(found.number == number and not found.closed for found in model.recalls.values())
