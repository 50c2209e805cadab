"""What keeps a TOML file from costing more than it should: the standard library's parser sets no bounds.

A key of many dotted parts (`a.a.a.a …`) costs it the square of their number, and brackets within brackets
cost it the stack. The second it says (`RecursionError`); the first is looked for here, before it parses.
"""

import re
import tomllib
from typing import Final

MAX_BYTES: Final = 1 << 20
"""Longest file read."""
MAX_KEY_PARTS: Final = 32
"""Most parts of a dotted key; no key of ours has more than three."""
# From the beginning of a word only, and never back: it takes no longer than the text is long.
_LONG_KEY: Final = re.compile(rf"""(?<![\w"'.-])(?:[\w"'-]++[ \t]*+\.[ \t]*+){{{MAX_KEY_PARTS}}}""")


def check_toml(text: str) -> None:
    """Refuse a text that would cost the parser too much.

    Raises:
        tomllib.TOMLDecodeError: As the parser itself refuses.
    """
    if len(text) > MAX_BYTES:
        raise tomllib.TOMLDecodeError(f"{len(text)} characters, at most {MAX_BYTES} are read")
    found = _LONG_KEY.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        raise tomllib.TOMLDecodeError(
            f"a key of more than {MAX_KEY_PARTS} parts (at line {line}, column {column})"
        )
