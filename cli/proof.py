"""`packtrail proof`: what anybody can check offline, fetched from a node."""

from pathlib import Path
from typing import Annotated

import typer

from cli.connection import talks_to_node
from cli.failures import CommandError, Exit
from cli.http import NodeClient, raise_for, segment
from cli.output import write_line


@talks_to_node
def proof(
    client: NodeClient,
    *,
    document: Annotated[str, typer.Argument(help="The document's id, as its receipt names it.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to; by default ID.proof, here.")
    ] = None,
) -> None:
    """Fetch the proof that a document is in the ledger, for `packtrail verify proof`; print the file's name.

    Example: packtrail proof 3f…9a --out dispense.proof --profile demo/pharmacy
    """
    answer = client.request("GET", f"/v1/documents/{segment(document)}/proof")
    raise_for(answer)
    file = Path(f"{document[:16]}.proof") if out is None else out
    try:
        file.write_bytes(answer.data)
    except OSError as error:
        raise CommandError(Exit.FAILED, f"{file}: {error.strerror}") from error
    write_line(str(file))
