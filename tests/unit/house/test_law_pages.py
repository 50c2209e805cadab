"""The pages of the law say what the code says: every rule, every verdict, every event, every state."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from cli.lawbook import load_law
from contracts.rules.codes import Code
from contracts.rules.events import EventKind

DOCS = Path(__file__).parents[3] / "docs"
EDGES = {
    ("at hand", "inside"): {"pack"},
    ("inside", "at hand"): {"unpack"},
    ("at hand", "on its way"): {"ship"},
    ("on its way", "inside, held"): {"void"},
    ("on its way", "inside"): {"receive", "refuse"},
    ("at hand", "supplied"): {"dispense"},
    ("on its way", "stolen"): {"decommission"},
    ("stolen", "destroyed"): {"decommission"},
    ("supplied", "at hand"): {"reinstate"},
}


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(DOCS))
    law_pages = importlib.import_module("law_pages")
    monkeypatch.setattr(law_pages, "find_edges", lambda: EDGES)
    yield law_pages
    for name in ("law_pages", "law_states"):
        sys.modules.pop(name, None)


def test_every_rule_verdict_and_event_has_its_place(pages: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "rule-99.md").write_text("a rule that is no more")
    pages.write_pages(tmp_path)
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert "rule-99.md" not in written
    assert sum(name.startswith("rule-") for name in written) == len(load_law())
    for rule in load_law().values():
        page = next(text for name, text in written.items() if text.startswith(f"# Rule {rule.number}: "))
        assert all(f"`{guard.code}`" in page for guard in rule.guards)
        assert "```text\ngiven " in page
    assert all(f"## {code.value}\n" in written["verdicts.md"] for code in Code)
    assert all(f"| `{kind.name.lower()}` |" in written["events.md"] for kind in EventKind)
    for (here, there), records in EDGES.items():
        assert f"| {here} |" in written["states.md"]
        assert f">{there}</text>" in written["states.svg"]
        assert all(record in written["states.svg"] for record in records)


def test_pages_that_say_the_same_are_not_written_again(pages: ModuleType, tmp_path: Path) -> None:
    pages.write_pages(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    pages.write_pages(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
