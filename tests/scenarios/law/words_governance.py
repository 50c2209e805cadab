"""Words of rule 22: who runs validators moves that the network changes, and votes.

Acme moves M1 in 3 blocks: suspend Corner
Acme moves M1 in 9 blocks until 5: admit Newco as wholesaler in DE and add key 0 of Newco
Bulk approves M1            Bulk rejects M1            Acme drops motion M1

Heights are counted from the block that the sentence is in. Voting ends two blocks before the changes act,
when the sentence does not say otherwise. What may be moved, several things joined by `and`:

    admit Newco as wholesaler, maker in DE          make Corner wholesaler, dispenser
    suspend Corner      revoke Corner               restore Corner
    add key 1 of Corner                             add key 1 of Corner until 9
    end key 0 of Corner                             give prefix 4012345 to Bulk     take prefix 4012345
    give place Shop to Dale                         register herb for Idle          give product pack to Rival
    lift suspect of Idle from pack-1, pack-2        set profile strict lanes_block 0
    let DE follow strict                            let ZZ follow strict at 60
    set timing.propose_ms to 500                    use rules 2
    put node fifth as validator of Dale power 10    remove node west
"""

import re
from typing import TYPE_CHECKING, Final

import msgspec

from contracts.records import changes
from contracts.records.catalogue import ProductFacts
from contracts.records.changes import Change
from contracts.records.governance import (
    Choice,
    GovernanceRecord,
    ProposeChanges,
    VoteOnChanges,
    WithdrawChanges,
)
from contracts.state.directory import find_partner
from contracts.state.governance_rows import ChangesStanding
from contracts.state.governing import governance, sets
from contracts.state.layout import BALLOTS, CHANGES, MARKETS, PROFILES, text_key
from contracts.state.rows import HoldKind, Licence, Role
from contracts.state.view import Overlay
from tests.scenarios.law import words_evidence
from tests.scenarios.law.world import (
    NEW_PARTIES,
    NODES,
    ROLES,
    Ledger,
    certificate_of,
    gln,
    gtin,
    lane_of,
)

if TYPE_CHECKING:
    from tests.scenarios.law.language import Speaker

NAMES: Final = (*ROLES, *NEW_PARTIES)
KEYS: Final = {
    **{f"key {at} of {name}": lane_of(name, at) for name in NAMES for at in range(3)},
    **{name: lane_of(name) for name in NODES},
}
"""Keys of partners, by what they are called, and of validators by their nodes' names."""

_MOVES: Final = re.compile(r"\w+ moves \w+ in (-?\d+) blocks?(?: until (-?\d+))?: (.+)")
_SAYS: Final = re.compile(r"\w+ (approves|rejects|drops motion) (\w+)")
_FACTS: Final = ProductFacts("Herb", "", "", ("DE",), 1, 1, b"", 0, (), "", 0, "")
_LICENCES: Final = {"suspend": Licence.SUSPENDED, "revoke": Licence.REVOKED, "restore": Licence.ACTIVE}


def record(speaker: "Speaker", sentence: str) -> GovernanceRecord | None:
    """Build the record of a sentence about governance; None when it is about something else."""
    head = speaker.head({})
    said = _SAYS.fullmatch(sentence)
    if said:
        motion = speaker.shipment(said[2])
        if said[1] == "drops motion":
            return WithdrawChanges(head, motion)
        return VoteOnChanges(head, motion, Choice.APPROVE if said[1] == "approves" else Choice.REJECT)
    moves = _MOVES.fullmatch(sentence)
    if not moves:
        return None
    ahead, until, moved = moves.groups()
    now = speaker.ledger.context().height
    acts_at = now + int(ahead)
    last = now + int(until) if until else acts_at - 2
    listed = tuple(_change(speaker.ledger, text, acts_at) for text in moved.split(" and "))
    return ProposeChanges(head, listed, acts_at, last, "as agreed")


def _change(ledger: Ledger, text: str, acts_at: int) -> Change:
    verb, _space, what = text.partition(" ")
    match verb:
        case "admit":
            name, roles, market = re.fullmatch(r"(\w+) as (.+) in (\w+)", what).groups()
            return changes.AdmitPartner(gln(name), name, _roles(roles), market)
        case "make":
            name, _space, roles = what.partition(" ")
            return changes.SetRoles(gln(name), _roles(roles))
        case "suspend" | "revoke" | "restore":
            return changes.SetLicence(gln(what), int(_LICENCES[verb]))
        case "add" | "end":
            return _key(verb, what, acts_at)
        case "give" | "take" | "register" | "lift":
            return _registry(verb, what)
        case "put" | "remove":
            return _node(what)
    return _law(ledger, verb, what)


