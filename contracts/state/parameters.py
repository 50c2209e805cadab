"""Parameters and profiles as rows: what they must be, wherever they come from, and where the law reads them.

Genesis states them first, governance later (rule 22); both are asked the same here.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.chain.genesis import MAX_NUMBER
from contracts.chain.parameters import ConsensusTiming, Limits, Parameters, Tolerances
from contracts.state.governance_rows import ParametersRow
from contracts.state.layout import LIMITS, PARAMETERS, SOLE_KEY
from contracts.state.places import MAX_LEVELS
from contracts.state.rows import LimitsRow, ProfileRow, Role
from contracts.state.view import Overlay

ENVELOPE_BYTES: Final = 1_024
"""Bytes of a bundle beside its documents, at most: header, signature and the frame of one document."""
MAX_BUNDLE_BYTES: Final = 16 << 20
"""No network may allow longer bundles: a node keeps and sends each in one piece."""
MAX_BLOCK_BUNDLES: Final = 15_000
"""No network may allow more bundles in a block: their lines must fit into the longest block."""

MAX_DOCUMENT_RECORDS: Final = 65_535
"""No network may allow more records in a document: indices number them by two bytes."""
MIN_BUNDLE_LIFETIME_MS: Final = 10_000
"""Bundles that live shorter may reach no block, not even that of a vote for longer ones."""
MAX_TIMER_MS: Final = 3_600_000
"""No timer of consensus is longer: a network that waits for years decides nothing, not even shorter ones."""

ALL_ROLES: Final = int(sum(Role))
"""Bits of every role."""

Fault = tuple[str, str]
"""A field, and what is expected of it."""

_FLAGS: Final = (
    "reinstate_exported",
    "recall_closed_by_opener",
    "recall_released_by_opener",
    "successor_lifts_holds",
    "opening_supplies",
    "lanes_block",
)
_ROLES: Final = ("dispense_roles", "retail_roles", "institution_roles")


def parameters_faults(parameters: Parameters) -> Iterator[Fault]:
    """Yield what is wrong with parameters: the field, such as `limits.block_bytes`, and what is expected."""
    for group in ("limits", "tolerances", "timing"):
        values = getattr(parameters, group)
        for name in values.__struct_fields__:
            if not 0 < getattr(values, name) <= MAX_NUMBER:
                yield f"{group}.{name}", "more than 0"
    limits = parameters.limits
    yield from _room_faults(limits)
    if limits.container_depth > MAX_LEVELS:
        yield "limits.container_depth", f"at most {MAX_LEVELS}"
    yield from _time_faults(parameters)


def _time_faults(parameters: Parameters) -> Iterator[Fault]:
    """Ask whether blocks with bundles can still be decided: else nobody could change this any more."""
    if parameters.tolerances.bundle_lifetime_ms < MIN_BUNDLE_LIFETIME_MS:
        yield "tolerances.bundle_lifetime_ms", f"at least {MIN_BUNDLE_LIFETIME_MS}"
    for name in parameters.timing.__struct_fields__:
        if getattr(parameters.timing, name) > MAX_TIMER_MS:
            yield f"timing.{name}", f"at most {MAX_TIMER_MS}"


def _room_faults(limits: Limits) -> Iterator[Fault]:
    """Ask whether every document fits into a bundle, every bundle into a block, and the list of them too.

    Else a document could be admitted that no block can hold, and its lane would wait behind it for ever.
    """
    rooms = (
        ("bundle_bytes", limits.bundle_bytes, limits.document_bytes + ENVELOPE_BYTES),
        ("bundle_weight", limits.bundle_weight, limits.document_weight),
        ("block_bytes", limits.block_bytes, limits.bundle_bytes),
        ("block_weight", limits.block_weight, limits.bundle_weight),
    )
    for name, room, needed in rooms:
        if room < needed:
            yield f"limits.{name}", f"at least {needed}, for what goes inside"
    for name, value, most in (
        ("bundle_bytes", limits.bundle_bytes, MAX_BUNDLE_BYTES),
        ("block_bundles", limits.block_bundles, MAX_BLOCK_BUNDLES),
        ("document_records", limits.document_records, MAX_DOCUMENT_RECORDS),
    ):
        if value > most:
            yield f"limits.{name}", f"at most {most}"


def profile_faults(row: ProfileRow) -> Iterator[Fault]:
    """Yield what is wrong with the limits of a profile: the field, and what is expected."""
    low, default, high = row.ship_deadline_min_ms, row.ship_deadline_default_ms, row.ship_deadline_max_ms
    if not 0 <= low <= default <= high:
        yield "ship_deadline", "0 <= min <= default <= max"
    for name in row.__struct_fields__:
        if not 0 <= getattr(row, name) <= MAX_NUMBER:
            yield name, "0 or more"
    if row.recall_response_ms == 0:
        yield "recall_response_ms", "more than 0"
    yield from ((name, "0 or 1") for name in _FLAGS if getattr(row, name) > 1)
    yield from ((name, "roles") for name in _ROLES if getattr(row, name) > ALL_ROLES)


def write_parameters(state: Overlay, parameters: Parameters) -> None:
    """Let parameters bind the next block: the law's own excerpt of them follows."""
    limits, tolerances, timing = parameters.limits, parameters.tolerances, parameters.timing
    values = (msgspec.structs.astuple(group) for group in (limits, tolerances, timing))
    state.write(PARAMETERS, SOLE_KEY, ParametersRow(*values))
    row = LimitsRow(
        tolerances.claimed_time_ms,
        tolerances.bundle_lifetime_ms,
        limits.container_sources,
        limits.container_depth,
    )
    state.write(LIMITS, SOLE_KEY, row)


def parameters_of(row: ParametersRow) -> Parameters:
    """Return the parameters that a row holds."""
    return Parameters(Limits(*row.limits), Tolerances(*row.tolerances), ConsensusTiming(*row.timing))
