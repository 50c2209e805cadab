"""Rule 28: observe and move."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.PREMISES_MISSING: Explanation(
        "28", "An observation names no premises.", "State where the items were seen."
    ),
}
