"""A file on trial: its events in order, on a scratch state, as they would act (LAW, EPCIS rules a, b, d, f).

Pure: the state, the chain's memory and everything random are given. The trial is a generator that pauses now
and then, so that its thread can do other work; it is thrown away and begun anew when the state has changed
meanwhile. What it finds is a forecast like any admission: the blocks decide.
"""

from collections.abc import Generator, Iterable, Sequence
from typing import Final

import msgspec

from contracts.gs1.keys import ItemKey
from contracts.ledger.execute import BlockContext, execute_document
from contracts.ledger.receipt import ACCEPTED
from contracts.records.custody import Receive, Refuse, Ship, Void, shipment_id
from contracts.records.lots import TraceLot
from contracts.records.quantities import SettleQuantity, ShipQuantity
from contracts.records.record import Record
from contracts.records.supply import Pack
from contracts.rules.codes import Code
from contracts.state.directory import find_partner
from contracts.state.layout import LOADS
from contracts.state.view import Overlay
from node.epcis.acting import has_mandate
from node.epcis.attachments import Attachment
from node.epcis.chronicle import Chronicle
from node.epcis.claims import Claims
from node.epcis.documents import Case, Part, Ready, build_ready
from node.epcis.events import EpcisEvent
from node.epcis.judged import Finding, Judged, kept
from node.epcis.notes import NOTED, statement_key
from node.epcis.parties import Directory, Party
from node.epcis.proposals import Proposal, answer_proposal, contradicted
from node.epcis.refusal import EventRefused, Refused
from node.epcis.standing import stand_or_fall
from node.epcis.steps import Statement, Step, read_statement
from node.epcis.told import Evidence, Told
from node.epcis.translate import Translator
from node.epcis.verdicts import refused_by_law
from node.storage.errors import HistoryArchived
from node.storage.references import reference_hash
from node.storage.statements import fingerprint, fingerprints

SLICE_IDENTIFIERS: Final = 50
"""After so many identifiers the trial pauses."""

_MISSING_PREDECESSOR: Final = frozenset(
    {
        Code.ITEM_UNKNOWN,
        Code.CONTAINER_EMPTY,
        Code.NOT_INSIDE,
        Code.NOT_HOLDER,
        Code.IN_TRANSIT,
        Code.LOGGER_NOT_ON,
        Code.LOGGER_UNKNOWN,
        Code.NOT_ENOUGH,
        "contents_differ",
        "contents_unknown",
        "shipment_not_found",
    }
)
"""Refusals that an event further down in the file may take away (rule d)."""

_REFERRING: Final = (Ship, ShipQuantity, TraceLot)
"""Records that carry hashes of business documents."""
_REMEMBERED: Final = frozenset({Step.PACK, Step.UNPACK, Step.RECEIVE, Step.VOID})
"""Steps whose records depend on the state, so that their fingerprints do not tell all that was stated."""


