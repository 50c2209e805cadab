"""Command line: `python -m tests.modelcheck --items pack-1,case-1`; see README.md."""

import argparse
import sys
import time
from collections import Counter

import msgspec

from contracts.gs1.keys import format_item
from tests.modelcheck.cast import World
from tests.modelcheck.explore import Explorer, Found
from tests.modelcheck.traps import FINAL, GONE, Trap, lives, traps
from tests.scenarios.law.world import item

ITEMS = "pack-1,case-1,pallet-1"
PARTNERS = "Acme,Corner,Fleet,Gov"


def main(arguments: list[str]) -> int:
    """Explore, print what was found, and return 1 when an item is trapped."""
    parser = argparse.ArgumentParser(prog="python -m tests.modelcheck", description=__doc__)
    parser.add_argument(
        "--items", default=ITEMS, help="what there is, for example pack-1,pack-2,case-1,pallet-1"
    )
    parser.add_argument("--partners", default=PARTNERS, help="who acts, by the scenarios' names")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    world, found = explore(options.items.split(","), options.partners.split(","))
    life = lives(world, found)
    trapped = list(traps(found, life, FINAL))
    for trap in trapped[:10]:
        print(f"trap: {describe(trap)}")
    held = Counter(trap.silent for trap in traps(found, life, GONE))
    summary = {
        "items": options.items,
        "partners": options.partners,
        "components": len(found.components),
        "steps": sum(map(len, found.steps)),
        "tried": found.tried,
        "lawful": dict(sorted(found.kinds.items())),
        "traps": len(trapped),
        "only_reported_stolen": dict(sorted(held.items())),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(msgspec.json.encode(summary).decode())
    return bool(trapped)


def explore(names: list[str], partners: list[str]) -> tuple[World, Found]:
    """Explore a world in which these items begin at the maker.

    Raises:
        Risen: Something final came back to life.
    """
    world = World(tuple(partners))
    start = world.begin(names)
    return world, Explorer(world, Counter(item(name)[:7] for name in names)).explore(start)


def describe(trap: Trap) -> str:
    """Return a trap for people."""
    names = ", ".join(map(format_item, trap.component.items))
    return f"{format_item(trap.component.items[trap.index])} among {names} while {trap.silent} is silent"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
