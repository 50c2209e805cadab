"""What a refusal on the ledger means to a person at a terminal: of what, why, and what to do next.

A node refuses most documents before they are on the ledger, with a problem that says all this. What comes
back here was in a block already: something else came first, or the refusal was to be recorded.
"""

from collections.abc import Mapping
from typing import Any

from cli.failures import CommandError, Exit
from contracts.rules.verdict import explain


def refusal(answer: Mapping[str, Any]) -> CommandError | None:
    """Return how a command ends with the node's answer to a document; None when the law accepts it.

    Args:
        answer: With `accepted`, `code` and the `receipt`, as far as there are any.
    """
    if answer.get("accepted") is not False:
        return None
    code = str(answer.get("code", ""))
    subject = (answer.get("receipt") or {}).get("subject") or ""
    try:
        found = explain(code)
    except KeyError:
        # A node of a later release may know more codes.
        return CommandError(
            Exit.REFUSED, f"the ledger refuses it: {code}", "A newer packtrail may explain it."
        )
    about = f"{subject}: " if subject else ""
    advice = f"{found.remedy} More: packtrail explain {code}"
    return CommandError(Exit.REFUSED, f"the ledger refuses it: {code}: {about}{found.sentence}", advice)


def raise_refusal(answer: Mapping[str, Any]) -> None:
    """Do nothing for what the law accepts.

    Raises:
        CommandError: The law refuses it.
    """
    error = refusal(answer)
    if error is not None:
        raise error
