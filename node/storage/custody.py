"""What the ledger says of an item, a lot, a shipment or a partner, at the height of one snapshot.

Everything is read through the law's own modules (`contracts.state`, the guards of `contracts.rules`): where
an item is, what binds it and whether it may be sold is decided there and only shown here.
"""

from collections.abc import Iterator
from enum import IntEnum

import msgspec

from contracts.gs1.dates import format_date, format_timestamp
from contracts.gs1.keys import format_item, unpack_gln, unpack_gtin
from contracts.records.custody import ShipPurpose
from contracts.records.onboarding import OnboardGround
from contracts.rules.act import Act
from contracts.rules.guards import CleanGuard, life_fault
from contracts.state import directory
from contracts.state.claim_rows import ClaimStanding
from contracts.state.claims import answer_to, claim_of
from contracts.state.containers import find_contents
from contracts.state.excursions import excursions
from contracts.state.layout import SHIPMENTS
from contracts.state.parties import holder_of, parties_of, stakeholders
from contracts.state.places import OVERDUE, Position, effective_holds, effective_life, locate
from contracts.state.quantities import book
from contracts.state.recalls import RECALL_HOLDS, exposures_of_item, hold_of, recall_row
from contracts.state.rows import (
    ALL_MAKES,
    NOBODY,
    THE_LAW,
    HoldKind,
    ItemRow,
    Life,
    LotRow,
    ShipmentRow,
    ShipmentStanding,
)
from contracts.state.sources import find_lot, lot_of, lot_row, marks_of, source_row
from contracts.state.titles import title_of
from contracts.state.view import Overlay
from node.storage.cold_steps import held_by_sessions, sessions_of
from node.storage.errors import StorageDamaged
from node.storage.head import Head, load_head
from node.storage.store import STATE, Reader, Space
from node.storage.views import (
    BookView,
    ContentsView,
    HoldView,
    ItemView,
    LotView,
    NamedGln,
    ProvenanceView,
    ShipmentView,
    SourceView,
)


def word(member: IntEnum) -> str:
    """Return an enumeration's member as users read it: its name in lower case."""
    return member.name.lower()


def _lot_standing(row: LotRow) -> str:
    """Return in a word what speaks against a lot, the gravest first."""
    for kind in (HoldKind.RECALLED, HoldKind.WITHDRAWN):
        makes = {make for make, held, _recall in row.marks if held == kind}
        if makes:
            return word(kind) if ALL_MAKES in makes else f"partly_{word(kind)}"
    return "ok"


