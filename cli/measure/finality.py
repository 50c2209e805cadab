"""What nodes have finalised: each is asked for its height while the load runs, and the slowest one counts."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import aiohttp
import msgspec

from cli.failures import CommandError, Exit
from cli.measure.senders import Target

POLL_S: Final = 0.05
"""How often each node is asked: the error of what is measured stays below this."""
CATCH_UP_S: Final = 60.0
"""How long the slowest node may take after the quickest one."""


class _Status(msgspec.Struct, frozen=True):
    height: int
    app_hash: str


class _Block(msgspec.Struct, frozen=True):
    height: int
    documents: int


class _Blocks(msgspec.Struct, frozen=True):
    blocks: tuple[_Block, ...]
    next: int | None = None


class Finality:
    """Watches the heights of some nodes."""

    def __init__(self, client: aiohttp.ClientSession, targets: Sequence[Target]) -> None:
        """Watch `targets`; `watch` runs beside the load."""
        self._client = client
        self._targets = targets
        self._heights = [0] * len(targets)
        self._seen: list[list[tuple[int, float]]] = [[] for _ in targets]

    async def _get(self, target: Target, path: str) -> bytes:
        headers = {"Authorization": f"Bearer {target.token}"}
        async with self._client.get(target.url + path, headers=headers) as response:
            data = await response.read()
            if not response.ok:
                raise CommandError(Exit.FAILED, f"{target.name} answers {response.status} to {path}")
            return data

    async def look(self) -> list[_Status]:
        """Ask every node once."""
        answers = await asyncio.gather(*(self._get(target, "/v1/status") for target in self._targets))
        found = [msgspec.json.decode(data, type=_Status) for data in answers]
        now_s = time.perf_counter()
        for node, status in enumerate(found):
            if status.height > self._heights[node]:
                self._heights[node] = status.height
                self._seen[node].append((status.height, now_s))
        return found

    async def watch(self) -> None:
        """Ask again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(POLL_S)

    async def reached(self, height: int) -> list[float]:
        """Wait until every node has `height`; return when each one was first seen to have it.

        Raises:
            CommandError: One has it not in time.
        """
        async with asyncio.timeout(CATCH_UP_S):
            while min(self._heights) < height:
                await self.look()
                await asyncio.sleep(POLL_S)
        return [next(at for found, at in seen if found >= height) for seen in self._seen]

    async def agree(self) -> int:
        """Wait until all nodes show one height, and return it.

        Raises:
            CommandError: They have different app hashes there.
        """
        async with asyncio.timeout(CATCH_UP_S):
            while True:
                found = await self.look()
                if len({status.height for status in found}) == 1:
                    break
                await asyncio.sleep(POLL_S)
        if len({status.app_hash for status in found}) != 1:
            raise CommandError(
                Exit.FAILED, f"the nodes have different app hashes at height {found[0].height}"
            )
        return found[0].height

    async def documents(self, node: int, after: int, until: int) -> int:
        """Count the documents that a node holds in the blocks above `after`, up to `until`."""
        count, before = 0, until + 1
        while before > after + 1:
            path = f"/v1/blocks?before={before}&limit=200"
            page = msgspec.json.decode(await self._get(self._targets[node], path), type=_Blocks)
            count += sum(block.documents for block in page.blocks if block.height > after)
            if page.next is None or not page.blocks:
                break
            before = page.blocks[-1].height
        return count
