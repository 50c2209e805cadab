"""Running decoders over inputs made from a seed: the same seed, the same inputs, on any machine.

Inputs come in batches; a batch's random numbers are named by seed, decoder and number, so batches may run in
any process and in any order. Time is the processor's, so a busy machine accuses nobody; a decoder that does
not come back is interrupted. Of some inputs, short ones and long ones, the memory at the peak is measured.
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

from tests.fuzz.target import Target, Verdict, judge, longest_seconds, most_memory

BATCH: Final = 2_000
"""Inputs made from one stream of random numbers."""
MEASURED_EVERY: Final = 500
"""The memory of one input in so many is measured."""
LONG_MEASURED: Final = 1
LONG_TIMED: Final = 2
"""These two of a batch, early so that a short batch has them, are as long as inputs of their decoder get."""
STRETCHED: Final = 0.75
"""So many of them are one long value; the others a short one with more behind it, a byte too long."""
HANGS_AFTER: Final = 4
"""A decoder that takes so many times what it may is interrupted."""
MEASURED_HANGS_AFTER: Final = 20
"""Likewise while its memory is counted: that makes some decoders eleven times slower."""
HANG, TIME, MEMORY = "hang", "time", "memory"
"""What faults begin with that are no exception of a decoder."""
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
    memory_percent: int = 0
    """Most memory in percent of what an input of its length may take."""
    cpu_s: float = 0.0
    """Processor time of all decodings, s."""
    findings: tuple[Finding, ...] = ()
    """What must not happen."""

    def count(self, data: bytes, verdict: Verdict) -> None:
        """Take one input in."""
        self.inputs += 1
        self.accepted += verdict.is_accepted
        self.refused += not verdict.is_accepted
        self.biggest = max(self.biggest, len(data))

    def add(self, other: "Tally") -> None:
        """Take another batch's in."""
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.refused += other.refused
        self.slowest_us = max(self.slowest_us, other.slowest_us)
        self.biggest = max(self.biggest, other.biggest)
        self.most_memory = max(self.most_memory, other.most_memory)
        self.memory_percent = max(self.memory_percent, other.memory_percent)
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
        data = _input(target, random, at)
        try_one = _measured if at == LONG_MEASURED or at % MEASURED_EVERY == 0 else _timed
        fault = try_one(target, data, tally)
        if fault and len(findings) < MAX_FINDINGS:
            findings.append(Finding(target.name, data, fault))
    tally.findings = tuple(findings)
    return tally


def _input(target: Target, random: Random, at: int) -> bytes:
    if at not in (LONG_MEASURED, LONG_TIMED):
        return target.maker.make(random)[: target.max_bytes + 1]
    if random.random() < STRETCHED:
        # Long all through, with counts that fit: what takes more than it should for a byte shows here.
        return target.maker.stretch(random, target.max_bytes)[: target.max_bytes + 1]
    data, other = target.maker.make(random), target.maker.make(random) or b"\x00"
    return (data + other * (target.max_bytes // len(other) + 1))[: target.max_bytes + 1]


def guarded(target: Target, data: bytes, longest_s: float) -> Verdict:
    """Judge one input, and interrupt the decoder when it has not come back after so many seconds."""
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, longest_s)
        return judge(target, data)
    except Hang:
        return Verdict(False, f"{HANG}: it did not come back within {longest_s:.1f} s")
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _hung(verdict: Verdict) -> bool:
    return verdict.fault.startswith(HANG)


def _timed(target: Target, data: bytes, tally: Tally) -> str:
    allowed_s = longest_seconds(len(data))
    began, began_cpu = time.perf_counter(), time.process_time()
    verdict = guarded(target, data, HANGS_AFTER * allowed_s)
    # The processor's clock ticks coarsely on some machines, the wall's runs on while others work.
    took = min(time.perf_counter() - began, time.process_time() - began_cpu + TICK_SECONDS)
    tally.count(data, verdict)
    tally.slowest_us = max(tally.slowest_us, round(took * 1e6))
    tally.cpu_s += took
    if took > allowed_s and not _hung(verdict):
        return f"{TIME}: it took {took:.2f} s of processor time, {allowed_s:.2f} s are allowed"
    return verdict.fault


def _measured(target: Target, data: bytes, tally: Tally) -> str:
    """Judge one input while its memory is counted; that is slow, so its time is not judged, but a hang is."""
    tracemalloc.start()
    try:
        verdict = guarded(target, data, MEASURED_HANGS_AFTER * longest_seconds(len(data)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    allowed = most_memory(target, len(data))
    tally.count(data, verdict)
    tally.most_memory = max(tally.most_memory, peak)
    tally.memory_percent = max(tally.memory_percent, 100 * peak // allowed)
    if peak > allowed and not _hung(verdict):
        return f"{MEMORY}: it took {peak} bytes of memory for {len(data)} bytes, {allowed} are allowed"
    return verdict.fault


def shares(targets: list[Target], inputs: int) -> list[int]:
    """Deal a number of inputs to decoders by their shares; every one gets some."""
    total = sum(target.share for target in targets)
    return [max(1, inputs * target.share // total) for target in targets]
