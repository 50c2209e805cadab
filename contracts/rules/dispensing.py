"""Rule 11a: whole packs reach patients, or institutions on their behalf."""

from contracts.gs1.keys import SGTIN_KIND
from contracts.records.dispensing import Dispense
from contracts.rules.act import Act
from contracts.rules.codes import Code
from contracts.rules.endings import end_lives, is_repetition, tell_repeated
from contracts.rules.guards import (
    CleanGuard,
    Positions,
    actor_profile,
    empty_fault,
    hand_fault,
    life_fault,
    list_fault,
    locate_all,
    signer_fault,
)
from contracts.rules.verdict import Verdict
from contracts.state.parties import HANDLING, has_role
from contracts.state.places import effective_life
from contracts.state.rows import Life


def dispense(act: Act, record: Dispense) -> Verdict | None:
    """Rule 11a: clean packs are supplied, for good, by a holder whom the profile lets dispense."""
    fault = signer_fault(act, record.head, HANDLING) or list_fault(record.items) or _role_fault(act, record)
    if fault:
        return fault
    items = locate_all(act, record.items)
    if isinstance(items, Verdict):
        return items
    clean = CleanGuard(act)
    repeated: Positions = []
    supplied: Positions = []
    for item in items:
        if item.key[:1] != SGTIN_KIND:
            return Verdict(Code.NOT_A_PRODUCT, item.key)
        if effective_life(item) == Life.SUPPLIED and is_repetition(act, record.head, item):
            repeated.append(item)
            continue
        fault = life_fault(item) or hand_fault(act, item) or empty_fault(act, item) or clean.fault(item)
        if fault:
            return fault
        supplied.append(item)
    # After this point it must succeed.
    end_lives(act, record.head, supplied, Life.SUPPLIED)
    tell_repeated(act, repeated)
    return None


def _role_fault(act: Act, record: Dispense) -> Verdict | None:
    """Ask whether the profile of the place lets a partner of these roles dispense."""
    if has_role(act.partner, actor_profile(act, record.head).dispense_roles):
        return None
    return Verdict(Code.DISPENSING_NOT_ALLOWED, act.partner.gln)
