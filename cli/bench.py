"""`packtrail bench`: how fast four nodes of their own are on this machine, honestly counted."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from cli.options import OutputOption
from cli.output import Format, write_facts, write_rows

if TYPE_CHECKING:
    from cli.measure.course import Sending
    from cli.measure.figures import Report
    from cli.measure.overload import OverloadReport

app = typer.Typer(help="How fast a network is on this machine.", no_args_is_help=True)

ITEMS: Final = 100_000
REQUESTS: Final = 6_000
STREAMED: Final = 40_000
PACED_SECONDS: Final = 20
COMMISSIONS: Final = 400
REQUESTS_IN_FLIGHT: Final = 64
STREAMED_IN_FLIGHT: Final = 1_000
COMMISSIONS_IN_FLIGHT: Final = 16
RATE: Final = 100.0
_MAX_DOCUMENTS: Final = 10_000_000
_MAX_SERIALS: Final = 10_000

ItemsOption = Annotated[int, typer.Option(min=4_000, max=_MAX_DOCUMENTS, help="Packs loaded first, untimed.")]
DocumentsOption = Annotated[
    int | None, typer.Option(min=8, max=_MAX_DOCUMENTS, help="Documents to send in each run.")
]
InFlightOption = Annotated[
    int | None,
    typer.Option(min=1, max=100_000, help="Most documents under way; in each stream, for streams."),
]
RateOption = Annotated[
    float | None, typer.Option(min=0.1, max=1_000_000.0, help="Documents a second, evenly.")
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FOLDER",
        exists=True,
        file_okay=False,
        help="Folder on the disk to measure; the system's temporary folder.",
    ),
]
KeepOption = Annotated[bool, typer.Option("--keep", help="Leave the nodes' files when it is done.")]


@app.command()
def single(
    *,
    stream: Annotated[bool, typer.Option("--stream", help="Stream the documents (NDJSON).")] = False,
    documents: DocumentsOption = None,
    items: ItemsOption = ITEMS,
    in_flight: InFlightOption = None,
    rate: RateOption = None,
    state: StateOption = None,
    keep: KeepOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Ship packs one by one and receive them: one record per document, over packs loaded first.

    Without --stream, --in-flight and --rate it sends twice: 64 requests at a time for the rate, then 100
    documents a second for the latency.

    Example: packtrail bench single --stream --output json
    """
    sendings = plan(documents, in_flight, rate, stream=stream)
    _run("single", sendings, items, 0, state, output, keep=keep)


