"""Own events that said nothing new when they came: noted, so that they say nothing new later either (rule a).

An event that agrees with the state leaves no record, so no index of the chain knows it. When later records
change that state, the same file posted again would act: goods would go back into a case that they were taken
out of since. One small row per such event keeps it from that.

Rows in the LOCAL space:
    e  statement key (32)    nothing
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from contracts.primitives.encoding import encode
from node.epcis.events import EpcisEvent
from node.epcis.steps import Statement, Step
from node.storage.store import LOCAL, Reader, Space, Write, put

NOTED: Final = frozenset(
    {Step.PACK, Step.UNPACK, Step.SHIP, Step.VOID, Step.RECEIVE}
    | {Step.HOLD, Step.RELEASE, Step.OBSERVE, Step.INSTALL}
)
"""Steps that the present state alone may show to be done; what later records can undo."""

_NOTES: Final = b"e"


def statement_key(signer: int, event: EpcisEvent, statement: Statement) -> bytes:
    """Return 32 bytes that two events of a partner share when they state the same.

    Args:
        signer: The partner's number.
        event: For its time and destinations.
        statement: What it states.
    """
    ends = sorted((entry.kind, entry.place.gln or entry.place.uri.encode()) for entry in event.destinations)
    about = (
        signer,
        statement.step.name,
        sorted(statement.items),
        statement.parent or b"",
        sorted(statement.contents),
        ends,
        event.time_ms,
        sorted((entry.epc_class, entry.amount, entry.unit) for entry in statement.quantities),
    )
    return hashlib.sha256(encode(about)).digest()


def note_entries(keys: Iterable[bytes]) -> list[Write]:
    """Build the rows of noted events."""
    return [put(LOCAL, _NOTES + key, b"") for key in keys]


class Notes:
    """Reads the rows, over a store or a pinned snapshot."""

    def __init__(self, reader: Reader) -> None:
        """Read from `reader`."""
        self._local = Space(reader, LOCAL)

    def is_noted(self, key: bytes) -> bool:
        """Tell whether an event was found to say nothing new before."""
        return self._local.get(_NOTES + key) is not None
