"""Law and model side by side: the same steps, then every facet of every item compared, and the invariants.

What is compared after each step: verdict, and code where LAW.md determines it; events, and who is told; life,
holds, holder, owner, premises, parent, shipment and birth of every item; what is on its way with every
shipment. Containers' counters are computed anew from the rows of all items. Of a refused document nothing may
remain but its lane's next sequence, and admission must have foreseen every receipt.
"""

from collections import Counter

from contracts.gs1.keys import ItemKey
from contracts.ledger.admit import PendingState
from contracts.ledger.bundle import OpenBundle
from contracts.ledger.document import Document as LedgerDocument
from contracts.ledger.document import document_id, encode_document
from contracts.ledger.events import EventKind
from contracts.ledger.execute import next_app_hash
from contracts.ledger.receipt import ACCEPTED, Event, Receipt
from contracts.primitives.hashing import Hash
from contracts.records.agreement import proposal_id
from contracts.records.custody import shipment_id
from contracts.records.recall import recall_id
from contracts.state.directory import premises
from contracts.state.exposures import session_of, until_of
from contracts.state.layout import (
    CONTAINERS,
    DELEGATIONS,
    ENDINGS,
    EVIDENCE_WINDOW,
    ITEMS,
    LANES,
    LISTS,
    LOTS,
    MANDATES,
    MARKETS,
    PARTNERS,
    PREMISES,
    PREMISES_NUMBERS,
    PRODUCT_OFFERS,
    PRODUCTS,
    REMAINDERS,
    SESSIONS,
    SHIPMENTS,
    SOURCES,
    VALIDATORS,
    number_key,
)
from contracts.state.parties import holder_of
from contracts.state.places import effective_holds, effective_life, locate, reliance_on
from contracts.state.recalls import RECALL_HOLDS
from contracts.state.rows import NOBODY, SEVERAL, HoldKind, Life, ShipmentRow
from contracts.state.titles import title_of
from contracts.state.view import Overlay
from tests.properties.compare_claims import answer_of, compare_claims
from tests.properties.compare_items import Names, Raw, check_births, check_containers
from tests.properties.compare_lots import compare_lots
from tests.properties.compare_makes import KINDS, Makes, check_makes, read_makes
from tests.properties.compare_overages import compare_overages
from tests.properties.compare_quantities import compare_quantities
from tests.properties.compare_recalls import compare_recalls
from tests.properties.compare_registry import read_registered
from tests.properties.differ import Divergence, require
from tests.properties.facts import (
    NEW_PLACES,
    PARTNER_NAMES,
    PLACES,
    ROLES,
    START_MS,
    genesis,
    gln,
    item_key,
)
from tests.properties.kept import Kept
from tests.properties.mirror import Mirror
from tests.properties.model import Model
from tests.properties.model_governance import turn
from tests.properties.model_judge import Judge, Told
from tests.properties.model_rules import verdict
from tests.properties.said import ABROAD, OUTSIDE, Document, Step, to_record
from tests.scenarios.law.world import Ledger, lane_of

RECOUNT_STEPS = 100
"""After so many steps everything is compared anew, from the stored bytes."""
REGISTRY = (
    *(PARTNERS, PREMISES, PREMISES_NUMBERS, PRODUCTS, DELEGATIONS, PRODUCT_OFFERS),
    *(MANDATES, MARKETS, VALIDATORS),
)
"""Tables of who and what is registered."""


TRACES = (LANES.prefix, EVIDENCE_WINDOW.prefix)
"""Tables that every block changes: lanes move on, and time is marked."""


