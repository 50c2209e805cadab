"""Rows about evidence: how far back it is taken, who voted then, and who was convicted of what."""

import msgspec


class WindowRow(msgspec.Struct, frozen=True, array_like=True):
    """How far back evidence reaches, by heights, by block times, and by the sets that are remembered."""

    floor: int
    """Evidence about lower heights is taken no more, whatever becomes of the limits; it never falls."""
    marks: tuple[tuple[int, int], ...]
    """(height, block time in ms): that height and all above it are not older; ascending, some a limit."""
    sets: tuple[int, ...]
    """First heights of the sets in `PAST_SETS`, ascending; each votes until the next begins."""


class Offence(msgspec.Struct, frozen=True, array_like=True):
    """One height at which a validator said two things in one step."""

    height: int
    """At which it was said."""
    round: int
    """Of the step that convicted it; of other steps at that height nothing is counted."""
    kind: int
    """What was said twice: an `OffenceKind`."""
    recorded_at: int
    """Height of the block that carries the evidence."""


class ConvictionsRow(msgspec.Struct, frozen=True, array_like=True):
    """What the key of a validator was convicted of."""

    count: int
    """Heights at which it lied and was convicted of it, ever."""
    offences: tuple[Offence, ...]
    """The latest of them, by height: all that the window could still hold evidence about."""
