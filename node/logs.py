"""What the program tells on standard error: structured, one event a line, for people or for machines."""

import logging
import sys
from collections.abc import Callable

import structlog

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure_logs(level: str, form: str) -> Callable[[str], None]:
    """Set up logging.

    Args:
        level: debug, info, warning or error.
        form: text or json.

    Returns:
        A function that changes the level at run time; it raises KeyError for a level there is not.
    """
    as_json = form == "json"
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
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
            cache_logger_on_first_use=False,
        )

    set_level(level)
    return set_level
