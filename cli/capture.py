"""`packtrail capture`: EPCIS files into a node."""

import http.client
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cli.connection import talks_to_node
from cli.failures import Exit
from cli.http import COMMIT_TIMEOUT_S, Answer, NodeClient, error_of
from cli.local import read_bytes
from cli.options import OutputOption
from cli.output import Format, say, write_json, write_json_line, write_rows

Behaviour = Literal["rollback", "proceed"]


def content_type(data: bytes) -> str:
    """Return the media type of an EPCIS document: XML when it begins with an angle bracket, else JSON."""
    start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return "application/xml" if start.startswith(b"<") else "application/json"


def post_capture(client: NodeClient, data: bytes, *, behaviour: Behaviour, wait: bool) -> Answer:
    """Post one EPCIS document and return the answer, whatever its status."""
    return client.request(
        "POST",
        "/v1/epcis/capture",
        query={"wait": "commit" if wait else "none"},
        body=data,
        headers={"Content-Type": content_type(data), "GS1-Capture-Error-Behaviour": behaviour},
        timeout_s=COMMIT_TIMEOUT_S,
    )


@talks_to_node
def capture(
    client: NodeClient,
    *,
    files: Annotated[list[Path], typer.Argument(help="EPCIS 1.2 or 2.0: XML, JSON or JSON-LD.")],
    on_error: Annotated[
        Behaviour, typer.Option(help="rollback: a file stands or falls whole; proceed: event by event.")
    ] = "rollback",
    wait: Annotated[bool, typer.Option(help="Wait until it is on the ledger.")] = True,
    output: OutputOption = Format.TABLE,
) -> None:
    """Capture EPCIS files, one after the other, and say what became of each event.

    Example: packtrail capture --profile demo/maker shipment.xml
    """
    answers: list[dict[str, Any]] = []
    worst = Exit.OK
    for path in files:
        answer = post_capture(client, read_bytes(path), behaviour=on_error, wait=wait)
        if answer.ok:
            found = {"file": str(path), **answer.json()}
            answers.append(found)
            worst = worst or _code_of(found, answer.status)
            _write(found, output)
        else:
            error = error_of(answer)
            worst = worst or error.code
            say(f"packtrail: {path}: {error.message}")
            if error.advice:
                say(f"  {error.advice}")
    if output is Format.JSON:
        write_json(answers)
    if worst:
        raise typer.Exit(worst)


def _code_of(found: dict[str, Any], status: int) -> Exit:
    """Return the exit code for an answer that is a success to HTTP."""
    if any(event.get("outcome") == "refused" for event in found.get("events", ())):
        return Exit.REFUSED
    return Exit.OK if status in (http.client.OK, http.client.CREATED, http.client.ACCEPTED) else Exit.FAILED


def _write(found: dict[str, Any], output: Format) -> None:
    if output is Format.JSONL:
        write_json_line(found)
    if output is not Format.TABLE:
        return
    events = found.get("events", [])
    columns = ["index", "outcome", "records"]
    told = {name for event in events for name, value in event.items() if value}
    columns += [name for name in ("code", "field", "reason", "what_to_do") if name in told]
    write_rows(output, events, columns, title=found["file"])
    documents = found.get("documents", [])
    if documents:
        write_rows(output, documents, ("document", "status", "code"))
    for draft in found.get("drafts", []):
        say(f"A draft waits: packtrail draft confirm {draft}")
