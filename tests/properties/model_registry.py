"""Rules 24 and 27 of contracts/LAW.md on the model: products, delegations, premises, mandates."""

from tests.properties.facts import KIND_PREFIXES, PLACE_PREFIXES
from tests.properties.model_governance import is_awaited
from tests.properties.model_judge import Judge, Verdicts
from tests.properties.said import Said

MARKETS = {"home", "away"}


def describe(judge: Judge, said: Said) -> Verdicts:
    """Register a product, or state it anew."""
    known = judge.model.registered
    holder = known.holders.get(said.kind, "")
    yield {"prefix_not_own"} if not holder and KIND_PREFIXES[said.kind] != judge.signer else set()
    yield {"not_product_holder"} if holder not in {"", judge.signer} else set()
    is_good = 0 < len(said.markets) == len(set(said.markets)) and set(said.markets) <= MARKETS
    yield set() if is_good else {"market_unknown"}
    yield {"contents_invalid"} if said.units < 1 else set()
    yield {"contents_fixed"} if holder and known.units[said.kind] != said.units else set()
    known.holders[said.kind] = judge.signer
    known.markets[said.kind] = said.markets
    known.units[said.kind] = said.units
    known.logged = known.logged | {said.kind} if said.logged else known.logged - {said.kind}
    known.by_lot = known.by_lot | {said.kind} if said.by_lot else known.by_lot - {said.kind}


def _own_product(judge: Judge, said: Said) -> Verdicts:
    holders = judge.model.registered.holders
    yield set() if said.kind in holders else {"product_unknown"}
    yield set() if holders[said.kind] == judge.signer else {"not_product_holder"}


def offer(judge: Judge, said: Said) -> Verdicts:
    """Offer a product, or withdraw the offer."""
    yield from _own_product(judge, said)
    offers = judge.model.registered.offers
    if not said.receiver:
        yield set() if said.kind in offers else {"not_offered"}
        del offers[said.kind]
        return
    yield {"partner_is_signer"} if said.receiver == judge.signer else set()
    offers[said.kind] = said.receiver
    judge.tell("product_offered", said.kind, (), (said.receiver,))


def take(judge: Judge, said: Said) -> Verdicts:
    """Take a product that is on offer."""
    known = judge.model.registered
    yield set() if said.kind in known.holders else {"product_unknown"}
    yield set() if known.offers.get(said.kind) == judge.signer else {"not_offered"}
    former = known.holders[said.kind]
    known.holders[said.kind] = judge.signer
    del known.offers[said.kind]
    judge.tell("product_taken", said.kind, (), (former,))


def delegate(judge: Judge, said: Said) -> Verdicts:
    """Give or withdraw a delegation."""
    yield from _own_product(judge, said)
    yield {"partner_is_signer"} if said.receiver == judge.signer else set()
    known, right = judge.model.registered, (said.kind, said.receiver)
    if said.step == "given":
        yield {"already_delegated"} if right in known.delegates else set()
        known.delegates |= {right}
    else:
        yield set() if right in known.delegates else {"not_delegated"}
        known.delegates -= {right}
    judge.tell(f"delegation_{said.step}", said.kind, (), (said.receiver,))


def place(judge: Judge, said: Said) -> Verdicts:
    """Register premises, or state them anew."""
    known = judge.model.registered
    places = known.places
    owner, market = places.get(said.place, ("", ""))
    is_taken = owner not in {"", judge.signer} or (said.place in known.roles and said.place != judge.signer)
    yield {"gln_taken"} if is_taken else set()
    yield {"gln_awaited"} if not owner and is_awaited(judge.model, said.place) else set()
    prefix = PLACE_PREFIXES.get(said.place, "")
    yield {"prefix_not_own"} if not owner and prefix not in {"", judge.signer} else set()
    yield set() if set(said.markets) <= MARKETS else {"market_unknown"}
    yield {"market_fixed"} if owner and (market,) != said.markets else set()
    places[said.place] = (judge.signer, said.markets[0])


def mandate(judge: Judge, said: Said) -> Verdicts:
    """Rule 27: let an agent sign, or no more."""
    known, pair = judge.model.registered, (judge.signer, said.receiver)
    yield {"partner_is_signer"} if said.receiver == judge.signer else set()
    if not said.until:
        yield {"mandate_invalid"} if said.verbs or said.named_places else set()
        yield set() if pair in known.mandates else {"no_mandate"}
        del known.mandates[pair]
        judge.tell("mandate_withdrawn", judge.signer, (), (said.receiver,))
        return
    yield {"mandate_invalid"} if not said.verbs or said.until <= judge.born[0] else set()
    yield {"listed_twice"} if len(set(said.named_places)) < len(said.named_places) else set()
    for name in said.named_places:
        yield set() if name in known.places else {"premises_unknown"}
        yield set() if known.places[name][0] == judge.signer else {"premises_not_own"}
    known.mandates[pair] = (frozenset(said.verbs), frozenset(said.named_places), said.until)
    judge.tell("mandate_given", judge.signer, (), (said.receiver,))


def act_for(judge: Judge, said: Said) -> Verdicts:
    """Rule 27: what follows is the principal's."""
    yield {"mandate_not_first"} if judge.index else set()
    yield {"partner_is_signer"} if said.receiver == judge.signer else set()
    given = judge.model.registered.mandates.get((said.receiver, judge.signer))
    yield {"no_mandate"} if given is None or given[2] <= judge.born[0] else set()
    judge.tell("acted_for", said.receiver, (), (said.receiver,))
    judge.signer, judge.covered = said.receiver, given
