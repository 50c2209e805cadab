"""Records of the cold chain: rule 18."""

import msgspec

from contracts.records.head import Head


class StorageProfile(msgspec.Struct, frozen=True, array_like=True, tag=80):
    """Rule 18: a product's maker says how it must be kept; it binds loggers put on from then on."""

    head: Head
    """When and where."""
    gtin: bytes
    """Packed GTIN-14, 6 bytes."""
    low: int
    """Lowest temperature, in hundredths of a degree Celsius."""
    high: int
    """Highest temperature, likewise."""
    allowance_s: int
    """Longest time at one stretch outside that range, seconds."""
    budget_s: int
    """Most time outside it altogether, seconds."""
    longest_gap_s: int
    """Longest time between two readings, seconds."""


class LoggerOn(msgspec.Struct, frozen=True, array_like=True, tag=81):
    """Rule 18: a logger is put on an item; what is inside goes through what it measures."""

    head: Head
    """When and where; its session begins at the claimed time."""
    logger: bytes
    """Key of a GIAI, a GRAI or an own id (`contracts/gs1/loggers.py`)."""
    item: bytes
    """Item key."""


class LoggerOff(msgspec.Struct, frozen=True, array_like=True, tag=82):
    """Rule 18: a logger is taken off the item it is on; its session ends at the claimed time."""

    head: Head
    """When and where."""
    logger: bytes
    """Logger key."""


class Readings(msgspec.Struct, frozen=True, array_like=True, tag=83):
    """Rule 18: what a logger measured since its last known reading."""

    head: Head
    """When and where."""
    logger: bytes
    """Logger key; its last session is meant."""
    readings: tuple[tuple[int, int], ...]
    """(seconds since 1970-01-01 UTC, hundredths of a degree Celsius), times strictly ascending."""


class ClearSession(msgspec.Struct, frozen=True, array_like=True, tag=84):
    """Rule 18: a product's maker finds its goods fit in spite of what a session shows."""

    head: Head
    """When and where; the finding itself is an attachment."""
    session: int
    """Number of the session, as its events and the items under it name it."""
    gtin: bytes
    """Packed GTIN-14 of the product that is cleared."""


ColdRecord = StorageProfile | LoggerOn | LoggerOff | Readings | ClearSession
"""Any record of the cold chain."""


def listed_in_cold(record: ColdRecord) -> tuple[bytes, ...]:
    """Return the item that a record of the cold chain names, if any."""
    return (record.item,) if isinstance(record, LoggerOn) else ()
