"""Times as commands show and send them."""

from datetime import UTC, datetime

from node.clock import SystemClock


def now_ms() -> int:
    """Return the time of day of this machine in ms since 1970-01-01 UTC."""
    return SystemClock(0).now_ms()


def format_ms(time_ms: int) -> str:
    """Return a time as RFC 3339 in UTC with milliseconds, as the API writes it."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
