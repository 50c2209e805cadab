"""Every code and every rule is explained, documented and shown by a test; none is dead."""

import ast
import re
from pathlib import Path

import pytest

import contracts.rules
from contracts.ledger.events import EventKind, sentence
from contracts.ledger.receipt import Event
from contracts.rules.codes import Code
from contracts.rules.events import SENTENCES
from contracts.rules.explanations import EXPLANATIONS
from contracts.rules.verdict import explain

RULES = Path(contracts.rules.__file__).parent
LAW = (RULES.parent / "LAW.md").read_text(encoding="utf-8")
TESTS = Path(__file__).parents[3]
SHOWING = {
    path.stem: path.read_text(encoding="utf-8")
    for path in [*TESTS.glob("scenarios/law/*.txt"), *TESTS.glob("unit/contracts/rules/test_*.py")]
}

MODULES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted(RULES.glob("*.py"))
    if path.stem not in {"codes", "explanations"}
}

GUARD = re.compile(r"^\| .+ \| `([a-z_]+)` \| ([a-z0-9_]+) \|$", re.MULTILINE)
SECTION = re.compile(r"^## Rule ([0-9]+[a-z]?): ", re.MULTILINE)


def refusing(code: Code) -> list[str]:
    """Return the modules of rules that refuse with a code: what a search for it finds."""
    return [stem for stem, text in MODULES.items() if re.search(rf"\bCode\.{code.name}\b", text)]


def shows(name: str, code: str) -> bool:
    """Tell whether a scenario file or a test has a refusal with this code."""
    if name.startswith("test_"):
        return re.search(rf"\bCode\.{code.upper()}\b", SHOWING[name]) is not None
    return re.search(rf"^then .*\brefused {code}\b", SHOWING[name], re.MULTILINE) is not None


def sections() -> dict[str, str]:
    """Return the text of LAW.md by rule number."""
    parts = SECTION.split(LAW)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_code_is_explained_once_and_in_order() -> None:
    assert list(EXPLANATIONS) == list(Code)
    for code, text in EXPLANATIONS.items():
        assert text.sentence.endswith("."), code
        assert text.remedy.endswith("."), code
        assert explain(code.value) is text


def test_an_unknown_code_is_not_explained() -> None:
    with pytest.raises(KeyError):
        explain("no_such_code")


def test_every_code_is_in_the_section_of_its_rule() -> None:
    documented = {rule: {code for code, _shown in GUARD.findall(text)} for rule, text in sections().items()}
    for code, text in EXPLANATIONS.items():
        assert code in documented[text.rule], f"{code} is missing in rule {text.rule} of LAW.md"


def test_every_guard_in_the_law_is_shown_where_it_says() -> None:
    guards = GUARD.findall(LAW)
    assert {code for code, _shown in guards} == {code.value for code in Code}
    for code, shown in guards:
        assert shows(shown, code), f"{shown} does not show {code}"


def test_every_rule_has_scenarios_and_every_scenario_file_a_rule() -> None:
    for rule, text in sections().items():
        named = re.findall(r"`tests/scenarios/law/([a-z0-9_]+)\.txt`", text)
        assert named, f"rule {rule} names no scenarios"
        for stem in named:
            assert re.search(rf"^# Rules? .*\b{rule}\b", SHOWING[stem], re.MULTILINE), (
                f"{stem} is not about rule {rule}"
            )


def test_no_code_is_dead() -> None:
    for code in Code:
        assert refusing(code), f"no rule refuses with {code}"


def test_a_search_for_a_code_finds_its_rule() -> None:
    for code, text in EXPLANATIONS.items():
        first_lines = [
            (ast.get_docstring(ast.parse(MODULES[stem])) or "").split("\n")[0] for stem in refusing(code)
        ]
        named = re.compile(rf"\b[Rr]ules? ([0-9a-z]+, )*([0-9a-z]+ and )?{text.rule}\b")
        assert any(map(named.search, first_lines)), f"{code}: rule {text.rule} is none of {refusing(code)}"


def test_every_event_has_a_sentence_and_a_scenario() -> None:
    assert set(SENTENCES) == set(EventKind)
    told = "".join(text for name, text in SHOWING.items() if not name.startswith("test_"))
    for kind in EventKind:
        assert sentence(Event(kind, 0, (), b"", ())) == SENTENCES[kind]
        assert f"event {kind.name.lower()}" in told, f"no scenario shows {kind.name}"
        assert f"`{kind.name.lower()}`" in LAW, f"LAW.md does not name {kind.name}"


def test_an_event_of_another_version_has_no_sentence() -> None:
    with pytest.raises(ValueError, match="255"):
        sentence(Event(255, 0, (), b"", ()))
