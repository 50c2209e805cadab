"""Packs without serials: what an event says of how many (LAW, EPCIS rule e, and rule 30).

A class-level quantity is counted when it is so many pieces of a product whose packs this ledger counts, by
lot or not at all. All else is evidence: weights and volumes, classes that are no GTIN, products whose packs
carry serials, and those that nobody registered.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from contracts.gs1.keys import unpack_gtin
from contracts.records.head import Head
from contracts.records.quantities import (
    EndQuantity,
    Line,
    MakeQuantity,
    QuantityEnd,
    QuantityRecord,
    Settlement,
    SettleQuantity,
)
from contracts.records.supply import DecommissionReason
from contracts.state.layout import LOADS, PRODUCTS
from contracts.state.quantity_rows import LoadRow
from contracts.state.rows import Serialisation
from contracts.state.view import Overlay
from node.epcis.commissioning import lot_and_expiry, production_line
from node.epcis.events import EpcisEvent, Quantity
from node.epcis.memory import Memory
from node.epcis.parties import Directory, Party
from node.epcis.refusal import EventRefused
from node.epcis.steps import PIECES, Statement, Step
from node.storage.statements import settled_fingerprint

_ENDS: Final[Mapping[DecommissionReason, QuantityEnd]] = {
    DecommissionReason.DESTROYED: QuantityEnd.DESTROYED,
    DecommissionReason.EXPORTED: QuantityEnd.EXPORTED,
    DecommissionReason.STOLEN: QuantityEnd.STOLEN,
    DecommissionReason.LOST: QuantityEnd.LOST,
}

_Loads = dict[bytes, dict[tuple[bytes, bytes], int]]
"""What is outstanding of each shipment: packs by GTIN and lot."""


class Counted(msgspec.Struct, frozen=True):
    """What an event says of packs without serials."""

    lines: tuple[Line, ...] = ()
    """Packs that this ledger counts, each product and lot once."""
    note: str = ""
    """Why other quantities are evidence only; empty when there are none."""


def counted(state: Overlay, event: EpcisEvent, statement: Statement) -> Counted:
    """Tell which quantities of an event are packs that the ledger counts.

    Args:
        state: Knows the products.
        event: For the lot of what it commissions.
        statement: What it states.

    Raises:
        EventRefused: Packs of a counted product, and not how many, or of which lot, or twice.
    """
    found: dict[tuple[bytes, bytes], int] = {}
    written: set[tuple[bytes, str]] = set()
    notes: list[str] = []
    for at, quantity in enumerate(statement.quantities):
        field = f"{statement.quantity_field}[{at}]"
        evidence = _evidence_note(state, quantity)
        if quantity.gtin is None or evidence:
            notes.append(evidence)
            continue
        if (quantity.gtin, quantity.lot) in written:
            raise EventRefused(
                "invalid_quantity", f"{field}.epcClass", f"{quantity.epc_class} is listed twice"
            )
        written.add((quantity.gtin, quantity.lot))
        key = (quantity.gtin, _lot(state, event, statement, quantity, field))
        found[key] = found.get(key, 0) + _amount(quantity, field)
    lines = tuple(Line(gtin, lot, amount) for (gtin, lot), amount in found.items())
    return Counted(lines, "; ".join(dict.fromkeys(notes)))


def _evidence_note(state: Overlay, quantity: Quantity) -> str:
    """Return why a quantity is evidence and not counted; empty when it counts."""
    if quantity.gtin is None:
        return f"{quantity.epc_class} is no GTIN"
    gtin = unpack_gtin(quantity.gtin)
    if quantity.unit.upper() not in PIECES:
        return f"{gtin} is measured in {quantity.unit}, and only pieces are counted"
    product = state.read(PRODUCTS, quantity.gtin)
    if product is None:
        return f"{gtin} is no registered product"
    if product.serialisation == Serialisation.SERIAL:
        return f"the packs of {gtin} carry serials, and by class they are not counted"
    return ""


def _lot(state: Overlay, event: EpcisEvent, statement: Statement, quantity: Quantity, field: str) -> bytes:
    """Return the lot to count packs under; none for a product without lots, whatever the file knows."""
    if state.require(PRODUCTS, quantity.gtin or b"").serialisation == Serialisation.NONE:
        return b""
    told = event.ilmd.lot if event.ilmd is not None and statement.step is Step.COMMISSION else None
    if told and quantity.lot and told != quantity.lot:
        reason = f"{quantity.epc_class} is of lot {quantity.lot}, and the master data say lot {told}"
        raise EventRefused("lot_conflict", "ilmd.lotNumber", reason)
    lot = quantity.lot or told
    if not lot:
        reason = f"{quantity.epc_class} names no lot, and packs of this product are counted by lots"
        raise EventRefused("missing_field", f"{field}.epcClass", reason)
    return lot.encode()


def _amount(quantity: Quantity, field: str) -> int:
    if not quantity.amount:
        reason = f"{quantity.epc_class} is counted in packs, and the event does not say how many"
        raise EventRefused("invalid_quantity", f"{field}.quantity", reason)
    if not quantity.amount.isdigit() or int(quantity.amount) == 0:
        reason = f"{quantity.epc_class} is counted in packs: {quantity.amount} is no whole number above 0"
        raise EventRefused("invalid_quantity", f"{field}.quantity", reason)
    return int(quantity.amount)


def made(state: Overlay, event: EpcisEvent, lines: Iterable[Line], head: Head) -> tuple[MakeQuantity, ...]:
    """Return one record for each product and lot that comes to be.

    Raises:
        EventRefused: A product with lots, and no expiry date is stated.
    """
    records: list[MakeQuantity] = []
    for line in lines:
        if state.require(PRODUCTS, line.gtin).serialisation == Serialisation.NONE:
            records.append(MakeQuantity(head, line.gtin, b"", 0, b"", 0, line.quantity))
            continue
        _lot, expiry = lot_and_expiry(event, line.lot)
        made_at = max(event.time_ms, 0)
        make = (line.gtin, line.lot, expiry, production_line(event), made_at, line.quantity)
        records.append(MakeQuantity(head, *make))
    return tuple(records)


def ended(reason: DecommissionReason | None, lines: tuple[Line, ...], head: Head) -> EndQuantity:
    """Return the record that packs are dispensed, or leave the supply chain for a reason.

    Args:
        reason: None for dispensing.
        lines: Which packs.
        head: Of the event.

    Raises:
        EventRefused: Packs without serials cannot leave in this way.
    """
    end = QuantityEnd.DISPENSED if reason is None else _ENDS.get(reason)
    if end is None:
        ways = ", ".join(sorted(entry.name.lower() for entry in _ENDS))
        found = "" if reason is None else reason.name.lower()
        told = f"packs without serials cannot leave as {found}: expected {ways}"
        raise EventRefused("not_supported", "disposition", told)
    return EndQuantity(head, end, lines, b"")


class Settling:
    """Finds the shipments that packs without serials arrive with, or come back from."""

    def __init__(self, state: Overlay, actor: Party, memory: Memory) -> None:
        """Prepare.

        Args:
            state: After all earlier events of the file.
            actor: Who receives them, or sent them.
            memory: Knows the shipments.
        """
        self._state = state
        self._actor = actor
        self._memory = memory
        self._directory = Directory(state)

    def settle(
        self, event: EpcisEvent, statement: Statement, lines: Sequence[Line], head: Head
    ) -> tuple[QuantityRecord, ...]:
        """Return the records that packs arrive, or come back unreceived; none for what was stated before.

        Args:
            event: Receiving, or a void.
            statement: What it states.
            lines: Of it.
            head: Of it.

        Raises:
            EventRefused: So many are not on their way in one shipment.
        """
        is_void = statement.step is Step.VOID
        settlement = Settlement.VOIDED if is_void else Settlement.RECEIVED
        number, time_ms = self._actor.number, head.claimed_at_ms
        fresh = [
            line
            for line in lines
            if not self._memory.is_stated(settled_fingerprint(number, settlement, line, time_ms))
        ]
        if not fresh:
            return ()
        other = self._directory.receiver_named(event) if is_void else self._directory.sender_named(event)
        loads = self._open_loads(other, is_void=is_void)
        groups: dict[bytes, list[Line]] = {}
        for line in fresh:
            load = _chosen(loads, line, len(fresh))
            if load is None:
                raise self._not_found(statement, line, loads, is_void=is_void)
            groups.setdefault(load, []).append(line)
            loads[load][line.gtin, line.lot] -= line.quantity
        return tuple(SettleQuantity(head, load, settlement, tuple(group)) for load, group in groups.items())

    def _open_loads(self, other: Party | None, *, is_void: bool) -> _Loads:
        """Return what is on its way to or from the actor, oldest shipment first."""
        found: dict[bytes, dict[tuple[bytes, bytes], int]] = {}
        for load in self._memory.loads(self._actor.number):
            row = self._state.read(LOADS, load)
            if row is not None and row.lines and self._is_between(row, other, is_void=is_void):
                found[load] = {(gtin, lot): amount for gtin, lot, amount in row.lines}
        return found

    def _is_between(self, row: LoadRow, other: Party | None, *, is_void: bool) -> bool:
        own, their = (row.sender, row.receiver) if is_void else (row.receiver, row.sender)
        return own == self._actor.number and (other is None or their == other.number)

    def _not_found(
        self,
        statement: Statement,
        line: Line,
        loads: _Loads,
        *,
        is_void: bool,
    ) -> EventRefused:
        most = max((load.get((line.gtin, line.lot), 0) for load in loads.values()), default=0)
        lot = f", lot {line.lot.decode()}," if line.lot else ""
        way = "from" if is_void else "to"
        reason = (
            f"{line.quantity} of {unpack_gtin(line.gtin)}{lot} are not on their way {way} {self._actor}"
            f" in one shipment: at most {most} are"
        )
        return EventRefused("shipment_not_found", statement.quantity_field, reason)


def _chosen(loads: _Loads, line: Line, count: int) -> bytes | None:
    """Return the shipment that a line is of: one of exactly that, its whole if possible, else the oldest."""
    key = (line.gtin, line.lot)
    able = [load for load, rest in loads.items() if rest.get(key, 0) >= line.quantity]
    exact = [load for load in able if loads[load][key] == line.quantity]
    whole = [load for load in exact if len(loads[load]) == count]
    return next(iter(whole or exact or able), None)
