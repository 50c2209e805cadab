"""What is put aside is nowhere else, and never nowhere; what takes its place does so step by durable step."""

import os
from pathlib import Path

import pytest

from node.home import HEAD_FILE, Home
from node.places import aside_folder, change_places, move_aside, take_place
from node.storage.head_marker import HeadMarker

ENTER = ["sync damaged-1", "next/head > head", "sync .", "next/database > database", "sync ."]
"""What was put aside, then the marker, then the database: each durable before the next."""


def test_names_are_durable_where_they_go_before_they_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").write_bytes(b"x")
    aside = aside_folder(tmp_path)
    synced: list[Path] = []
    monkeypatch.setattr("node.storage.files._sync_directory", synced.append)
    move_aside(tmp_path, aside, ["log", "outbox"])
    assert synced == [tmp_path, aside, tmp_path]
    assert (aside / "log").read_bytes() == b"x"
    assert aside_folder(tmp_path).name == "damaged-2"


def steps(data: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which every rename and every fsync of a folder below `data` adds itself."""
    done: list[str] = []
    rename = os.rename

    def renamed(old: Path, new: Path) -> None:
        done.append(f"{old.relative_to(data)} > {new.relative_to(data)}")
        rename(old, new)

    monkeypatch.setattr(os, "rename", renamed)
    monkeypatch.setattr(
        "node.storage.files._sync_directory", lambda folder: done.append(f"sync {folder.relative_to(data)}")
    )
    return done


def test_each_step_of_a_change_of_places_is_durable_before_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    work = home.data / "work"
    for folder in (home.database, work / home.database.name):
        folder.mkdir(parents=True)
    (home.data / HEAD_FILE).write_bytes(b"old")
    done = steps(home.data, monkeypatch)
    change_places(home, work, HeadMarker(1, bytes(32)))
    assert done == [
        *("sync work", "work > next", "sync .", "sync ."),
        *("database > damaged-1/database", "sync damaged-1", "sync ."),
        *("head > damaged-1/head", "sync damaged-1", "sync ."),
        *ENTER,
    ]


def test_what_a_killed_process_put_aside_is_durable_before_anything_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    for folder in ("damaged-1/database", "next/database"):
        (home.data / folder).mkdir(parents=True)
    (home.data / "next" / HEAD_FILE).write_bytes(b"new")
    done = steps(home.data, monkeypatch)
    assert take_place(home)
    assert done == ENTER
