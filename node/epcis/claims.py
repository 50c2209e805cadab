"""What a file says that others did, compared with the ledger and never signed (LAW, EPCIS rules a and b).

Only the actor signs. What agrees with the ledger is there already; what disagrees is refused, as long as the
one who is said to have done it still has the goods; what the ledger does not know is a claim, kept as it is.
Goods that another partner says it shipped to this node's partner are matched with its announcement.
"""

from typing import Final

import msgspec

from contracts.gs1.keys import ItemKey, format_item
from contracts.records.head import Head
from contracts.state.layout import CONTAINERS, ITEMS
from contracts.state.parties import holder_of
from contracts.state.places import Position, effective_holds, effective_life, locate
from contracts.state.rows import Life
from contracts.state.view import Overlay
from node.epcis.attachments import Attachment
from node.epcis.chronicle import Chronicle
from node.epcis.commissioning import check_make
from node.epcis.events import EpcisEvent, Place
from node.epcis.holding import quarantine_of
from node.epcis.matching import is_between
from node.epcis.parties import Directory, Party
from node.epcis.proposals import Proposal
from node.epcis.refusal import EventRefused
from node.epcis.steps import Statement, Step

_CLAIM: Final = "which the ledger does not know: it is kept as a claim"

_LIVES: Final[dict[Step, set[Life]]] = {
    Step.DISPENSE: {Life.SUPPLIED},
    Step.TRANSFORM: {Life.CONSUMED},
    Step.NEVER_MADE: {Life.BURNED},
    Step.DECOMMISSION: {life for life in Life if life not in {Life.ACTIVE, Life.SUPPLIED}},
}


class Compared(msgspec.Struct, frozen=True):
    """What the ledger says of another partner's event."""

    is_recorded: bool = False
    """It is there already."""
    proposal: Proposal | None = None
    """Goods for this node's partner, to be matched when the whole file was read."""
    note: str = ""
    """Why it is kept as a claim, when it is neither."""


class Claims:
    """Compares events of other partners with the ledger."""

    def __init__(
        self, state: Overlay, chronicle: Chronicle, own: Party, file_receivers: tuple[Place, ...]
    ) -> None:
        """Prepare.

        Args:
            state: After all earlier events of the file; only read.
            chronicle: What the chain remembers.
            own: This node's partner.
            file_receivers: Whom the file is for.
        """
        self._state = state
        self._chronicle = chronicle
        self._own = own
        self._receivers = file_receivers
        self._directory = Directory(state)

    def compare(
        self, event: EpcisEvent, statement: Statement, actor: Party, attachment: Attachment
    ) -> Compared:
        """Compare an event with the ledger.

        Args:
            event: Of another partner.
            statement: What it states.
            actor: Who is said to have done it.
            attachment: The event's own data.

        Raises:
            EventRefused: The ledger says otherwise, or the event contradicts itself.
        """
        if statement.step is Step.SHIP:
            return self._compare_shipment(event, statement, actor, attachment)
        if self._is_recorded(event, statement, actor):
            return Compared(is_recorded=True)
        return Compared(note=f"{actor} is said to have done it, {_CLAIM}")

    def _compare_shipment(
        self, event: EpcisEvent, statement: Statement, sender: Party, attachment: Attachment
    ) -> Compared:
        destination, receiver = b"", self._own
        try:
            found = self._directory.receiver(event, self._receivers)
            destination, receiver = found.destination, found.party
        except EventRefused as refusal:
            # A seller may leave out for whom its goods are; its announcement on the ledger does not.
            if refusal.code != "receiver_not_found":
                raise
            if not self._is_under_way(statement, sender, self._own):
                return Compared(note=f"{sender} is said to have sent it, {refusal.reason}: {_CLAIM}")
        if receiver == self._own:
            head = Head(event.time_ms, event.offset_minutes, destination, (attachment.hash,))
            return Compared(proposal=Proposal(sender.gln, self._own.gln, statement.items, head))
        ends = (sender.number, receiver.gln)
        if self._is_under_way(statement, sender, receiver) or self._chronicle.was_shipped(
            *ends, statement.items, event.time_ms
        ):
            return Compared(is_recorded=True)
        return Compared(note=f"{sender} is said to have sent it to {receiver}, {_CLAIM}")

    def _is_under_way(self, statement: Statement, sender: Party, receiver: Party) -> bool:
        positions = [locate(self._state, item) for item in statement.items]
        return all(
            position is not None and is_between(position.shipment, sender.number, receiver.number)
            for position in positions
        )

    def _is_recorded(self, event: EpcisEvent, statement: Statement, actor: Party) -> bool:
        """Tell whether the ledger holds what an event says; False for a claim that it does not know."""
        if statement.step is Step.COMMISSION:
            return self._is_commissioned(event, statement)
        if not statement.items:
            return self._is_empty(statement)
        positions = [locate(self._state, item) for item in statement.items]
        known = [position for position in positions if position is not None]
        if len(known) == len(positions) and all(
            self._agrees(position, statement, actor) for position in known
        ):
            return True
        if self._chronicle.was_stated(actor.number, statement, event.time_ms):
            return True
        if statement.step is Step.PACK:
            self._check_parents(known, statement, actor)
        return False

    def _is_commissioned(self, event: EpcisEvent, statement: Statement) -> bool:
        rows = [(item, self._state.read(ITEMS, item)) for item in statement.items]
        for item, row in rows:
            if row is not None:
                check_make(self._state, event, item, row)
        return all(row is not None for _item, row in rows)

    def _is_empty(self, statement: Statement) -> bool:
        row = self._state.read(CONTAINERS, statement.parent or b"")
        return row is not None and row.children == 0

    def _agrees(self, position: Position, statement: Statement, actor: Party) -> bool:
        match statement.step:
            case Step.PACK:
                return position.row.parent == statement.parent
            case Step.UNPACK | Step.NEVER_PACKED:
                return position.row.parent != statement.parent
            case Step.RECEIVE:
                return position.shipment is None and holder_of(position) == actor.number
            case Step.HOLD:
                return quarantine_of(actor.number) in effective_holds(position)
            case Step.RELEASE:
                return quarantine_of(actor.number) not in effective_holds(position)
            case Step.DISPENSE | Step.DECOMMISSION | Step.TRANSFORM | Step.NEVER_MADE:
                return effective_life(position) in _LIVES[statement.step]
            case _:
                return False

    def _check_parents(self, known: list[Position], statement: Statement, actor: Party) -> None:
        """Refuse a packing that contradicts the ledger while the packer still has the goods."""
        for position in known:
            parent = position.row.parent
            if parent and parent != statement.parent and holder_of(position) == actor.number:
                inside = format_item(ItemKey(parent))
                reason = f"{format_item(ItemKey(position.key))} is inside {inside} on the ledger"
                raise EventRefused("disagrees_with_ledger", statement.field, reason)
