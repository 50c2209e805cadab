"""Lanes: whether a bundle may stand next in the chain.

A lane is a signing key. Its row holds the sequence of its last bundle in the chain, so that a bundle enters
only as the one that names its predecessor.
"""

from contracts.ledger.bundle import BundleHeader
from contracts.state.layout import KEYS, LANES, LIMITS, SOLE_KEY
from contracts.state.view import Overlay

KEY_UNKNOWN = "lane_key_unknown"
"""No partner registered this key."""
KEY_NOT_ACTIVE = "lane_key_not_active"
"""The key acts only at other heights."""
OUT_OF_ORDER = "lane_out_of_order"
"""`after` is not the sequence of the lane's last bundle."""
EXPIRED = "bundle_expired"
"""Block time has reached `expires_at_ms`."""
EXPIRES_TOO_LATE = "bundle_expires_too_late"
"""`expires_at_ms` lies further ahead than the tolerance allows."""


class BundleOutOfPlace(ValueError):
    """A decided block holds a bundle that can be in no block: the node must stop.

    Attributes:
        code: The lane fault.
    """

    def __init__(self, code: str, lane: bytes, sequence: int) -> None:
        """Name the bundle by its lane and sequence."""
        super().__init__(f"{code}: bundle {sequence} of lane {lane.hex()}")
        self.code = code


def last_sequence(state: Overlay, lane: bytes) -> int:
    """Return the sequence of a lane's last bundle in the chain; 0 before the first."""
    return state.read(LANES, lane) or 0


def lane_fault(state: Overlay, header: BundleHeader, height: int, time_ms: int) -> str | None:
    """Return why a bundle may not stand next in a block, or None.

    Args:
        state: State after the bundles before it.
        header: The bundle's header, well formed.
        height: The block's.
        time_ms: Block time.
    """
    key = state.read(KEYS, header.lane)
    if key is None:
        return KEY_UNKNOWN
    if not key.acts_at(height):
        return KEY_NOT_ACTIVE
    if header.after != last_sequence(state, header.lane):
        return OUT_OF_ORDER
    if time_ms >= header.expires_at_ms:
        return EXPIRED
    if header.expires_at_ms > time_ms + state.require(LIMITS, SOLE_KEY).bundle_lifetime_ms:
        return EXPIRES_TOO_LATE
    return None


def advance_lane(state: Overlay, header: BundleHeader) -> None:
    """Make a bundle the last of its lane."""
    state.write(LANES, header.lane, header.sequence)
