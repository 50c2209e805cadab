"""From what this node's partner did to records of the law (LAW, EPCIS table and rules a, c, e, g).

Nothing here is judged that a rule judges; a record that a rule refuses is refused by the rule. An event is
translated on the state after all earlier events of its file, and what that holds already is left out.
"""

import re
from collections.abc import Sequence
from typing import Final, assert_never

from contracts.gs1.keys import SSCC_KIND, ItemKey, format_item
from contracts.records.dispensing import Dispense, SupplyTo
from contracts.records.head import Head
from contracts.records.quantities import Line
from contracts.records.record import Record
from contracts.records.supply import Decommission, DecommissionReason, Observe, Pack, Unpack
from contracts.state.layout import CONTAINERS, ITEMS
from contracts.state.view import Overlay
from node.epcis.commissioning import check_make, commissions
from node.epcis.conditions import Conditions
from node.epcis.correcting import correction
from node.epcis.counting import Settling, counted, ended, made
from node.epcis.events import EpcisEvent, Place
from node.epcis.genealogy import traced
from node.epcis.holding import hold_record, still_to_do
from node.epcis.memory import Memory
from node.epcis.moving import Moving
from node.epcis.parties import Directory, Party
from node.epcis.refusal import EventRefused
from node.epcis.repacking import repack
from node.epcis.steps import OBSERVING, Statement, Step, is_set_apart
from node.epcis.told import Evidence, Told

_LEAVING: Final = {
    "exported": DecommissionReason.EXPORTED,
    "sample": DecommissionReason.SAMPLE,
    "free_sample": DecommissionReason.FREE_SAMPLE,
    "checked_out": DecommissionReason.CHECKED_OUT,
    "lost": DecommissionReason.LOST,
}
"""Dispositions of decommissioned items beside those of CBV."""
_LABEL: Final = "logistic units that were emptied: their numbers rest, and may be given again in time"
_NO_LOT: Final = "what comes out of it, or what went in, names no lot"
_NOT_COUNTED: Final = "packs without serials are counted where they are made, sent, received, and end"


