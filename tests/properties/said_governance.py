"""What partners say of the network itself (rule 22), in the law's records.

A change is a tuple of words: ("licence", partner, active | suspended | revoked), ("roles", partner, role …),
("admit", newcomer),
("follow", market, profile), ("place", place, partner), ("product", kind, partner), ("lift", setter, kind of
hold), ("node", name, partner, power), ("no_node", name), ("pace", ms).
"""

from typing import TYPE_CHECKING

from contracts.gs1 import keys
from contracts.records import changes
from contracts.records.changes import Change
from contracts.records.governance import (
    Choice,
    GovernanceRecord,
    ProposeChanges,
    VoteOnChanges,
    WithdrawChanges,
)
from contracts.records.head import Head
from contracts.state.rows import HoldKind, Licence, Role
from tests.properties.facts import GTIN, OFFSETS, gln
from tests.scenarios.law.world import certificate_of, lane_of

if TYPE_CHECKING:
    from tests.properties.said import Said


def governance_record(
    said: "Said", head: Head, listed: tuple[bytes, ...], motion: bytes
) -> GovernanceRecord | None:
    """Translate what is said of a proposal; None for all else."""
    if not said.motion:
        return None
    if said.verb == "vote":
        return VoteOnChanges(head, motion, Choice.APPROVE if said.approves else Choice.REJECT)
    if said.verb == "drop_motion":
        return WithdrawChanges(head, motion)
    proposed = tuple(_change(words, listed) for words in said.changes)
    return ProposeChanges(head, proposed, said.acts_at, said.until, "why not")


def _change(words: tuple[str, ...], listed: tuple[bytes, ...]) -> Change:  # noqa: C901 - a case for each kind
    match words:
        case "licence", name, licence:
            return changes.SetLicence(gln(name), int(Licence[licence.upper()]))
        case "admit", name:
            return changes.AdmitPartner(gln(name), name, int(Role.WHOLESALER), "home")
        case "roles", name, *roles:
            return changes.SetRoles(gln(name), int(sum(Role[role.upper()] for role in roles)))
        case "follow", market, profile:
            return changes.SetMarket(market, profile, OFFSETS[market])
        case "place", place, name:
            return changes.AssignPremises(gln(place), gln(name))
        case "product", kind, name:
            return changes.AssignProduct(keys.pack_gtin(GTIN[kind]), gln(name))
        case "lift", setter, kind:
            return changes.LiftHolds(gln(setter), int(HoldKind[kind.upper()]), listed)
        case "node", name, partner, power:
            certificate = certificate_of(name)
            return changes.PutNode(name, "validator", certificate, gln(partner), lane_of(name), int(power))
        case "no_node", name:
            return changes.RemoveNode(name)
        case "pace", ms:
            return changes.SetParameter("timing.propose_ms", int(ms))
    raise ValueError(f"nothing changes by {words}")
