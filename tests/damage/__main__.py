"""Command line: `python -m tests.damage --positions N`; see README.md."""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec

from node.home import Home
from tests.damage.cases import draw_cases
from tests.damage.facts import learn
from tests.damage.home import make_home
from tests.damage.judging import Judged, Outcome, judge
from tests.simulation.outcome import quiet

BAD = (Outcome.UNNOTICED, Outcome.UNNAMED)


def run(positions: int, seed: int, folder: Path) -> list[Judged]:
    """Damage a home at so many positions, one after the other."""
    home, copy = make_home(folder / "home"), folder / "copy"
    with quiet():
        shutil.copytree(home.root, copy)
        whole = learn(Home(copy))
        shutil.rmtree(copy)
        return [judge(home, whole, case, copy) for case in draw_cases(home, positions, seed)]


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; 1 when a damage was not noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.damage", description=__doc__)
    parser.add_argument("--positions", type=int, default=1_200, help="how many damages, at least")
    parser.add_argument("--seed", type=int, default=0, help="what they are drawn from")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="packtrail-damage-") as folder:
        judged = run(options.positions, options.seed, Path(folder))
    bad = [each for each in judged if each.outcome in BAD]
    for each in bad:
        case = each.case
        print(f"{each.outcome}: {case.file}, {case.what} at byte {case.place}: {each.said}")
    _show(judged)
    outcomes = Counter(str(each.outcome) for each in judged)
    summary = {
        "positions": len(judged),
        "files": len({each.case.file for each in judged}),
        "outcomes": dict(sorted(outcomes.items())),
        "failed": len(bad),
        "seconds": round(time.monotonic() - began, 1),
    }
    print(msgspec.json.encode(summary).decode())
    return bool(bad)


def _show(judged: list[Judged]) -> None:
    columns = [outcome for outcome in Outcome if outcome not in BAD]
    print(f"{'kind of file':26}{'damages':>9}" + "".join(f"{column:>11}" for column in columns))
    for kind in dict.fromkeys(each.case.kind for each in judged):
        counts = Counter(each.outcome for each in judged if each.case.kind == kind)
        print(f"{kind:26}{counts.total():9}" + "".join(f"{counts[column]:11}" for column in columns))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
