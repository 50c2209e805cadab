"""Some inputs for every decoder, and everything that a decoder once did not stand. See README.md."""

import importlib
import pkgutil
import signal
import tracemalloc
from pathlib import Path
from random import Random
from typing import Any

import pytest

import cli
import consensus
import contracts
import network
import node
from contracts.primitives.encoding import Decoder, RowDecoder
from tests.fuzz.__main__ import FINDINGS, folder_of, main, shortened
from tests.fuzz.catalogue import all_targets
from tests.fuzz.packed import Packed
from tests.fuzz.run import Finding, run_batch, watched
from tests.fuzz.target import FREE_SECONDS, SECONDS_PER_BYTE, Target, judge, most_memory
from tests.fuzz.texts import Raw

TARGETS = all_targets()
BY_FOLDER = {folder_of(name): target for name, target in TARGETS.items()}
KEPT = sorted(FINDINGS.glob("*/*.bin"))
FEW = 400
"""Inputs for each decoder; the long run is `make fuzz-decoders`."""
LONG_BATCHES = 4
"""Batches of which each decoder gets the long inputs."""
LONG = 1 << 15
"""Bytes; no input of the weak decoders is so long that is not meant to be."""


@pytest.mark.parametrize("name", TARGETS)
def test_a_decoder_returns_a_value_or_its_documented_error(name: str) -> None:
    with watched():
        tally = run_batch(TARGETS[name], 1, 0, FEW)
    assert tally.findings == ()
    assert tally.inputs == tally.accepted + tally.refused == FEW


@pytest.mark.parametrize("name", TARGETS)
def test_a_decoder_takes_most_of_its_samples(name: str) -> None:
    """Or the inputs made from them would never come far."""
    verdicts = [judge(TARGETS[name], sample) for sample in TARGETS[name].maker.samples]
    assert [verdict.fault for verdict in verdicts if verdict.fault] == []
    assert any(verdict.is_accepted for verdict in verdicts)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_once_is_stood_now(path: Path) -> None:
    assert judge(BY_FOLDER[path.parent.name], path.read_bytes()).fault == ""


def test_no_decoder_of_the_program_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever type is read from bytes anywhere, some target here has it read from its samples."""
    read: set[object] = set()
    decoders = _decoders()
    assert len(decoders) > 90
    for decoder in decoders:
        monkeypatch.setattr(decoder, "_decoder", _Noting(decoder._decoder, read))
    for target in TARGETS.values():
        for sample in target.maker.samples:
            judge(target, sample)
    forgotten = {str(decoder._decoder.type) for decoder in decoders} - set(map(str, read))
    assert forgotten == set()


class _Noting:
    """A decoder that says which type it was asked for."""

    def __init__(self, inner: Any, read: set[object]) -> None:
        self._inner = inner
        self._read = read
        self.type = inner.type

    def decode(self, data: bytes) -> object:
        self._read.add(self.type)
        return self._inner.decode(data)


def _decoders() -> list[Any]:
    """Return the decoders that any module of the program holds, by whatever name; of tables, of rows."""
    found: dict[int, Any] = {}
    for package in (contracts, consensus, network, node, cli):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            held = vars(importlib.import_module(each.name)).values()
            methods = (getattr(value, "decode", value) for value in held)
            for owner in (getattr(method, "__self__", None) for method in methods):
                if isinstance(owner, Decoder | RowDecoder):
                    found[id(owner)] = owner
    return list(found.values())


def test_every_folder_of_findings_belongs_to_a_decoder() -> None:
    assert {path.parent.name for path in KEPT} <= set(BY_FOLDER)
    assert len(BY_FOLDER) == len(TARGETS)


# ------------------------------------------------------------------------------- check the checker


def _weak(data: bytes) -> object:
    """Decode with three bugs of the kinds that are looked for."""
    if data[:1] == b"\xff":
        raise KeyError("a bug")
    if data[:1] == b"\xfe":
        return bytearray(64 << 20)
    if data[:1] == b"\xfd":
        while True:
            pass
    return data[:8]


def _target(*samples: bytes) -> Target:
    return Target("weak", _weak, (ValueError,), _Same(list(samples)), 1, lambda value: value)


class _Same(Raw):
    def make(self, random: Random) -> bytes:
        return random.choice(self.samples)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow a tenth of the time, so that what hangs is interrupted soon."""
    monkeypatch.setattr("tests.fuzz.target.FREE_SECONDS", FREE_SECONDS / 10)
    monkeypatch.setattr("tests.fuzz.target.SECONDS_PER_BYTE", SECONDS_PER_BYTE / 10)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("sample", "fault"),
    [
        (b"\xff", "KeyError"),
        (b"123456789", "not the same bytes"),
        (b"\xfe", "bytes of memory"),
        (b"\xfd", "did not come back"),
    ],
)
def test_a_weak_decoder_is_found_out(sample: bytes, fault: str) -> None:
    with watched():
        tally = run_batch(_target(sample), 0, 0, 1)
    assert [fault in finding.fault for finding in tally.findings] == [True]


