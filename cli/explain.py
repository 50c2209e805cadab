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
    code: Annotated[
        str | None, typer.Argument(help="A code of any refusal; none lists the verdicts of the law.")
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say what a refusal's code means and what to do; for a verdict also by which rule, and its other names.

    Example: packtrail explain already_supplied
    """
    if code is None:
        write_rows(output, [_facts(known) for known in Code], ("code", "rule", "meaning"))
        return
    if code in set(Code):
        write_facts(output, _facts(Code(code)))
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
