"""Law and model side by side: the same steps, then every facet of every item compared, and the invariants.

What is compared after each step: verdict, and code where LAW.md determines it; events, and who is told; life,
holds, holder, owner, premises, parent, shipment and birth of every item; what is on its way with every
shipment. Containers' counters are computed anew from the rows of all items. Of a refused document nothing may
remain but its lane's next sequence, and admission must have foreseen every receipt.
"""

from collections import Counter
from collections.abc import Iterator

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
    ENDINGS,
    ITEMS,
    LANES,
    LOTS,
    REMAINDERS,
    SESSIONS,
    SHIPMENTS,
    SOURCES,
    number_key,
)
from contracts.state.lists import Budget, entries, origins_of_make
from contracts.state.parties import holder_of
from contracts.state.places import effective_holds, effective_life, locate
from contracts.state.recalls import RECALL_HOLDS
from contracts.state.rows import ContainerRow, HoldKind, ItemRow, Life, LotRow, ShipmentRow, SourceRow
from contracts.state.sources import marks_of
from contracts.state.titles import title_of
from contracts.state.view import Overlay
from tests.properties.compare_quantities import compare_quantities
from tests.properties.compare_registry import read_registered
from tests.properties.differ import Divergence, require
from tests.properties.facts import (
    GTIN,
    NEW_PLACES,
    PARTNER_NAMES,
    PLACES,
    ROLES,
    START_MS,
    genesis,
    gln,
    item_key,
)
from tests.properties.model import Model
from tests.properties.model_judge import Judge, Told
from tests.properties.model_rules import verdict
from tests.properties.said import OUTSIDE, Document, Step, to_record
from tests.scenarios.law.world import Ledger, lane_of

Rows = dict[bytes, ItemRow]
Raw = dict[bytes, bytes]
Names = dict[bytes, str]


