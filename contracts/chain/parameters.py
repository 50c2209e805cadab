"""The one table of caps and tolerances that bind a network, fixed by its genesis.

Everything a node could otherwise hold an opinion about (how large, how late, how deep) stands here, so that
two honest nodes never judge one block differently.
"""

from functools import lru_cache

import msgspec

from contracts.primitives.encoding import encode
from contracts.primitives.hashing import PARAMETERS, Hash


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Caps on what a block may hold; all are checked before a vote."""

    document_bytes: int = 512 * 1024
    """Longest document."""
    document_weight: int = 20_000
    """Most serials, items and child counts in one document."""
    document_records: int = 1_000
    """Most records in one document."""
    record_items: int = 10_000
    """Most identifiers that one record lists."""
    bundle_bytes: int = 1024 * 1024
    """Longest bundle, signature included."""
    bundle_weight: int = 20_000
    """Most weight in one bundle."""
    bundle_documents: int = 1_000
    """Most documents in one bundle."""
    block_bytes: int = 4 * 1024 * 1024
    """Most bundle bytes in one block."""
    block_weight: int = 50_000
    """Most weight in one block."""
    block_bundles: int = 1_000
    """Most bundles in one block."""
    container_sources: int = 256
    """Most different sources inside one container."""
    container_depth: int = 8
    """Most levels of packing, the outermost container included."""


class Tolerances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far clocks and lifetimes may stray, in ms of block time, and how long evidence is taken."""

    bundle_lifetime_ms: int = 600_000
    """A bundle's `expires_at_ms` lies at most this far after the block that carries it."""
    claimed_time_ms: int = 300_000
    """A record's claimed time lies at most this far after block time."""
    evidence_age_heights: int = 500_000
    """A block carries evidence about heights at most so far below its own."""
    evidence_age_ms: int = 7 * 24 * 60 * 60 * 1_000
    """A block carries evidence about blocks whose time is at most this far before its own."""


class ConsensusTiming(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Timers and clock tolerances of consensus, in ms."""

    propose_ms: int = 1_000
    """Wait for a proposal in round 0."""
    prevote_ms: int = 500
    """Wait after mixed prevotes in round 0."""
    precommit_ms: int = 500
    """Wait after mixed precommits in round 0."""
    delta_ms: int = 500
    """Added to each of the three per round."""
    cap_ms: int = 20_000
    """No timer grows beyond this; above the transfer time of the largest block."""
    proof_block_delay_ms: int = 200
    """After a block with bundles, wait this long for more before a block certifies its receipts."""
    heartbeat_ms: int = 30_000
    """An idle network makes a block this often, so that deadlines by block time pass."""
    precision_ms: int = 5_000
    """How far two honest clocks may differ."""
    message_delay_ms: int = 5_000
    """How long a proposal may travel in round 0 and still be timely."""


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it; headers carry its hash."""

    limits: Limits = Limits()
    """Caps."""
    tolerances: Tolerances = Tolerances()
    """Tolerances."""
    timing: ConsensusTiming = ConsensusTiming()
    """Timers."""


def as_rows(value: object) -> object:
    """Turn nested structs and sequences into nested lists in field order: the form that is hashed."""
    if isinstance(value, msgspec.Struct):
        return [as_rows(getattr(value, name)) for name in value.__struct_fields__]
    if isinstance(value, tuple | list):
        return [as_rows(entry) for entry in value]
    if isinstance(value, bool):
        return int(value)
    return value


@lru_cache(maxsize=64)
def parameters_hash(parameters: Parameters) -> Hash:
    """Return the hash that headers name these parameters by; every block asks, and they change seldom."""
    return PARAMETERS.hash(encode(as_rows(parameters)))
