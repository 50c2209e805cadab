"""What is put aside is nowhere else, and never nowhere."""

from pathlib import Path

import pytest

from node.places import aside_folder, move_aside


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
