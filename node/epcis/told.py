"""What an event of a partner means, in records of the law."""

import msgspec

from contracts.records.record import Record
from node.epcis.proposals import Proposal


class Evidence(msgspec.Struct, frozen=True):
    """What an event says beyond the law, as its records carry it."""

    attachment: bytes
    """Hash of its own data."""
    references: tuple[bytes, ...]
    """Salted hashes of its business documents."""


class Told(msgspec.Struct, frozen=True):
    """What an event of this node's partner means."""

    stated: tuple[Record, ...] = ()
    """All that it states, as records; some of it may be on the ledger already."""
    records: tuple[Record, ...] = ()
    """What of it the present state does not hold."""
    note: str = ""
    """Why there is no record for it; empty when there is one."""
    proposal: Proposal | None = None
    """What a person is asked to confirm, instead of records."""

    def with_records(self, *records: Record) -> "Told":
        """Return this, and records that the state says nothing about."""
        return Told((*self.stated, *records), (*self.records, *records))

    def and_then(self, other: "Told") -> "Told":
        """Return this, and then something else that the same event means."""
        for one in (self, other):
            if one.proposal is not None:
                return one
        note = "" if self.stated or self.records or other.stated or other.records else self.note or other.note
        return Told((*self.stated, *other.stated), (*self.records, *other.records), note)
