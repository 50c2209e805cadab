"""Some of the damages of `make damage`, and that each kind of outcome is what it says."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from node.home import Home
from tests.damage.__main__ import BAD, main, run
from tests.damage.cases import Case, draw_cases, kinds_of
from tests.damage.facts import Facts, learn
from tests.damage.home import make_home
from tests.damage.judging import Outcome, judge
from tests.simulation.outcome import quiet

POSITIONS = 126


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_home(tmp_path_factory.mktemp("damage") / "home")


@pytest.fixture(scope="module")
def whole(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    copy = tmp_path_factory.mktemp("whole") / "home"
    shutil.copytree(home.root, copy)
    with quiet():
        return learn(Home(copy))


def test_every_damage_is_noticed_and_named_or_changes_nothing(tmp_path: Path) -> None:
    judged = run(POSITIONS, 1, tmp_path)
    assert [each for each in judged if each.outcome in BAD] == []
    kinds = Counter(each.case.kind for each in judged)
    assert len(kinds) == 21
    assert min(kinds.values()) >= POSITIONS // 21


def test_damages_are_drawn_alike(home: Home) -> None:
    drawn = [list(draw_cases(home, 90, seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {case.what for case in drawn[0]} == {"flip", "truncate", "extend", "zero page", "delete"}


def test_what_a_whole_home_says(home: Home, whole: Facts) -> None:
    assert whole.told == ()
    assert len(whole.rows) > 500
    assert len(whole.outbox) == 6
    assert all(kinds_of(home).values())


@pytest.mark.parametrize(
    ("kind", "old", "new", "outcome", "said"),
    [
        ("configuration", b"127.0.0.1:7701", b"127.0.0.1:7703", Outcome.TOLD, "p2p.peers was "),
        ("configuration", b"# A Packtrail node.", b"# a Packtrail node.", Outcome.SAME, ""),
        ("tokens", b"till", b"tilt", Outcome.AT_START, "does not match its checksum"),
        ("genesis", b"Testol", b"Testel", Outcome.AT_START, "genesis"),
        ("remembered configuration", b"127.0.0.1:7701", b"127.0.0.1:7703", Outcome.TOLD, "checksum"),
    ],
)
def test_a_change_that_still_has_a_meaning(
    home: Home, whole: Facts, tmp_path: Path, kind: str, old: bytes, new: bytes, outcome: Outcome, said: str
) -> None:
    (file,) = kinds_of(home)[kind]
    content = (home.root / file).read_bytes()
    assert old in content
    case = Case(kind, file, "flip", content.replace(old, new, 1), content.index(old))
    with quiet():
        judged = judge(home, whole, case, tmp_path / "copy")
    assert judged.outcome is outcome
    assert said in judged.said


def test_the_first_file_of_the_outbox_may_not_go(home: Home, whole: Facts, tmp_path: Path) -> None:
    file = kinds_of(home)["outbox, full"][0]
    with quiet():
        judged = judge(home, whole, Case("outbox, full", file, "delete", None, 0), tmp_path / "copy")
    assert judged.outcome is Outcome.AT_START
    assert "a file is missing" in judged.said


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--positions", "18"]) == 0
    assert '"failed":0' in capsys.readouterr().out.splitlines()[-1]
