"""Records of the cold chain as clients write them in JSON (rule 18); what they mean, the law says."""

from typing import Annotated

import msgspec
from msgspec import Meta

from node.api.form_parts import Gtin, Item, RecordForm, Text, Time

MAX_READINGS = 2_000
"""Most readings of one record, as the law has it."""

Logger = Annotated[
    Text,
    Meta(
        description="(8004)GIAI, (8003)GRAI, or an own id behind a GLN: (414)GLN(254)id.",
        examples=["(8004)0614141-LOG7"],
    ),
]
Temperature = Annotated[
    int,
    Meta(ge=-(1 << 53) + 1, le=(1 << 53) - 1, description="Hundredths of a degree Celsius.", examples=[525]),
]
Seconds = Annotated[int, Meta(ge=-(1 << 53) + 1, le=(1 << 53) - 1, description="Seconds.", examples=[1_800])]


class StorageProfileForm(RecordForm, frozen=True, kw_only=True, tag="storage_profile"):
    """A product's maker says how it must be kept."""

    gtin: Gtin
    """Product."""
    low: Temperature
    """Lowest temperature."""
    high: Temperature
    """Highest temperature."""
    allowance: Seconds
    """Longest time at one stretch outside that range."""
    budget: Seconds
    """Most time outside it altogether."""
    longest_gap: Seconds
    """Longest time between two readings."""


class LoggerOnForm(RecordForm, frozen=True, kw_only=True, tag="logger_on"):
    """A logger is put on an item."""

    logger: Logger
    """Which."""
    item: Item
    """What it is put on; it counts for everything inside."""


class LoggerOffForm(RecordForm, frozen=True, kw_only=True, tag="logger_off"):
    """A logger is taken off."""

    logger: Logger
    """Which."""


class ReadingForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One reading."""

    at: Time
    """When, to the second."""
    temperature: Temperature
    """What."""


class ReadingsForm(RecordForm, frozen=True, kw_only=True, tag="readings"):
    """A logger is read out."""

    logger: Logger
    """Which."""
    readings: Annotated[tuple[ReadingForm, ...], Meta(max_length=MAX_READINGS)]
    """What it measured since the last known reading, oldest first."""


class ClearSessionForm(RecordForm, frozen=True, kw_only=True, tag="clear_session"):
    """A product's maker finds its goods fit in spite of what a session shows."""

    session: Annotated[int, Meta(ge=0, le=(1 << 32) - 1)]
    """Its number, as items and events name it."""
    gtin: Gtin
    """Product."""


AnyColdForm = StorageProfileForm | LoggerOnForm | LoggerOffForm | ReadingsForm | ClearSessionForm
