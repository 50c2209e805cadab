"""What must hold of the law's rows of items and containers, worked out anew from all of them (I4)."""

from collections import Counter
from collections.abc import Iterator

from contracts.state.layout import ITEMS
from contracts.state.rows import ContainerRow, ItemRow, Life
from tests.properties.compare_makes import Makes
from tests.properties.differ import require
from tests.properties.facts import PARTNER_NAMES
from tests.properties.mirror import Mirror
from tests.properties.model import Model

Rows = dict[bytes, ItemRow]
Raw = dict[bytes, bytes]
Names = dict[bytes, str]


def check_births(before: Raw, mirror: Mirror, names: Names, model: Model, makes: Makes) -> None:
    """Ask that no item was lost, none was born twice but as a new generation, and each is of its make.

    Args:
        before: What the rows that changed were, by state key; empty for what is new.
        mirror: All rows as they are.
        names: What the steps call the items.
        model: The model.
        makes: Every make in the model's words.
    """
    rows = mirror.rows(ITEMS)
    for at, raw in before.items():
        if not at.startswith(ITEMS.prefix):
            continue
        key = at[1:]
        require(key in rows, "an item is lost", law=key.hex(), model=key in names)
        row, thing = rows[key], model.items[names[key]]
        if raw:
            old = ITEMS.decode(raw)
            was = (old.born_height, old.born_document, old.source)
            new = (row.born_height, row.born_document, row.source)
            is_new = thing.generation > 1 and thing.born != was[:2]
            require((was != new) == is_new, f"birth of {names[key]}", law=new, model=was)
        else:
            made = makes.get(row.source, ())
            require(made == thing.source, f"make of {names[key]}", law=made, model=thing.source)


def check_containers(rows: Rows, containers: dict[bytes, ContainerRow], names: Names, model: Model) -> None:
    """Ask I4 of every row, and compute every container's counters anew from the rows of all items."""
    children: dict[bytes, list[bytes]] = {}
    for key, row in rows.items():
        placed, wanted = (row.holder > 0, row.owner > 0), (not row.parent, not row.parent)
        require(placed == wanted, f"one holder, one owner: {names[key]}", law=row, model=wanted)
        if row.parent:
            require(row.parent in containers, f"parent of {names[key]}", law=row.parent, model=None)
            children.setdefault(row.parent, []).append(key)
    for key, found in containers.items():
        thing = model.items[names[key]]
        exposed = Counter(
            sorted(one for key_in in _descendants(key, children) for one in rows[key_in].exposures)
        )
        require(dict(found.exposures) == exposed, f"exposures in {names[key]}", law=found, model=exposed)
        counted = Counter(rows[one].source for one in _descendants(key, children) if rows[one].source)
        law = (found.children, dict(found.sources), found.dirty, found.generation, found.height)
        sellers = {PARTNER_NAMES[number] for number in found.sellers}
        require(sellers == thing.sellers, f"sellers in {names[key]}", law=sellers, model=thing.sellers)
        dirty = _dirty_children(key, rows, children)
        anew = (len(children.get(key, ())), dict(counted), dirty, thing.generation, thing.levels)
        require(law == anew, f"counters of {names[key]}", law=law, model=anew)
        require(
            list(found.sources) == sorted(counted.items()), "order of sources", law=found.sources, model=0
        )


def _descendants(key: bytes, children: dict[bytes, list[bytes]]) -> Iterator[bytes]:
    for child in children.get(key, ()):
        yield child
        yield from _descendants(child, children)


def _dirty_children(key: bytes, rows: Rows, children: dict[bytes, list[bytes]]) -> int:
    def is_dirty(one: bytes) -> bool:
        row = rows[one]
        return bool(row.holds) or row.life != Life.ACTIVE or any(map(is_dirty, children.get(one, ())))

    return sum(map(is_dirty, children.get(key, ())))
