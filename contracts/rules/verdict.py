"""Verdicts: what a rule returns when it refuses."""

from typing import NamedTuple

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation
from contracts.rules.explanations import EXPLANATIONS


class Verdict(NamedTuple):
    """A refusal. A rule that does not refuse returns None."""

    code: Code
    """Why."""
    subject: bytes
    """What is refused: an item key, a shipment id, a packed GLN or GTIN, or a lot."""


def explain(code: str) -> Explanation:
    """Return what a verdict code means and what to do next.

    Raises:
        KeyError: There is no such code.
    """
    try:
        return EXPLANATIONS[Code(code)]
    except ValueError as error:
        raise KeyError(code) from error
