"""Runs the scenarios of this folder, or rewrites what they say happens.

    python -m tests.scenarios.law.runner --rewrite [FILE…]

A scenario file is a page of documentation. A line is run when it begins with one of these words, else prose:

    ## TITLE                 a scenario, on a fresh ledger (world.py)
    given SENTENCES          must be accepted
    when SENTENCES           followed by the verdict and the events, as `then` and `event` lines
    evidence PIECE, PIECE    a block of nothing but evidence, and what becomes of it (words_evidence.py)
    wait NUMBER UNIT         block time passes, or empty blocks are made
    see NAME, NAME           followed by how items or shipments stand, as `then` lines

`then` and `event` lines are what the law answered; --rewrite writes them anew, so that a change of the law is
reviewed as a change of this documentation.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from contracts.ledger.receipt import ACCEPTED
from tests.scenarios.law import words_evidence
from tests.scenarios.law.language import UNITS_MS, Speaker
from tests.scenarios.law.world import Ledger

FOLDER = Path(__file__).parent
ANSWERS = ("then ", "event ")


def scenario_files() -> list[Path]:
    """Return the scenario files in order."""
    return sorted(FOLDER.glob("*.txt"))


def transcript(text: str) -> str:
    """Return a scenario file with the answers that the law gives now."""
    speaker = Speaker(Ledger())
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("## "):
            speaker = Speaker(Ledger())
        if not line.startswith(ANSWERS):
            word, _space, rest = line.partition(" ")
            lines += (line, *answers(speaker, word, rest.strip()))
    return "\n".join(lines) + "\n"


def answers(speaker: Speaker, word: str, rest: str) -> Iterator[str]:
    """Run a line and yield what it is answered."""
    match word:
        case "wait":
            number, unit = rest.split()
            if unit.startswith("block"):
                speaker.ledger.idle(int(number))
                return
            speaker.ledger.wait(int(number) * UNITS_MS[unit.rstrip("s")])
        case "given":
            verdict = speaker.verdict(speaker.submit(rest))
            if verdict[0] != ACCEPTED:
                yield f"then {verdict[0]}, though it was given"
        case "when":
            first, *events = speaker.verdict(speaker.submit(rest))
            yield f"then {first}"
            yield from events
        case "evidence":
            yield from words_evidence.answers(speaker, rest)
        case "see":
            yield from (f"then {speaker.see(name.strip())}" for name in rest.split(","))


def main(arguments: list[str]) -> int:
    """Compare or rewrite; return 1 when a file differs."""
    rewrite = "--rewrite" in arguments
    chosen = [Path(argument) for argument in arguments if not argument.startswith("--")]
    differing = 0
    for path in chosen or scenario_files():
        text = path.read_text(encoding="utf-8")
        told = transcript(text)
        if told != text:
            differing += 1
            print(f"{path.name}: {'rewritten' if rewrite else 'differs'}")
            if rewrite:
                path.write_text(told, encoding="utf-8")
    return int(differing > 0 and not rewrite)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
