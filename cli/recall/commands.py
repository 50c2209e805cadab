"""`packtrail recall`: open, drill, widen, classify, acknowledge, respond, release, close; status and report.

One command for each step. Every command that states something says what it will do and asks, unless --yes is
given, and says what comes next. Refusals come from the law in a sentence, with exit code 4.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.connection import talks_to_node
from cli.failures import CommandError, Exit
from cli.http import NodeClient, raise_for, segment
from cli.local import NoInputOption, YesOption
from cli.options import OutputOption
from cli.output import Format, say, write_json, write_json_line, write_rows
from cli.recall.options import Danger, FoundOptions, Origin, ScopeOptions, TermsOptions, hash_of
from cli.recall.report import Level, Section, make_report, write_report
from cli.recall.show import (
    LIST_COLUMNS,
    RecallArgument,
    all_items,
    find_recall,
    listed,
    own_partners,
    show_status,
    title_of,
)
from cli.spread import Signing, spread
from cli.stated import Asking, after, receipt, state

app = typer.Typer(
    help="Recalls: goods are called back, partners answer, the books balance. First `drill` or `open`, then"
    " `status`; others `acknowledge` and `respond`; at the end `report` and `close`.",
    no_args_is_help=True,
)

_ITEM_COLUMNS = ("item", "account", "holder", "place", "receiver", "shipment")


@app.command("open")
@talks_to_node
@spread
def open_(
    client: NodeClient,
    *,
    scope: ScopeOptions,
    terms: TermsOptions,
    signing: Signing,
    yes: YesOption = False,
    no_input: NoInputOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Call goods back: from now on nobody sells, packs or dispenses them, wherever they are.

    Example: packtrail recall open --gtin 09521101003215 --lot M1 --reason contamination --class class_i
    """
    say("This holds back everything in scope at once, at every partner; a drill tries it out.")
    _open(client, (scope, terms, signing), output, drill=False, asking=Asking(yes, no_input))


