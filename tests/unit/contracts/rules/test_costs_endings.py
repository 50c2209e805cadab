"""What ending and taking an end back costs: as much for a pallet of 10,000 packs as for one of 100."""

import pytest

from contracts.records.custody import Receive, ReceiveMode, Ship, ShipPurpose
from contracts.records.dispensing import Dispense, DispensePart
from contracts.records.endings import Found, Reinstate, UndoneEnding
from contracts.records.head import Head
from contracts.records.late import Late, LateReason
from contracts.records.supply import Commission, Decommission, DecommissionReason
from tests.scenarios.law.world import START_MS, gln, gtin, item
from tests.unit.contracts.rules.test_costs import EXPIRY, MAX_READS, PALLET, PLANT, SIZES, SOURCES, Yard

SHOP = Head(START_MS, 60, gln("Shop"))
BLISTER = item("blister-1")


@pytest.mark.parametrize("packs", SIZES)
def test_a_pallet_leaves_and_comes_back_in_three_writes(packs: int) -> None:
    yard = Yard(packs)
    exported = yard.cost("Acme", Decommission(PLANT, DecommissionReason.EXPORTED, (PALLET,)))
    undone = yard.cost("Acme", Reinstate(PLANT, UndoneEnding.EXPORTED, 1, (PALLET,)))
    lost = yard.cost("Acme", Decommission(PLANT, DecommissionReason.LOST, (PALLET,)))
    found = yard.cost("Acme", Found(PLANT, (PALLET,)))
    # The lane, the item, and how its life ended.
    assert [cost.writes for cost in (exported, undone, lost, found)] == [3, 3, 3, 3]
    assert all(cost.reads <= MAX_READS + SOURCES for cost in (exported, undone, lost, found))


def to_shop(*keys: bytes) -> Ship:
    return Ship(PLANT, keys, gln("Corner"), gln("Shop"), ShipPurpose.SALE, 1, 0, b"", ())


@pytest.mark.parametrize("packs", SIZES)
def test_a_pack_dispensed_late_out_of_a_travelling_pallet_costs_the_same(packs: int) -> None:
    yard = Yard(packs)
    yard.cost("Acme", to_shop(PALLET))
    cost = yard.cost("Corner", Late(LateReason.OUTAGE, Dispense(SHOP, (yard.keys[7],))))
    # The lane, the pack, its ending, what is left in the pallet, and when its shipment was received last.
    assert cost.writes == 5
    assert cost.reads <= 10


def test_opening_a_pack_writes_what_is_left_of_it() -> None:
    yard = Yard(SIZES[0])
    yard.cost("Acme", Commission(PLANT, gtin("blister"), b"L9", EXPIRY, b"", 0, (b"1",)))
    yard.cost("Acme", to_shop(BLISTER))
    yard.cost("Corner", Receive(SHOP, yard.last_shipment(), ReceiveMode.ALL, ()))
    opened = yard.cost("Corner", DispensePart(SHOP, 4, (BLISTER,)))
    again = yard.cost("Corner", DispensePart(SHOP, 4, (BLISTER,)))
    # The lane, the pack, what is left in it; then it is the remainder alone.
    assert (opened.writes, again.writes) == (3, 2)
    assert max(opened.reads, again.reads) <= 6
