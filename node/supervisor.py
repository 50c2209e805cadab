"""What ends a node: a signal, a failed disk, a broken invariant. Whatever it is, it is said once, loudly.

Nothing is retried as if it had not happened: the first failure stops the
node in order, and decides how the process exits.
"""

import asyncio
import signal
from types import TracebackType

import structlog

from node.storage.errors import StorageError

_log = structlog.get_logger(__name__)

EXIT_STOPPED = 0
EXIT_FAILED = 1
EXIT_UNHEALTHY = 6
"""The disk is damaged or refuses: an operator must look at it (`packtrail doctor`)."""


class Supervisor:
    """Waits for the end of one node.

    Attributes:
        exit_code: How the process is to exit.
        reason: Why, in a sentence; empty for an ordinary stop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch over what runs on `loop`: a callback that dies there ends the node."""
        self._loop = loop
        loop.set_exception_handler(self._on_loop_error)
        self._ended = asyncio.Event()
        self.exit_code = EXIT_STOPPED
        self.reason = ""

    def watch_signals(self) -> None:
        """Stop at SIGTERM and SIGINT; a second one ends the process at once, as usual."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: int) -> None:
        self._loop.remove_signal_handler(number)
        _log.info("stopping", signal=signal.Signals(number).name)
        self._ended.set()

    def _on_loop_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if "transport" in context:
            # The loop has given up one connection, as when its socket was gone before a write. What this
            # program does on a connection reports its own errors (`TcpTransport.guard`).
            info = _info(error) if isinstance(error, BaseException) else None
            _log.error("connection_failed", reason=str(context.get("message")), exc_info=info)
            return
        self.fail(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))

    def fail(self, error: BaseException) -> None:
        """Stop because of a failure; the first one counts. On the event loop."""
        if not self.reason:
            self.exit_code = EXIT_UNHEALTHY if isinstance(error, StorageError) else EXIT_FAILED
            self.reason = f"{type(error).__name__}: {error}"
            self._ended.set()
            _log.critical("node_failed", reason=self.reason, exc_info=_info(error))

    async def wait(self) -> None:
        """Return when the node is to end."""
        await self._ended.wait()


def _info(error: BaseException) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    return type(error), error, error.__traceback__
