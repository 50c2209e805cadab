"""Why a configuration is refused: every problem at once, each with its place."""

from collections.abc import Sequence

import msgspec


class ConfigProblem(msgspec.Struct, frozen=True):
    """One thing wrong with a configuration."""

    source: str
    """The file, the environment variable or the flag that said it."""
    line: int
    """Line in the file, from 1; 0 when the source is no file."""
    key: str
    """Dotted key, such as `p2p.peers[0].address`; empty when the file does not parse."""
    found: str
    """What stands there."""
    expected: str
    """What would be right."""

    def __str__(self) -> str:
        """Return one line for people."""
        place = f"{self.source}:{self.line}" if self.line else self.source
        key = f" {self.key}:" if self.key else ""
        return f"{place}:{key} {self.found}; expected {self.expected}"


class InvalidConfig(ValueError):
    """A configuration that no node may start with.

    Attributes:
        problems: All of them, in order of appearance.
    """

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        """Keep the problems; the message has one line for each."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)
