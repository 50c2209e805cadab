"""Some inputs for every decoder, and everything that a decoder once did not stand. See README.md."""

from pathlib import Path
from random import Random

import pytest

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
