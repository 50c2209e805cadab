"""Every scenario file says what the engine does."""

from pathlib import Path

import pytest

from tests.scenarios.consensus.runner import scenario_files, transcript


@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: path.stem)
def test_the_engine_answers_as_written(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    how = "review the difference, then: python -m tests.scenarios.consensus.runner --rewrite"
    assert transcript(text) == text, how
