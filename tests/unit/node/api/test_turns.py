"""Turns: few at once, tokens one after the other, and nobody's turn is lost."""

import asyncio

import pytest

from node.api.turns import Passage, Turns


class Desk:
    """Requests that hold their turn until the test ends it."""

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.inside: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}

    async def come(self, token: str, name: str) -> None:
        async with Passage(self.turns, token):
            self.inside.append(name)
            await self.ends.setdefault(name, asyncio.Event()).wait()
        self.inside.remove(name)

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_token_with_many_files_does_not_stand_before_one_with_one() -> None:
    desk = Desk(2)
    many = [asyncio.create_task(desk.come("maker", f"m{number}")) for number in range(6)]
    await settled()
    one = asyncio.create_task(desk.come("elm", "e0"))
    await settled()
    assert desk.inside == ["m0", "m1"]
    assert (desk.turns.inside, len(desk.turns)) == (2, 5)
    await desk.end("m0")
    await desk.end("m1")
    assert desk.inside == ["m2", "e0"]
    for name in ("m2", "e0", "m3", "m4", "m5"):
        await desk.end(name)
    await asyncio.gather(one, *many)
    assert (desk.turns.inside, len(desk.turns)) == (0, 0)


@pytest.mark.parametrize("when", ["waiting", "inside", "just let in"])
async def test_who_gives_up_leaves_no_turn_behind(when: str) -> None:
    desk = Desk(1)
    first, second, third = (asyncio.create_task(desk.come("maker", f"m{number}")) for number in range(3))
    await settled()
    given_up = first if when == "inside" else second
    if when == "just let in":
        desk.ends["m0"].set()
        await asyncio.sleep(0)
    given_up.cancel()
    await settled()
    for name in ("m0", "m1", "m2"):
        desk.ends.setdefault(name, asyncio.Event()).set()
    await asyncio.gather(first, second, third, return_exceptions=True)
    assert given_up.cancelled()
    assert (desk.turns.inside, len(desk.turns), desk.inside.count("m2")) == (0, 0, 0)


async def test_a_passage_tells_whether_all_was_done() -> None:
    turns = Turns(1)
    whole, broken = Passage(turns, "maker"), Passage(turns, "maker")
    async with whole:
        assert not whole.is_through
    with pytest.raises(ValueError, match="bad"):
        async with broken:
            raise ValueError("bad")
    assert (whole.is_through, broken.is_through, turns.inside) == (True, False, 0)
