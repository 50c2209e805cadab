"""Reading an item through its containers and its shipment."""

import pytest

from contracts.primitives.encoding import encode
from contracts.state.layout import ITEMS, SHIPMENTS
from contracts.state.parties import holder_of, is_holder, is_owner, stakeholders
from contracts.state.places import (
    MAX_LEVELS,
    QUARANTINE,
    effective_holds,
    effective_life,
    locate,
    resolve_place,
)
from contracts.state.rows import ItemRow, Life, ShipmentRow, ShipmentStanding
from contracts.state.view import Overlay

SHIPMENT_ID = b"s" * 16
ACME, BULK, FLEET, OWNER = 1, 2, 3, 4
PLANT, HALL = 11, 12


def row(parent: bytes = b"", life: Life = Life.ACTIVE, holds: tuple[tuple[int, int], ...] = ()) -> ItemRow:
    place = (0, 0, 0, b"") if parent else (ACME, OWNER, PLANT, SHIPMENT_ID)
    return ItemRow(1, life, holds, parent, (), 1, 0, 0, *place)


def shipment(standing: ShipmentStanding, passes: int = 1, custody: int = 0) -> ShipmentRow:
    at = HALL if standing == ShipmentStanding.RECEIVED else 0
    return ShipmentRow(ACME, BULK, 1, 9, 1, standing, passes, FLEET, custody, 0, at, 0)


def state(ship: ShipmentRow, **rows: ItemRow) -> Overlay:
    stored = {ITEMS.prefix + name.encode(): encode(value) for name, value in rows.items()}
    return Overlay({**stored, SHIPMENTS.prefix + SHIPMENT_ID: encode(ship)})


@pytest.mark.parametrize(
    ("standing", "passes", "expected"),
    [
        (ShipmentStanding.RECEIVED, 1, (BULK, BULK, HALL, ())),
        (ShipmentStanding.RECEIVED, 0, (BULK, OWNER, HALL, ())),
        (ShipmentStanding.REFUSED, 1, (ACME, OWNER, PLANT, ())),
        (ShipmentStanding.VOIDED, 1, (ACME, OWNER, PLANT, ())),
        (ShipmentStanding.VOIDED_LATE, 1, (ACME, OWNER, PLANT, (QUARANTINE,))),
    ],
)
def test_what_became_of_the_shipment_says_where_its_items_are(
    standing: ShipmentStanding, passes: int, expected: tuple[object, ...]
) -> None:
    settled = resolve_place(row(), shipment(standing, passes))
    assert (settled.holder, settled.owner, settled.premises, settled.holds) == expected
    assert settled.shipment == b""
    position = locate(state(shipment(standing, passes), top=row(), pack=row(b"top")), b"pack")
    assert position is not None
    assert position.shipment is None
    assert position.top == settled
    assert position.top_key == b"top"
    assert effective_holds(position) == settled.holds


def test_on_its_way_an_item_is_held_by_the_sender_or_the_carrier_in_custody() -> None:
    travelling = shipment(ShipmentStanding.OUTSTANDING)
    position = locate(state(travelling, pack=row()), b"pack")
    assert position is not None
    assert position.shipment == travelling
    assert holder_of(position) == ACME
    assert is_owner(OWNER, position)
    assert set(stakeholders(position)) == {ACME, OWNER, BULK, FLEET}
    taken = locate(state(shipment(ShipmentStanding.OUTSTANDING, custody=1), pack=row()), b"pack")
    assert taken is not None
    assert is_holder(FLEET, taken)


def test_life_is_that_of_the_nearest_container_that_ended() -> None:
    ended = shipment(ShipmentStanding.RECEIVED)
    rows = {
        "a": row(life=Life.DESTROYED),
        "b": row(b"a", Life.STOLEN),
        "c": row(b"b"),
        "d": row(b"c", Life.SUPPLIED),
    }
    found = {name: locate(state(ended, **rows), name.encode()) for name in rows}
    lives = {name: effective_life(position) for name, position in found.items() if position is not None}
    assert lives == {"a": Life.DESTROYED, "b": Life.STOLEN, "c": Life.STOLEN, "d": Life.SUPPLIED}


def test_holds_add_up_from_the_outside() -> None:
    ended = shipment(ShipmentStanding.RECEIVED)
    position = locate(state(ended, top=row(holds=((1, 7),)), pack=row(b"top", holds=((1, 0),))), b"pack")
    assert position is not None
    assert effective_holds(position) == ((1, 0), (1, 7))


def test_an_unknown_item_is_nowhere() -> None:
    assert locate(state(shipment(ShipmentStanding.RECEIVED)), b"pack") is None


def test_a_circle_of_containers_stops_the_node() -> None:
    ended = shipment(ShipmentStanding.RECEIVED)
    with pytest.raises(LookupError, match=f"more than {MAX_LEVELS} levels"):
        locate(state(ended, a=row(b"b"), b=row(b"a")), b"a")