class SideBySide:
    """A ledger and a model that are told the same.

    Attributes:
        ledger: The law.
        model: The model.
        shipments: The law's ids by the steps' names.
        counts: How often each verdict was given.
    """

    def __init__(self) -> None:
        self.ledger = Ledger(genesis())
        self.ledger.time_ms = START_MS
        self.model = Model()
        self.shipments: dict[str, bytes] = {}
        self.counts: Counter[str] = Counter()
        self._documents: dict[str, tuple[LedgerDocument, int]] = {}
        self._keys: dict[str, bytes] = {}
        places = {gln(place): place for place in (*PLACES, *NEW_PLACES, *ROLES)}
        kinds = {item_key(f"{kind}-1")[1:7]: kind for kind in GTIN}
        self._names: Names = {b"": "", OUTSIDE: "outside", **places, **kinds}
        self._known: Rows = {}

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
        before, hash_before = dict(self.ledger.reader.rows), self.ledger.app_hash
        pending = PendingState(self.ledger.reader, context)
        bundles, forecasts = [], []
        for said in step.documents:
            document = self._translated(said, context.time_ms)
            bundle = self._bundle(said.signer, document, bundles)
            bundles.append(bundle)
            forecasts.append(pending.admit(bundle.header.lane, document, bundle.document_ids[0]))
        receipts = self.ledger.block(*bundles).receipts
        require(forecasts == list(receipts), "admission", law=receipts, model=forecasts)
        for index, (said, receipt) in enumerate(zip(step.documents, receipts, strict=True)):
            self.counts[receipt.code] += 1
            self._compare_verdict(said, receipt, index)
        self._compare_writes(before, hash_before, receipts)
        self._compare_state()
        return tuple(receipt.code for receipt in receipts)

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
            if one.verb == "propose":
                self.shipments[one.proposal] = proposal_id(identifier, position)
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

    def _compare_writes(self, before: Raw, hash_before: Hash, receipts: tuple[Receipt, ...]) -> None:
        """Ask that the app hash is that of what changed, and that refusals changed lanes and nothing else."""
        rows = self.ledger.reader.rows
        changed = sorted(key for key in before.keys() | rows.keys() if before.get(key) != rows.get(key))
        expected = next_app_hash(hash_before, tuple((key, rows.get(key, b"")) for key in changed))
        require(self.ledger.app_hash == expected, "app hash", law=self.ledger.app_hash, model=expected)
        if all(receipt.code != ACCEPTED for receipt in receipts):
            traces = [key for key in changed if not key.startswith(LANES.prefix)]
            require(not traces, "trace of a refusal", law=traces, model=[])

    # ------------------------------------------------------------------------------ state

    def _compare_state(self) -> None:
        state, rows = self.ledger.state(), dict(self._rows(ITEMS.prefix, ITEMS.decode))
        for item in self.model.items:
            if item not in self._keys:
                self._keys[item] = item_key(item)
        names = {self._keys[item]: item for item in self.model.items}
        require(rows.keys() == names.keys(), "items that exist", law=set(rows), model=set(names))
        for item in self.model.items:
            expected, found = self._of_model(item), self._of_law(state, names, item)
            require(found == expected, item, law=found, model=expected)
        check_births(self._known, rows, names, self.model, self._makes())
        self._known = rows
        self._compare_shipments()
        registered, expected = read_registered(state), self.model.registered
        require(registered == expected, "who is registered", law=registered, model=expected)
        self._compare_sessions()
        compare_quantities(self.ledger.reader.rows, self.model, self.shipments)
        containers = dict(self._rows(CONTAINERS.prefix, CONTAINERS.decode))
        check_containers(rows, containers, names, self.model)

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
        }

    def _of_law(self, state: Overlay, names: dict[bytes, str], item: str) -> dict[str, object]:
        position = locate(state, self._keys[item])
        if position is None:
            raise Divergence(f"{item} is nowhere")
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
            "parent": names[row.parent] if row.parent else "",
            "shipment": top.shipment if position.shipment is not None else b"",
            "born": (row.born_height, row.born_document),
            "ended": self._ending(state, self._keys[item]),
            "title": title_of(position),
            "opened": self._opening(state, self._keys[item]),
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
        found = dict(self._rows(SHIPMENTS.prefix, SHIPMENTS.decode))
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
        kinds = {item_key(f"{kind}-1")[1:7]: kind for kind in GTIN}
        found = {}
        for key, row in self._rows(SESSIONS.prefix, SESSIONS.decode):
            judged = {kinds[one.gtin]: (one.outside_s, one.breached_s) for one in row.judgements}
            found[int.from_bytes(key, "big")] = (row.on_s, row.off_s, row.readings, row.last_s, judged)
        expected = {
            number: (
                *(one.on_s, one.off_s, len(one.readings), one.last_s),
                {kind: one.findings(kind)[:2] for kind in one.judged},
            )
            for number, one in self.model.sessions.items()
        }
        require(found == expected, "sessions", law=found, model=expected)

    def _rows(self, prefix: bytes, decode: object) -> Iterator[tuple[bytes, object]]:
        for key, value in self.ledger.reader.rows.items():
            if key.startswith(prefix):
                yield key[1:], decode(value)

    def _first_outputs(self, state: Overlay) -> dict[int, tuple[str]]:
        """Return the first serial of every repacked make, by source number."""
        first: dict[int, bytes] = {}
        for key, row in self._rows(ITEMS.prefix, ITEMS.decode):
            first[row.source] = min(key, first.get(row.source, key))
        is_repacked = (
            source for source in first if next(entries(state, origins_of_make(source), Budget(99)), 0)
        )
        return {source: (self._name(first[source]),) for source in is_repacked}

    def _makes(self) -> dict[int, tuple[object, ...]]:
        """Return every source number's make, in the model's words."""
        state = self.ledger.state()
        kinds = {item_key(f"{kind}-1")[1:7]: kind for kind in GTIN}
        lots: dict[int, LotRow] = {
            int.from_bytes(key, "big"): row for key, row in self._rows(LOTS.prefix, LOTS.decode)
        }
        found = {}
        first_of = self._first_outputs(state)
        for key, row in self._rows(SOURCES.prefix, SOURCES.decode):
            source: SourceRow = row
            number = int.from_bytes(key, "big")
            lot = lots[number // 65_536]
            make = (kinds[lot.gtin], lot.lot.decode(), source.line.decode())
            found[number] = (*make, source.hour, self._place(state, source.site), *first_of.get(number, ()))
            law = {(HoldKind(kind).name.lower(), recall) for kind, recall in marks_of(lot, number)}
            model = self.model.marks_on(found[number])
            require(law == model, f"marks on {found[number]}", law=law, model=model)
        for number, made in found.items():
            law = {found[origin] for origin in entries(state, origins_of_make(number), Budget(99))}
            model = self.model.lineage.get(made, frozenset())
            require(law == model, f"what {made} comes of", law=law, model=model)
        for number, lot in lots.items():
            numbered = [at % 65_536 for at in found if at // 65_536 == number]
            require(numbered == [*range(1, lot.makes + 1)], "makes of a lot", law=numbered, model=lot.makes)
        return found


def _held(holds: tuple[tuple[int, int], ...]) -> frozenset[str]:
    """Return holds as the model has them: the kind, and who set it unless the law did; a recall's number."""
    found = set()
    for kind, setter in holds:
        by = str(setter) if kind in RECALL_HOLDS else PARTNER_NAMES.get(setter, "")
        found.add(f"{HoldKind(kind).name.lower()} {by}".rstrip())
    return frozenset(found)


def check_births(
    before: Rows, rows: Rows, names: Names, model: Model, makes: dict[int, tuple[object, ...]]
) -> None:
    """Ask that no item was lost, none was born twice but as a new generation, and each is of its make."""
    for key, old in before.items():
        require(key in rows, "an item is lost", law=key.hex(), model=key in names)
        was = (old.born_height, old.born_document, old.source)
        new = (rows[key].born_height, rows[key].born_document, rows[key].source)
        is_new = model.items[names[key]].generation > 1 and model.items[names[key]].born != was[:2]
        require((was != new) == is_new, f"birth of {names[key]}", law=new, model=was)
    for key in rows.keys() - before.keys():
        made, expected = makes.get(rows[key].source, ()), model.items[names[key]].source
        require(made == expected, f"make of {names[key]}", law=made, model=expected)


def check_containers(rows: Rows, containers: dict[bytes, ContainerRow], names: Names, model: Model) -> None:
    """Ask I4 of every row, and compute every container's counters anew from the rows of all items."""
    children: dict[bytes, list[bytes]] = {}
    for key, row in rows.items():
        placed, wanted = (row.holder > 0, row.owner > 0), (not row.parent, not row.parent)
        require(placed == wanted, f"one holder, one owner: {names[key]}", law=row, model=wanted)
        if row.parent:
            require(row.parent in containers, f"parent of {names[key]}", law=row.parent, model=None)
            children.setdefault(row.parent, []).append(key)
    for key, found in containers.items():
        thing = model.items[names[key]]
        exposed = Counter(
            sorted(one for key_in in _descendants(key, children) for one in rows[key_in].exposures)
        )
        require(dict(found.exposures) == exposed, f"exposures in {names[key]}", law=found, model=exposed)
        counted = Counter(rows[one].source for one in _descendants(key, children) if rows[one].source)
        law = (found.children, dict(found.sources), found.dirty, found.generation, found.height)
        dirty = _dirty_children(key, rows, children)
        anew = (len(children.get(key, ())), dict(counted), dirty, thing.generation, thing.levels)
        require(law == anew, f"counters of {names[key]}", law=law, model=anew)
        require(
            list(found.sources) == sorted(counted.items()), "order of sources", law=found.sources, model=0
        )


def _descendants(key: bytes, children: dict[bytes, list[bytes]]) -> Iterator[bytes]:
    for child in children.get(key, ()):
        yield child
        yield from _descendants(child, children)


def _dirty_children(key: bytes, rows: Rows, children: dict[bytes, list[bytes]]) -> int:
    def is_dirty(one: bytes) -> bool:
        row = rows[one]
        return bool(row.holds) or row.life != Life.ACTIVE or any(map(is_dirty, children.get(one, ())))

    return sum(map(is_dirty, children.get(key, ())))