class Translator:
    """Translates the events of one partner."""

    def __init__(
        self, state: Overlay, actor: Party, file_receivers: tuple[Place, ...], memory: Memory
    ) -> None:
        """Prepare.

        Args:
            state: After all earlier events of the file; only read.
            actor: Who acts.
            file_receivers: Whom the file is for.
            memory: What the chain and the file remember.
        """
        self._state = state
        self._actor = actor
        self._memory = memory
        self._directory = Directory(state)
        self._moving = Moving(state, actor, file_receivers, memory)
        self._settling = Settling(state, actor, memory)
        self._conditions = Conditions(state, actor, memory)

    def translate(self, event: EpcisEvent, statement: Statement, evidence: Evidence) -> Told:
        """Return what an event means.

        Args:
            event: Of this translator's partner.
            statement: What it states.
            evidence: Of this event.

        Raises:
            EventRefused: It cannot become a record, though it should.
        """
        head = self._head(event, evidence)
        match statement.step:
            case Step.READ:
                return self._conditions.report(event, statement, head)
            case Step.INSTALL:
                return self._conditions.install(event, statement, head)
            case Step.REMOVE:
                return self._conditions.remove(event, statement, head)
            case _:
                pass
        count = counted(self._state, event, statement)
        readings = self._conditions.beside(event, head)
        traces = traced(event, head, evidence)
        if not (statement.items or statement.parent or count.lines):
            return Told(note=count.note or statement.note or _NO_LOT).and_then(traces).and_then(readings)
        if statement.step is Step.SHIP:
            # Who has sent a logger away cannot read it any more.
            return readings.and_then(self._moving.ship(event, statement, count.lines, head, evidence))
        told = Told()
        if statement.items or statement.parent:
            told = self._of_items(event, statement, head)
        if count.lines:
            told = self._of_lines(event, statement, head, count.lines, told)
        return told.and_then(traces).and_then(readings)

    def _of_items(  # noqa: C901 - one case for each step
        self, event: EpcisEvent, statement: Statement, head: Head
    ) -> Told:
        match statement.step:
            case Step.NEVER_MADE | Step.NEVER_PACKED:
                return correction(self._state, statement, head)
            case Step.TRANSFORM:
                return repack(self._state, event, statement, head)
            case Step.COMMISSION:
                return self._commission(event, statement.items, head)
            case Step.PACK | Step.UNPACK:
                return self._packing(statement, head)
            case Step.VOID:
                return self._moving.void(statement.items, head)
            case Step.RECEIVE:
                told = self._moving.receive(event, statement, head)
                return told.and_then(self._hold(statement, head)) if is_set_apart(event) else told
            case Step.DECOMMISSION if self._is_label_removed(event, statement):
                return Told(note=_LABEL)
            case Step.DISPENSE | Step.DECOMMISSION | Step.OBSERVE:
                told = _own_step(event, statement, head)
                is_held = statement.step is Step.OBSERVE and is_set_apart(event)
                return told.and_then(self._hold(statement, head)) if is_held else told
            case Step.HOLD | Step.RELEASE:
                return self._hold(statement, head)
            case Step.SHIP | Step.READ | Step.INSTALL | Step.REMOVE | Step.TRACE | Step.NONE:
                return Told(note=statement.note)
            case _:
                assert_never(statement.step)

    def _of_lines(
        self, event: EpcisEvent, statement: Statement, head: Head, lines: tuple[Line, ...], told: Told
    ) -> Told:
        """Add the records of packs without serials to those of an event's things."""
        match statement.step:
            case Step.COMMISSION:
                return told.with_records(*made(self._state, event, lines, head))
            case Step.VOID | Step.RECEIVE:
                return told.with_records(*self._settling.settle(event, statement, lines, head))
            case Step.DISPENSE:
                _check_whole(event)
                return told.with_records(ended(None, lines, head))
            case Step.DECOMMISSION:
                return told.with_records(ended(_decommission_reason(event), lines, head))
            case _:
                # Where packs without serials lie, and in which box, no record says.
                return told if told.records or told.stated else Told(note=_NOT_COUNTED)

    def _head(self, event: EpcisEvent, evidence: Evidence) -> Head:
        premises = self._directory.premises_stated(event, self._actor)
        return Head(event.time_ms, event.offset_minutes, premises, (evidence.attachment,))

    def _hold(self, statement: Statement, head: Head) -> Told:
        open_items = still_to_do(self._state, statement, self._actor.number)
        stated = (hold_record(statement, statement.items, head),)
        return Told(stated, (hold_record(statement, open_items, head),) if open_items else ())

    def _is_label_removed(self, event: EpcisEvent, statement: Statement) -> bool:
        """Tell whether emptied logistic units lose their labels, as warehouses say it: nothing that ends."""
        contents = (
            self._state.read(CONTAINERS, item) if item[:1] == SSCC_KIND else None for item in statement.items
        )
        is_plain = event.biz_step == "decommissioning" and event.disposition in {"", "inactive"}
        return is_plain and all(row is not None and row.children == 0 for row in contents)

    # ------------------------------------------------------------------------- beginnings

    def _commission(self, event: EpcisEvent, items: Sequence[ItemKey], head: Head) -> Told:
        known = {item: row for item in items if (row := self._state.read(ITEMS, item)) is not None}
        for item, row in known.items():
            check_make(self._state, event, item, row)
        fresh = [item for item in items if item not in known or self._is_new_generation(event, item)]
        records = commissions(event, fresh, head)
        return Told(records, records)

    def _is_new_generation(self, event: EpcisEvent, item: ItemKey) -> bool:
        """Tell whether a logistic unit was emptied before this event: its number may be given again."""
        contents = self._state.read(CONTAINERS, item) if item[:1] == SSCC_KIND else None
        return contents is not None and 0 < contents.emptied_at_ms < event.time_ms

    # ---------------------------------------------------------------------------- packing

    def _packing(self, statement: Statement, head: Head) -> Told:
        parent, children = statement.parent or b"", statement.items
        if statement.step is Step.PACK:
            missing = tuple(child for child in children if not self._is_inside(child, parent))
            stated = (Pack(head, parent, children),)
            return Told(stated, (Pack(head, parent, missing),) if missing else ())
        if children:
            return Told((Unpack(head, parent, children),), (Unpack(head, parent, children),))
        inside = self._memory.contents(ItemKey(parent))
        if inside is None:
            count = self._state.require(CONTAINERS, parent).children
            name = format_item(ItemKey(parent))
            reason = f"{name} has {count} items inside, and this node cannot list them all"
            raise EventRefused("contents_unknown", "childEPCs", reason)
        return Told(records=(Unpack(head, parent, inside),) if inside else ())

    def _is_inside(self, child: ItemKey, parent: bytes) -> bool:
        row = self._state.read(ITEMS, child)
        return row is not None and row.parent == parent


def _own_step(event: EpcisEvent, statement: Statement, head: Head) -> Told:
    """Steps that a holder takes by itself: dispensing, ending, observing."""
    record: Record
    if statement.step is Step.DISPENSE:
        _check_whole(event)
        is_retail = event.biz_step == "retail_selling"
        record = Dispense(head, statement.items, SupplyTo.RETAIL if is_retail else SupplyTo.PATIENT)
    elif statement.step is Step.DECOMMISSION:
        record = Decommission(head, _decommission_reason(event), statement.items)
    elif not head.premises:
        return Told(note="it names no registered premises of its actor, and seeing things needs a place")
    else:
        record = Observe(head, OBSERVING[event.biz_step], statement.items)
    return Told((record,), (record,))


def _check_whole(event: EpcisEvent) -> None:
    """Refuse what was taken out of a pack."""
    if event.disposition == "partially_dispensed":
        reason = "it does not say how many units were taken; state that as a record"
        raise EventRefused("not_supported", "disposition", reason)


def _decommission_reason(event: EpcisEvent) -> DecommissionReason:
    if event.disposition == "stolen":
        return DecommissionReason.STOLEN
    if event.biz_step == "destroying" or event.disposition in {"destroyed", "disposed"}:
        return DecommissionReason.DESTROYED
    # CBV has no words for these; partners write them bare, or as the end of a URI of their own.
    word = re.split("[:/#-]", event.disposition)[-1].lower()
    if word in _LEAVING:
        return _LEAVING[word]
    found = event.disposition or "no disposition"
    reason = f"decommissioning with {found}: expected destroyed, stolen, {', '.join(_LEAVING)}"
    raise EventRefused("not_supported", "disposition", reason)
