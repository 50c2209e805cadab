"""What the network did since the node started, for metrics and for people."""

from collections import Counter

import msgspec


class PeerStats(msgspec.Struct, frozen=True):
    """One open session."""

    name: str
    """The peer's name."""
    role: str
    """Its role."""
    remote: str
    """Its address."""
    is_dialled: bool
    """Whether this node made the connection."""
    open_ms: int
    """For how long it has been open."""
    round_trip_ms: int
    """Of the last ping; -1 before the first."""
    waiting_bytes: int
    """Queued for it."""
    received_bytes: int
    """In this session."""
    sent_bytes: int
    """In this session."""
    received_messages: int
    """In this session."""
    sent_messages: int
    """In this session."""


class Counters(msgspec.Struct):
    """Totals over all sessions."""

    dials: int = 0
    """Attempts to connect."""
    dial_failures: int = 0
    """Attempts without a connection."""
    refused_connections: int = 0
    """Accepted connections that failed the TLS handshake."""
    sessions: int = 0
    """Sessions that were opened."""
    ended: Counter[str] = msgspec.field(default_factory=Counter)
    """Conversations that ended, by the stable word why."""
    received_messages: Counter[str] = msgspec.field(default_factory=Counter)
    """By kind."""
    sent_messages: Counter[str] = msgspec.field(default_factory=Counter)
    """By kind."""
    too_long: Counter[str] = msgspec.field(default_factory=Counter)
    """Messages for one peer that were longer than their kind may be, and not sent, by kind."""
    received_bytes: int = 0
    """In sessions that have ended."""
    sent_bytes: int = 0
    """In sessions that have ended."""
    last_failure: dict[str, str] = msgspec.field(default_factory=dict)
    """By node name, why the last attempt to reach it failed."""
