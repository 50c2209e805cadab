"""Rule 21 of contracts/LAW.md on the model: trade lanes."""

from tests.properties.facts import BLOCKING, SEATS
from tests.properties.model import lot_name
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.registered import Terms
from tests.properties.said import Said

NOT_TRADING = {"carrier", "regulator", "agent"}
MARKETS = {"home", "away"}


def lane(judge: Judge, said: Said) -> Verdicts:
    """Set or clear a trade lane."""
    known, key = judge.model.registered, (said.kind, said.lot)
    yield set() if said.kind in known.holders else {"product_unknown"}
    yield set() if known.holders[said.kind] == judge.signer else {"not_product_holder"}
    if said.step == "cleared":
        yield {"lane_invalid"} if said.named_parties or said.role or said.markets else set()
        yield set() if key in known.lanes else {"lane_unknown"}
        del known.lanes[key]
        return
    says_something = said.named_parties or said.role or said.markets
    yield {"lane_invalid"} if not says_something or said.role in NOT_TRADING else set()
    is_good = set(said.markets) <= MARKETS and len(set(said.markets)) == len(said.markets)
    yield set() if is_good else {"market_unknown"}
    yield {"listed_twice"} if len(set(said.named_parties)) < len(said.named_parties) else set()
    blocks = said.step == "block"
    may_block = known.profile_of(said.kind) in BLOCKING
    yield {"lane_blocks_nothing"} if blocks and not may_block else set()
    known.lanes[key] = (frozenset(said.named_parties), said.role, frozenset(said.markets), blocks)


Left = dict[str, tuple[set[str], set[str]]]


def left_lanes(judge: Judge, said: Said) -> Left:
    """Return by kind sold outside its lane the listed items for which it is blocked, and all that have it."""
    model, known = judge.model, judge.model.registered
    found: Left = {}
    for item in said.items:
        for one in (item, *model.inside(item)):
            source = model.items[one].source
            if not source:
                continue
            kind, lot = source[0], lot_name(source)
            terms = known.lanes.get((kind, lot)) or known.lanes.get((kind, ""))
            if terms is not None and not keeps(judge, said, terms):
                blocked, items = found.get(kind, (set(), set()))
                found[kind] = (blocked | ({item} if terms[3] else set()), items | {item})
    return found


def keeps(judge: Judge, said: Said, terms: Terms) -> bool:
    """Tell whether a sale to a receiver keeps to the terms of a lane."""
    receivers, role, markets, _blocks = terms
    places = judge.model.registered.places
    market = places[said.destination][1] if said.destination else SEATS.get(said.receiver, "home")
    if said.receiver in receivers:
        return True
    if not role and not markets:
        return False
    return (not role or role in judge.roles(said.receiver)) and (not markets or market in markets)
