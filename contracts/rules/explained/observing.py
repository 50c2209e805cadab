"""Rule 28: observe and move."""

from typing import Final

from contracts.rules.codes import Code
from contracts.rules.explained.explanation import Explanation

TEXTS: Final[dict[Code, Explanation]] = {
    Code.PREMISES_MISSING: Explanation(
        "28",
        "It is not said at which premises the items were seen.",
        "State where they were seen.",
    ),
}
