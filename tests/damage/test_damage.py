"""Some of the damages of `make damage`, and that each kind of outcome is what it says."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from node.home import Home
from tests.damage.__main__ import BAD, main, run
from tests.damage.archived import LAST, WholeArchive, archive_home
from tests.damage.cases import Case, draw_cases, kinds_of, kinds_of_archive
from tests.damage.facts import Facts, learn
from tests.damage.home import make_home
from tests.damage.judging import Judged, Outcome, copy_home, judge, judge_archive
from tests.simulation.outcome import quiet

KINDS = 23
EACH = 3
POSITIONS = EACH * (2 * KINDS + 2)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return make_home(tmp_path_factory.mktemp("damage") / "home")


@pytest.fixture(scope="module")
def whole(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Facts:
    with quiet():
        return learn(copy_home(home, tmp_path_factory.mktemp("whole") / "home"))


@pytest.fixture(scope="module")
def pruned(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("pruned") / "home"
    shutil.copytree(home.root, root)
    return Home(root)


@pytest.fixture(scope="module")
def archive(pruned: Home, tmp_path_factory: pytest.TempPathFactory) -> WholeArchive:
    return archive_home(pruned, tmp_path_factory.mktemp("archive"))


def test_every_damage_is_noticed_and_named_or_changes_nothing(tmp_path: Path) -> None:
    found = run(POSITIONS, 1, tmp_path)
    assert [each for judged in found.values() for each in judged if each.outcome in BAD] == []
    kinds = {part: Counter(each.case.kind for each in judged) for part, judged in found.items()}
    assert {part: len(counts) for part, counts in kinds.items()} == {
        "home": KINDS,
        "pruned home": KINDS,
        "archive": 2,
    }
    assert {count for counts in kinds.values() for count in counts.values()} == {EACH}


def test_damages_are_drawn_alike(home: Home) -> None:
    drawn = [list(draw_cases(home.root, kinds_of(home), 5, seed)) for seed in ("1", "1", "2")]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {case.what for case in drawn[0]} == {"flip", "truncate", "extend", "zero page", "delete"}


def test_what_a_whole_home_says(home: Home, whole: Facts) -> None:
    assert whole.told == ()
    assert whole.votes_from == 0
    assert len(whole.rows) > 500
    assert len(whole.outbox) == 6
    assert all(kinds_of(home).values())


def test_every_file_of_a_home_is_of_some_kind(home: Home, pruned: Home, archive: WholeArchive) -> None:
    for folder, kinds in (
        (home.root, kinds_of(home)),
        (pruned.root, kinds_of(pruned)),
        (archive.folder, kinds_of_archive(archive.folder)),
    ):
        files = {
            path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.stat().st_size
        }
        assert files - {path for paths in kinds.values() for path in paths} == set()


@pytest.mark.parametrize(
    ("kind", "old", "new", "outcome", "said"),
    [
        ("configuration", b"127.0.0.1:7701", b"127.0.0.1:7703", Outcome.TOLD, "p2p.peers was "),
        ("configuration", b"# A Packtrail node.", b"# a Packtrail node.", Outcome.SAME, ""),
        ("tokens", b"till", b"tilt", Outcome.AT_START, "does not match its checksum"),
        ("genesis", b"Testol", b"Testel", Outcome.AT_START, "genesis"),
        ("genesis", b"node-1", b"node/1", Outcome.AT_START, "genesis.json: nodes: the name"),
        ("public record", b"validator", b"walidator", Outcome.AT_START, "does not match its checksum"),
        ("public record", b"{", b"(", Outcome.AT_START, "restore it from a backup"),
        ("remembered configuration", b"127.0.0.1:7701", b"127.0.0.1:7703", Outcome.TOLD, "checksum"),
    ],
)
def test_a_change_that_still_has_a_meaning(
    home: Home, whole: Facts, tmp_path: Path, kind: str, old: bytes, new: bytes, outcome: Outcome, said: str
) -> None:
    (file,) = kinds_of(home)[kind]
    content = (home.root / file).read_bytes()
    assert old in content
    case = Case(kind, file, "rewrite", content.index(old), content.replace(old, new, 1))
    with quiet():
        judged = judge(home, whole, case, tmp_path / "copy")
    assert judged.outcome is outcome
    assert said in judged.said


def judged_deletion(home: Home, whole: Facts, kind: str, target: Path) -> Judged:
    with quiet():
        return judge(home, whole, Case(kind, kinds_of(home)[kind][0], "delete", 0, b""), target)


def test_the_first_file_of_the_outbox_may_not_go(home: Home, whole: Facts, tmp_path: Path) -> None:
    judged = judged_deletion(home, whole, "outbox, full", tmp_path / "copy")
    assert judged.outcome is Outcome.AT_START
    assert "a file is missing" in judged.said


def test_a_home_without_its_own_record_says_so(home: Home, whole: Facts, tmp_path: Path) -> None:
    judged = judged_deletion(home, whole, "public record", tmp_path / "copy")
    assert judged.outcome is Outcome.TOLD
    assert "this node goes by genesis" in judged.said


def test_a_pruned_home_whose_newest_writes_are_gone_archives_them_again(
    pruned: Home, archive: WholeArchive, tmp_path: Path
) -> None:
    (log,) = kinds_of(pruned)["LevelDB log"]
    with quiet():
        whole = learn(copy_home(pruned, tmp_path / "whole"))
        (opened,) = whole.opened
        assert opened.archived == LAST
        case = Case("LevelDB log", log, "truncate", (pruned.root / log).stat().st_size - 1, b"")
        judged = judge(pruned, whole, case, tmp_path / "copy", archive)
        # Without an archive that has them again, it would be a change that nobody noticed.
        unknown = judge(pruned, whole, case, tmp_path / "copy")
    assert (judged.outcome, unknown.outcome) == (Outcome.ARCHIVED_LESS, Outcome.UNNOTICED)


@pytest.mark.parametrize("end", ["zst", "json"])
def test_a_file_of_the_archive_that_is_gone_is_named(archive: WholeArchive, tmp_path: Path, end: str) -> None:
    kinds = kinds_of_archive(archive.folder)
    for file in kinds["blocks" if end == "zst" else "manifest"]:
        judged = judge_archive(archive, Case("", file, "delete", 0, b""), tmp_path / "copy")
        assert judged.outcome is Outcome.BY_VERIFY
        assert file.stem in judged.said


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--positions", "18"]) == 0
    assert '"failed":0' in capsys.readouterr().out.splitlines()[-1]