@app.command()
def commission(
    *,
    documents: DocumentsOption = COMMISSIONS,
    serials: Annotated[int, typer.Option(min=1, max=_MAX_SERIALS, help="Serials in each document.")] = 1_000,
    items: ItemsOption = ITEMS,
    in_flight: InFlightOption = COMMISSIONS_IN_FLIGHT,
    state: StateOption = None,
    keep: KeepOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Bring packs with random serials to life, streamed.

    Example: packtrail bench commission --output json
    """
    from cli.measure.course import Sending

    sending = Sending("stream", documents or COMMISSIONS, in_flight or COMMISSIONS_IN_FLIGHT)
    _run("commission", [sending], items, serials, state, output, keep=keep)


@app.command()
def overload(  # noqa: PLR0913 - one for each option
    *,
    rate: Annotated[
        float | None,
        typer.Option(min=1.0, max=1_000_000.0, help="Documents a second that count as normal; measured."),
    ] = None,
    factor: Annotated[
        float, typer.Option(min=1.0, max=1_000.0, help="How many times that comes due.")
    ] = 10.0,
    seconds: Annotated[float, typer.Option(min=1.0, max=3_600.0, help="How long each load lasts.")] = 30.0,
    impatient: Annotated[
        bool, typer.Option("--impatient", help="Clients that are turned away come back at once.")
    ] = False,
    most_ratio: Annotated[
        float | None,
        typer.Option(
            min=1.0, max=1_000.0, help="Fail when blocks come more than this many times as far apart."
        ),
    ] = None,
    items: ItemsOption = ITEMS,
    state: StateOption = None,
    keep: KeepOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Offer ten times what the network sustains, and compare the times between blocks.

    Clients that are turned away (429) come back when they were told to. Every acknowledged document must be
    in a block at the end, or the command fails. How far apart blocks come it reports; with --most-ratio it
    fails when median or 95th percentile are beyond that many times the normal.

    Example: packtrail bench overload --seconds 60 --most-ratio 2 --output json
    """
    from cli.measure.overload import Load, judge
    from cli.measure.overload import overload as measure_overload
    from cli.measure.stage import describe_machine, raised
    from cli.testnet import refusals

    machine = describe_machine()
    with refusals(), raised(state, keep=keep) as stage:
        load = Load(rate, factor, seconds, is_patient=not impatient)
        report = measure_overload(stage, machine, items, load)
    show_overload(report, output)
    if most_ratio is not None:
        judge(report, most_ratio)


def show_overload(report: "OverloadReport", output: Format) -> None:
    """Print a report of overload: the whole of it as JSON, or its essentials as tables."""
    from cli.measure.overload import rows_of

    if output is not Format.TABLE:
        write_facts(output, msgspec.to_builtins(report))
        return
    rows = rows_of(report)
    write_rows(output, rows, tuple(rows[0]), "packtrail bench overload; rates a second over all nodes")
    facts = {
        "block interval": f"{report.interval_ratio_p50:g} times the normal (median),"
        f" {report.interval_ratio_p95:g} times (p95)",
        "acknowledged": f"{report.acknowledged} documents, all of them in blocks",
        "machine": f"{report.machine.processor}, {report.machine.cores} cores, load before"
        f" {report.machine.load_before}, at the end {report.phases[-1].load_average}",
        "height": f"{report.height}, the same app hash on all nodes",
    }
    write_facts(output, facts)


def plan(
    documents: int | None, in_flight: int | None, rate: float | None, *, stream: bool
) -> "list[Sending]":
    """Return what `bench single` sends."""
    from cli.measure.course import Sending

    if stream:
        return [Sending("stream", documents or STREAMED, in_flight or STREAMED_IN_FLIGHT, rate)]
    sendings = []
    if in_flight is not None or rate is None:
        sendings.append(Sending("requests", documents or REQUESTS, in_flight or REQUESTS_IN_FLIGHT))
    if rate is not None or in_flight is None:
        pace = rate or RATE
        sendings.append(Sending("rate", documents or max(8, round(pace * PACED_SECONDS)), 0, pace))
    return sendings


def _run(
    benchmark: str,
    sendings: "list[Sending]",
    items: int,
    serials: int,
    state: Path | None,
    output: Format,
    *,
    keep: bool,
) -> None:
    from cli.measure.course import measure
    from cli.measure.stage import describe_machine, raised
    from cli.testnet import refusals

    machine = describe_machine()
    with refusals(), raised(state, keep=keep) as stage:
        report = measure(stage, machine, benchmark, sendings, items, serials)
    show(report, output)


def show(report: "Report", output: Format) -> None:
    """Print a report: the whole of it as JSON, or its essentials as tables."""
    from cli.measure.figures import rows_of

    if output is not Format.TABLE:
        write_facts(output, msgspec.to_builtins(report))
        return
    rows = rows_of(report)
    write_rows(output, rows, tuple(rows[0]), f"packtrail bench {report.benchmark}: {report.nodes} validators")
    ratio = report.ratio
    facts = {
        "machine": f"{report.machine.processor}, {report.machine.cores} cores, {report.machine.system},"
        f" Python {report.machine.python}, load before {report.machine.load_before}",
        "limit": f"{ratio.limit_per_second:,.0f}/s: {ratio.limit}",
        "reached": f"{ratio.reached:.1%} of it",
        "signatures verified": f"{report.limits.verified_signatures_per_second:,.0f}/s on one core",
        "rows written and synced": f"{report.limits.synced_rows_per_second:,.0f}/s in batches of 1,000",
        "one synced write": f"{report.limits.synced_write_ms:.2f} ms",
        "disk": f"{report.disk_bytes_per_serial} bytes a serial" if report.disk_bytes_per_serial else None,
        "height": f"{report.height}, the same app hash on all nodes",
    }
    write_facts(output, facts)
