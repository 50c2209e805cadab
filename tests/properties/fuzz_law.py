"""The long run: random partners against law and model, for as many steps as asked.

    python -m tests.properties.fuzz_law --steps 100000 [--seed 0] [--jobs 2]

The run is cut into episodes on fresh ledgers, each with a seed of its own, so it is the same in however
many processes. A divergence stops it: the episode is shortened to what is needed to see the divergence, and
printed with the seed that replays it.
"""

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from contracts.records.record import RECORD_TAGS
from contracts.rules.codes import Code
from tests.properties.compare import Divergence, SideBySide
from tests.properties.partners import Partners
from tests.properties.said import Step

EPISODE_STEPS = 500
"""After so many steps, most goods have come to an end."""
PROGRESS_STEPS = 10_000
LONG_STEPS = 500_000
"""A run of so many steps must reach everything that these partners can say."""
UNSAID = {
    "attachment_invalid",
    *("lot_invalid", "line_invalid", "expiry_invalid", "serial_invalid"),
    *("recall_invalid", "response_deadline_invalid", "scope_too_wide"),
    *("lot_too_mixed", "gtin_invalid", "gln_invalid", "text_invalid", "partner_unknown"),
    *("reference_invalid", "receiver_unknown", "destination_unknown", "carrier_unknown"),
    *("investigation_invalid", "reading_invalid", "logger_invalid", "item_invalid", "verified_too_soon"),
    *("outside_gln_invalid", "evidence_invalid"),
    *("material_invalid", "result_invalid", "genealogy_too_wide", "genealogy_too_deep"),
    *("amended_too_often", "too_many_marks"),
    *("reason_invalid", "roles_invalid", "licence_invalid", "key_invalid", "key_known", "key_unknown"),
    *("prefix_invalid", "prefix_unknown", "prefix_overlaps", "product_known", "profile_invalid"),
    *("market_invalid", "parameter_unknown", "schedule_full", "rules_not_newer"),
    "certificate_known",
}
"""What these partners cannot say; `tests/unit/contracts/rules/test_forms*.py` do."""


@dataclass
class Outcome:
    """What a run reached."""

    codes: Counter[str] = field(default_factory=Counter)
    """How often each verdict was given."""
    said: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """How often each kind of record was lawful, and refused."""
    partners: Counter[str] = field(default_factory=Counter)
    """How many lawful documents each partner signed."""

    def unsaid(self) -> set[str]:
        """Return the kinds of records that were never lawful."""
        return {kind.__name__ for kind in RECORD_TAGS.values() if not self.said[kind.__name__, True]}

    def unreached(self) -> set[str]:
        """Return the verdicts that were never given, but for what these partners cannot say."""
        return {code.value for code in Code} - UNSAID - set(self.codes)


class FailedEpisode(Exception):
    """A divergence, and the steps that led to it.

    Attributes:
        steps: All of the episode's, the last one diverges.
    """

    def __init__(self, message: str, steps: Sequence[Step]) -> None:
        super().__init__(message, steps)
        self.message = message
        self.steps = steps

    def __str__(self) -> str:
        return self.message


def failure_of(steps: Sequence[Step]) -> str:
    """Take steps on a fresh ledger; return the divergence they lead to, or nothing."""
    pair = SideBySide()
    try:
        for step in steps:
            pair.take(step)
        pair.recount()
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


@dataclass(frozen=True)
class Episode:
    """Some steps on a fresh ledger, all of them drawn from the run's seed and the episode's number."""

    seed: int
    number: int
    steps: int
    verbs: Mapping[str, int] | None = None

    def run(self) -> Outcome:
        """Take the steps and return what they reached.

        Raises:
            FailedEpisode: Law and model disagree, or an invariant is broken.
        """
        pair, taken = SideBySide(), list[Step]()
        partners = Partners(random.Random(f"{self.seed} {self.number}"), verbs=self.verbs)
        try:
            for _step in range(self.steps):
                taken.append(partners.step(pair.model, pair.now_ms()))
                pair.take(taken[-1])
            pair.recount()
        except Divergence as error:
            raise FailedEpisode(f"seed {self.seed}, episode {self.number}: {error}", taken) from error
        return Outcome(pair.counts, pair.said, pair.partners)


def run(
    steps: int,
    seed: int,
    episode_steps: int = EPISODE_STEPS,
    verbs: Mapping[str, int] | None = None,
    jobs: int = 1,
) -> Outcome:
    """Run so many steps in so many processes and return what they reached.

    Raises:
        FailedEpisode: Law and model disagree, or an invariant is broken.
    """
    starts = range(0, steps, episode_steps)
    episodes = [
        Episode(seed, number, min(episode_steps, steps - start), verbs) for number, start in enumerate(starts)
    ]
    if jobs == 1:
        return _sum(map(Episode.run, episodes), episodes, steps)
    with multiprocessing.Pool(jobs) as pool:
        return _sum(pool.imap(Episode.run, episodes), episodes, steps)


def _sum(outcomes: Iterable[Outcome], episodes: Sequence[Episode], steps: int) -> Outcome:
    total, done = Outcome(), 0
    for episode, outcome in zip(episodes, outcomes, strict=True):
        total.codes += outcome.codes
        total.said += outcome.said
        total.partners += outcome.partners
        before, done = done, done + episode.steps
        if before // PROGRESS_STEPS != done // PROGRESS_STEPS:
            print(f"{done} steps of {steps}, {total.codes['accepted']} documents accepted", flush=True)
    return total


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and print what it reached: verdicts, kinds of records.

    Returns:
        1 after a divergence, or when a long run did not reach all that it should.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    chosen = parser.parse_args(arguments)
    try:
        began = time.monotonic()
        outcome = run(chosen.steps, chosen.seed, jobs=chosen.jobs)
        seconds = time.monotonic() - began
    except FailedEpisode as error:
        steps = shortened(error.steps)
        print(error, "\nWhat is needed to see it:", *steps, failure_of(steps), sep="\n\n", file=sys.stderr)
        return 1
    _print(outcome, chosen, seconds)
    return int(chosen.steps >= LONG_STEPS and bool(outcome.unsaid() or outcome.unreached()))


def _print(outcome: Outcome, chosen: argparse.Namespace, seconds: float) -> None:
    for code, count in outcome.codes.most_common():
        print(f"{count:8} {code}")
    print(" lawful  refused")
    for kind in sorted(one.__name__ for one in RECORD_TAGS.values()):
        print(f"{outcome.said[kind, True]:7}  {outcome.said[kind, False]:7} {kind}")
    lawful = sum(count for (_kind, is_lawful), count in outcome.said.items() if is_lawful)
    speakers = len(outcome.partners)
    print(
        f"{chosen.steps} steps in {seconds:.0f} s in {chosen.jobs} processes: "
        f"{lawful} lawful records of {speakers} partners"
    )
    print(f"never lawful: {', '.join(sorted(outcome.unsaid())) or 'no kind of record'}")
    print(f"never given: {', '.join(sorted(outcome.unreached())) or 'no verdict'}")


if __name__ == "__main__":
    sys.exit(main())
