"""The little world that is explored: some partners, a few items, and who executes records on them.

A component is what hangs together: items inside one another, or on their way with one shipment. No rule
reads an item to judge another component, but for a pack that joins two; so the law is explored component by
component, and what several of them may do side by side is the product of what each may do. How a component is
reduced to what rules read is told in `reduce.py`, what partners try in `moves.py`.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final

from msgspec.structs import replace

from contracts.gs1 import keys
from contracts.ledger.genesis_state import genesis_writes
from contracts.primitives.encoding import encode
from contracts.records.custody import ShipPurpose, shipment_id
from contracts.records.head import Head
from contracts.records.onboarding import Onboard, OnboardGround
from contracts.records.record import Record
from contracts.records.supply import Commission, CommissionLogisticUnits, DecommissionReason
from contracts.rules.act import Act
from contracts.rules.registry import judge
from contracts.state import directory
from contracts.state.layout import (
    CLAIM_ANSWERS,
    CONTAINERS,
    DESTINATIONS,
    ENDINGS,
    ITEMS,
    LAW_HOLDS,
    LOTS,
    OVERAGES,
    REMAINDERS,
    SHIPMENTS,
)
from contracts.state.parties import TRADING, has_role
from contracts.state.rows import PartnerRow, ShipmentRow, ShipmentStanding
from contracts.state.view import DirectoryCache, Overlay
from tests.modelcheck.memory import REFUSED, Memory, Move, Reading, Rows
from tests.scenarios.law.world import DAY_MS, GTINS, START_MS, gln, gtin, item, small_genesis

NOW_MS: Final = START_MS + DAY_MS
PAST_MS: Final = NOW_MS - 1
FUTURE_MS: Final = NOW_MS + DAY_MS
HEAD: Final = Head(START_MS, 0, b"")
MAKER: Final = "Acme"
REGULATOR: Final = "Gov"
DOCUMENT_ID: Final = bytes(32)
LOT: Final = (b"L1", NOW_MS // DAY_MS + 1000)
"""Lot of everything that is made, and its last day of use."""
NEW_SHIPMENT: Final = shipment_id(DOCUMENT_ID, 0)
RECEIVED: Final = b"\x03" * 14
"""Names of shipments that came before begin with this, and end in who sent them to whom."""

OUTSIDE: Final = keys.pack_gln("4299999000009")
"""Somebody whom the network does not know."""
EVIDENCE: Final = bytes(32)
"""Hash of whatever shows something."""

OF_ITEMS: Final = (ITEMS, CONTAINERS, ENDINGS, REMAINDERS, CLAIM_ANSWERS, DESTINATIONS)
"""Tables whose rows are about one item, by its key."""
KEPT: Final = frozenset(table.prefix for table in (*OF_ITEMS, OVERAGES, SHIPMENTS))
"""Tables whose rows change from state to state; where lots expire, theirs too."""
_PASSING: Final = {table.prefix for table in (*OF_ITEMS, OVERAGES, SHIPMENTS, LAW_HOLDS)}
"""Tables of which no row stays when an item was made: those, and at which height the law held something."""

FAMILIES: Final = (
    "holds",
    "returns",
    "purposes",
    "transfer",
    "outside",
    "parts",
    "late",
    "expiry",
    "overages",
    "corrections",
    "exempt",
    "onboarding",
)
"""What partners may do beside making, packing, selling, carrying, dispensing, ending lives (`moves.py`)."""


class World:
    """Executes records on components."""

    def __init__(
        self,
        partners: tuple[str, ...],
        reasons: Collection[DecommissionReason],
        families: Collection[str] = (),
    ) -> None:
        """Register everybody; nothing is made yet.

        Args:
            partners: Names of the scenario network's partners that act.
            reasons: Why items leave the supply chain, beside being dispensed.
            families: Which of `FAMILIES` they do.
        """
        self.reasons = tuple(reasons)
        self.families = frozenset(families)
        self.kept = KEPT | ({LOTS.prefix} if "expiry" in self.families else frozenset())
        self.fixed: Rows = dict(genesis_writes(small_genesis()))
        self._cache = DirectoryCache()
        state = Overlay(Reading({}, self.fixed))
        found = {name: directory.find_partner(state, gln(name)) for name in partners}
        self.partners: dict[str, tuple[int, PartnerRow]] = {n: f for n, f in found.items() if f is not None}
        self._limits = directory.limits(state)
        self.received = self._receive_from_each_other() if "overages" in self.families else {}
        self._memory = Memory(self._execute, frozenset({SHIPMENTS.prefix + NEW_SHIPMENT}))

    def begin(self, names: Iterable[str]) -> list[Rows]:
        """Bring items to life; return the rows of each.

        They are made by the maker; where goods are onboarded, those of a lot are also claimed by others.
        """
        found = []
        for name in names:
            key, kind = item(name), name.rsplit("-", 1)[0]
            if kind not in GTINS:
                found.append(self._new(MAKER, CommissionLogisticUnits(HEAD, (key,))))
                continue
            about = (gtin(kind), *LOT)
            found.append(self._new(MAKER, Commission(HEAD, *about, b"", 0, (key[7:],))))
            if "onboarding" in self.families:
                claim = Onboard(HEAD, OnboardGround.NON_MEMBER, OUTSIDE, EVIDENCE, *about, (key[7:],))
                claimants = [n for n, (_number, row) in self.partners.items() if has_role(row, TRADING)]
                found += [self._new(name, claim) for name in claimants if name != MAKER]
        return found

    def _new(self, signer: str, record: Record) -> Rows:
        """Execute the record that an item begins with; return the item's rows."""
        overlay = Overlay(Reading({}, self.fixed), self._cache)
        fault = judge(self._act(overlay, signer), record)
        if fault is not None:
            raise ValueError(fault.code)
        written = dict(overlay.changes())
        self.fixed |= {at: row for at, row in written.items() if at[:1] not in _PASSING}
        return {at: row for at, row in written.items() if at[:1] in KEPT}

    def _receive_from_each_other(self) -> dict[tuple[str, str], bytes]:
        """Let each trading partner have received something from each other; return these shipments."""
        traders = [(n, number) for n, (number, row) in self.partners.items() if has_role(row, TRADING)]
        found = {}
        for sender, by in traders:
            for receiver, to in traders:
                if by != to:
                    found[sender, receiver] = name = RECEIVED + bytes((by, to))
                    ended = int(ShipmentStanding.RECEIVED)
                    row = ShipmentRow(by, to, ShipPurpose.SALE, FUTURE_MS, 0, ended, 1, 0, 0, 0, 0)
                    self.fixed[SHIPMENTS.prefix + name] = encode(replace(row, receipt_ms=NOW_MS))
        return found

    def _act(self, overlay: Overlay, signer: str) -> Act:
        return Act(overlay, self._limits, (1, NOW_MS), self.partners[signer], (DOCUMENT_ID, 0))

    def _execute(self, rows: Rows, move: Move) -> tuple[Rows | None, list[tuple[bytes, bytes | None]]]:
        """Execute a move; return the rows it changes (None when refused), and what the law read for that."""
        reading = Reading(rows, self.fixed, self.kept)
        overlay = Overlay(reading, self._cache)
        for signer, record in move.acts:
            if judge(self._act(overlay, signer), record) is not None:
                return REFUSED, reading.seen
        changed = {at: row for at, row in overlay.changes() if at[:1] in self.kept}
        return changed or REFUSED, reading.seen

    def view(self, rows: Rows) -> Overlay:
        """Look at rows as the law does."""
        return Overlay(Reading(rows, self.fixed), self._cache)

    def after(self, rows: Rows, move: Move) -> Rows | None:
        """Return the rows after a move, or None when the law refuses it or nothing changes."""
        return self._memory.after(rows, move)

    def likely(self, about: object, rows: Rows, moves: Collection[Move]) -> list[Move]:
        """Return those moves that are not refused for what the law reads first: see `Memory.likely`."""
        return self._memory.likely(about, rows, moves)

    @property
    def executed(self) -> int:
        """How often the law was asked."""
        return self._memory.executed

    def fixed_row(self, at: bytes) -> bytes:
        """Return a row that is the same in every state, unless the state has its own."""
        return self.fixed[at]


def expired(row: Any) -> Any:
    """Return the row of a lot whose expiry has passed."""
    return replace(row, expires_at_ms=PAST_MS)