class SideBySide:
    """A ledger and a model that are told the same.

    Attributes:
        ledger: The law.
        model: The model.
        shipments: The law's ids by the steps' names.
        counts: How often each verdict was given.
        said: How often each kind of record was lawful, and refused, as (kind, whether it was lawful).
        partners: How many lawful documents each partner signed.
        mirror: The law's rows as they stand, decoded.
    """

    def __init__(self) -> None:
        self.ledger = Ledger(genesis())
        self.ledger.time_ms = START_MS
        self.model = Model()
        self.shipments: dict[str, bytes] = {}
        self.counts: Counter[str] = Counter()
        self.said: Counter[tuple[str, bool]] = Counter()
        self.partners: Counter[str] = Counter()
        self._documents: dict[str, tuple[LedgerDocument, int]] = {}
        self._keys: dict[str, bytes] = {}
        places = {gln(place): place for place in (*PLACES, *NEW_PLACES, *ROLES)}
        self._names: Names = {b"": "", OUTSIDE: "outside", ABROAD: "abroad", **places, **KINDS}
        self.mirror = Mirror(self.ledger.reader.rows)
        self._items: Names = {}
        """The steps' names of all items."""
        self._found: dict[bytes, dict[str, object]] = {}
        """What the law says of each item, as last read."""
        self._kept = Kept(self.ledger)
        self._makes: Makes = {}
        self._known: object = None
        self._registered = read_registered(self.ledger.state(), {})
        self._taken = 0

    def now_ms(self, wait_ms: int = 0) -> int:
        """Return the time of the next block."""
        return self.ledger.time_ms + wait_ms + 1

    def take(self, step: Step) -> tuple[str, ...]:
        """Take a step on both sides and compare; return the law's codes.

        Raises:
            Divergence: They disagree.
        """
        self.ledger.wait(step.wait_ms)
        context = self.ledger.context()
        hash_before = self.ledger.app_hash
        pending = PendingState(self.ledger.reader, context)
        bundles, forecasts = [], []
        for said in step.documents:
            document = self._translated(said, context.time_ms)
            bundle = self._bundle(said.signer, document, bundles)
            bundles.append(bundle)
            forecasts.append(pending.admit(bundle.header.lane, document, bundle.document_ids[0]))
        result = self.ledger.block(*bundles)
        self._kept.follow(bundles, result)
        receipts, before = result.receipts, self.mirror.follow(result.writes)
        require(forecasts == list(receipts), "admission", law=receipts, model=forecasts)
        for index, (said, receipt) in enumerate(zip(step.documents, receipts, strict=True)):
            self.counts[receipt.code] += 1
            self._count_records(said, receipt)
            self._compare_verdict(said, receipt, index)
        # What acts at the next height was written by this block.
        if not turn(self.model, context.height + 1):
            self._compare_writes(hash_before, receipts)
        self._compare_state(before)
        self._taken += 1
        if self._taken % RECOUNT_STEPS == 0:
            self.recount()
        return tuple(receipt.code for receipt in receipts)

    def _count_records(self, said: Document, receipt: Receipt) -> None:
        """Count the records of a document that were judged: all that are lawful, or the one that is not."""
        kinds = [type(record).__name__ for record in self._documents[said.name][0].records]
        if receipt.code == ACCEPTED:
            self.said.update((kind, True) for kind in kinds)
            self.partners[said.signer] += 1
        else:
            self.said[kinds[receipt.record], False] += 1

    def _translated(self, said: Document, now_ms: int) -> LedgerDocument:
        """Translate a document; what it ships gets its id here, for later documents of the block to name."""
        if said.name in self._documents:
            return self._documents[said.name][0]
        records = tuple(to_record(one, now_ms, self.shipments) for one in said.records)
        document = self.ledger.document(*records)
        identifier = document_id(encode_document(document))
        for position, one in enumerate(said.records):
            if name := one.shipment if one.verb in {"ship", "send"} else one.rest:
                self.shipments[name] = shipment_id(identifier, position)
            if one.verb == "recall":
                self.shipments[one.recall] = recall_id(identifier, position)
            self._names |= {item_key(item): item for item in one.items}
            if one.verb in {"propose", "ask", "lengthen", "motion"}:
                self.shipments[one.proposal or one.motion] = proposal_id(identifier, position)
        self._documents[said.name] = (document, now_ms)
        return document

    def _bundle(self, signer: str, document: LedgerDocument, bundles: list[OpenBundle]) -> OpenBundle:
        """Bundle a document behind what its signer has in this block already."""
        last = [bundle.header.sequence for bundle in bundles if bundle.header.lane == lane_of(signer)]
        return self.ledger.bundle(signer, [document], last[-1] if last else None)

    # ------------------------------------------------------------------------------ verdicts

    def _compare_verdict(self, said: Document, receipt: Receipt, index: int) -> None:
        tried, now_ms = self.model.copy(), self.ledger.time_ms
        said = said.later(now_ms - self._documents[said.name][1])
        judge = Judge(tried, said.signer, now_ms, (self.ledger.height, index))
        told: list[set[Told]] = []
        expected, position = {ACCEPTED}, 0
        for record in said.records:
            judge.told, judge.index = set(), len(told)
            refused = verdict(judge, record)
            if refused:
                expected, position = refused, len(told)
                break
            told.append(judge.told)
        require(receipt.code in expected, f"verdict on {said}", law=receipt.code, model=expected)
        if receipt.code == ACCEPTED:
            self.model = tried
            events = [self._events(receipt, index) for index in range(len(told))]
            require(events == told, f"events of {said}", law=events, model=told)
        else:
            require(receipt.record == position, "record", law=receipt.record, model=position)
            require(receipt.events == (), "events of a refusal", law=receipt.events, model=())

    def _subject(self, event: Event) -> str:
        """Return what the steps call an event's subject; of a breach any of its codes will do."""
        if event.kind == EventKind.BREACHED:
            return ""
        return event.subject.decode() if event.kind == EventKind.LATE_RECORDED else self._name(event.subject)

    def _events(self, receipt: Receipt, record: int) -> set[Told]:
        """Return what the law told about a record, item by item, in names."""
        found: set[Told] = set()
        for event in receipt.events:
            if event.record == record:
                kind, subject = EventKind(event.kind).name.lower(), self._subject(event)
                others = frozenset(PARTNER_NAMES[number] for number in event.concerned)
                found |= {(kind, subject, self._name(item), others) for item in event.items or (b"",)}
        return found

    def _name(self, key: bytes) -> str:
        """Return what the steps call an item, a shipment or premises."""
        if key not in self._names:
            self._names |= {one: name for name, one in self.shipments.items()}
            self._names |= {number_key(one): f"session {one}" for one in self.model.sessions}
            self._names |= {item_key(item): item for item in self.model.items}
        # What has no name of its own is a lot.
        return self._names[key] if key in self._names else key.decode("ascii")

    def _compare_writes(self, hash_before: Hash, receipts: tuple[Receipt, ...]) -> None:
        """Ask that the app hash is that of what changed, and that a refusal changed no state of goods."""
        changed = tuple((key, self.mirror.raw.get(key, b"")) for key in self.mirror.changed)
        expected = next_app_hash(hash_before, changed)
        require(self.ledger.app_hash == expected, "app hash", law=self.ledger.app_hash, model=expected)
        if all(receipt.code != ACCEPTED for receipt in receipts):
            traces = [key for key, _row in changed if not key.startswith(TRACES)]
            require(not traces, "trace of a refusal", law=traces, model=[])

    # ------------------------------------------------------------------------------ state

    def recount(self) -> None:
        """Compare everything, read anew from the stored bytes: nothing that was kept from step to step.

        Raises:
            Divergence: They disagree.
        """
        rows = self.ledger.reader.rows
        require(self.mirror.raw == rows, "rows", law=rows, model=self.mirror.raw)
        self.mirror, self._found = Mirror(rows), {}
        self._compare_state({at: rows[at] for at in rows if at.startswith(ITEMS.prefix)})

    def _compare_state(self, before: Raw) -> None:
        """Compare state with model; of the law, what the last block may have changed is read anew."""
        mirror, state = self.mirror, self.ledger.state()
        for item in self.model.items:
            if item not in self._keys:
                self._keys[item] = item_key(item)
                self._items[self._keys[item]] = item
        rows = mirror.rows(ITEMS)
        require(rows.keys() == self._items.keys(), "items that exist", law=set(rows), model=set(self._items))
        for key in mirror.touched_items():
            self._found[key] = self._of_law(state, key)
        for item in self.model.items:
            expected, found = self._of_model(item), self._found[self._keys[item]]
            require(found == expected, item, law=found, model=expected)
        makes = self._checked_makes(state)
        check_births(before, mirror, self._items, self.model, makes)
        self._compare_shipments()
        if mirror.has_changed(*REGISTRY):
            self._registered = read_registered(state, mirror.rows(MANDATES))
        require(
            self._registered == self.model.registered,
            "who is registered",
            law=self._registered,
            model=self.model.registered,
        )
        self._compare_sessions()
        compare_lots(state, mirror, self.model)
        compare_claims(mirror, self.model)
        compare_overages(mirror, self.model, self.shipments)
        compare_quantities(mirror, self.model, self.shipments)
        check_containers(rows, mirror.rows(CONTAINERS), self._items, self.model)
        if any(not key.startswith(TRACES) for key in mirror.changed):
            compare_recalls(self._kept, self.model, self._items, self.shipments)

    def _of_model(self, item: str) -> dict[str, object]:
        model, thing = self.model, self.model.items[item]
        return {
            "life": model.life(item),
            "own life": thing.life,
            "holds": model.holds(item),
            "own holds": thing.holds,
            "exposures": thing.exposures,
            "holder": model.holder(item),
            "owner": model.owner(item),
            "place": model.place(item),
            "parent": thing.parent,
            "shipment": self.shipments.get(model.shipment(item), b""),
            "born": thing.born,
            "ended": thing.ended,
            "title": self.shipments.get(thing.title, b""),
            "opened": thing.opened,
            "answer": thing.answer,
            "relied": _one_of(model.relied(item)),
        }

    def _of_law(self, state: Overlay, key: ItemKey) -> dict[str, object]:
        position = locate(state, key)
        if position is None:
            raise Divergence(f"{self._items[key]} is nowhere")
        row, top = position.row, position.top
        return {
            "life": effective_life(position).name.lower(),
            "own life": Life(row.life).name.lower(),
            "holds": _held(effective_holds(position)),
            "own holds": _held(row.holds),
            "exposures": frozenset((session_of(one), until_of(one)) for one in row.exposures),
            "holder": PARTNER_NAMES[holder_of(position)],
            "owner": PARTNER_NAMES[top.owner],
            "place": self._place(state, top.premises),
            "parent": self._items[row.parent] if row.parent else "",
            "shipment": top.shipment if position.shipment is not None else b"",
            "born": (row.born_height, row.born_document),
            "ended": self._ending(state, key),
            "title": title_of(position),
            "opened": self._opening(state, key),
            "answer": answer_of(state, key),
            "relied": _RELIED.get(reliance_on(position)) or PARTNER_NAMES[reliance_on(position)],
        }

    def _ending(self, state: Overlay, key: bytes) -> tuple[str, str, int] | None:
        row = state.read(ENDINGS, key)
        return row and (PARTNER_NAMES[row.partner], self._place(state, row.premises), row.ended_at_ms)

    def _place(self, state: Overlay, number: int) -> str:
        """Return what the steps call premises."""
        return self._names[premises(state, number).gln] if number else ""

    def _opening(self, state: Overlay, key: bytes) -> tuple[str, str, int] | None:
        row = state.read(REMAINDERS, key)
        return row and (PARTNER_NAMES[row.partner], self._place(state, row.premises), row.units_left)

    def _compare_shipments(self) -> None:
        found = self.mirror.rows(SHIPMENTS)
        require(
            found.keys() == {self.shipments[name] for name in self.model.shipments},
            "shipments that exist",
            law=set(found),
            model=set(self.model.shipments),
        )
        on_the_way = Counter(thing.shipment for thing in self.model.items.values() if thing.shipment)
        for name, expected in self.model.shipments.items():
            row: ShipmentRow = found[self.shipments[name]]
            count = on_the_way[name]
            require(row.outstanding == count, f"on the way with {name}", law=row.outstanding, model=count)
            if count:
                custody = bool(row.custody)
                require(
                    custody == expected.custody, f"custody of {name}", law=custody, model=expected.custody
                )
                late = bool(row.overdue)
                require(late == expected.overdue, f"{name} overdue", law=late, model=expected.overdue)

    def _compare_sessions(self) -> None:
        """Ask of each session what it says of each product, worked out anew from all its readings."""
        found = {}
        for key, row in self.mirror.rows(SESSIONS).items():
            judged = {
                KINDS[one.gtin]: (one.outside_s, one.breached_s, one.first_breach_s) for one in row.judgements
            }
            found[int.from_bytes(key, "big")] = (row.on_s, row.off_s, row.readings, row.last_s, judged)
        expected = {
            number: (
                *(one.on_s, one.off_s, len(one.readings), one.last_s),
                {kind: (*one.findings(kind)[:2], one.first_breach(kind)) for kind in one.judged},
            )
            for number, one in self.model.sessions.items()
        }
        require(found == expected, "sessions", law=found, model=expected)

    def _checked_makes(self, state: Overlay) -> Makes:
        """Return every make in the model's words, asked again where law or model says anything new."""
        mirror, model = self.mirror, self.model
        known = (len(mirror.rows(ITEMS)), model.marks, model.lineage)
        if mirror.has_changed(LOTS, SOURCES, LISTS) or known != self._known:
            self._makes = read_makes(state, mirror, self._name, lambda number: self._place(state, number))
            check_makes(state, mirror, self._makes, model)
            self._known = known
        return self._makes


_RELIED = {NOBODY: "nobody", SEVERAL: "several"}


def _one_of(names: frozenset[str]) -> str:
    """Return the one name, or how many there are."""
    return min(names) if len(names) == 1 else "several" if names else "nobody"


def _held(holds: tuple[tuple[int, int], ...]) -> frozenset[str]:
    """Return holds as the model has them: the kind, and who set it unless the law did; a recall's number."""
    found = set()
    for kind, setter in holds:
        by = str(setter) if kind in RECALL_HOLDS else PARTNER_NAMES.get(setter, "")
        found.add(f"{HoldKind(kind).name.lower()} {by}".rstrip())
    return frozenset(found)
