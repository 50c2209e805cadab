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
from tests.damage.archived import WholeArchive, archive_home
from tests.damage.cases import draw_cases, kinds_of, kinds_of_archive
from tests.damage.facts import learn
from tests.damage.home import make_home
from tests.damage.judging import Judged, Outcome, copy_home, judge, judge_archive
from tests.simulation.outcome import quiet
from tests.support.measured import measured_commit, record

BAD = (Outcome.UNNOTICED, Outcome.UNNAMED)


def run(positions: int, seed: int, folder: Path) -> dict[str, list[Judged]]:
    """Damage a home, one whose old blocks are archived, and its archive, at so many positions or more."""
    home = make_home(folder / "home")
    pruned = copy_home(home, folder / "pruned")
    archive = archive_home(pruned, folder / "archive")
    in_home, in_archive = kinds_of(home), kinds_of_archive(archive.folder)
    each = -(-positions // (2 * len(in_home) + len(in_archive)))
    with quiet():
        return {
            "home": _run_home(home, each, f"{seed}", folder / "copy"),
            "pruned home": _run_home(pruned, each, f"{seed} pruned", folder / "copy", archive),
            "archive": [
                judge_archive(archive, case, folder / "copy")
                for case in draw_cases(archive.folder, in_archive, each, f"{seed}")
            ],
        }


def _run_home(
    home: Home, each: int, seed: str, copy: Path, archive: WholeArchive | None = None
) -> list[Judged]:
    whole = learn(copy_home(home, copy))
    shutil.rmtree(copy)
    cases = draw_cases(home.root, kinds_of(home), each, seed)
    return [judge(home, whole, case, copy, archive) for case in cases]


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; 1 when a damage was not noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.damage", description=__doc__)
    parser.add_argument("--positions", type=int, default=2_400, help="how many damages, at least")
    parser.add_argument("--seed", type=int, default=0, help="what they are drawn from")
    parser.add_argument("--record", type=Path, help="keep the table in this file, with the commit")
    options = parser.parse_args(arguments)
    began, commit = time.monotonic(), measured_commit()
    with tempfile.TemporaryDirectory(prefix="packtrail-damage-") as folder:
        found = run(options.positions, options.seed, Path(folder))
    lines = [line for part, judged in found.items() for line in _table(part, judged)]
    judged = [each for part in found.values() for each in part]
    bad = [each for each in judged if each.outcome in BAD]
    for each in bad:
        case = each.case
        lines.append(f"{each.outcome}: {case.file}, {case.what} at byte {case.place}: {each.said}")
    outcomes = Counter(str(each.outcome) for each in judged)
    summary = {
        "positions": len(judged),
        "files": sum(len({each.case.file for each in part}) for part in found.values()),
        "outcomes": dict(sorted(outcomes.items())),
        "failed": len(bad),
        "seconds": round(time.monotonic() - began, 1),
    }
    lines.append(msgspec.json.encode(summary).decode())
    print("\n".join(lines))
    if options.record is not None:
        record(options.record, " ".join(("python -m tests.damage", *arguments)), commit, lines)
    return bool(bad)


def _table(part: str, judged: list[Judged]) -> list[str]:
    found = {each.outcome for each in judged}
    columns = [outcome for outcome in Outcome if outcome in found and outcome not in BAD]
    lines = [f"{part:26}{'damages':>9}" + "".join(f"  {column:>6}" for column in columns)]
    for kind in dict.fromkeys(each.case.kind for each in judged):
        counts = Counter(each.outcome for each in judged if each.case.kind == kind)
        cells = (f"  {counts[column]:{max(len(column), 6)}}" for column in columns)
        lines.append(f"  {kind:24}{counts.total():9}" + "".join(cells))
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
