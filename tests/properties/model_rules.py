"""The rules of contracts/LAW.md on the model: each yields, guard by guard, the codes that refuse, then acts.

A rule is a generator. It yields one set of codes per row of LAW.md's tables, empty when that row finds
nothing wrong; the first set that is not empty is the verdict (any of its codes), and the generator is not
resumed. So what stands after the last yield happens only to what is lawful.
"""

from collections.abc import Callable

from tests.properties import model_quantities, model_recall
from tests.properties.model_beyond import consent, propose, withdraw
from tests.properties.model_cold import acquit, keep, put_logger, read, remove_logger
from tests.properties.model_corrections import amend, ask, lengthen, let, undo
from tests.properties.model_custody import receive, refuse, ship, void
from tests.properties.model_dispensing import dispense, part
from tests.properties.model_endings import destroy, find, leave, observe, reinstate, steal
from tests.properties.model_governance import drop_motion, motion, vote
from tests.properties.model_holds import (
    clear,
    confirm,
    lock,
    overdue,
    quarantine,
    reject,
    release,
    report,
    suspect,
    unlock,
    verify,
)
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.model_lanes import lane
from tests.properties.model_late import take_in, tell_breaches
from tests.properties.model_lots import trace
from tests.properties.model_onboarding import disown, onboard, vouch
from tests.properties.model_outside import come_back, send_out
from tests.properties.model_overages import claim, unclaim
from tests.properties.model_quantities import end, make, settle
from tests.properties.model_registry import act_for, delegate, describe, mandate, offer, place, take
from tests.properties.model_supply import commission, introduce, pack, unpack
from tests.properties.model_transform import repack
from tests.properties.said import Said

RULES: dict[str, Callable[[Judge, Said], Verdicts]] = {
    rule.__name__: rule
    for rule in (
        *(commission, introduce, pack, unpack),
        *(ship, receive, refuse, void),
        *(dispense, part, destroy, steal, observe),
        *(propose, consent, withdraw, send_out, come_back),
        *(leave, find, reinstate),
        *(claim, unclaim),
        *(onboard, vouch, disown),
        *(describe, offer, take, delegate, place),
        *model_recall.RULES,
        *(overdue, lock, unlock, quarantine, release, suspect, confirm, clear, verify, reject, report),
        *(make, model_quantities.send, settle, end),
        *(keep, put_logger, remove_logger, read, acquit),
        *(mandate, act_for, lane),
        *(motion, vote, drop_motion),
        repack,
        trace,
        *(undo, ask, amend, lengthen, let),
    )
}
"""Rules by the verb that asks for them."""


def verdict(judge: Judge, said: Said) -> set[str]:
    """Return the codes that may refuse a record, or nothing after it acted."""
    judge.breached = set() if said.late else None
    asked = (judge.under_mandate(said), judge.every_record(said))
    rules = (*asked, take_in(judge, said), RULES[said.verb](judge, said))
    for guards in rules:
        for codes in guards:
            if codes:
                return codes
    if model_recall.is_crowded(judge.model):
        return {"too_many_marks"}
    tell_breaches(judge, said)
    return set()