class Custody:
    """The state of one snapshot, for people. For one thread.

    All methods raise StorageDamaged and StorageFailed, and LookupError when the state contradicts itself.

    Attributes:
        head: The block whose state this is.
        state: That state, through the law's view.
    """

    def __init__(self, reader: Reader) -> None:
        """Read from a pinned snapshot.

        Raises:
            StorageDamaged: There is no head.
        """
        head = load_head(reader)
        if head is None:
            raise StorageDamaged("head row", "it is missing")
        self.head: Head = head
        self.state = Overlay(Space(reader, STATE))

    # ------------------------------------------------------------------------- items and lots

    def item(self, key: bytes) -> ItemView:
        """Return an item as it stands; `known` says whether there is one."""
        position = locate(self.state, key)
        if position is None:
            return ItemView(format_item(key), known=False)
        row, top = position.row, position.top
        sessions = sessions_of(self.state, position, self.head.time_ms)
        fault = self._clean_fault(position)
        lot = lot_row(self.state, lot_of(row.source)) if row.source else None
        source = source_row(self.state, row.source) if row.source else None
        return ItemView(
            item=format_item(key),
            known=True,
            life=word(Life(row.life)),
            effective_life=word(effective_life(position)),
            clean=fault is None,
            not_clean=fault,
            holder=self.gln_of(holder_of(position)),
            owner=self.gln_of(top.owner),
            premises=self.place_of(top.premises),
            parent=format_item(row.parent) if row.parent else None,
            in_transit=position.shipment is not None,
            shipment=top.shipment.hex() if position.shipment is not None else None,
            gtin=None if lot is None else unpack_gtin(lot.gtin),
            lot=None if lot is None else lot.lot.decode("ascii"),
            expiry=None if lot is None else format_date(lot.expiry),
            line=(source.line.decode("ascii") or None) if source is not None else None,
            provenance=self._provenance(position),
            bought_with=title_of(position).hex() or None,
            holds=(*self._holds(position), *held_by_sessions(sessions)),
            sessions=sessions,
            container=self._contents(key, row),
        )

    def _provenance(self, position: Position) -> ProvenanceView | None:
        claim = claim_of(self.state, position.row)
        if claim is None:
            return None
        answer = answer_to(self.state, position.key)
        return ProvenanceView(
            claimed_by=self.gln_of(claim.claimant) or "",
            ground=word(OnboardGround(claim.ground)),
            sender=unpack_gln(claim.sender),
            evidence=claim.evidence.hex(),
            claimed=format_timestamp(claim.claimed_at_ms),
            standing="open" if answer is None else word(ClaimStanding(answer.standing)),
            answered_by=None if answer is None else self.gln_of(answer.by),
        )

    def born(self, key: bytes) -> tuple[int, int] | None:
        """Return height and document index of an item's commission or introduction; None when unknown."""
        position = locate(self.state, key)
        return None if position is None else (position.row.born_height, position.row.born_document)

    def concerned(self, key: bytes) -> frozenset[int]:
        """Return the numbers of the partners with a stake in an item now; none for an unknown item."""
        position = locate(self.state, key)
        return frozenset() if position is None else frozenset(stakeholders(position)) - {NOBODY}

    def lot(self, gtin: bytes, lot: bytes) -> LotView | None:
        """Return a lot; None when nothing of it was commissioned."""
        found = find_lot(self.state, gtin, lot)
        if found is None:
            return None
        row = found[1]
        standing = _lot_standing(row)
        expiry = format_date(row.expiry)
        maker = self.gln_of(row.maker) or ""
        counted = book(self.state, gtin, lot)
        return LotView(
            *(unpack_gtin(gtin), lot.decode("ascii"), expiry, maker, standing),
            BookView(*msgspec.structs.astuple(counted)) if counted.made else None,
        )

    def _clean_fault(self, position: Position) -> str | None:
        """Return the code by which the law would refuse to sell an item, now and by its holder."""
        holder = holder_of(position)
        moment = (self.head.height, self.head.time_ms)
        signer = (holder, directory.partner(self.state, holder))
        act = Act(self.state, directory.limits(self.state), moment, signer, (b"", 0))
        fault = life_fault(position) or CleanGuard(act).fault(position)
        return None if fault is None else str(fault.code)

    def _holds(self, position: Position) -> Iterator[HoldView]:
        for key, row in ((position.key, position.row), *position.above):
            for kind, setter in row.holds:
                if kind in RECALL_HOLDS:
                    yield self._recall_hold(kind, setter, format_item(key))
                    continue
                by = "law" if setter == THE_LAW else self.gln_of(setter) or ""
                yield HoldView(word(HoldKind(kind)), by, format_item(key))
        if OVERDUE in effective_holds(position):
            yield HoldView(word(HoldKind.OVERDUE), "law", format_item(position.top_key))

        if position.row.source:
            lot = lot_row(self.state, lot_of(position.row.source))
            for kind, recall in marks_of(lot, position.row.source):
                yield self._recall_hold(kind, recall, lot.lot.decode("ascii"))
            exposures = exposures_of_item(position)
            for number, recall_of in excursions(self.state, exposures, (position.row.source,)).items():
                yield self._recall_hold(hold_of(recall_of), number, format_item(position.key))

    def _recall_hold(self, kind: int, number: int, on: str) -> HoldView:
        row = recall_row(self.state, number)
        return HoldView(word(HoldKind(kind)), self.gln_of(row.opener) or "", on, row.identifier.hex())

    def _contents(self, key: bytes, row: ItemRow) -> ContentsView | None:
        contents = find_contents(self.state, key, row)
        if contents is None:
            return None
        sources = tuple(self._source(source, count) for source, count in contents.sources)
        return ContentsView(contents.children, sources, contents.dirty)

    def _source(self, number: int, count: int) -> SourceView:
        lot, line = lot_row(self.state, lot_of(number)), source_row(self.state, number).line
        expiry = format_date(lot.expiry)
        return SourceView(unpack_gtin(lot.gtin), lot.lot.decode("ascii"), line.decode("ascii"), expiry, count)

    # ------------------------------------------------------------------------------ shipments

    def shipment(self, identifier: bytes) -> ShipmentView | None:
        """Return a shipment as it stands, or None when there is no such."""
        row = self.shipment_row(identifier)
        if row is None:
            return None
        standing = ShipmentStanding(row.standing)
        is_outstanding = standing is ShipmentStanding.OUTSTANDING
        return ShipmentView(
            shipment=identifier.hex(),
            sender=self.gln_of(row.sender) or "",
            receiver=self.gln_of(row.receiver) or "",
            purpose=word(ShipPurpose(row.purpose)),
            ownership_passes=bool(row.ownership_passes),
            deadline=format_timestamp(row.deadline_ms),
            is_overdue=is_outstanding and self.head.time_ms > row.deadline_ms,
            declared_overdue=is_outstanding and row.overdue == 1,
            outstanding=row.outstanding,
            standing=word(standing),
            carrier_has_custody=bool(row.custody),
            carrier=self.gln_of(row.carrier),
            destination=self.place_of(row.destination),
            received_at=self.place_of(row.received_at),
        )

    def shipment_row(self, identifier: bytes) -> ShipmentRow | None:
        """Return the law's row of a shipment, or None when there is no such."""
        return self.state.read(SHIPMENTS, identifier)

    def parties(self, identifier: bytes) -> frozenset[int]:
        """Return the numbers of a shipment's sender, receiver and carrier; none when there is no such."""
        row = self.shipment_row(identifier)
        return frozenset() if row is None else frozenset(parties_of(row)) - {NOBODY}

    # ------------------------------------------------------------------------------- partners

    def number_of(self, gln: bytes) -> int | None:
        """Return the number of the partner with this packed party GLN, or None."""
        found = directory.find_partner(self.state, gln)
        return None if found is None else found[0]

    def gln_of(self, number: int) -> str | None:
        """Return the party GLN of a partner's number; None for nobody."""
        return None if number == NOBODY else unpack_gln(directory.partner(self.state, number).gln)

    def place_of(self, number: int) -> str | None:
        """Return the location GLN of a premises number; None for nowhere."""
        return None if number == NOBODY else unpack_gln(directory.premises(self.state, number).gln)

    def named(self, number: int) -> NamedGln | None:
        """Return a partner by number with its name; None for nobody."""
        if number == NOBODY:
            return None
        row = directory.partner(self.state, number)
        return NamedGln(unpack_gln(row.gln), row.name)

    def named_place(self, number: int) -> NamedGln | None:
        """Return premises by number with their name; None for nowhere."""
        if number == NOBODY:
            return None
        row = directory.premises(self.state, number)
        return NamedGln(unpack_gln(row.gln), row.name)

    def place_number(self, gln: bytes) -> int:
        """Return the number of the premises with this packed location GLN; nobody's for none."""
        found = directory.find_premises(self.state, gln) if gln else None
        return NOBODY if found is None else found[0]
