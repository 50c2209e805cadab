"""The long run: random partners against law and model, for as many steps as asked.

    python -m tests.properties.fuzz_law --steps 100000 [--seed 0]

The run is cut into episodes on fresh ledgers. A divergence stops it: the episode is shortened to what is
needed to see the divergence, and printed with the seed that replays it.
"""

import argparse
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tests.properties.compare import Divergence, SideBySide
from tests.properties.partners import Partners
from tests.properties.said import Step

EPISODE_STEPS = 500
"""After so many steps, most goods have come to an end."""
PROGRESS_STEPS = 10_000


class FailedEpisode(Exception):
    """A divergence, and the steps that led to it.

    Attributes:
        steps: All of the episode's, the last one diverges.
    """

    def __init__(self, message: str, steps: Sequence[Step]) -> None:
        super().__init__(message)
        self.steps = steps


def failure_of(steps: Sequence[Step]) -> str:
    """Take steps on a fresh ledger; return the divergence they lead to, or nothing."""
    pair = SideBySide()
    try:
        for step in steps:
            pair.take(step)
    except Divergence as error:
        return str(error)
    return ""


def without(steps: Sequence[Step], at: int, size: int) -> list[Step]:
    """Leave steps out; the time they took passes all the same."""
    gone_ms = sum(step.wait_ms for step in steps[at : at + size])
    rest = list(steps[:at]), list(steps[at + size :])
    if rest[1]:
        rest[1][0] = replace(rest[1][0], wait_ms=rest[1][0].wait_ms + gone_ms)
    return rest[0] + rest[1]


def shortened(steps: Sequence[Step]) -> list[Step]:
    """Leave out what is not needed for a divergence, in ever smaller pieces."""
    kept, size = list(steps), max(1, len(steps) // 2)
    while size:
        at = 0
        while at < len(kept):
            fewer = without(kept, at, size)
            if failure_of(fewer):
                kept = fewer
            else:
                at += size
        size //= 2
    return kept


def run(
    steps: int, seed: int, episode_steps: int = EPISODE_STEPS, verbs: Mapping[str, int] | None = None
) -> Counter[str]:
    """Run so many steps and return how often each verdict was given.

    Raises:
        FailedEpisode: Law and model disagree, or an invariant is broken.
    """
    counts: Counter[str] = Counter()
    done = 0
    for episode in range(-(-steps // episode_steps)):
        pair, taken = SideBySide(), []
        partners = Partners(random.Random(f"{seed} {episode}"), verbs=verbs)
        for _step in range(min(episode_steps, steps - done)):
            step = partners.step(pair.model, pair.now_ms())
            taken.append(step)
            try:
                pair.take(step)
            except Divergence as error:
                raise FailedEpisode(f"seed {seed}, episode {episode}: {error}", taken) from error
        counts += pair.counts
        before, done = done, done + len(taken)
        if before // PROGRESS_STEPS != done // PROGRESS_STEPS:
            print(f"{done} steps of {steps}, {counts['accepted']} documents accepted", flush=True)
    return counts


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and print the verdicts by how often they were given; return 1 after a divergence."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    try:
        counts = run(chosen.steps, chosen.seed)
    except FailedEpisode as error:
        steps = shortened(error.steps)
        print(error, "\nWhat is needed to see it:", *steps, failure_of(steps), sep="\n\n", file=sys.stderr)
        return 1
    for code, count in counts.most_common():
        print(f"{count:8} {code}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
