"""Records that a command states by itself: put together, signed by the node, and waited for."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import typer

from cli.failures import CommandError, Exit
from cli.http import NodeClient, raise_for
from cli.output import Format, say, write_facts
from cli.refusals import raise_refusal
from cli.spread import Signing


class Asking(NamedTuple):
    """Whether a person is there to answer, and has answered already."""

    yes: bool
    """Yes to every question."""
    no_input: bool
    """Nobody is there."""

    def confirm(self, question: str) -> None:
        """Ask a person whether to go on.

        Raises:
            CommandError: Nobody is there to ask.
            typer.Abort: They say no.
        """
        if self.yes:
            return
        if self.no_input:
            raise CommandError(Exit.USAGE, f"this needs an answer: {question}", "Give it with --yes.")
        typer.confirm(question, abort=True, err=True)


def state(client: NodeClient, signing: Signing, record: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Put a record on the ledger, done now unless it says when, and return what the node answers.

    Args:
        client: The node that signs.
        signing: For whom, and where.
        record: What kind.
        fields: Its fields; what is empty is left out.

    Raises:
        CommandError: A rule refuses it, or the node does not answer in time.
    """
    at = signing.at or client.get("/v1/status")["now"]
    head = {"record": record, "at": at, "premises": signing.premises}
    stated = {name: value for name, value in {**head, **fields}.items() if not _is_empty(value)}
    body: dict[str, Any] = {"records": [stated]}
    if signing.partner:
        body["partner"] = signing.partner
    headers = {"Idempotency-Key": signing.idempotency_key} if signing.idempotency_key else {}
    answer = client.post_json("/v1/documents", body, query={"wait": "commit"}, headers=headers)
    raise_for(answer)
    found: dict[str, Any] = answer.json()
    raise_refusal(found)
    return found


def receipt(output: Format, found: Mapping[str, Any], title: str, *also: tuple[str, Any]) -> None:
    """Print what became of a record: its document, height and verdict, and what is told of it."""
    told = [event["sentence"] for event in (found.get("receipt") or {}).get("events", ())]
    facts = {name: found.get(name) for name in ("document", "height", "code")}
    if output is Format.TABLE:
        write_facts(output, {**dict(also), **facts, "told": "\n".join(dict.fromkeys(told))}, title)
    else:
        write_facts(output, {**dict(also), **found})


def after(*commands: str) -> None:
    """Tell a person what comes next."""
    say("Next:")
    for command in commands:
        say(f"  {command}")


def _is_empty(value: object) -> bool:
    """Tell whether a field says nothing; a number 0 and a flag say something."""
    return value is None or (isinstance(value, str | list | tuple) and not value)
