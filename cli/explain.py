"""`packtrail explain`: what a refusal means and what to do next."""

import difflib
from typing import Annotated

import typer

from cli.failures import CommandError, Exit
from cli.options import OutputOption
from cli.output import Format, write_facts, write_rows
from contracts.rules.codes import Code
from contracts.rules.verdict import explain as explanation_of


def explain(
    *,
    code: Annotated[str | None, typer.Argument(help="A verdict code; none lists them all.")] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say what a verdict code means, which rule gives it, what to do, and what other systems call it.

    Example: packtrail explain already_supplied
    """
    if code is None:
        write_rows(output, [_facts(known) for known in Code], ("code", "rule", "meaning"))
        return
    try:
        known = Code(code)
    except ValueError as error:
        near = difflib.get_close_matches(code, list(Code), n=3)
        advice = f"Did you mean {', '.join(near)}?" if near else "packtrail explain lists all."
        raise CommandError(Exit.NOT_FOUND, f"no rule has the verdict {code!r}", advice) from error
    write_facts(output, _facts(known))


def _facts(code: Code) -> dict[str, str]:
    found = explanation_of(code)
    return {
        "code": code.value,
        "rule": found.rule,
        "meaning": found.sentence,
        "what_to_do": found.remedy,
        "eu_code": found.eu_code,
        "gs1_answer": found.gs1_answer,
    }
