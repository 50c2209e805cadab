"""Running decoders over inputs made from a seed: the same seed, the same inputs, on any machine.

Inputs come in batches; a batch's random numbers are named by seed, decoder and number, so batches may run in
any process and in any order. Time is the processor's, so a busy machine accuses nobody; a decoder that does
not come back is interrupted. Every so many inputs the memory at the peak is measured.
"""

import signal
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType
from typing import Final

import msgspec

from tests.fuzz.target import FREE_BYTES, Target, judge, longest_seconds

BATCH: Final = 2_000
"""Inputs made from one stream of random numbers."""
MEASURED_EVERY: Final = 500
"""The memory of one input in so many is measured."""
LONG_EVERY: Final = 1_000
"""One input in so many is as long as the decoder reads, or longer."""
TICK_SECONDS: Final = 0.004
"""What the processor's clock may be wrong by."""
MAX_FINDINGS: Final = 20
"""Findings kept of a batch: one fault mostly shows many times."""


class Hang(BaseException):
    """A decoder took far longer than it may; no decoder may catch this one."""


class Finding(msgspec.Struct, frozen=True):
    """An input that a decoder did not stand."""

    target: str
    """The decoder's name."""
    data: bytes
    """The input."""
    fault: str
    """What happened."""


class Tally(msgspec.Struct):
    """What became of a decoder's inputs."""

    inputs: int = 0
    """All."""
    accepted: int = 0
    """A value came back."""
    refused: int = 0
    """Refused by the documented error."""
    slowest_us: int = 0
    """Processor time of the slowest, µs."""
    biggest: int = 0
    """Length of the longest, bytes."""
    most_memory: int = 0
    """Most memory at the peak of one decoding, bytes, of those measured."""
    cpu_s: float = 0.0
    """Processor time of all decodings, s."""
    findings: tuple[Finding, ...] = ()
    """What must not happen."""

    def add(self, other: "Tally") -> None:
        """Take another batch's in."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.refused += other.refused
        self.slowest_us = max(self.slowest_us, other.slowest_us)
        self.biggest = max(self.biggest, other.biggest)
        self.most_memory = max(self.most_memory, other.most_memory)
        self.cpu_s += other.cpu_s
        self.findings = (*self.findings, *other.findings)


def _on_alarm(_number: int, _frame: FrameType | None) -> None:
    raise Hang


@contextmanager
def watched() -> Iterator[None]:
    """Have `run_batch` interrupt what hangs; in the main thread only."""
    before = signal.signal(signal.SIGVTALRM, _on_alarm)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def run_batch(target: Target, seed: int, number: int, count: int = BATCH) -> Tally:
    """Give one batch of inputs to a decoder; call it within `watched`."""
    random = Random(f"packtrail fuzz {seed} {target.name} {number}")
    tally, findings = Tally(), []
    for at in range(count):
        data = _input(target, random, at + number)
        fault = _try_one(target, data, tally, is_measured=(at + number) % MEASURED_EVERY == 0)
        if fault and len(findings) < MAX_FINDINGS:
            findings.append(Finding(target.name, data, fault))
    tally.findings = tuple(findings)
    return tally


def _input(target: Target, random: Random, at: int) -> bytes:
    data = target.maker.make(random)
    if at % LONG_EVERY == LONG_EVERY - 1:
        # As long as a peer may send: what costs more than it should per byte shows here.
        other = target.maker.make(random) or b"\x00"
        data += other * (target.max_bytes // len(other) + 1)
    return data[: target.max_bytes + 1]


def _try_one(target: Target, data: bytes, tally: Tally, *, is_measured: bool) -> str:
    allowed_s = longest_seconds(len(data))
    if is_measured:
        return _measured(target, data, tally)
    signal.setitimer(signal.ITIMER_VIRTUAL, 4 * allowed_s)
    began, began_cpu = time.perf_counter(), time.process_time()
    try:
        verdict = judge(target, data)
    except Hang:
        return f"it did not come back within {4 * allowed_s:.1f} s"
    # The processor's clock ticks coarsely on some machines, the wall's runs on while others work.
    took = min(time.perf_counter() - began, time.process_time() - began_cpu + TICK_SECONDS)
    tally.inputs += 1
    tally.accepted += verdict.is_accepted
    tally.refused += not verdict.is_accepted
    tally.slowest_us = max(tally.slowest_us, round(took * 1e6))
    tally.biggest = max(tally.biggest, len(data))
    tally.cpu_s += took
    if took > allowed_s:
        return f"it took {took:.2f} s of processor time, {allowed_s:.2f} s are allowed"
    return verdict.fault


def _measured(target: Target, data: bytes, tally: Tally) -> str:
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    tracemalloc.start()
    try:
        verdict = judge(target, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    tally.inputs += 1
    tally.accepted += verdict.is_accepted
    tally.refused += not verdict.is_accepted
    tally.biggest = max(tally.biggest, len(data))
    tally.most_memory = max(tally.most_memory, peak)
    allowed = FREE_BYTES + target.amplification * len(data)
    if peak > allowed:
        return f"it took {peak} bytes of memory for {len(data)} bytes, {allowed} are allowed"
    return verdict.fault


def shares(targets: list[Target], inputs: int) -> list[int]:
    """Deal a number of inputs to decoders by their shares; every one gets some."""
    total = sum(target.share for target in targets)
    return [max(1, inputs * target.share // total) for target in targets]