@app.command()
@talks_to_node
@spread
def drill(
    client: NodeClient,
    *,
    scope: ScopeOptions,
    terms: TermsOptions,
    signing: Signing,
    yes: YesOption = False,
    no_input: NoInputOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Try a recall out: the same search, notices, clock and books, and nothing is held back.

    Example: packtrail recall drill --gtin 09521101003215 --lot M1 --reason other --yes
    """
    _open(client, (scope, terms, signing), output, drill=True, asking=Asking(yes, no_input))


def _open(
    client: NodeClient,
    options: tuple[ScopeOptions, TermsOptions, Signing],
    output: Format,
    *,
    drill: bool,
    asking: Asking,
) -> None:
    scope, terms, signing = options
    alternatives = scope.alternatives()
    for one in alternatives:
        say("  goods: " + ", ".join(f"{name} {value}" for name, value in one.items()))
    asking.confirm(f"Open this {'drill' if drill else terms.kind.value}?")
    origin = terms.origin or _origin(client, signing)
    fields = {**terms.fields(), "origin": origin.value, "drill": drill, "scope": alternatives}
    found = state(client, signing, "open_recall", fields)
    recall = _opened(found)
    receipt(output, found, "Drill opened" if drill else "Recall opened", ("recall", recall))
    after(
        f"packtrail recall status {recall[:8]}      who has what, and who answered",
        f"packtrail recall items {recall[:8]}       where each pack was last confirmed to be",
        f"packtrail recall report {recall[:8]} --section opening --section notice",
    )


def _opened(found: dict[str, Any]) -> str:
    """Return the id of the recall that a document opened."""
    events = found["receipt"]["events"]
    return next(str(one["subject"]) for one in events if one["kind"] in {"recall_opened", "drill_opened"})


def _origin(client: NodeClient, signing: Signing) -> Origin:
    """Return on whose initiative: a regulator orders, anybody else volunteers."""
    own = {signing.partner} if signing.partner else own_partners(client)
    roles = [client.get(f"/v1/partners/{segment(gln)}")["roles"] for gln in sorted(own)]
    return Origin.ORDERED if all("regulator" in some for some in roles) else Origin.VOLUNTARY


@app.command()
@talks_to_node
@spread
def widen(
    client: NodeClient,
    *,
    recall: RecallArgument = "",
    scope: ScopeOptions,
    signing: Signing,
    yes: YesOption = False,
    no_input: NoInputOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let an open recall reach more goods.

    Example: packtrail recall widen 3f0a --gtin 09521101003215 --lot M2
    """
    found = find_recall(client, recall)
    alternatives = scope.alternatives()
    Asking(yes, no_input).confirm(f"Widen the {title_of(found)}, {found['recall']}?")
    fields = {"recall": found["recall"], "scope": alternatives}
    receipt(output, state(client, signing, "widen_recall", fields), "Recall widened")
    after(f"packtrail recall status {found['recall'][:8]}")


@app.command()
@talks_to_node
@spread
def classify(
    client: NodeClient,
    *,
    recall: RecallArgument = "",
    danger: Annotated[Danger, typer.Option("--class", help="How dangerous it is to use the goods.")],
    signing: Signing,
    output: OutputOption = Format.TABLE,
) -> None:
    """Set the class of a recall; once set, only a regulator amends it.

    Example: packtrail recall classify 3f0a --class class_ii
    """
    found = find_recall(client, recall)
    fields = {"recall": found["recall"], "recall_class": danger.value}
    receipt(output, state(client, signing, "classify_recall", fields), "Recall classified")


@app.command()
@talks_to_node
@spread
def acknowledge(
    client: NodeClient,
    *,
    recall: RecallArgument = "",
    signing: Signing,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say that you have read the notice of a recall.

    Example: packtrail recall acknowledge
    """
    found = find_recall(client, recall)
    receipt(output, state(client, signing, "acknowledge_recall", {"recall": found["recall"]}), "Acknowledged")
    after(
        f"packtrail recall items {found['recall'][:8]}         which packs of yours it is about",
        f"packtrail recall respond {found['recall'][:8]} --set-aside …",
    )


@app.command()
@talks_to_node
@spread
def respond(
    client: NodeClient,
    *,
    recall: RecallArgument = "",
    quantities: FoundOptions,
    signing: Signing,
    yes: YesOption = False,
    no_input: NoInputOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """Say what you found of recalled goods, in packs; a later answer replaces an earlier one.

    Example: packtrail recall respond --set-aside 12 --dispensed 3
    """
    import dataclasses

    found = find_recall(client, recall)
    counts = dataclasses.asdict(quantities)
    _compare(client, found["recall"], counts, signing)
    if not yes:
        said = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
        Asking(yes, no_input).confirm(f"Answer {found['recall']}: {said}?")
    fields = {"recall": found["recall"], **counts}
    receipt(output, state(client, signing, "respond_to_recall", fields), "Answered")
    after("Send the goods back as the notice says: packtrail submit a ship record with the purpose return.")


def _compare(client: NodeClient, recall: str, counts: dict[str, int], signing: Signing) -> None:
    """Tell a person what the ledger says they have, before they say what they found."""
    own = {signing.partner} if signing.partner else own_partners(client)
    lines = client.get(f"/v1/recalls/{segment(recall)}/partners")["partners"]
    for line in lines:
        if line["partner"]["gln"] not in own:
            continue
        has = sum(line["accounts"].get(name, 0) for name in ("on_hand", "returned", "unaccounted"))
        has += line["counted_on_hand"]
        say(f"The ledger says that {line['partner']['name']} has {has} packs of it in hand.")
        if has != counts["set_aside"] + counts["missing"]:
            say("  That differs from what you set aside and miss: packtrail recall items names each pack.")


@app.command()
@talks_to_node
@spread
def release(
    client: NodeClient,
    *,
    recall: RecallArgument = "",
    item: Annotated[list[str] | None, typer.Option(help="Which pack or case; repeat.")] = None,
    gtin: Annotated[str, typer.Option(help="Instead: all packs without serials of this product.")] = "",
    lot: Annotated[str, typer.Option(help="... of this lot; none for a product without lots.")] = "",
    evidence: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its hash goes on the ledger, never the file.")
    ] = None,
    signing: Signing,
    output: OutputOption = Format.TABLE,
) -> None:
    """Let single items that turned out to be sound leave a recall, also after it was closed.

    Packs without serials are released by the lot, for they are not told apart.

    Example: packtrail recall release 3f0a --item "(01)09521101003215(21)A1" --evidence findings.pdf
    """
    if bool(item) == bool(gtin) or (lot and not gtin):
        advice = "Give --item, or --gtin (and --lot) for packs without serials."
        raise CommandError(Exit.USAGE, "It is not clear what is released.", advice)
    found = find_recall(client, recall)
    goods: dict[str, Any] = {"gtin": gtin, "lot": lot} if gtin else {"items": item}
    attachments = [hash_of(evidence)] if evidence else []
    kind = "release_lot" if gtin else "release_from_recall"
    fields = {"recall": found["recall"], **goods, "attachments": attachments}
    receipt(output, state(client, signing, kind, fields), "Released")


@app.command()
@talks_to_node
@spread
def close(
    client: NodeClient,
    *,
    recall: RecallArgument = "",
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Final report: its hash goes on the ledger, never the file."),
    ] = None,
    signing: Signing,
    yes: YesOption = False,
    no_input: NoInputOption = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """End a recall. It releases nothing: what is held stays held until it is returned, destroyed or released.

    Example: packtrail recall close 3f0a --report final.json
    """
    found = find_recall(client, recall)
    partners = client.get(f"/v1/recalls/{segment(found['recall'])}/partners")
    silent = partners["must_answer"] - partners["responded"]
    if silent:
        say(f"{silent} of {partners['must_answer']} partners have not answered; after this nobody can.")
    Asking(yes, no_input).confirm(f"Close the {title_of(found)}, {found['recall']}?")
    fields = {"recall": found["recall"], "attachments": [hash_of(report)] if report else []}
    receipt(output, state(client, signing, "close_recall", fields), "Recall closed")


@app.command("list")
@talks_to_node
def list_(
    client: NodeClient,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    output: OutputOption = Format.TABLE,
) -> None:
    """List the recalls, withdrawals and drills that are open.

    Example: packtrail recall list --all
    """
    found = client.get("/v1/recalls")["recalls"]
    shown = [one for one in found if everything or one["standing"] == "open"]
    rows = [listed(one) for one in shown] if output is Format.TABLE else shown
    write_rows(output, rows, LIST_COLUMNS, "Recalls")


@app.command()
@talks_to_node
def status(client: NodeClient, *, recall: RecallArgument = "", output: OutputOption = Format.TABLE) -> None:
    """Print how a recall stands: its books, who has what, who answered, who is late.

    Example: packtrail recall status
    """
    show_status(client, output, find_recall(client, recall))


@app.command()
@talks_to_node
def items(
    client: NodeClient,
    *,
    recall: RecallArgument = "",
    account: Annotated[
        str | None, typer.Option(help="Only what is there: on_hand, in_transit, returned, dispensed …")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="GLN", help="Only what this partner has or is to get.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write all of it there, for a spreadsheet.")
    ] = None,
    output: OutputOption = Format.TABLE,
) -> None:
    """Print where each pack in scope was last confirmed to be, and with whom; all of one height.

    Example: packtrail recall items --account on_hand --csv recalled.csv
    """
    found = find_recall(client, recall)["recall"]
    query: dict[str, str | int | None] = {"account": account, "partner": at}
    if csv is not None:
        _save(client, found, query, csv)
        return
    rows = all_items(client, found, query)
    match output:
        case Format.JSONL:
            for row in rows:
                write_json_line(row)
        case Format.JSON:
            write_json(list(rows))
        case Format.TABLE:
            write_rows(output, [_named(row) for row in rows], _ITEM_COLUMNS, "Last confirmed")


def _save(client: NodeClient, recall: str, query: dict[str, str | int | None], path: Path) -> None:
    answer = client.request("GET", f"/v1/recalls/{segment(recall)}/items", query={**query, "format": "csv"})
    raise_for(answer)
    try:
        path.write_bytes(answer.data)
    except OSError as error:
        raise CommandError(Exit.FAILED, f"{path} cannot be written: {error.strerror}") from error
    count = answer.data.count(b"\r\n") - 1
    say(f"{count} items as of height {answer.headers.get('packtrail-height')} are in {path}")


def _named(row: dict[str, Any]) -> dict[str, Any]:
    parties = {name: (row[name] or {}).get("name") for name in ("holder", "place", "receiver")}
    despite = " despite hold" if row["dispensed_despite_hold"] else ""
    return {**row, **parties, "account": row["account"] + despite}


@app.command()
@talks_to_node
def report(
    client: NodeClient,
    *,
    recall: RecallArgument = "",
    section: Annotated[
        list[Section] | None, typer.Option(help="Which part; repeat. All of them when left out.")
    ] = None,
    level: Annotated[
        Level, typer.Option(help="How many consignees are checked (21 CFR 7.42): A all, C 10%, D 2%, E none.")
    ] = Level.A,
    percent: Annotated[int, typer.Option(min=11, max=99, help="How many, for level B.")] = 50,
    output: OutputOption = Format.TABLE,
) -> None:
    """Print a recall's reports: opening, notice, status, effectiveness, termination, reconciliation.

    Example: packtrail recall report 3f0a --section status --output json
    """
    found = find_recall(client, recall)
    sections = section or list(Section)
    write_report(output, make_report(client, found, sections, (level, percent)))
