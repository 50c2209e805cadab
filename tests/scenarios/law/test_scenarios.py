"""Every scenario file says what the law does."""

from pathlib import Path

import pytest

from tests.scenarios.law.runner import scenario_files, transcript


@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: path.stem)
def test_the_law_answers_as_written(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert transcript(text) == text, (
        "review the difference, then: python -m tests.scenarios.law.runner --rewrite"
    )


def test_what_is_given_was_accepted() -> None:
    for path in scenario_files():
        assert "though it was given" not in path.read_text(encoding="utf-8"), path.name
