"""`packtrail explain`: what a refusal means and what to do next, and what a rule of the law says."""

import difflib
from typing import Annotated, Any

import typer

from cli.failures import CommandError, Exit
from cli.lawbook import Guard, Rule, guards_with, load_law
from cli.options import OutputOption
from cli.output import Format, write_facts, write_rows
from contracts.rules.codes import Code
from contracts.rules.verdict import explain as explanation_of


def explain(
    *,
    code: Annotated[
        str | None,
        typer.Argument(help="A code of any refusal, or a rule's number; none lists the verdicts of the law."),
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say what a refusal's code means, what to do, by which rule, and its other names; or what a rule says.

    Example: packtrail explain already_supplied
    """
    if code is None:
        write_rows(output, [_facts(known) for known in Code], ("code", "rule", "meaning"))
        return
    if code in set(Code):
        asked = [_asked(*entry) for entry in guards_with(code)]
        write_facts(
            output, {**_facts(Code(code)), "asked": "\n".join(asked) if output is Format.TABLE else asked}
        )
        return
    rule = load_law().get(code.lower())
    if rule is not None:
        _explain_rule(rule, output)
        return
    from node.api.problems import PROBLEMS

    if code in PROBLEMS:
        kind = PROBLEMS[code]
        facts = {"code": code, "meaning": f"{kind.title}.", "what_to_do": kind.what_to_do}
        write_facts(output, {**facts, "status": kind.status})
        return
    near = difflib.get_close_matches(code, [*Code, *PROBLEMS], n=3)
    advice = f"Did you mean {', '.join(near)}?" if near else "packtrail explain lists the verdicts."
    raise CommandError(Exit.NOT_FOUND, f"nothing is refused with the code {code!r}", advice)


def _explain_rule(rule: Rule, output: Format) -> None:
    """Print a rule: its text, and what it asks in order."""
    facts = {"rule": rule.number, "title": rule.title, "text": rule.text, "sources": rule.sources}
    asked = [{"asked": guard.asked, "code": guard.code} for guard in rule.guards]
    if output is not Format.TABLE:
        write_facts(output, {**facts, "guards": asked})
        return
    write_facts(output, facts)
    write_rows(output, asked, ("asked", "code"), "Asked in this order; the first that fails decides")


def _asked(rule: Rule, guard: Guard) -> str:
    return f"Rule {rule.number}, {rule.title}: {guard.asked}"


def _facts(code: Code) -> dict[str, Any]:
    found = explanation_of(code)
    return {
        "code": code.value,
        "rule": found.rule,
        "meaning": found.sentence,
        "what_to_do": found.remedy,
        "eu_code": found.eu_code,
        "gs1_answer": found.gs1_answer,
    }
