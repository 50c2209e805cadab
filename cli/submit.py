"""`packtrail submit`: records in JSON into a node, without EPCIS."""

import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from cli.connection import talks_to_node
from cli.failures import CommandError, Exit
from cli.http import NodeClient, raise_for
from cli.local import read_bytes
from cli.options import OutputOption
from cli.output import Format, say, write_facts, write_json_line
from cli.refusals import raise_refusal

_PIPE = Path("-")


@talks_to_node
def submit(
    client: NodeClient,
    *,
    file: Annotated[
        Path, typer.Argument(help="JSON: a record, a list of records, or a document; - reads a pipe.")
    ],
    partner: Annotated[
        str | None, typer.Option(metavar="GLN", help="Who signs, when the node holds several.")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait until it is on the ledger.")] = True,
    record_refusal: Annotated[
        bool, typer.Option("--record-refusal", help="Put it on the ledger even when a rule refuses it.")
    ] = False,
    idempotency_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Sent again with the same key, it is recorded once.")
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="The file has one document a line (NDJSON).")
    ] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Submit records that stand or fall together, and print the receipt.

    Example: packtrail submit --profile demo/pharmacy dispense.json
    """
    query = {"wait": "commit" if wait else "none", "record_refusal": 1 if record_refusal else None}
    if stream:
        _stream(client, file, query)
        return
    document = as_document(_read(file), partner)
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    answer = client.post_json("/v1/documents", document, query=query, headers=headers)
    raise_for(answer)
    found = answer.json()
    write_facts(output, found, "Receipt")
    raise_refusal(found)


def as_document(value: Any, partner: str | None) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON holds
    """Return the body of a submit for a record, a list of records or a document.

    Raises:
        CommandError: It is none of these.
    """
    match value:
        case {"records": [*_]}:
            document = dict(value)
        case {"record": str()}:
            document = {"records": [value]}
        case [_, *_]:
            document = {"records": value}
        case _:
            raise CommandError(
                Exit.USAGE,
                "neither a record, nor a list of records, nor a document with its records",
                'A record looks like {"record": "dispense", "at": "2026-11-21T22:00:00Z", …}.',
            )
    return {**document, "partner": partner} if partner else document


def _read(file: Path) -> Any:  # noqa: ANN401 - whatever JSON holds
    data = sys.stdin.buffer.read() if file == _PIPE else read_bytes(file)
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CommandError(Exit.USAGE, f"{file}: {error}") from error


def _stream(client: NodeClient, file: Path, query: dict[str, Any]) -> None:
    """Send line after line, and print what the node says to each, in their order."""
    refused = 0
    with _open(file) as lines:
        for line in client.stream("/v1/documents:stream", lines, query=query):
            found = msgspec.json.decode(line)
            refused += found.get("accepted") is False or found.get("status") == "refused"
            write_json_line(found)
    if refused:
        say(f"packtrail: {refused} documents were refused")
        raise typer.Exit(Exit.REFUSED)


def _open(file: Path) -> AbstractContextManager[Iterable[bytes]]:
    if file == _PIPE:
        return nullcontext(sys.stdin.buffer)
    try:
        return file.open("rb")
    except OSError as error:
        raise CommandError(Exit.NOT_FOUND, f"{file} cannot be read: {error.strerror}") from error
