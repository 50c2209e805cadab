"""Command line: `python -m tests.modelcheck --items pack-1,case-1`; see README.md."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from contracts.gs1.keys import format_item
from contracts.records.supply import DecommissionReason
from tests.modelcheck.cast import World
from tests.modelcheck.explore import Explorer, Found
from tests.modelcheck.traps import FINAL, GONE, Trap, lives, traps
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
    parser.add_argument("--holds", action="store_true", help="partners hold items back and let them go")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    reasons = [DecommissionReason[name.upper()] for name in options.reasons.split(",")]
    world, found = explore(
        options.items.split(","), options.partners.split(","), reasons, holds=options.holds
    )
    life = lives(world, found)
    trapped = list(traps(found, life, FINAL))
    for trap in trapped[:10]:
        print(f"trap: {describe(trap)}")
    held = Counter(trap.silent for trap in traps(found, life, GONE))
    summary = {
        "items": options.items,
        "partners": options.partners,
        "reasons": options.reasons,
        "holds": options.holds,
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


def explore(
    names: Sequence[str],
    partners: Sequence[str],
    reasons: Collection[DecommissionReason] = REASONS,
    *,
    holds: bool = False,
) -> tuple[World, Found]:
    """Explore a world in which these items begin at the maker.

    Args:
        names: Packs, cases and logistic units.
        partners: Who acts.
        reasons: Why items leave the supply chain.
        holds: Whether partners hold items back and let them go.

    Raises:
        Risen: Something final came back to life.
    """
    world = World(tuple(partners), reasons, holds=holds)
    start = world.begin(names)
    return world, Explorer(world, Counter(item(name)[:7] for name in names)).explore(start)


def describe(trap: Trap) -> str:
    """Return a trap for people."""
    names = ", ".join(map(format_item, trap.component.items))
    return f"{format_item(trap.component.items[trap.index])} among {names} while {trap.silent} is silent"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
