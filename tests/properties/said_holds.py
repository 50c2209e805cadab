"""What partners say of goods held back, as records of the law."""

from contracts.records.head import Head
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    DeclareOverdue,
    HoldAction,
    LiftHold,
    PlaceHold,
    Suspect,
    SuspectGround,
)
from contracts.records.record import Record
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify

_PLACED = {"lock": HoldAction.LOCK, "quarantine": HoldAction.QUARANTINE}
_LIFTED = {"unlock": HoldAction.LOCK, "release": HoldAction.QUARANTINE}
_RESULTS = {"verify": VerificationResult.VERIFIED, "reject": VerificationResult.NOT_VERIFIED}
HOLD_VERBS = frozenset(
    {*_PLACED, *_LIFTED, *_RESULTS, "suspect", "confirm", "clear", "report", "overdue"},
)


def hold_record(
    verb: str, head: Head, listed: tuple[bytes, ...], shipment: bytes, read: tuple[str, int], finding: str
) -> Record:
    """Return the record of one of `HOLD_VERBS`; what the verb does not speak of is ignored."""
    if verb in _PLACED:
        return PlaceHold(head, _PLACED[verb], listed)
    if verb in _LIFTED:
        return LiftHold(head, _LIFTED[verb], listed)
    if verb in _RESULTS:
        lot, expiry = read
        return Verify(head, listed, lot.encode(), expiry, _RESULTS[verb], VerificationReason.ROUTINE)
    match verb:
        case "suspect":
            return Suspect(head, SuspectGround.COUNTERFEIT, listed)
        case "confirm":
            return ConfirmIllegitimate(head, listed)
        case "clear":
            return Clear(head, bytes(32), listed)
        case "report":
            return Report(head, Finding[finding.upper()], listed)
    return DeclareOverdue(head, shipment)
