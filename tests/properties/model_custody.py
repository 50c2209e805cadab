"""Rules 3, 4 and 5 of contracts/LAW.md on the model: goods on their way."""

from dataclasses import replace

from tests.properties.facts import BLOCKING
from tests.properties.model import Shipment, parties
from tests.properties.model_beyond import held_on_receipt, own_returns, sale_of_return
from tests.properties.model_cold import arrive, send
from tests.properties.model_judge import LIVES, NOT_TRADING, Judge, Verdicts
from tests.properties.model_lanes import left_lanes
from tests.properties.model_overages import claim_of, tell_shipped
from tests.properties.said import Said


def _exempted(judge: Judge, said: Said) -> Verdicts:
    """Rule 20: ask whether there is such an exemption, for such parties."""
    if not said.exempt:
        return
    yield {"exemption_not_needed"} if said.purpose != "sale" else set()
    yield set() if said.exempt in judge.profile(said).exempt else {"exemption_not_allowed"}
    are_dispensers = [
        "dispenser" in judge.roles(judge.signer),
        said.exempt == "office_use" or "dispenser" in judge.roles(said.receiver),
    ]
    is_for_few = said.exempt in {"office_use", "specific_patient"}
    yield {"exemption_not_fit"} if is_for_few and not all(are_dispensers) else set()
    yield from judge.list_of(said)


def ship(judge: Judge, said: Said) -> Verdicts:
    """Rule 3."""
    model, purpose = judge.model, said.purpose
    yield from _exempted(judge, said)
    yield from ship_terms(judge, said)
    travel = {
        "export": ("exported",),
        "authority": ("sample", "partly_dispensed"),
        "disposal": ("partly_dispensed",),
    }
    lives = [life for life in LIVES if life not in travel.get(purpose, ())]
    guards = [judge.together(said), *judge.life(*lives), judge.unended(), *judge.hand(), judge.empty()]
    guards += [("not_owner", lambda item: not _may_send(judge, item, said)), *own_returns(judge, said)]
    if purpose in ("sale", "export"):
        guards += judge.clean_or_late(said.items, is_leaving=True, receiver=said.receiver)
    yield model.first_fault(said.items, guards)
    left = left_lanes(judge, said) if is_sold(said) else {}
    is_blocking = judge.profile_at(said) in BLOCKING and not said.exempt
    blocked = set().union(*(some for some, _items in left.values())) if is_blocking else set()
    if judge.breached is None:
        yield {"outside_trade_lane"} if blocked else set()
    else:
        judge.breached |= blocked
    for kind, (_blocks, items) in left.items():
        judge.tell("lane_left", kind, items, (model.registered.holders[kind],))
    judge.take_along(said.items, said)
    judge.tell("shipment_announced", said.shipment, (), (said.receiver, said.carrier))
    within_ms = said.within_ms or judge.profile(said).default_ms
    model.shipments[said.shipment] = Shipment(
        *(judge.signer, said.receiver, purpose, said.passes),
        *(judge.now_ms + within_ms, said.destination, said.carrier),
        hold=held_on_receipt(judge, said),
    )
    tell_shipped(judge, said)
    for item in said.items:
        model.change(item, shipment=said.shipment)
    send(judge, said.shipment, said.items)
    if said.exempt:
        judge.tell("exempt_moved", said.exempt, said.items, (said.receiver, *judge.regulators()))


def is_sold(said: Said) -> bool:
    """Tell whether goods are sold: in the network, or for export."""
    return said.purpose == "sale" or (said.purpose == "export" and bool(said.passes))


def ship_terms(judge: Judge, said: Said) -> Verdicts:
    """Ask what a shipment is asked apart from its items."""
    receiver, purpose = said.receiver, said.purpose
    yield {"ownership_invalid"} if purpose in ("own_premises", "authority") and said.passes else set()
    if purpose == "own_premises":
        yield {"receiver_not_sender"} if receiver != judge.signer else set()
    else:
        yield {"receiver_is_sender"} if receiver == judge.signer else set()
    is_barred = is_sold(said) and judge.is_barred(receiver) and not said.exempt
    yield judge.unless_late({"receiver_licence"} if is_barred else set())
    trades = judge.roles(receiver) - NOT_TRADING - ({"regulator"} if purpose != "authority" else set())
    trades = judge.roles(receiver) - {"agent"} if said.exempt else trades
    trades -= NOT_TRADING | {"regulator"} if said.passes else set()
    yield set() if trades else {"receiver_role"}
    yield {"destination_missing"} if purpose == "own_premises" and not said.destination else set()
    places = judge.model.registered.places
    yield {"destination_unknown"} if said.destination and said.destination not in places else set()
    is_strange = said.destination and places[said.destination][0] != receiver
    yield {"destination_not_receivers"} if is_strange else set()
    if said.carrier:
        is_fit = "carrier" in judge.roles(said.carrier) and said.carrier not in (judge.signer, receiver)
        is_fit = is_fit and not judge.is_barred(said.carrier)
        yield set() if is_fit else {"carrier_not_fit"}
    yield from sale_of_return(judge, said)
    if said.within_ms:
        rules = judge.profile(said)
        yield {"deadline_too_short"} if said.within_ms < rules.min_ms else set()
        yield {"deadline_too_long"} if said.within_ms > rules.max_ms else set()
    yield {"already_announced"} if said.shipment in judge.model.shipments else set()


def _may_send(judge: Judge, item: str, said: Said) -> bool:
    """Tell whether the signer owns an item, or may send it there for its owner."""
    owner = judge.model.owner(item)
    if owner == judge.signer or said.purpose == "own_premises":
        return True
    if said.passes:
        return False
    if said.purpose in ("return", "sale"):
        return said.receiver == owner
    return said.purpose in ("disposal", "authority")


def known_shipment(judge: Judge, said: Said, *wanted: str, code: str) -> Verdicts:
    """Ask whether a shipment was announced, is the signer's affair, and not over."""
    yield set() if said.shipment in judge.model.shipments else {"shipment_unknown"}
    shipment = judge.model.shipments[said.shipment]
    yield set() if judge.signer in [getattr(shipment, role) for role in wanted] else {code}
    yield set() if judge.model.on_the_way(said.shipment) else {"shipment_closed"}


def of_shipment(judge: Judge, said: Said) -> Verdicts:
    """Ask whether the listed items are on their way with the shipment, none beside its container."""
    yield from judge.list_of(said)
    strange = [
        item
        for item in said.items
        if item not in judge.model.items or judge.model.shipment(item) != said.shipment
    ]
    codes = {"not_in_shipment", "item_unknown"} if strange else set()
    known = [item for item in said.items if item in judge.model.items]
    yield codes | judge.model.first_fault(known, [judge.together(said)])


def receive(judge: Judge, said: Said) -> Verdicts:
    """Rule 4."""
    model = judge.model
    yield from known_shipment(judge, said, "receiver", "carrier", code="not_receiver")
    shipment = model.shipments[said.shipment]
    if judge.signer == shipment.carrier:
        yield {"carrier_takes_whole"} if said.mode != "all" or said.items else set()
        yield {"custody_already_taken"} if shipment.custody else set()
        _take_custody(judge, said)
        return
    yield {"listed_with_all"} if said.mode == "all" and said.items else set()
    if said.mode != "all":
        yield from of_shipment(judge, said)
    tops = model.on_the_way(said.shipment)
    if said.mode == "all_except":
        yield {"nothing_received"} if set(tops) <= set(said.items) else set()
        judge.tell("shipment_split", said.rest, said.items, parties(shipment))
        _leave_out(judge, said, shipment)
    judge.tell("shipment_received", said.shipment, (), parties(shipment))
    arrive(judge, said.shipment)
    model.change_shipment(said.shipment, received_ms=judge.now_ms)
    received = said.items if said.mode == "listed" else model.on_the_way(said.shipment)
    for item in received:
        model.take_out(item, judge.now_ms)
        owner = judge.signer if shipment.passes else model.items[item].owner
        place = said.at or shipment.destination
        holds = model.items[item].holds - {claim_of(judge.signer)}
        holds |= {shipment.hold} if shipment.hold else set()
        model.change(item, holder=judge.signer, owner=owner, place=place, shipment="", holds=holds)
        receiver = judge.signer if judge.signer != shipment.sender else ""
        model.rely(item, receiver)
        for name in (item, *model.inside(item)) if shipment.passes else ():
            model.change(name, title=said.shipment)
    if shipment.hold or shipment.purpose == "authority":
        model.law_held_ms[judge.signer] = judge.now_ms
    if shipment.hold:
        some = said.items if said.mode == "listed" else ()
        judge.tell("held_on_receipt", said.shipment, some, parties(shipment))


def _take_custody(judge: Judge, said: Said) -> None:
    """Let the carrier hold all of a shipment."""
    model = judge.model
    judge.tell("custody_taken", said.shipment, (), parties(model.shipments[said.shipment]))
    model.shipments[said.shipment] = replace(model.shipments[said.shipment], custody=True)
    for item in model.on_the_way(said.shipment):
        model.change(item, holder=judge.signer)


def _leave_out(judge: Judge, said: Said, shipment: Shipment) -> None:
    """Let what is not received travel on as a shipment of its own."""
    judge.model.shipments[said.rest] = shipment
    judge.model.unlogged[said.rest] = judge.model.unlogged.get(said.shipment, 0)
    for item in said.items:
        judge.model.take_out(item, judge.now_ms)
        judge.model.change(item, shipment=said.rest)


def _give_back(judge: Judge, said: Said, holds: frozenset[str]) -> None:
    """Bring what was not received back to the sender."""
    model = judge.model
    for item in said.items or tuple(model.on_the_way(said.shipment)):
        model.take_out(item, judge.now_ms)
        sent = model.shipments[said.shipment]
        sender = sent.sender
        refuser = sent.receiver if said.verb == "refuse" and sent.receiver != sender else ""
        model.rely(item, refuser)
        model.change(item, holder=sender, shipment="", holds=model.items[item].holds | holds)


def refuse(judge: Judge, said: Said) -> Verdicts:
    """Rule 5: by the receiver."""
    yield from known_shipment(judge, said, "receiver", code="not_receiver")
    if said.items:
        yield from of_shipment(judge, said)
    judge.tell("shipment_refused", said.shipment, said.items, parties(judge.model.shipments[said.shipment]))
    _give_back(judge, said, frozenset())


def void(judge: Judge, said: Said) -> Verdicts:
    """Rule 5: by the sender."""
    yield from known_shipment(judge, said, "sender", code="not_sender")
    if said.items:
        yield from of_shipment(judge, said)
    shipment = judge.model.shipments[said.shipment]
    is_late = judge.now_ms > shipment.deadline_ms
    for kind in ("shipment_voided", "quarantined") if is_late else ("shipment_voided",):
        judge.tell(kind, said.shipment, said.items, parties(shipment))
    if is_late:
        judge.model.law_held_ms[judge.signer] = judge.now_ms
    _give_back(judge, said, frozenset({"quarantined"} if is_late else ()))
