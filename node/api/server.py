"""The listening sockets of the API and of the operators' port."""

import asyncio
from typing import Final

from aiohttp import web

from network.transport.base import Address
from network.wire.errors import LocalProtocolError
from node.api.app import Apps
from node.api.connections import Connections
from node.api.context import ApiContext

MAX_HEADER_LINE_BYTES: Final = 16 << 10
"""Longest request line and header: an item may come as a long link, percent-encoded."""
KEEP_ALIVE_S: Final = 75.0
SHUTDOWN_S: Final = 0.5
"""How long running requests may go on when the node stops; and then how long they may take to notice."""
BACKLOG: Final = 1_024
MAX_OPERATORS: Final = 64
"""Most connections to the operators' port."""


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
        self._context = context
        self._runners: list[web.AppRunner] = []
        self._listening: list[tuple[asyncio.Server, Connections]] = []
        self.api = Address("", 0)
        self.operators = Address("", 0)

    async def start(self, api: Address, operators: Address) -> None:
        """Listen; port 0 lets the system choose one.

        Raises:
            OSError: An address is taken or not ours.
        """
        most = self._context.settings.max_connections
        self.api = await self._listen(self.apps.api, api, most)
        self.operators = await self._listen(self.apps.operators, operators, MAX_OPERATORS)

    async def _listen(self, app: web.Application, address: Address, most: int) -> Address:
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
        if runner.server is None:
            raise LocalProtocolError("the runner of an application was set up without a server")
        connections = Connections(runner.server, most, self.apps.metrics)
        self.apps.connections.append(connections)
        listening = await asyncio.get_running_loop().create_server(
            connections.make, address.host, address.port, backlog=BACKLOG
        )
        self._listening.append((listening, connections))
        host, port = listening.sockets[0].getsockname()[:2]
        return Address(host, port)

    async def close(self) -> None:
        """Take no more requests, answer those that wait, end streams; what still runs has about a second."""
        self.apps.end_waiting()
        for listening, connections in self._listening:
            listening.close()
            connections.close()
        self.apps.connections.clear()
        self._listening.clear()
        await asyncio.gather(*(runner.cleanup() for runner in self._runners))
        self._runners.clear()
