"""The law as people read it: `contracts/LAW.md` taken apart into rules and guards, for `explain` and pages.

The text is the one beside the code, and a test holds both together: every code stands in the table of its
rule, every guard names the scenario or test that shows it.
"""

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final

import msgspec

_RULE: Final = re.compile(r"^## Rule ([0-9]+[a-z]?): (.+)$", re.MULTILINE)
_GUARD: Final = re.compile(r"^\| (.+) \| `([a-z_]+)` \| ([a-z0-9_]+) \|$", re.MULTILINE)
_TABLE: Final = re.compile(r"^\|.*\n?", re.MULTILINE)
_SCENARIOS: Final = re.compile(r"`tests/scenarios/law/([a-z0-9_]+)\.txt`")
_SOURCES: Final = re.compile(r"^Sources?: (.+?)(?:\n(?:Scenarios:|\n)|\Z)", re.MULTILINE | re.DOTALL)
_PARAGRAPH: Final = "\n\n"


class Guard(msgspec.Struct, frozen=True):
    """One question of a rule, in the order of asking."""

    asked: str
    """What must hold."""
    code: str
    """Verdict when it does not."""
    shown: str
    """Scenario file or test module, without its ending."""


class Rule(msgspec.Struct, frozen=True):
    """One rule of the law."""

    number: str
    """As everywhere in Packtrail, such as 11a; 0 for what every record and item is asked."""
    title: str
    """What it is about."""
    text: str
    """Its section in Markdown, without tables, sources and scenarios."""
    sources: str
    """Acts and standards that it follows."""
    guards: tuple[Guard, ...]
    """In order."""
    scenarios: tuple[str, ...]
    """Files below tests/scenarios/law, without their ending."""


@cache
def load_law() -> Mapping[str, Rule]:
    """Return the rules by number, in the order of the law."""
    text = resources.files("contracts").joinpath("LAW.md").read_text(encoding="utf-8")
    parts = _RULE.split(text)
    rules = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return {number: _rule(number, title, body) for number, title, body in rules}


def guards_with(code: str) -> tuple[tuple[Rule, Guard], ...]:
    """Return every guard that refuses with a code, with its rule."""
    return tuple((rule, guard) for rule in load_law().values() for guard in rule.guards if guard.code == code)


def _rule(number: str, title: str, body: str) -> Rule:
    sources = _SOURCES.search(body)
    return Rule(
        number=number,
        title=title.strip(),
        text=_prose(body),
        sources=" ".join(sources[1].split()) if sources else "",
        guards=tuple(Guard(asked.strip(), code, shown) for asked, code, shown in _GUARD.findall(body)),
        scenarios=tuple(dict.fromkeys(_SCENARIOS.findall(body))),
    )


def _prose(body: str) -> str:
    """Leave out tables, and the lines that name sources and scenarios."""
    paragraphs = []
    for paragraph in _TABLE.sub("", body).strip().split(_PARAGRAPH):
        kept = re.sub(
            r"^(Sources?|Scenarios): .*?(?=^\S+:|\Z)", "", paragraph, flags=re.MULTILINE | re.DOTALL
        )
        if kept.strip():
            paragraphs.append(kept.strip())
    return _PARAGRAPH.join(paragraphs)