def _roles(text: str) -> int:
    return int(sum(Role[word.upper()] for word in text.split(", ")))


def _key(verb: str, what: str, acts_at: int) -> Change:
    number, name, until = re.fullmatch(r"key (\d) of (\w+)(?: until (-?\d+))?", what).groups()
    if verb == "end":
        return changes.EndKey(lane_of(name, int(number)))
    return changes.AddKey(gln(name), lane_of(name, int(number)), acts_at + int(until) if until else 0)


def _registry(verb: str, what: str) -> Change:
    words = what.split()
    match verb, *words:
        case "give", "prefix", digits, "to", name:
            return changes.AssignPrefix(digits, gln(name))
        case "take", "prefix", digits:
            return changes.AssignPrefix(digits, b"")
        case "give", "place", place, "to", name:
            return changes.AssignPremises(gln(place), gln(name))
        case "give", "product", kind, "to", name:
            return changes.AssignProduct(gtin(kind), gln(name))
        case "register", kind, "for", name:
            return changes.RegisterProduct(gtin(kind), gln(name), _FACTS)
    from tests.scenarios.law.language import listed  # noqa: PLC0415 - the language knows this module

    kind, setter, items = re.fullmatch(r"(\w+) of (\w+) from (.+)", what).groups()
    return changes.LiftHolds(gln(setter), int(HoldKind[kind.upper()]), listed(items))


def _node(what: str) -> Change:
    found = re.fullmatch(r"node (\w+)(?: as (\w+)(?: of (\w+))?(?: power (\d+))?)?", what)
    name, role, partner, power = found.groups()
    if role is None:
        return changes.RemoveNode(name)
    votes = role == "validator"
    key = lane_of(name) if votes else b""
    owner = gln(partner) if partner else b""
    return changes.PutNode(name, role, certificate_of(name), owner, key, int(power or 0))


def _law(ledger: Ledger, verb: str, what: str) -> Change:
    words = what.split()
    match verb, *words:
        case "set", "profile", name, field, value:
            row = ledger.state().read(PROFILES, text_key(name)) or ledger.state().read(PROFILES, b"strict")
            limits = msgspec.structs.replace(row, **{field: int(value)})
            return changes.SetProfile(name, msgspec.structs.astuple(limits))
        case "let", code, "follow", profile, *offset:
            known = ledger.state().read(MARKETS, text_key(code))
            minutes = int(offset[1]) if offset else known.utc_offset_minutes
            return changes.SetMarket(code, profile, minutes)
        case "set", name, "to", value:
            return changes.SetParameter(name, int(value))
        case "use", "rules", version:
            return changes.SetRules(int(version))
    raise ValueError(f"nothing can be moved like this: {verb} {what}")


def see(speaker: "Speaker", state: Overlay, name: str) -> str:
    """Describe a motion, a partner, the validators or the schedule; empty for anything else."""
    if name == "validators":
        return "validators are " + " and ".join(f"{one.node} ({one.power})" for one in sets(state).current)
    if name == "rules":
        return f"rules {governance(state).rules} are in force, {len(governance(state).scheduled)} scheduled"
    if name.startswith("offences of "):
        return words_evidence.see(state, name.removeprefix("offences of "))
    if name in NAMES:
        return _see_partner(state, name)
    identifier = speaker.shipments.get(name, b"")
    ballot, row = state.read(BALLOTS, identifier), state.read(CHANGES, identifier)
    if ballot is None or row is None:
        return ""
    said = [f"{name} is {ChangesStanding(ballot.standing).name.lower()}"]
    for word, numbers in (("approved", ballot.approved), ("rejected", ballot.rejected)):
        said += [f"{word} by {' and '.join(NAMES[number - 1] for number in numbers)}"] if numbers else []
    return ", ".join(said)


def _see_partner(state: Overlay, name: str) -> str:
    found = find_partner(state, gln(name))
    if found is None:
        return f"{name} is no partner"
    row = found[1]
    roles = " and ".join((role.name or "").lower() for role in Role if role & row.roles)
    prefixes = f", with {' and '.join(row.company_prefixes)}" if row.company_prefixes else ""
    return f"{name} is {roles}, {Licence(row.licence).name.lower()}{prefixes}"
