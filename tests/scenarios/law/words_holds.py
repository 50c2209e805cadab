"""The words of rules 7, 14, 15 and 23.

Bulk locks pack-1                        Bulk unlocks pack-1
Bulk quarantines case-1                  Bulk releases case-1
Bulk suspects pack-1 to be counterfeit   Acme confirms pack-1                Gov clears pack-1
Bulk verifies pack-1 reading L1 until 2027-06-30 because of a return         (also: rejects)
Bulk reports pack-1 as a tampered pack   (also: copied pack, stray pack, an unknown serial)
"""

from contracts.gs1.dates import parse_date
from contracts.primitives.hashing import HASH_BYTES
from contracts.records.head import Head
from contracts.records.holds import (
    Clear,
    ConfirmIllegitimate,
    HoldAction,
    LiftHold,
    PlaceHold,
    Suspect,
    SuspectGround,
)
from contracts.records.record import Record
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify

OPTIONS = ("to be", "reading", "until", "because of a", "as a", "as an")
INVESTIGATION = bytes(HASH_BYTES)
_PLACING = {"locks": HoldAction.LOCK, "quarantines": HoldAction.QUARANTINE}
_LIFTING = {"unlocks": HoldAction.LOCK, "releases": HoldAction.QUARANTINE}
_RESULTS = {"verifies": VerificationResult.VERIFIED, "rejects": VerificationResult.NOT_VERIFIED}
_FINDINGS = {
    "tampered pack": Finding.TAMPERED,
    "copied pack": Finding.COPIED,
    "stray pack": Finding.OUTSIDE_LANE,
    "unknown serial": Finding.UNKNOWN_SERIAL,
}
VERBS = frozenset({*_PLACING, *_LIFTING, *_RESULTS, "suspects", "confirms", "clears"})


def is_finding(options: dict[str, str]) -> bool:
    """Tell whether a sentence reports a finding (and not a theft)."""
    return "as a" in options or "as an" in options


def record(verb: str, head: Head, keys: tuple[bytes, ...], options: dict[str, str]) -> Record:
    """Build the record of a sentence about items."""
    if verb in _PLACING:
        return PlaceHold(head, _PLACING[verb], keys)
    if verb in _LIFTING:
        return LiftHold(head, _LIFTING[verb], keys)
    if verb in _RESULTS:
        return _verification(verb, head, keys, options)
    match verb:
        case "suspects":
            return Suspect(head, SuspectGround[options.get("to be", "counterfeit").upper()], keys)
        case "confirms":
            return ConfirmIllegitimate(head, keys)
        case "clears":
            return Clear(head, INVESTIGATION, keys)
    return Report(head, _FINDINGS[options.get("as a") or options["as an"]], keys)


def _verification(verb: str, head: Head, keys: tuple[bytes, ...], options: dict[str, str]) -> Verify:
    lot = options.get("reading", "").encode()
    expiry = parse_date(options["until"]) if "until" in options else 0
    reason = VerificationReason[options.get("because of a", "routine").upper()]
    return Verify(head, keys, lot, expiry, _RESULTS[verb], reason)
