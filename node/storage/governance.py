"""Proposals, nodes and validators as the state of one snapshot holds them (rule 22)."""

from collections.abc import Iterator
from typing import Final, TypeVar

import msgspec

from contracts.chain.genesis import Node
from contracts.gs1.keys import unpack_gln
from contracts.state.governance_rows import (
    BallotRow,
    ChangesRow,
    ChangesStanding,
    GovernanceRow,
    NodeRow,
    SetsRow,
)
from contracts.state.layout import BALLOTS, CHANGES, GOVERNANCE, NODES, VALIDATORS, Table
from node.storage.errors import StorageDamaged
from node.storage.store import STATE, Reader, Space

RowT = TypeVar("RowT")

SCAN_ROWS: Final = 1_000
"""Rows read in one step."""
EXPIRED: Final = "expired"
"""Standing of an open proposal whose last height for votes is past."""


class FoundProposal(msgspec.Struct, frozen=True):
    """A proposal and what became of it."""

    id: bytes
    """16 bytes."""
    row: ChangesRow
    """What is proposed."""
    ballot: BallotRow
    """Who said what, and what became of it."""

    def standing(self, height: int) -> str:
        """Return what became of it after the block of this height, in a word."""
        standing = ChangesStanding(self.ballot.standing)
        is_over = standing == ChangesStanding.OPEN and height >= self.row.until_height
        return EXPIRED if is_over else standing.name.lower()


class Governance:
    """Reads what governance wrote; raises StorageDamaged when a row that must be there is not."""

    def __init__(self, reader: Reader) -> None:
        """Read from a store or a pinned snapshot."""
        self._state = Space(reader, STATE)

    def proposals(self) -> list[FoundProposal]:
        """Return all proposals, those that act first before the others."""
        found = [self._with_ballot(key, CHANGES.decode(data)) for key, data in self._rows(CHANGES)]
        return sorted(found, key=lambda one: (one.row.acts_at, one.id))

    def find(self, identifier: bytes) -> FoundProposal | None:
        """Return one proposal; None when there is none of that id."""
        data = self._state.get(CHANGES.prefix + identifier)
        return None if data is None else self._with_ballot(identifier, CHANGES.decode(data))

    def _with_ballot(self, identifier: bytes, row: ChangesRow) -> FoundProposal:
        return FoundProposal(identifier, row, self._require(BALLOTS, identifier))

    def sets(self) -> SetsRow:
        """Return who votes on the blocks at the end of the chain."""
        return self._require(VALIDATORS, b"")

    def standing(self) -> GovernanceRow:
        """Return the rules in force, and what is scheduled."""
        return self._require(GOVERNANCE, b"")

    def nodes(self) -> Iterator[tuple[str, NodeRow]]:
        """Yield every node that may connect, by name."""
        for key, data in self._rows(NODES):
            yield key.decode("utf-8"), NODES.decode(data)

    def listed(self) -> tuple[Node, ...]:
        """Return every node that may connect, by name, in the form that genesis has."""
        return tuple(
            Node(
                name,
                row.role,
                row.certificate,
                unpack_gln(row.partner) if row.partner else "",
                row.validator_key,
                row.power,
            )
            for name, row in self.nodes()
        )

    def _require(self, table: Table[RowT], key: bytes) -> RowT:
        data = self._state.get(table.prefix + key)
        if data is None:
            raise StorageDamaged(f"state, {table.name} {key.hex()}", "it is missing")
        return table.decode(data)

    def _rows(self, table: Table[RowT]) -> Iterator[tuple[bytes, bytes]]:
        start: bytes | None = None
        while True:
            page = self._state.scan(table.prefix, start=start, limit=SCAN_ROWS)
            yield from ((key[len(table.prefix) :], value) for key, value in page.rows)
            if page.resume is None:
                return
            start = page.resume
