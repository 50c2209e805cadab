"""Rows of the cold chain (LAW 18): how products must be kept, and what their loggers saw."""

import msgspec


class StorageRow(msgspec.Struct, frozen=True, array_like=True):
    """How a product must be kept, as its marketing holder says now."""

    low: int
    """Lowest temperature, hundredths of a degree Celsius."""
    high: int
    """Highest temperature, likewise."""
    allowance_s: int
    """Longest time at one stretch outside that range, seconds."""
    budget_s: int
    """Most time outside it altogether, seconds."""
    longest_gap_s: int
    """Longest time between two readings, seconds."""


class JudgementRow(msgspec.Struct, frozen=True, array_like=True):
    """What one session means for one product in it."""

    gtin: bytes
    """Packed GTIN, 6 bytes."""
    storage: StorageRow
    """How it must be kept, as it stood when the product came in; a later profile changes no session."""
    logger_required: int
    """1 when it must never be unwatched, not even while nobody reads the logger."""
    since_s: int
    """Nothing before counts: when the session began, this product came in, or its maker cleared it."""
    run_s: int
    """Time outside the range at this stretch; 0 when the last reading was inside."""
    outside_s: int
    """Time outside it altogether, with what earlier sessions used: the budget used."""
    gap_s: int
    """Longest time between two readings so far."""
    breached_s: int
    """Second from which goods are in breach; 0 for never."""
    first_breach_s: int
    """The same, whatever their maker cleared since: recalls of an excursion look at this."""


class SessionRow(msgspec.Struct, frozen=True, array_like=True):
    """One stay of a logger on an item, or a journey that lacked one."""

    logger: bytes
    """Logger key; empty for a journey that lacked one."""
    item: bytes
    """Item key; the shipment's id for a journey that lacked a logger."""
    installed_by: int
    """Number of the partner that put it on, or sent the goods without one."""
    removed_by: int
    """Number of the partner that took it off; 0 while it is on."""
    on_s: int
    """Second it began."""
    off_s: int
    """Second it ended; 0 while the logger is on."""
    last_s: int
    """Second of the last reading; when it began while there is none."""
    last_temperature: int
    """That reading, hundredths of a degree Celsius; 0 while there is none."""
    readings: int
    """How many readings there are."""
    judgements: tuple[JudgementRow, ...]
    """One per product that went through it and is judged, by GTIN."""
    recalls: tuple[tuple[int, int], ...]
    """Recalls of what was in breach in it, in their order: (number, position of the alternative)."""
