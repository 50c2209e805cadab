"""Writes the pages of the law: from its text beside the code, the verdicts, the scenarios and the rules.

Sphinx calls it before it reads the pages (`conf.py`); the pages are not committed. The diagram of states is
drawn from what the rules allow, explored to a fixed point, not from what anybody says that they do.
"""

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path

from law_states import Edges, draw, find_edges, table_of

from cli.lawbook import Rule, guards_with, load_law
from contracts.rules.codes import Code
from contracts.rules.events import SENTENCES
from contracts.rules.verdict import explain

SCENARIOS = Path(__file__).parents[1] / "tests" / "scenarios" / "law"


def write_pages(folder: Path) -> None:
    """Write index, rules, verdicts, events and the diagram of states into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rules, edges = load_law(), find_edges()
    pages = {
        "index.md": _index(rules.values()),
        "verdicts.md": _verdicts(),
        "events.md": _events(),
        "states.md": _states(edges),
        "states.svg": draw(edges),
        **{f"{_name(rule)}.md": _page(rule) for rule in rules.values()},
    }
    for name, text in pages.items():
        target = folder / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
    for stale in {path.name for path in folder.iterdir()} - pages.keys():
        (folder / stale).unlink()


def _name(rule: Rule) -> str:
    digits = rule.number.rstrip("abcdefghijklmnopqrstuvwxyz")
    return f"rule-{digits.zfill(2)}{rule.number[len(digits) :]}"


def _index(rules: Collection[Rule]) -> str:
    rows = [f"| [{rule.number}]({_name(rule)}.md) | {rule.title} | {len(rule.guards)} |" for rule in rules]
    names = "\n".join([*("verdicts", "events", "states"), *(_name(rule) for rule in rules)])
    return f"""# The law of custody

What every node decides alike, rule by rule. These pages are made from the code, the text beside it and the
scenarios that are run against it. At a terminal, `packtrail explain` says the same of a rule or of a code.

| rule | is about | asks |
|---|---|---|
{chr(10).join(rows)}

```{{toctree}}
:maxdepth: 1
:hidden:

{names}
```
"""


def _page(rule: Rule) -> str:
    parts = [f"# Rule {rule.number}: {rule.title}", rule.text]
    if rule.sources:
        parts.append(f"**Sources.** {rule.sources}")
    parts.append("## What is asked\n\nIn this order; the first that fails decides.")
    rows = ["| asked | verdict | means | what to do | shown by |", "|---|---|---|---|---|"]
    for guard in rule.guards:
        text = explain(guard.code)
        verdict = f"[`{guard.code}`](verdicts.md#{guard.code.replace('_', '-')})"
        rows.append(f"| {guard.asked} | {verdict} | {text.sentence} | {text.remedy} | {guard.shown} |")
    parts.append("\n".join(rows))
    parts.extend(map(_scenarios, rule.scenarios))
    return "\n\n".join(parts) + "\n"


def _scenarios(stem: str) -> str:
    """Return a scenario file as text for people: its headings, and each scenario as it is run."""
    text = (SCENARIOS / f"{stem}.txt").read_text(encoding="utf-8")
    found = [f"## Shown by `{stem}`"]
    for part in text.split("\n## ")[1:]:
        title, _, steps = part.partition("\n")
        found.append(f"### {title}\n\n```text\n{steps.strip()}\n```")
    return "\n\n".join(found)


def _verdicts() -> str:
    parts = ["# Verdicts", "Every code with which the law refuses, in the order of the rules."]
    for code in Code:
        text = explain(code.value)
        asked = [
            f"- Rule {rule.number}, {rule.title}: {guard.asked}" for rule, guard in guards_with(code.value)
        ]
        others = [
            *([f"NMVS `{text.eu_code}`"] if text.eu_code else []),
            *([f"GS1 *{text.gs1_answer}*"] if text.gs1_answer else []),
        ]
        parts.append(f"## {code.value}\n\n{text.sentence} {text.remedy}")
        parts.append("\n".join(asked))
        if others:
            parts.append(f"Elsewhere: {', '.join(others)}.")
    return "\n\n".join(parts) + "\n"


def _events() -> str:
    shown = defaultdict(list)
    for path in sorted(SCENARIOS.glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        for kind in SENTENCES:
            if f"event {kind.name.lower()}" in text:
                shown[kind].append(path.stem)
    rows = [
        f"| `{kind.name.lower()}` | {sentence} | {', '.join(shown[kind])} |"
        for kind, sentence in SENTENCES.items()
    ]
    return "\n".join(
        [
            "# Events",
            "",
            "What the law tells whoever is concerned, beside what a record says itself.",
            "",
            "| event | means | shown by |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _states(edges: Edges) -> str:
    return f"""# States of an item

Drawn from the rules: every way in which one record, or a deadline that passes, takes a pack from one state to
another, explored to a fixed point with a case, a maker, a pharmacy, a carrier and a regulator. What is not
here cannot happen.

![States of an item](states.svg)

{table_of(edges)}
"""
