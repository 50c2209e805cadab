"""The listening sockets of the API and of the operators' port."""

import asyncio
from typing import Final

from aiohttp import web

from network.transport.base import Address
from node.api.app import Apps
from node.api.context import ApiContext

MAX_HEADER_LINE_BYTES: Final = 16 << 10
"""Longest request line and header: an item may come as a long link, percent-encoded."""
KEEP_ALIVE_S: Final = 75.0
SHUTDOWN_S: Final = 0.5
"""How long running requests may go on when the node stops; and then how long they may take to notice."""
BACKLOG: Final = 1_024


class Servers:
    """Serves one node's two ports.

    Attributes:
        apps: What is served.
        api: Where clients are served; known once started.
        operators: Where operators are served; known once started.
    """

    def __init__(self, context: ApiContext) -> None:
        """Build the applications; `start` listens."""
        self.apps = Apps(context)
        self._runners: list[web.AppRunner] = []
        self.api = Address("", 0)
        self.operators = Address("", 0)

    async def start(self, api: Address, operators: Address) -> None:
        """Listen; port 0 lets the system choose one.

        Raises:
            OSError: An address is taken or not ours.
        """
        self.api = await self._listen(self.apps.api, api)
        server = self._runners[0].server
        if server is not None:
            self.apps.connections = lambda: len(server.connections)
        self.operators = await self._listen(self.apps.operators, operators)

    async def _listen(self, app: web.Application, address: Address) -> Address:
        runner = web.AppRunner(
            app,
            access_log=None,
            auto_decompress=False,
            handler_cancellation=True,
            keepalive_timeout=KEEP_ALIVE_S,
            max_line_size=MAX_HEADER_LINE_BYTES,
            max_field_size=MAX_HEADER_LINE_BYTES,
            shutdown_timeout=SHUTDOWN_S,
        )
        await runner.setup()
        self._runners.append(runner)
        site = web.TCPSite(runner, address.host, address.port, backlog=BACKLOG)
        await site.start()
        host, port = runner.addresses[0][:2]
        return Address(host, port)

    async def close(self) -> None:
        """Take no more requests, answer those that wait, end streams; what still runs has about a second."""
        self.apps.end_waiting()
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))
        self._runners.clear()
