"""What a rule is given: one record being judged, its signer, the moment, and the state it acts on."""

from collections.abc import Iterable

from contracts.gs1.keys import ItemKey
from contracts.rules.events import EventKind, Occurrence
from contracts.rules.verdict import Verdict
from contracts.state.rows import NOBODY, LimitsRow, MandateRow, PartnerRow
from contracts.state.view import Overlay


class Act:
    """One record on its way through its rule."""

    __slots__ = (
        "breaches",
        "document_id",
        "document_index",
        "height",
        "is_exempt",
        "limits",
        "mandate",
        "occurrences",
        "partner",
        "record_index",
        "signer",
        "state",
        "time_ms",
    )

    def __init__(
        self,
        state: Overlay,
        limits: LimitsRow,
        moment: tuple[int, int],
        signer: tuple[int, PartnerRow],
        document: tuple[bytes, int],
    ) -> None:
        """Prepare for a document's records; `record_index` counts them.

        Args:
            state: What the rules read and write.
            limits: Caps and tolerances.
            moment: Height and block time in ms.
            signer: The signing partner's number and row.
            document: Document id and its index in the block.
        """
        self.state = state
        self.limits = limits
        self.height, self.time_ms = moment
        self.signer, self.partner = signer
        self.document_id, self.document_index = document
        self.record_index = 0
        self.mandate: MandateRow | None = None
        # While a shipment is judged that the law exempts from what a sale is asked (rule 20).
        self.is_exempt = False
        self.occurrences: list[Occurrence] = []
        # What speaks against something that was done already; None while nothing is recorded late.
        self.breaches: list[Verdict] | None = None

    def excuse(self, faults: Iterable[Verdict | None]) -> Verdict | None:
        """Return the first fault; in a late record note all of them as breaches, and return none."""
        for fault in faults:
            if fault is None:
                continue
            if self.breaches is None:
                return fault
            self.breaches.append(fault)
        return None

    def sign_for(self, principal: int, partner: PartnerRow, mandate: MandateRow) -> None:
        """Judge what follows in the document as if its signer's principal had signed it (rule 27)."""
        self.signer, self.partner = principal, partner
        self.mandate = mandate

    def tell(
        self, kind: EventKind, items: Iterable[ItemKey | bytes], subject: bytes, concerned: Iterable[int] = ()
    ) -> None:
        """Report an event of this record; nobody and the signer itself need not be told."""
        told = tuple(sorted(set(concerned) - {NOBODY, self.signer}))
        self.occurrences.append(Occurrence(kind, tuple(items), subject, told))
