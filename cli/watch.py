"""`packtrail watch`: what happens on the ledger, as it happens."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final

import msgspec
import typer

from cli.connection import talks_to_node
from cli.failures import CommandError, Exit
from cli.http import NodeClient, ServerEvent
from cli.options import OutputOption
from cli.output import Format, say, show, write_json_line, write_line

_MAX_TRIES: Final = 5
_PAUSE_S: Final = 1.0


@talks_to_node
def watch(
    client: NodeClient,
    *,
    start: Annotated[
        str | None, typer.Option("--from", metavar="CURSOR", help="A height, or a cursor shown before.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many events.")] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Print events as they are committed; when the connection breaks, go on where it broke.

    Example: packtrail watch --profile demo/regulator --from 1
    """
    for event in itertools.islice(follow(client, start), count):
        _write(event, output)


def follow(
    client: NodeClient, start: str | None, pause: Callable[[float], None] = time.sleep
) -> Iterator[ServerEvent]:
    """Yield the node's events for ever.

    Args:
        client: The node.
        start: Cursor; None for what comes next.
        pause: Waits between tries.

    Raises:
        CommandError: The node refuses, or was not to be reached several times in a row.
    """
    cursor, failed = start, 0
    while True:
        try:
            for event in client.events("/v1/events", {"from": cursor}):
                cursor, failed = event.id or cursor, 0
                yield event
            failed += 1
            reason = "the node ended the stream"
        except CommandError as error:
            if error.code is not Exit.UNREACHABLE:
                raise
            failed += 1
            reason = error.message
        if failed >= _MAX_TRIES:
            raise CommandError(Exit.UNREACHABLE, reason)
        say(f"packtrail: {reason}; trying again")
        pause(_PAUSE_S)


def _write(event: ServerEvent, output: Format) -> None:
    try:
        data: Any = msgspec.json.decode(event.data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        data = event.data
    if output is Format.TABLE:
        write_line(f"{event.id:<12} {event.event:<24} {show(data)}")
    else:
        write_json_line({"id": event.id, "event": event.event, "data": data})
