"""How nodes feel under load: the memory they hold, and how late their event loops are."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

import aiohttp
import msgspec
from prometheus_client.parser import text_string_to_metric_families

from cli.measure.stage import Stage

SAMPLE_S: Final = 0.5
"""Pause between two looks at the nodes' memory."""
_LAG: Final = "packtrail_event_loop_lag_seconds"
_SHARE: Final = 0.99


class Memory(msgspec.Struct, frozen=True):
    """Resident memory of one node, bytes."""

    before: int
    """When the load began."""
    peak: int
    """Greatest sample while it lasted."""
    after: int
    """When everything that was promised was in blocks."""


class MemoryWatch:
    """Samples the memory of all nodes."""

    def __init__(self, stage: Stage) -> None:
        """Begin with one sample."""
        self._stage = stage
        self._before = self._peak = tuple(stage.resident_bytes())

    def look(self) -> None:
        """Take one sample."""
        self._peak = tuple(map(max, self._peak, self._stage.resident_bytes()))

    async def watch(self) -> None:
        """Take samples until it is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(SAMPLE_S)

    def result(self) -> tuple[Memory, ...]:
        """Return what was found, node by node."""
        self.look()
        after = self._stage.resident_bytes()
        return tuple(Memory(*each) for each in zip(self._before, self._peak, after, strict=True))


Lags = tuple[Counter[float], ...]
"""For each node, the number of samples by the upper bound of the lag, seconds; cumulative."""


async def lags(client: aiohttp.ClientSession, operators: Sequence[str]) -> Lags:
    """Return what the nodes have counted so far."""
    found = []
    for url in operators:
        async with client.get(f"{url}/metrics") as response:
            text = await response.text()
        buckets: Counter[float] = Counter()
        for family in text_string_to_metric_families(text):
            for sample in family.samples if family.name == _LAG else ():
                if sample.name.endswith("_bucket"):
                    buckets[float(sample.labels["le"])] = int(sample.value)
        found.append(buckets)
    return tuple(found)


def lag_p99_ms(before: Lags, after: Lags) -> tuple[float, ...]:
    """Return, node by node, the bucket that 99 of 100 samples between two looks do not exceed, ms."""
    return tuple(
        _p99_ms({le: now[le] - then[le] for le in now}) for then, now in zip(before, after, strict=True)
    )


def _p99_ms(buckets: dict[float, int]) -> float:
    total = max(buckets.values(), default=0)
    bound = next((le for le in sorted(buckets) if buckets[le] >= _SHARE * total), 0.0)
    return 1_000 * bound
