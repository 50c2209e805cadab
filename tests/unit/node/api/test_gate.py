"""The gate: how many get in at once, who waits, who is turned away, and when they may come back."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from prometheus_client import CollectorRegistry

from node.api import gate as gates
from node.api.gate import (
    BATCH_PLACES,
    FIRST_PLACES,
    LEAST_PER_SECOND,
    LEAST_PLACES,
    LONGEST_WAIT_S,
    MAX_IN_LINE,
    MOST_PLACES,
    Gate,
    Returns,
)
from node.api.metrics import ApiMetrics
from node.api.problems import Problem
from node.config.schema import ApiSection
from tests.support.ledger import OneNode
from tests.unit.node.api.harness import serving, turned_away
from tests.unit.node.api.samples import commission

TOO_LATE_S = 0.5


class World:
    """A gate whose clock the test moves."""

    def __init__(self, token_per_second: int = 10) -> None:
        self.now_s = 100.0
        self.registry = CollectorRegistry()
        metrics = ApiMetrics(self.registry)
        self.gate = Gate(lambda: self.now_s, lambda: 0.0, token_per_second, metrics)

    def turned_away(self, full: str) -> float | None:
        return self.registry.get_sample_value("packtrail_turned_away_total", {"full": full})

    async def fill(self, stack: AsyncExitStack, places: int) -> None:
        """Leave so many places, and take them."""
        self.gate.places = places
        for _ in range(places):
            await stack.enter_async_context(self.gate.enter("filler"))


@pytest.fixture
def world() -> World:
    return World()


async def enter(world: World, token: str, order: list[str]) -> None:
    async with world.gate.enter(token):
        order.append(token)


async def stand(world: World, tokens: str, order: list[str]) -> list[asyncio.Task[None]]:
    """Let one request of each of these tokens come, one after the other."""
    tasks = []
    for token in tokens:
        tasks.append(asyncio.create_task(enter(world, token, order)))
        await asyncio.sleep(0)
    return tasks


def test_a_late_loop_takes_in_less_and_a_quick_one_more_if_wanted(world: World) -> None:
    for _ in range(200):
        world.gate.felt(TOO_LATE_S)
    assert world.gate.places == LEAST_PLACES
    for _ in range(200):
        world.gate.felt(0.0)
    assert world.gate.places == LEAST_PLACES  # Nobody wanted more.


async def test_places_grow_while_somebody_waits_and_have_an_end(world: World) -> None:
    order: list[str] = []
    async with AsyncExitStack() as stack:
        await world.fill(stack, LEAST_PLACES)
        tasks = await stand(world, "ab", order)
        assert (world.gate.in_line, order) == (2, [])
        world.gate.felt(0.0)
        await asyncio.gather(*tasks)
    assert (order, world.gate.inside, world.gate.in_line) == (["a", "b"], 0, 0)
    for _ in range(2 * MOST_PLACES):
        world.gate.places = min(world.gate.places, MOST_PLACES)
        world.gate._was_full = True
        world.gate.felt(0.0)
    assert world.gate.places == MOST_PLACES


async def test_tokens_take_turns(world: World) -> None:
    order: list[str] = []
    async with AsyncExitStack() as stack:
        await world.fill(stack, 1)
        tasks = await stand(world, "aaab", order)
    await asyncio.gather(*tasks)
    assert order == ["a", "b", "a", "a"]


async def test_who_has_most_in_a_full_line_gives_way(world: World) -> None:
    order: list[str] = []
    async with AsyncExitStack() as stack:
        await world.fill(stack, 1)
        many = await stand(world, "a" * MAX_IN_LINE, order)
        more = await stand(world, "ab", order)
        found = await asyncio.gather(many[-1], more[0], return_exceptions=True)
        assert [isinstance(one, Problem) and one.code for one in found] == ["too_busy"] * 2
        assert not more[1].done()
    await asyncio.gather(*many[:-1], more[1])
    assert order.count("a") == MAX_IN_LINE - 1
    assert order.index("b") <= 1
    assert world.turned_away("requests") == 2


async def test_a_full_line_that_somebody_is_just_leaving_takes_another_in(world: World) -> None:
    order: list[str] = []
    async with AsyncExitStack() as stack:
        await world.fill(stack, 1)
        many = await stand(world, "a" * MAX_IN_LINE, order)
        more = asyncio.create_task(enter(world, "b", order))
        # Its turn is cancelled at once; that it leaves the line is done only after the other has joined it.
        many[-1].cancel()
        await asyncio.sleep(0)
        assert (world.gate.in_line, more.done()) == (MAX_IN_LINE, False)
    found = await asyncio.gather(*many, more, return_exceptions=True)
    assert [type(one) for one in found if one is not None] == [asyncio.CancelledError]
    assert (order.count("a"), order.count("b")) == (MAX_IN_LINE - 1, 1)
    assert (world.gate.inside, world.gate.in_line) == (0, 0)
    assert world.turned_away("requests") == 0


async def test_a_line_that_does_not_move_ends(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "LONGEST_IN_LINE_S", 0)
    async with AsyncExitStack() as stack:
        await world.fill(stack, 1)
        with pytest.raises(Problem, match="too_busy"):
            await enter(world, "a", [])
        assert world.gate.in_line == 0


async def test_a_stream_waits_as_long_as_it_takes_and_in_turn_with_requests(world: World) -> None:
    order: list[str] = []

    async def stream() -> None:
        async with world.gate.enter_stream("stream"):
            order.append("stream")

    async with AsyncExitStack() as stack:
        await world.fill(stack, BATCH_PLACES)
        tasks = await stand(world, "a" * MAX_IN_LINE, order)
        tasks.append(asyncio.create_task(stream()))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order.index("stream") == 1


@pytest.mark.parametrize("is_given", [False, True])
async def test_who_leaves_the_line_leaves_no_place_taken(world: World, is_given: bool) -> None:
    async with AsyncExitStack() as stack:
        await world.fill(stack, 1)
        (task,) = await stand(world, "a", [])
        if is_given:
            await stack.aclose()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (world.gate.inside, world.gate.in_line) == (0, 0)
    async with world.gate.enter("b"):
        assert world.gate.inside == 1


async def test_a_place_given_back_early_is_given_back_once(world: World) -> None:
    async with world.gate.enter("a") as place:
        place.leave()
        place.leave()
        assert world.gate.inside == 0
    assert world.gate.inside == 0


def test_those_turned_away_come_back_one_after_the_other() -> None:
    returns = Returns()
    waits = [returns.book(50.0, 0.0) for _ in range(3 * LEAST_PER_SECOND)]
    assert waits == sorted(waits)
    assert [waits.count(second) for second in (1, 2, 3)] == [LEAST_PER_SECOND] * 3
    assert {returns.book(50.0, 0.0) for _ in range(10_000)} <= set(range(1, LONGEST_WAIT_S + 1))
    assert returns.book(50.0 + LONGEST_WAIT_S, 0.0) <= 1
    quicker = Returns()
    assert [quicker.book(50.0, 1_000.0) for _ in range(900)] == [1] * 900


def test_a_token_has_a_rate_of_its_own(world: World) -> None:
    for _ in range(20):
        world.gate.check_token("a")
    with pytest.raises(Problem, match="token_too_fast") as refused:
        world.gate.check_token("a")
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "1")
    world.gate.check_token("b")
    world.now_s += 1.0
    for _ in range(10):
        world.gate.check_token("a")
    with pytest.raises(Problem):
        world.gate.check_token("a")
    assert world.turned_away("token_rate") == 2


def test_the_tokens_remembered_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MAX_TOKENS", 2)
    for token in "abca":
        world.gate.check_token(token)
    assert len(world.gate._tokens) == 2


async def test_answers_held_back_are_few(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "MAX_HELD_BACK", 1)
    held = asyncio.create_task(world.gate.hold_back())
    await asyncio.sleep(0)
    await world.gate.hold_back()
    assert not held.done()
    await held


# ------------------------------------------------------------------------------------ over HTTP


async def test_a_full_gate_over_http() -> None:
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon)
    async with serving(node) as api:
        gate = api.servers.apps.gate
        assert gate.places == FIRST_PLACES
        gate.places = 0
        sending = asyncio.create_task(api.submit(commission("A1"), query=""))
        await api.until(lambda: gate.in_line == 1)
        gate.places = FIRST_PLACES
        gate.felt(0.0)
        reply = await sending
        assert reply.status == 202
        assert gate.inside == 0


async def test_a_line_that_is_full_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "LONGEST_IN_LINE_S", 0)
    node = OneNode(call_soon=asyncio.get_running_loop().call_soon)
    async with serving(node) as api:
        api.servers.apps.gate.places = 0
        for path in ("/v1/documents", "/v1/epcis/capture"):
            reply = await api.post(path, {"records": [commission("A1")]}, "maker")
            assert (reply.status, reply.code, reply.json["full"]) == (429, "too_busy", "requests")
            assert int(reply.headers["Retry-After"]) == reply.json["retry_after_s"] >= 1
            assert "Retry-After" in reply.json["what_to_do"]
        assert await turned_away(api, "requests") == 2


async def test_a_token_that_comes_too_often_over_http() -> None:
    async with serving(OneNode(), settings=ApiSection(token_requests_per_second=1)) as api:
        replies = [await api.get("/v1/status", "reader") for _ in range(5)]
        assert {reply.status for reply in replies} == {200, 429}
        assert {reply.code for reply in replies if reply.status == 429} == {"token_too_fast"}
        assert (await api.get("/v1/status", "inspector")).status == 200
        assert await turned_away(api, "token_rate") >= 1
