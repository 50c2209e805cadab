"""Some of the crashes of `make crash-points`, and that what they are aimed at is there."""

import pytest

from tests.simulation.crash_points import (
    AFTERMATHS,
    KILLED_POINTS,
    NODES,
    REFUSES,
    Aim,
    aims,
    kind_of,
    main,
    points_of,
    tell,
)

EVERY = 29

SNAPSHOT = {
    *("append snapshots/#-#.chunk", "sync snapshots/#-#.chunk", "sync_folder snapshots"),
    *("append snapshots/#.manifest.new", "sync snapshots/#.manifest.new", "rename snapshots/#.manifest.new"),
}
VOUCHED = {"append vouched.new", "sync vouched.new", "rename vouched.new"}
KINDS = {
    "v0": {
        *("append log/#.seg", "sync log/#.seg", "open log/#.seg", "remove log/#.seg", "sync_folder log"),
        *("append place-#", "sync place-#", "append standing.new", "rename standing.new", "remove place"),
        *("write_at signer", "sync signer", "batch", "batch written", "append outbox/#.seg"),
        *("sync outbox/#.seg", "append head.new", "sync head.new", "rename head.new", "sync_folder "),
        *(*SNAPSHOT, *VOUCHED),
    },
    "member": {
        "append outbox/#.seg",
        "sync outbox/#.seg",
        "batch",
        "batch written",
        "rename head.new",
        *SNAPSHOT,
    },
    "observer": {"batch", "batch written", "rename head.new", *SNAPSHOT},
    "joiner": {"batch", "batch written", "rename joining", "rename head.new", *SNAPSHOT},
    "listener": {
        "append standing.new",
        "sync standing.new",
        "rename standing.new",
        "write_at signer",
        "batch",
    },
    "witness": {"write_at signer", "sync log/#.seg", "batch", "batch written"},
}
"""Kinds of points that the story must pass: those of docs/persistence.md."""


@pytest.fixture(scope="module")
def names() -> dict[str, list[str]]:
    return {node: points_of(node) for node in NODES}


def test_the_story_passes_every_kind_of_point(names: dict[str, list[str]]) -> None:
    for node, passed in names.items():
        assert set(map(kind_of, passed)) >= KINDS[node], node
    assert names == {node: points_of(node) for node in NODES}


def test_a_liar_gives_a_witness_more_to_keep(names: dict[str, list[str]]) -> None:
    """Evidence is kept by batches of its own, beside those of blocks."""
    batches = {node: passed.count("batch") for node, passed in names.items()}
    assert batches["witness"] > batches["v0"]


def test_every_aftermath_of_some_points(names: dict[str, list[str]]) -> None:
    chosen = aims(names, EVERY)
    assert {aim.aftermath for aim in chosen} == set(AFTERMATHS)
    told = [tell(aim) for aim in chosen]
    assert [run for run in told if run.failure or not run.reached] == []


def test_a_crash_while_starting_again(names: dict[str, list[str]]) -> None:
    middle = len(names["v0"]) // 2
    for again in (1, 2, 3):
        run = tell(Aim("v0", middle, "torn", again, "torn"))
        assert (run.failure, run.reached) == ("", True)


@pytest.mark.parametrize(("node", "kind"), [("v0", "sync_folder log"), ("joiner", "sync_folder ")])
def test_power_that_goes_out_after_a_kill(node: str, kind: str, names: dict[str, list[str]]) -> None:
    """What the killed process left without a durable name was found, and something rested on it since."""
    point = next(at for at, name in enumerate(names[node], 1) if name == kind and at > 1)
    for again in KILLED_POINTS:
        run = tell(Aim(node, point, "kept", again, "dropped"))
        assert (run.failure, run.reached) == ("", True)


def test_a_loss_of_what_was_synced_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check the checker: without syncs, promises are broken and steps are signed twice."""
    monkeypatch.setattr("node.storage.memory_files.MemoryFile.sync", lambda _file: None)
    points = range(20, 60)
    assert any(tell(Aim("v0", point, "dropped")).failure for point in points)


def test_the_reason_is_named(names: dict[str, list[str]]) -> None:
    point = next(at for at, name in enumerate(names["v0"], 1) if name == "sync signer" and at > 10)
    assert tell(Aim("v0", point, REFUSES)).failure == ""


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--every", "197", "--jobs", "1"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert '"failed":0' in last
