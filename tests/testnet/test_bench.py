"""`packtrail bench` on four real nodes: it ends by itself, leaves nothing running, and counts right."""

from pathlib import Path
from typing import Any, Final

from tests.testnet.running import packtrail

ITEMS: Final = 4_000
DOCUMENTS: Final = 80
MOST_GROWTH: Final = 256 << 20
"""Of a node's memory under any load, bytes: far above what its queues may hold of such small documents."""


def bench(state: Path, *arguments: object) -> dict[str, Any]:
    """Run a small measurement in `state` and return its report."""
    done = packtrail("bench", *arguments, "--items", ITEMS, "--state", state, "--output", "json", state=state)
    assert done.code == 0, done.err
    assert not list(state.iterdir())
    report: dict[str, Any] = done.json
    assert (report["nodes"], report["refused"]) == (4, 0)
    assert report["records_per_second"] > 0
    assert 0 < report["ratio"]["reached"] < 1
    return report


def test_single_by_requests(tmp_path: Path) -> None:
    report = bench(tmp_path, "single", "--documents", DOCUMENTS, "--in-flight", 8, "--rate", 200)
    assert [run["name"] for run in report["runs"]] == ["requests", "rate"]
    assert report["documents"] == 2 * DOCUMENTS
    assert report["latency_ms"] == report["runs"][1]["latency_ms"]


def test_single_streamed(tmp_path: Path) -> None:
    report = bench(tmp_path, "single", "--stream", "--documents", DOCUMENTS)
    assert report["documents"] == DOCUMENTS
    assert report["latency_ms"]["p50"] <= report["latency_ms"]["p99"]


def test_commission(tmp_path: Path) -> None:
    report = bench(tmp_path, "commission", "--documents", 8, "--serials", 200)
    assert report["serials_per_second"] > report["records_per_second"]
    assert report["disk_bytes_per_serial"] > 0


def test_overload(tmp_path: Path) -> None:
    """Nothing about speed: what was acknowledged is in blocks, and what may wait stays within its bounds."""
    arguments = ("--seconds", 2, "--factor", 4, "--items", ITEMS, "--state", tmp_path, "--output", "json")
    done = packtrail("bench", "overload", *arguments, state=tmp_path)
    assert done.code == 0, done.err
    report: dict[str, Any] = done.json
    normal, above = report["phases"]
    assert report["acknowledged"] > 0
    assert (normal["refused"], above["refused"]) == ({}, {})
    assert normal["lost_connections"] == above["lost_connections"] == 0
    assert set(above["turned_away"]) <= {"too_busy"}
    assert all(memory["peak"] - memory["before"] < MOST_GROWTH for memory in above["memory"])
    assert not list(tmp_path.iterdir())
