"""Percent-encoding as EPC URNs and Digital Links use it: ASCII only, and strict."""

import re
from typing import Final

_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")


def percent_decode(text: str) -> str | None:
    """Decode `%hh` in `text`, or return None when a `%` is not followed by two hexadecimal digits.

    Escapes above `%7F` become characters outside ASCII, which no GS1 character set has: the key's own check
    refuses them with the right reason.
    """
    if "%" not in text:
        return text
    if text.count("%") != len(_ESCAPE.findall(text)):
        return None
    return _ESCAPE.sub(lambda found: chr(int(found.group(1), 16)), text)
