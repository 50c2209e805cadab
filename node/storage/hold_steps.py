"""What records of holds, suspicion, verification and findings say beside the items, for people."""

from typing import assert_never

from contracts.gs1.dates import format_date
from contracts.records.holds import Clear, HoldAction, LiftHold, PlaceHold, Suspect, SuspectGround
from contracts.records.verification import Finding, Report, VerificationReason, VerificationResult, Verify


def hold_details(
    record: PlaceHold | LiftHold | Suspect | Clear | Verify | Report,
) -> dict[str, str | int | bool | None]:
    """Return the details of such a record that the law accepted, by name."""
    match record:
        case PlaceHold(action=action) | LiftHold(action=action):
            return {"action": HoldAction(action).name.lower()}
        case Suspect(ground=ground):
            return {"ground": SuspectGround(ground).name.lower()}
        case Clear(investigation=investigation):
            return {"investigation": investigation.hex()}
        case Verify():
            return {
                "result": VerificationResult(record.result).name.lower(),
                "reason": VerificationReason(record.reason).name.lower(),
                "lot": record.lot.decode("ascii") or None,
                "expiry": format_date(record.expiry) if record.expiry else None,
            }
        case Report(finding=finding):
            return {"finding": Finding(finding).name.lower()}
        case _:
            assert_never(record)