class Trial:
    """One attempt; `run` it once."""

    def __init__(self, case: Case, chronicle: Chronicle, state: Overlay, context: BlockContext) -> None:
        """Prepare.

        Args:
            case: The file.
            chronicle: What the chain remembers.
            state: Scratch; what the events do is written to it.
            context: The moment of judgement.
        """
        self._case = case
        self._chronicle = chronicle
        self._state = state
        self._context = context
        self._directory = Directory(state)
        self._own = self._find_own()
        self._claims = Claims(state, chronicle, self._own, case.document.receivers)
        self._translators: dict[Party, Translator] = {}
        self._judged: dict[int, Judged] = {}
        self._documents: list[Ready] = []
        self._stated: list[frozenset[bytes]] = []
        self._known: set[bytes] = set()
        self._announced: dict[bytes, None] = {}
        self._loads: dict[int, list[bytes]] = {}
        self._packed: dict[bytes, dict[ItemKey, None]] = {}

    def _translator(self, actor: Party) -> Translator:
        if actor not in self._translators:
            receivers = self._case.document.receivers
            self._translators[actor] = Translator(self._state, actor, receivers, self)
        return self._translators[actor]

    def _find_own(self) -> Party:
        found = find_partner(self._state, self._case.partner)
        if found is None:
            msg = "partners: the partner that a key of this node belongs to is not registered"
            raise LookupError(msg)
        return Party(found[0], found[1].gln)

    def run(self) -> Generator[None, None, Finding]:
        """Try all events; those that miss a predecessor once more after the rest (rule d)."""
        postponed: list[EpcisEvent] = []
        spent = 0
        for event in self._case.document.events:
            if not self._judge(event, is_last=False):
                postponed.append(event)
            spent += 1 + len(read_statement(event).items)
            if spent >= SLICE_IDENTIFIERS:
                spent = 0
                yield
        for event in postponed:
            self._judge(event, is_last=True)
            yield
        self._settle_proposals()
        if self._case.is_one:
            self._documents = list(stand_or_fall(self._case, self._judged, self._documents))
            stated = frozenset[bytes]().union(*self._stated)
            self._stated = [stated for _document in self._documents]
        in_order = tuple(self._judged[index] for index in sorted(self._judged))
        return Finding(in_order, tuple(self._documents), tuple(self._stated))

    def _judge(self, event: EpcisEvent, *, is_last: bool) -> bool:
        """Judge an event; return False when it is to be tried again later."""
        statement = read_statement(event)
        try:
            judged = self._try(event, statement)
        except EventRefused as refusal:
            judged = Judged(event.position, statement, "refused", refused=Refused.of_event(refusal))
        except HistoryArchived as error:
            # Whether it was stated before cannot be told: better refused than stated twice.
            needed = EventRefused("archived", "", f"to compare it with what was stated before, {error}")
            judged = Judged(event.position, statement, "refused", refused=Refused.of_event(needed))
        refused = judged.refused
        if refused is not None and refused.code in _MISSING_PREDECESSOR and not is_last:
            return False
        self._judged[event.position] = judged
        return True

    def _try(self, event: EpcisEvent, statement: Statement) -> Judged:
        attachment = self._case.sealer.attachment(event)
        if statement.step is Step.NONE:
            return kept(event, statement, attachment, statement.note)
        sender = self._case.document.sender
        sends = statement.step in {Step.SHIP, Step.VOID}
        actor = self._directory.sender(event, sender) if sends else self._directory.actor(event, sender)
        if actor != self._own and not has_mandate(
            self._state, self._context.height, self._own, actor, event, statement.step
        ):
            return self._compare(event, statement, actor, attachment)
        return self._try_own(actor, event, statement, attachment)

    # --------------------------------------------------- the partner's own, and what it may sign

    def _try_own(
        self, actor: Party, event: EpcisEvent, statement: Statement, attachment: Attachment
    ) -> Judged:
        key = statement_key(actor.number, event, statement) if statement.step in NOTED else b""
        if key and self._chronicle.is_noted(key):
            return Judged(event.position, statement, "already_recorded")
        references = self._case.sealer.references(event, attachment)
        evidence = Evidence(attachment.hash, tuple(map(reference_hash, references)))
        try:
            told = self._translator(actor).translate(event, statement, evidence)
        except EventRefused:
            # Its records follow from a state that may have changed since it was recorded.
            if statement.step in _REMEMBERED and self._was_stated(actor, event, statement):
                return Judged(event.position, statement, "already_recorded")
            raise
        if told.note:
            # Nobody confirms what another partner would have to sign.
            proposal = told.proposal if actor == self._own else None
            return kept(event, statement, attachment, told.note, proposal)
        records = tuple(record for record in told.records if not self._is_known(actor, record))
        if self._is_repeated(actor, event, statement, told):
            return Judged(event.position, statement, "already_recorded")
        if not records:
            return Judged(event.position, statement, "already_recorded", key=key)
        refused = self._act(actor, event, statement, told, records)
        if refused is not None:
            return Judged(event.position, statement, "refused", refused=refused)
        used = references if any(isinstance(record, _REFERRING) for record in records) else ()
        return Judged(event.position, statement, "records", records, attachment=attachment, references=used)

    def _is_known(self, actor: Party, record: Record) -> bool:
        return self.is_stated(fingerprint(actor.number, record))

    def is_stated(self, statement: bytes) -> bool:
        """Tell whether this node's keys stated this before, in the chain or this file, by its fingerprint."""
        return statement in self._known or self._chronicle.is_stated(statement)

    def loads(self, partner: int) -> Iterable[bytes]:
        """Return the ids of a partner's shipments of packs without serials, in and out, oldest first."""
        if partner not in self._loads:
            # Those that are over stay so: a file of many receipts looks them up once.
            found = reversed(self._chronicle.loads_of(partner))
            self._loads[partner] = [load for load in found if self._is_open(load)]
        return (*self._loads[partner], *self._announced)

    def _is_open(self, load: bytes) -> bool:
        row = self._state.read(LOADS, load)
        return row is not None and bool(row.lines)

    def contents(self, parent: ItemKey) -> tuple[ItemKey, ...] | None:
        """Return what is directly inside a container; None when it cannot be listed."""
        return self._chronicle.contents(self._state, parent, self._packed.get(parent, ()))

    def _is_repeated(self, actor: Party, event: EpcisEvent, statement: Statement, told: Told) -> bool:
        """Tell whether all of this was stated before, though the state no longer shows it (rule a)."""
        if told.stated and all(self._is_known(actor, record) for record in told.stated):
            return True
        return statement.step in _REMEMBERED and self._was_stated(actor, event, statement)

    def _was_stated(self, actor: Party, event: EpcisEvent, statement: Statement) -> bool:
        return self._chronicle.was_stated(actor.number, statement, event.time_ms)

    def _act(
        self,
        actor: Party,
        event: EpcisEvent,
        statement: Statement,
        told: Told,
        records: tuple[Record, ...],
    ) -> Refused | None:
        """Let an event's records act on the scratch state; return why they may not."""
        self._check_shipments(records)
        principal = b"" if actor == self._own else actor.gln
        part = Part(event.position, statement, records)
        ready = build_ready(self._case, event.position, (part,), principal)
        index = len(self._documents)
        receipt = execute_document(
            self._state, self._context, self._case.lane, ready.document, ready.id, index
        )
        if receipt.code != ACCEPTED:
            _part, record = ready.part_of(receipt.record)
            return refused_by_law(self._state, receipt, record, statement)
        self._documents.append(ready)
        both = {*told.stated, *records}
        stated = (fingerprints(actor.number, record) for record in both)
        self._stated.append(frozenset().union(*stated))
        self._known |= self._stated[-1]
        for at, record in enumerate(records, ready.first):
            if isinstance(record, Ship | ShipQuantity):
                self._announced[shipment_id(ready.id, at)] = None
            if isinstance(record, Pack):
                self._packed.setdefault(record.parent, {}).update(
                    dict.fromkeys(map(ItemKey, record.children))
                )
        return None

    def _check_shipments(self, records: Sequence[Record]) -> None:
        """Refuse what is about a shipment of the same document: the id of that is not known before."""
        for record in records:
            match record:
                case (
                    Receive(shipment=shipment)
                    | Refuse(shipment=shipment)
                    | Void(shipment=shipment)
                    | SettleQuantity(shipment=shipment)
                ):
                    if self._case.is_one and shipment in self._announced:
                        reason = "the same file announces its shipment, and one document cannot hold both"
                        raise EventRefused("shipment_in_same_file", "epcList", reason)
                case _:
                    pass

    # ------------------------------------------------------------------------ others' events

    def _compare(
        self, event: EpcisEvent, statement: Statement, actor: Party, attachment: Attachment
    ) -> Judged:
        compared = self._claims.compare(event, statement, actor, attachment)
        if compared.is_recorded:
            return Judged(event.position, statement, "already_recorded")
        if compared.proposal is not None:
            return Judged(
                event.position, statement, "draft", attachment=attachment, proposal=compared.proposal
            )
        return kept(event, statement, attachment, compared.note)

    def _settle_proposals(self) -> None:
        """Decide on drafts when all else is done: the file itself may have received the goods."""
        for index, judged in self._judged.items():
            proposal = judged.proposal
            if proposal is None:
                continue
            answer = answer_proposal(self._state, proposal)
            if answer.is_done or (answer.contradiction and self._is_past(proposal)):
                self._judged[index] = Judged(index, judged.statement, "already_recorded")
            elif answer.contradiction:
                refused = Refused.of_event(contradicted(answer))
                self._judged[index] = Judged(index, judged.statement, "refused", refused=refused)
            else:
                self._judged[index] = msgspec.structs.replace(judged, note=proposal.reason(answer))

    def _is_past(self, proposal: Proposal) -> bool:
        """Tell whether the seller announced these goods at that time, whatever became of them since."""
        found = find_partner(self._state, proposal.sender)
        time_ms = proposal.head.claimed_at_ms
        return found is not None and self._chronicle.was_shipped(
            found[0], proposal.receiver, proposal.items, time_ms
        )
