"""The limits and times of a node's conversations, each with its default."""

import msgspec


class PeerConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator may tune; all times in ms."""

    handshake_ms: int = 5_000
    """A connection that is not a session by then is closed."""
    tick_ms: int = 500
    """How often a session looks at its clock."""
    ping_after_ms: int = 2_000
    """A peer that was silent for this long is asked whether it is there."""
    idle_ms: int = 10_000
    """A peer that was silent for this long is dropped."""
    stall_ms: int = 10_000
    """A peer that reads nothing for this long, while something waits for it, is dropped."""
    ban_ms: int = 60_000
    """A peer that broke the protocol or lied is refused for this long."""
    dial_ms: int = 8_000
    """An attempt to connect, look-up of the name and TLS included, is given up after this long."""
    dial_base_ms: int = 200
    """Pause after the first failed attempt; each further one doubles it."""
    dial_cap_ms: int = 3_000
    """Longest pause between two attempts."""
    stable_ms: int = 5_000
    """A session that lasted this long makes its link forget earlier failures."""
    read_bytes_per_second: int = 64 << 20
    """A peer that sends more is read more slowly."""
    read_messages_per_second: int = 2_000
    """Likewise, in messages: several times what a peer says in a height, many times a second."""
    read_messages_at_once: int = 10_000
    """So many may come at once before that counts: a peer that was held up has much to say."""
    waiting_bytes: int = 256 << 20
    """Queued for all peers together; beyond, the peer that most waits for is dropped."""
    waiting_share_bytes: int = 1 << 20
    """A peer for which less waits is never dropped for what others leave unread."""
    slow_base_ms: int = 1_000
    """A peer that was dropped as too slow is refused for this long, doubled each time in a row."""
    slow_cap_ms: int = 8_000
    """Longest such refusal."""
    caught_up_ms: int = 30_000
    """A session that lasted this long makes earlier slowness forgotten."""
    pending_sessions: int = 64
    """Connections whose handshake is under way; the oldest gives way to a new one."""
