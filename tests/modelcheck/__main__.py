"""Command line: `python -m tests.modelcheck --items pack-1,case-1`; see README.md."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from contracts.gs1.keys import format_item
from contracts.records.supply import DecommissionReason
from tests.modelcheck.cast import FAMILIES, World
from tests.modelcheck.compare import compare_all
from tests.modelcheck.explore import Explorer, Found
from tests.modelcheck.reduce import KIND_BYTES
from tests.modelcheck.traps import FINAL, GONE, Trap, traps
from tests.scenarios.law.world import item

ITEMS = "pack-1,case-1,pallet-1"
PARTNERS = "Acme,Corner,Fleet,Gov"
REASONS = (DecommissionReason.DESTROYED, DecommissionReason.STOLEN)
ALL = ",".join(reason.name.lower() for reason in DecommissionReason)


def main(arguments: list[str]) -> int:
    """Explore, print what was found, and return 1 when an item is trapped."""
    parser = argparse.ArgumentParser(prog="python -m tests.modelcheck", description=__doc__)
    parser.add_argument(
        "--items", default=ITEMS, help="what there is, for example pack-1,pack-2,case-1,pallet-1"
    )
    parser.add_argument("--partners", default=PARTNERS, help="who acts, by the scenarios' names")
    parser.add_argument("--reasons", default=ALL, help="why items leave: destroyed,stolen,exported,sample …")
    parser.add_argument("--families", default="", help=f"what they do beside: {','.join(FAMILIES)}; or all")
    parser.add_argument(
        "--compare", type=int, default=0, metavar="N", help="forget nothing; compare every Nth component"
    )
    options = parser.parse_args(arguments)
    began = time.process_time()
    reasons = [DecommissionReason[name.upper()] for name in options.reasons.split(",")]
    families = FAMILIES if options.families == "all" else [*filter(None, options.families.split(","))]
    items, partners = options.items.split(","), options.partners.split(",")
    if options.compare:
        every, fewer, moves = compare_all(World(tuple(partners), reasons, families), items, options.compare)
        print(f"{every} states are {fewer} without what is forgotten; {moves} moves lead to the same")
        return 0
    _world, found = explore(items, partners, reasons, families)
    trapped = list(traps(found, FINAL))
    for trap in trapped[:10]:
        print(f"trap: {describe(trap)}")
    held = Counter(trap.silent for trap in traps(found, GONE))
    summary = {
        "items": options.items,
        "partners": options.partners,
        "reasons": options.reasons,
        "families": ",".join(families),
        "states": len(found.components),
        "states_of_items": len(found.life),
        "steps": found.steps,
        "tried": found.tried,
        "executed": found.executed,
        "lawful": dict(sorted(found.kinds.items())),
        "traps": len(trapped),
        "only_reported_stolen": dict(sorted(held.items())),
        "seconds": round(time.process_time() - began, 1),
    }
    print(msgspec.json.encode(summary).decode())
    return bool(trapped)


def explore(
    names: Sequence[str],
    partners: Sequence[str],
    reasons: Collection[DecommissionReason] = REASONS,
    families: Collection[str] = (),
) -> tuple[World, Found]:
    """Explore a world in which these items begin at the maker.

    Args:
        names: Packs, cases and logistic units.
        partners: Who acts.
        reasons: Why items leave the supply chain.
        families: What they do beside (`cast.FAMILIES`).

    Raises:
        Risen: Something final came back to life.
    """
    world = World(tuple(partners), reasons, families)
    start = world.begin(names)
    found = Explorer(world, Counter(item(name)[:KIND_BYTES] for name in names)).explore(start)
    found.executed = world.executed
    return world, found


def describe(trap: Trap) -> str:
    """Return a trap for people."""
    names = ", ".join(map(format_item, trap.component.items))
    return f"{format_item(trap.component.items[trap.place])} among {names} while {trap.silent} is silent"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
