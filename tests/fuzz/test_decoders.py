"""Some inputs for every decoder, and everything that a decoder once did not stand. See README.md."""

import importlib
import pkgutil
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
from tests.fuzz.target import Target, judge
from tests.fuzz.texts import Raw

TARGETS = all_targets()
BY_FOLDER = {folder_of(name): target for name, target in TARGETS.items()}
KEPT = sorted(FINDINGS.glob("*/*.bin"))
FEW = 400
"""Inputs for each decoder; the long run is `make fuzz-decoders`."""


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
    # Input 0 of a batch is the one whose memory is measured; a hang is looked for in the others.
    number = 1 if sample == b"\xfd" else 0
    with watched():
        tally = run_batch(_target(sample), 0, number, 1)
    assert [fault in finding.fault for finding in tally.findings] == [True]


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
