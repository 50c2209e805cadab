"""What `packtrail doctor` says of one thing."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One question and its answer."""

    check: str
    """What was looked at."""
    ok: bool
    """Whether it is as it must be."""
    detail: str
    """What was found; what to do when it is not well."""
