"""Rule 20: lawful supply that is no transaction goes on, though its receiver could buy nothing.

What is freed are the duties between trading partners. Nothing frees goods from being clean.
"""

from contracts.primitives.hashing import HASH_BYTES
from contracts.records.custody import ShipPurpose
from contracts.records.exempt import Exempt, ExemptReason
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.events import EventKind
from contracts.rules.guards import actor_profile, signer_fault
from contracts.rules.shipping import ship
from contracts.rules.verdict import Verdict
from contracts.state.concerned import regulators
from contracts.state.directory import find_partner
from contracts.state.parties import TRADING, has_role
from contracts.state.rows import NOBODY, PartnerRow, Role


def exempt(act: Act, record: Exempt) -> Verdict | None:
    """Rule 20: a shipment for sale is freed of what is asked of its receiver, and of lanes that block."""
    found = find_partner(act.state, record.record.receiver)
    fault = (
        signer_fault(act, record.head, TRADING)
        or _need_fault(record)
        or _reason_fault(act, record, None if found is None else found[1])
    )
    if fault:
        return fault
    act.is_exempt = True
    fault = ship(act, record.record)
    act.is_exempt = False
    if fault:
        return fault
    # After this point it must succeed.
    receiver = NOBODY if found is None else found[0]
    reason = record.reason.name.lower().encode()
    act.tell(EventKind.EXEMPT_MOVED, record.items, reason, (receiver, *regulators(act.state)))
    return None


def _need_fault(record: Exempt) -> Verdict | None:
    """Ask whether an exemption is needed at all, and shown."""
    if record.record.purpose != ShipPurpose.SALE:
        return Verdict(Code.EXEMPTION_NOT_NEEDED, record.record.receiver)
    return None if len(record.evidence) == HASH_BYTES else Verdict(Code.EVIDENCE_INVALID, b"")


def _reason_fault(act: Act, record: Exempt, receiver: PartnerRow | None) -> Verdict | None:
    """Ask whether the profile of the place knows the reason, and the parties are of the kind it is about."""
    if not actor_profile(act, record.head).exempt_reasons & 1 << record.reason:
        return Verdict(Code.EXEMPTION_NOT_ALLOWED, record.record.receiver)
    is_from = has_role(act.partner, Role.DISPENSER)
    is_to = receiver is None or has_role(receiver, Role.DISPENSER)
    if record.reason == ExemptReason.OFFICE_USE and not is_from:
        return Verdict(Code.EXEMPTION_NOT_FIT, act.partner.gln)
    if record.reason == ExemptReason.SPECIFIC_PATIENT and not (is_from and is_to):
        return Verdict(Code.EXEMPTION_NOT_FIT, record.record.receiver if is_from else act.partner.gln)
    return None
