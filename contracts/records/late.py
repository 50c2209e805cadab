"""Records of what was done while nobody could reach the ledger: rule 11b."""

from enum import IntEnum

import msgspec

from contracts.records.custody import Receive, Ship
from contracts.records.dispensing import Dispense
from contracts.records.head import Head


class LateReason(IntEnum):
    """Why something was not recorded when it was done."""

    OUTAGE = 1
    """The signer's own systems were down."""
    NO_NETWORK = 2
    """The ledger was out of reach."""
    EMERGENCY = 3
    """Patients could not wait."""


class Late(msgspec.Struct, frozen=True, array_like=True, tag=22):
    """Rule 11b: something that was done already is recorded now, whatever the law would have said."""

    reason: LateReason
    """Why it was not recorded then."""
    record: Dispense | Ship | Receive
    """What was done; its head says when."""

    @property
    def head(self) -> Head:
        """When and where it was done."""
        return self.record.head

    @property
    def items(self) -> tuple[bytes, ...]:
        """Item keys."""
        return self.record.items
