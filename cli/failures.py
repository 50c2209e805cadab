"""How a command ends badly: a sentence for people, and an exit code that scripts can rely on."""

from enum import IntEnum


class Exit(IntEnum):
    """What the shell is told."""

    OK = 0
    FAILED = 1
    """It was tried and did not work; also: what was verified is not right."""
    USAGE = 2
    """The command line or an input file is not what was expected."""
    NOT_FOUND = 3
    """There is no such thing."""
    REFUSED = 4
    """A rule of the law refuses it."""
    UNREACHABLE = 5
    """The node does not answer, or not in time; trying again later may work."""
    UNHEALTHY = 6
    """It answers, and is not well."""
    NOT_ALLOWED = 7
    """The token does not allow it, or the node only reads."""


class CommandError(Exception):
    """What stops a command.

    Attributes:
        code: Exit code.
        message: What went wrong, and where.
        advice: What to do about it; may be empty.
    """

    def __init__(self, code: Exit, message: str, advice: str = "") -> None:
        """Say it in a sentence."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice
