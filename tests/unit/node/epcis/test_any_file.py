"""Whatever is posted in whatever order: nothing breaks, nothing is half applied, nothing is added twice."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.epcis.capture import ErrorBehaviour
from node.epcis.outcome import FileResult
from tests.support.gateway import Desk
from tests.support.parties import CARRIER, MAKER, PHARMACY, WHOLESALER, Party
from tests.unit.node.epcis.desk import arrived, at_pharmacy, made, sold
from tests.unit.node.epcis.files import (
    Event,
    aggregated,
    case,
    commissioned,
    file,
    observed,
    packs,
    pallet,
    received,
    shipped,
)

Beginning = Callable[[], Awaitable[Desk]]

PARTNERS = (MAKER, MAKER, WHOLESALER, PHARMACY, CARRIER)
THINGS = (*packs(3), case("C1"), case("C2"), pallet(1), pallet(2))
STEPS = ("storing", "inspecting", "void_shipping", "dispensing", "holding")

things = st.one_of(
    st.sampled_from([[pallet(1)], [case("C1")]]),
    st.lists(st.sampled_from(THINGS), min_size=1, max_size=4, unique=True),
)
containers = st.sampled_from(THINGS[3:])
partners = st.sampled_from(PARTNERS)
minutes = st.integers(0, 6).map(lambda number: number * 10)


@st.composite
def made_or_moved(draw: Any, who: Party) -> Event:
    """Return some event in which things begin, are packed, or unpacked."""
    about, minute = draw(things), draw(minutes)
    match draw(st.sampled_from(("made", "packed", "opened", "emptied"))):
        case "made":
            return commissioned(about, minute, who)
        case "packed":
            return aggregated("ADD", draw(containers), about, minute, who)
        case "opened":
            return aggregated("DELETE", draw(containers), about, minute, who)
        case _:
            return aggregated("DELETE", draw(containers), [], minute, who)


@st.composite
def handed_over(draw: Any, who: Party) -> Event:
    """Return some event in which things are sent, received, seen or ended."""
    about, minute = draw(things), draw(minutes)
    match draw(st.sampled_from(("sent", "sent", "taken", "taken", "stated", "seen", "seen", "ended"))):
        case "sent":
            return shipped(about, who, draw(partners), minute)
        case "taken":
            return received(about, who, minute)
        case "stated":
            step = draw(st.sampled_from(("receiving", "shipping")))
            return aggregated("OBSERVE", about[0], about[1:] or about, minute, who, bizStep=step)
        case "seen":
            return observed(draw(st.sampled_from(STEPS)), about, minute, who)
        case _:
            return observed("destroying", about, minute, who)


@st.composite
def files(draw: Any) -> tuple[list[Event], Party, ErrorBehaviour]:
    """Return what one partner posts: mostly its own events, now and then another's."""
    who = draw(partners)
    said = []
    for _number in range(draw(st.integers(1, 4))):
        actor = draw(partners) if draw(st.integers(0, 5)) == 0 else who
        said.append(draw(handed_over(actor) if draw(st.integers(0, 2)) else made_or_moved(actor)))
    return said, who, draw(st.sampled_from(("rollback", "proceed")))


async def nothing() -> Desk:
    """Nothing was ever made."""
    return Desk()


BEGINNINGS = (nothing, made, sold, arrived, at_pharmacy)


def state(desk: Desk) -> tuple[bytes, int]:
    return desk.node.chain.tip.app_hash, desk.node.chain.tip.height


async def post(desk: Desk, said: list[Event], who: Party, behaviour: ErrorBehaviour) -> FileResult:
    before = state(desk)
    result = await desk.post(file(*said), who, behaviour)
    assert [event.index for event in result.events] == list(range(len(said)))
    refused = [event for event in result.events if event.outcome == "refused"]
    assert all(event.code and event.field and event.reason and event.what_to_do for event in refused)
    if behaviour == "rollback":
        assert len(result.documents) <= (0 if refused else 1)
        assert not (refused and result.drafts)
    assert all(document.receipt.code == "accepted" for document in result.documents)
    assert bool(result.documents) == any(event.outcome == "records" for event in result.events)
    if not result.documents:
        assert state(desk) == before
    return result


async def story(told: list[tuple[list[Event], Party, ErrorBehaviour]], beginning: Beginning) -> None:
    desk = await beginning()
    for said, who, behaviour in told:
        first = await post(desk, said, who, behaviour)
        before = state(desk)
        again = await post(desk, said, who, "proceed")
        # What was recorded is not recorded again; what was refused may have lacked only what came after it.
        for one, other in zip(first.events, again.events, strict=True):
            if one.outcome in {"records", "already_recorded"}:
                assert other.outcome == "already_recorded", (one, other)
        if all(event.outcome in {"records", "already_recorded"} for event in first.events):
            assert state(desk) == before
    await desk.drafting.drafts()


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(files(), min_size=2, max_size=8), st.sampled_from(BEGINNINGS))
def test_any_files_in_any_order(told, beginning):
    asyncio.run(story(told, beginning))
