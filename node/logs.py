"""What the program tells on standard error: structured, one event a line, for people or for machines."""

import contextlib
import logging
import sys
from collections.abc import Callable
from typing import TextIO, cast

import structlog

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


class _StandardError:
    """Standard error, on a disk that may be full or a pipe that nobody reads: what cannot be told, is not.

    A node ends because its database cannot be written, not because that could not be logged.
    """

    def write(self, text: str) -> int:
        """Write what can be written."""
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand it to the system."""
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def configure_logs(level: str, form: str) -> Callable[[str], None]:
    """Set up logging.

    Args:
        level: debug, info, warning or error.
        form: text or json.

    Returns:
        A function that changes the level at run time; it raises KeyError for a level there is not.
    """
    as_json = form == "json"
    output = cast("TextIO", _StandardError())
    common: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        # Plain: the pretty ones print local variables, and those may be keys, tokens or order numbers.
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )

    def set_level(name: str) -> None:
        structlog.configure(
            processors=[*common, *ending],
            wrapper_class=structlog.make_filtering_bound_logger(LEVELS[name]),
            logger_factory=lambda *_names: structlog.PrintLogger(output),
            cache_logger_on_first_use=False,
        )

    set_level(level)
    return set_level
