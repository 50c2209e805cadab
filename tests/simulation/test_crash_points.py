"""Some of the crashes of `make crash-points`, and that what they are aimed at is there."""

import contextlib
from collections.abc import Callable
from functools import partial

import pytest

from node.storage.errors import StorageFailed
from node.storage.memory_files import MemoryFile, MemoryFiles
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
Refused = Callable[[], None]

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


def test_what_a_refusing_disk_said_reaches_whoever_ends_the_node(names: dict[str, list[str]]) -> None:
    for refused in ("sync signer", "sync_folder ", "batch"):
        assert tell(Aim("v0", late_point(names["v0"], refused), REFUSES)).failure == ""


def late_point(passed: list[str], name: str) -> int:
    return next(at for at, found in enumerate(passed, 1) if found == name and at > 10)


def swallow(refused: Refused) -> None:
    with contextlib.suppress(StorageFailed):
        refused()


def replace(refused: Refused) -> None:
    try:
        refused()
    except StorageFailed as error:
        raise StorageFailed("data", "it failed") from error


def shorten(refused: Refused) -> None:
    try:
        refused()
    except StorageFailed as error:
        raise StorageFailed(error.where, "it failed") from error


def retry(refused: Refused) -> None:
    try:
        refused()
    except StorageFailed:
        refused()


@pytest.mark.parametrize("mistake", [swallow, replace, shorten, retry])
@pytest.mark.parametrize(
    ("owner", "method", "refused"),
    [(MemoryFiles, "sync_folder", "sync_folder "), (MemoryFile, "sync", "sync signer")],
    ids=["folder", "file"],
)
def test_a_refusal_that_does_not_reach_it_is_found(
    names: dict[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    method: str,
    refused: str,
    mistake: Callable[[Refused], None],
) -> None:
    """Check the checker: nodes that keep it to themselves, say it in other words, or try once more."""
    point, original = late_point(names["v0"], refused), getattr(owner, method)
    monkeypatch.setattr(owner, method, lambda *arguments: mistake(partial(original, *arguments)))
    assert tell(Aim("v0", point, REFUSES)).failure.startswith("the disk refused at ")


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--every", "197", "--jobs", "1"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert '"failed":0' in last
