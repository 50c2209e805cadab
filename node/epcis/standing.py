"""A file that stands or falls as a whole: one document of everything, or nothing (LAW, EPCIS rule f)."""

from collections.abc import Sequence

from contracts.gs1.keys import unpack_gln
from node.epcis.documents import Case, Ready, build_ready
from node.epcis.judged import Judged
from node.epcis.refusal import EventRefused, Refused


def stand_or_fall(case: Case, judged: dict[int, Judged], documents: Sequence[Ready]) -> tuple[Ready, ...]:
    """Make one document of all, or none when one event is refused; what fell with it is said so.

    Args:
        case: The file.
        judged: Every event, by position; changed here.
        documents: Of single events.
    """
    _check_actors(case, judged, documents)
    found: tuple[Ready, ...] = ()
    if documents and not _has_refused(judged):
        parts = tuple(part for ready in documents for part in ready.parts)
        try:
            found = (build_ready(case, None, parts, documents[0].principal),)
        except EventRefused as refusal:
            _refuse(judged, parts[0].index, refusal)
    if not _has_refused(judged):
        return found
    for index, entry in judged.items():
        if entry.outcome == "already_recorded":
            judged[index] = Judged(index, entry.statement, "already_recorded")
        elif entry.refused is None:
            judged[index] = Judged(index, entry.statement, "rolled_back")
    return ()


def _has_refused(judged: dict[int, Judged]) -> bool:
    return any(entry.refused is not None for entry in judged.values())


def _check_actors(case: Case, judged: dict[int, Judged], documents: Sequence[Ready]) -> None:
    """Refuse a file in which several partners act: one document is the statement of one of them."""
    if not documents:
        return
    first = documents[0].principal or case.partner
    others = {
        part.index: ready.principal or case.partner
        for ready in documents
        for part in ready.parts
        if (ready.principal or case.partner) != first
    }
    proposals = ((index, entry.proposal) for index, entry in judged.items())
    others |= {
        index: proposal.sender
        for index, proposal in proposals
        if proposal is not None and proposal.signer != proposal.sender
    }
    for index, other in sorted(others.items()):
        reason = f"{unpack_gln(other)} acts here, {unpack_gln(first)} in other events of the file"
        _refuse(judged, index, EventRefused("several_actors", "sourceList", reason))


def _refuse(judged: dict[int, Judged], index: int, refusal: EventRefused) -> None:
    judged[index] = Judged(index, judged[index].statement, "refused", refused=Refused.of_event(refusal))
