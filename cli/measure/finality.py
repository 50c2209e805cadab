"""What nodes have finalised: each is asked for its height after the last answer, and the slowest one counts.

Nobody is asked while the load runs, for the questions would be load too. A node that had the last block
before the client's last answer came counts as having it with that answer.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import aiohttp
import msgspec

from cli.failures import CommandError, Exit
from cli.measure.senders import Target

POLL_S: Final = 0.01
"""Pause between two questions: the error of what is measured stays near this."""
CATCH_UP_S: Final = 60.0
"""How long the slowest node may take after the quickest one."""


class _Status(msgspec.Struct, frozen=True):
    height: int
    app_hash: str


class _Block(msgspec.Struct, frozen=True):
    height: int
    documents: int


class Verdict(msgspec.Struct, frozen=True):
    """A document of a block."""

    document: str
    """Its id, hex."""
    code: str
    """accepted, or why not."""


class FullBlock(msgspec.Struct, frozen=True):
    """A block as a node shows it."""

    height: int
    """Its height."""
    time: datetime
    """Its time."""
    documents: tuple[Verdict, ...]
    """In the order in which they acted."""


class _Blocks(msgspec.Struct, frozen=True):
    blocks: tuple[_Block, ...]
    next: int | None = None


class Finality:
    """Asks some nodes how far they are."""

    def __init__(self, client: aiohttp.ClientSession, targets: Sequence[Target]) -> None:
        """Ask `targets`."""
        self._client = client
        self._targets = targets

    async def _get(self, target: Target, path: str) -> bytes:
        headers = {"Authorization": f"Bearer {target.token}"}
        async with self._client.get(target.url + path, headers=headers) as response:
            data = await response.read()
            if not response.ok:
                raise CommandError(Exit.FAILED, f"{target.name} answers {response.status} to {path}")
            return data

    async def _status(self, target: Target) -> _Status:
        return msgspec.json.decode(await self._get(target, "/v1/status"), type=_Status)

    async def reached(self, height: int) -> list[float]:
        """Wait until every node has `height`; return when each one was first seen to have it.

        Raises:
            TimeoutError: One has it not in time.
        """
        return await asyncio.gather(*(self._reaches(target, height) for target in self._targets))

    async def _reaches(self, target: Target, height: int) -> float:
        for _ in range(round(CATCH_UP_S / POLL_S)):
            if (await self._status(target)).height >= height:
                break
            await asyncio.sleep(POLL_S)
        else:
            raise TimeoutError(f"{target.name} has not reached height {height}")
        return time.perf_counter()

    async def agree(self) -> int:
        """Wait until all nodes show one height, and return it.

        Raises:
            CommandError: They have different app hashes there.
            TimeoutError: They do not, in time.
        """
        async with asyncio.timeout(CATCH_UP_S):
            while True:
                found = await asyncio.gather(*map(self._status, self._targets))
                if len({status.height for status in found}) == 1:
                    break
                await asyncio.sleep(POLL_S)
        if len({status.app_hash for status in found}) != 1:
            raise CommandError(
                Exit.FAILED, f"the nodes have different app hashes at height {found[0].height}"
            )
        return found[0].height

    async def height(self) -> int:
        """Return the greatest height that any node shows."""
        return max(status.height for status in await asyncio.gather(*map(self._status, self._targets)))

    async def block(self, node: int, height: int) -> FullBlock:
        """Return a block as a node shows it."""
        data = await self._get(self._targets[node], f"/v1/blocks/{height}")
        return msgspec.json.decode(data, type=FullBlock)

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
