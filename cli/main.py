"""`packtrail`: the command line. Each group of commands is a module; this one only joins them.

Modules are imported here, but what is heavy (the law, the database, tables) is imported by the command that
needs it, so that help and small commands answer at once.
"""

import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Final

import typer

from cli import alerts as alerts_module
from cli import (
    archive,
    bench,
    capture,
    config,
    draft,
    genesis,
    init,
    keys,
    lane,
    node,
    partner,
    product,
    shipment,
    snapshot,
    submit,
    testnet,
    token,
    trace,
    verify,
    watch,
)
from cli import doctor as doctor_module
from cli import evidence as evidence_module
from cli import explain as explain_module
from cli import lot as lot_module
from cli import proof as proof_module
from cli import propose as propose_module
from cli import status as status_module
from cli.failures import CommandError, Exit
from cli.output import say
from cli.recall import commands as recall

_CONTEXT: Final = {"help_option_names": ["-h", "--help"]}
_EXIT_CODES: Final = ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in Exit)

app = typer.Typer(
    name="packtrail",
    help="A ledger node for medicine packs: one partner's machine, and the network between them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings=_CONTEXT,
    epilog=f"Exit codes: {_EXIT_CODES}.",
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"packtrail {version('packtrail')}")
        raise typer.Exit


@app.callback()
def _common(
    *,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A ledger node for medicine packs: one partner's machine, and the network between them."""


app.command("init")(init.init)
app.command("capture")(capture.capture)
app.command("submit")(submit.submit)
app.command("trace")(trace.trace)
app.command("propose")(propose_module.propose)
app.command("vote")(propose_module.vote)
app.command("proof")(proof_module.proof)
app.command("alerts")(alerts_module.alerts)
app.command("lot")(lot_module.lot)
app.command("status")(status_module.status)
app.command("evidence")(evidence_module.evidence)
app.command("watch")(watch.watch)
app.command("explain")(explain_module.explain)
app.command("doctor")(doctor_module.doctor)
for _name, _group in (
    ("config", config),
    ("keys", keys),
    ("node", node),
    ("genesis", genesis),
    ("token", token),
    ("draft", draft),
    ("recall", recall),
    ("product", product),
    ("lane", lane),
    ("partner", partner),
    ("shipment", shipment),
    ("verify", verify),
    ("snapshot", snapshot),
    ("archive", archive),
    ("testnet", testnet),
    ("bench", bench),
):
    app.add_typer(_group.app, name=_name)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: What stands behind `packtrail`; None for this process's own.
    """
    try:
        app(args=None if arguments is None else list(arguments), prog_name="packtrail")
    except CommandError as error:
        say(f"packtrail: {error.message}")
        if error.advice:
            say(f"  {error.advice}")
        return error.code
    except BrokenPipeError:
        # The reader of our output has seen enough (packtrail … | head); nothing may be written at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.FAILED if end.code else Exit.OK
    return Exit.OK


def main() -> None:
    """Run the command line of this process."""
    # `node start` sets its own; every other command ends at once and leaves nothing behind.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.exit(run())


if __name__ == "__main__":
    main()
