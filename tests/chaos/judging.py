"""What a run must keep to, and where it did not: figures in, sentences out."""

from collections.abc import Sequence
from typing import Final

import msgspec

from tests.chaos.vitals import Growth

AIM_S: Final = 20.0
"""A recovery is to take no longer."""
MOST_DESCRIPTORS_GROWN: Final = 10
"""Between two quarters of a process's life. Each of its seven peers may have been away in the earlier one,
and a few clients have asked in the later; one left open for each connection or request makes hundreds."""
MOST_MEMORY_GROWN_MB: Final = 15.0
"""Likewise. What a node keeps of blocks and documents fills within its first 10,000 blocks, up to about 25 MB
more than after its start, and stays there (`docs/shown.md`)."""
LONG_LIFE_S: Final = 600.0
"""From then on only the end of that is between two quarters."""
MOST_LATE_GROWN_MB: Final = 10.0
"""In a long life."""
MOST_MEMORY_MB: Final = 200.0
"""What no process may ever have: it is about 135 at most, with what a start reads again."""


MOST_FORGOTTEN: Final = 5
"""Documents that a node has promised and that are in no block when it has ended: its one client sends two a
second and leaves every third to its own, and a block takes less than a second."""


class Recovery(msgspec.Struct, frozen=True):
    """What came of one fault."""

    fault: str
    """What it was, and to how many nodes it happened."""
    seconds: float
    """From its end until every validator had a block that was decided after it."""
    forced: tuple[str, ...] = ()
    """Nodes that were told to end, did not, and had to be killed."""
    missing: tuple[str, ...] = ()
    """What it should have done, and did not."""
    forgotten: int = 0
    """Documents that only a node had promised whose home was deleted: nobody else has them in a block."""


class Judgement(msgspec.Struct, frozen=True):
    """What was wrong."""

    broken: tuple[str, ...]
    """What no machine excuses."""
    beyond: tuple[str, ...]
    """Beyond the aims, which a machine that is busy with other work may miss."""

    def is_failure(self, *, is_lenient: bool) -> bool:
        """Tell whether the run has failed; a lenient one reports what is beyond its aims, and goes on."""
        return bool(self.broken or (self.beyond and not is_lenient))


def judge(recoveries: Sequence[Recovery], growths: Sequence[Growth], memory_mb: float) -> Judgement:
    """Judge what a run has measured: of faults, of processes, and the most memory that any of these had."""
    forced = [
        f"{name} did not end when it was told to, and had to be killed ({each.fault})"
        for each in recoveries
        for name in each.forced
    ]
    vain = [f"{each.fault} came to nothing: {what}" for each in recoveries for what in each.missing]
    lost = [
        f"{each.fault} made {each.forgotten} documents be forgotten"
        for each in recoveries
        if each.forgotten > MOST_FORGOTTEN
    ]
    leaks = [
        f"{each.node} opened {grown:.0f} descriptors more within {each.seconds:.0f} s"
        for each in growths
        if (grown := each.descriptors_grown) > MOST_DESCRIPTORS_GROWN
    ]
    slow = [
        f"recovery from {each.fault} took {each.seconds:.1f} s" for each in recoveries if each.seconds > AIM_S
    ]
    grew = [
        f"{each.node} grew by {grown:.1f} MB within {each.seconds:.0f} s"
        for each in growths
        if (grown := each.memory_grown_mb) > _most_grown(each.seconds)
    ]
    big = [f"a process had {memory_mb:.1f} MB"] if memory_mb > MOST_MEMORY_MB else []
    unwatched = () if growths else ("no process lived long enough to tell whether nodes grow",)
    return Judgement((*forced, *lost, *leaks), (*slow, *vain, *grew, *big, *unwatched))


def _most_grown(life_s: float) -> float:
    return MOST_LATE_GROWN_MB if life_s >= LONG_LIFE_S else MOST_MEMORY_GROWN_MB