def _greedy(data: bytes) -> object:
    """Cost nothing beside what is free, until the input is long."""
    return bytearray(200 * len(data))


def _waits_for_long(data: bytes) -> object:
    while len(data) > LONG:
        pass
    return data


@pytest.mark.parametrize("seed", range(8))
def test_memory_that_only_a_long_input_takes_is_found(seed: int) -> None:
    target = Target("greedy", _greedy, (), Raw([b"12345678"]), 1)
    with watched():
        tally = run_batch(target, seed, 0, FEW)
    (finding,) = tally.findings
    assert finding.fault.startswith("memory: ")
    assert len(finding.data) > LONG
    assert tally.most_memory > most_memory(target, len(finding.data))
    assert tally.memory_percent > 100


@pytest.mark.usefixtures("impatient")
def test_a_long_input_is_guarded_whether_it_is_measured_or_timed() -> None:
    target = Target("slow", _waits_for_long, (), Raw([b"12345678"]), 1)
    with watched():
        tally = run_batch(target, 0, 0, FEW)
    assert [finding.fault.partition(":")[0] for finding in tally.findings] == ["hang", "hang"]
    assert [len(finding.data) > LONG for finding in tally.findings] == [True, True]
    assert tally.inputs == FEW


@pytest.mark.usefixtures("impatient")
def test_a_hang_is_found_while_memory_is_measured() -> None:
    """Input 0 of a batch is one whose memory is measured, input 3 is not."""
    with watched():
        tally = run_batch(_target(b"\xfd"), 0, 0, 1)
    assert [finding.fault.partition(":")[0] for finding in tally.findings] == ["hang"]
    assert not tracemalloc.is_tracing()
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


@pytest.mark.parametrize("name", TARGETS)
def test_a_decoder_stands_long_inputs(name: str) -> None:
    """Each long input of some batches: the first is measured, the second timed."""
    with watched():
        tallies = [run_batch(TARGETS[name], 2, number, 3) for number in range(LONG_BATCHES)]
    assert [tally.findings for tally in tallies] == [()] * LONG_BATCHES
    assert max(tally.biggest for tally in tallies) > TARGETS[name].max_bytes // 2


def test_a_seed_makes_the_same_inputs_again() -> None:
    target = TARGETS["document"]
    made = [[target.maker.make(random) for _ in range(50)] for random in (Random(3), Random(3), Random(4))]
    assert made[0] == made[1] != made[2]


def test_a_packed_value_is_cut_and_changed_in_every_way() -> None:
    packed = Packed([b"\x93\x01\xc4\x02ab\x92\xa1x\xcd\x01\x00"])
    random = Random(0)
    made = {packed.make(random) for _ in range(3_000)}
    assert len(made) > 500
    assert any(len(each) > 2_000 for each in made)


def test_a_finding_is_made_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TARGETS, "weak", _target(b""))
    finding = Finding("weak", b"\xff" + bytes(500), "KeyError: 'a bug'")
    assert shortened(finding) == b"\xff"


def test_the_command_prints_a_table_and_counts_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--inputs", "300", "--only", "number", "cursor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == ["decoder", "cursor", "number"]
    assert '"findings":0' in lines[-1]


def test_a_run_is_kept_with_its_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "run.txt"
    assert main(["--inputs", "20", "--only", "number", "--record", str(kept)]) == 0
    head, _, table = kept.read_text(encoding="utf-8").partition("\n\n")
    assert head.startswith("command: python -m tests.fuzz --inputs 20 --only number --record")
    assert table == capsys.readouterr().out


def test_a_finding_that_hangs_is_kept_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TARGETS, "weak", _target(b""))
    data = b"\xfd" + bytes(500)
    assert shortened(Finding("weak", data, "hang: it did not come back within 1.0 s")) == data
