"""One verdict code for people: what it means, what to do next, what other systems call it.

The EU column holds codes of the European medicines verification system (NMVS), the GS1 column the answers of
GS1 verification messaging. `contracts/LAW.md` cites the rules by the same numbers.
"""

from typing import Final, NamedTuple


class Explanation(NamedTuple):
    """One verdict code, for people."""

    rule: str
    """Number of the rule in contracts/LAW.md; 0 for what every record and item is asked."""
    sentence: str
    """What is wrong."""
    remedy: str
    """What to do next."""
    eu_code: str = ""
    """NMVS code, or empty."""
    gs1_answer: str = ""
    """Answer in GS1 verification messaging, or empty."""


NOT_FOR_REDISTRIBUTION: Final = "not for redistribution"
"""A GS1 answer that several codes share."""
