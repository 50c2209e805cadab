"""Recalls as a person is shown them: which one is meant, how it stands, and what comes next."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer

from cli.failures import CommandError, Exit
from cli.http import NodeClient, segment
from cli.output import Format, say, write_facts, write_json, write_json_line, write_rows

RecallArgument = Annotated[
    str,
    typer.Argument(
        metavar="[RECALL]", help="Its id, or how that begins; left out, the only one that is open."
    ),
]
LIST_COLUMNS: Final = ("recall", "what", "standing", "opener", "products", "opened", "respond_by", "answers")
PARTNER_COLUMNS: Final = (
    *("partner", "has", "ended", "counted_on_hand", "acknowledged", "responded", "said", "differences"),
    "overdue",
)
_PAGE: Final = 500
_TELL_EVERY: Final = 10
_IN_HAND: Final = ("on_hand", "in_transit", "returned", "unaccounted")


def find_recall(client: NodeClient, text: str) -> dict[str, Any]:
    """Return the recall that a person means.

    Args:
        client: The node.
        text: Its id, or how that begins; empty for the only open one.

    Raises:
        CommandError: There is none, or more than one.
    """
    known = client.get("/v1/recalls")["recalls"]
    wanted = text.lower()
    found = [one for one in known if one["recall"].startswith(wanted)]
    if not wanted:
        found = [one for one in known if one["standing"] == "open"]
    if len(found) == 1:
        return dict(client.get(f"/v1/recalls/{segment(found[0]['recall'])}"))
    if not found:
        what = f"no recall begins with {text!r}" if wanted else "no recall is open"
        raise CommandError(Exit.NOT_FOUND, what, "packtrail recall list shows all of them.")
    some = ", ".join(one["recall"] for one in found[:5])
    raise CommandError(Exit.USAGE, f"{len(found)} recalls are meant: {some}", "Say which one, by its id.")


def own_partners(client: NodeClient) -> set[str]:
    """Return the GLNs of the partners that the node signs for."""
    return set(client.get("/v1/status")["node"]["signs_for"])


def listed(recall: dict[str, Any]) -> dict[str, Any]:
    """Return a recall as one row of a table."""
    answers = recall["answers"]
    answered = sum(one["responded"] is not None for one in answers)
    return {**recall, "what": title_of(recall), "answers": f"{len(answers)} know, {answered} answered"}


def title_of(recall: dict[str, Any]) -> str:
    """Return what a recall is, in a few words."""
    drill = "drill of a " if recall["drill"] else ""
    return f"{drill}{recall['kind']}, {recall['recall_class'].replace('_', ' ')}, {recall['depth']} level"


def show_status(client: NodeClient, output: Format, recall: dict[str, Any]) -> None:
    """Print how a recall stands: its terms, its books for those who may see them, and who answered."""
    path = f"/v1/recalls/{segment(recall['recall'])}"
    partners = client.get(f"{path}/partners")
    books = books_of(client, recall)
    match output:
        case Format.JSON:
            write_json({"recall": recall, "partners": partners, "books": books})
        case Format.JSONL:
            for line in partners["partners"]:
                write_json_line(line)
        case Format.TABLE:
            write_facts(output, facts_of(recall), title_of(recall))
            if books is not None:
                write_facts(output, account_facts(books), f"Books at height {books['height']}")
                write_rows(output, books["counted"], ("gtin", "lot", "made", "accounts"), "Without serials")
            rows = [partner_row(line) for line in partners["partners"]]
            write_rows(output, rows, PARTNER_COLUMNS, answer_sentence(partners))


def facts_of(recall: dict[str, Any]) -> dict[str, Any]:
    """Return a recall's terms."""
    names = ("recall", "standing", "reason", "origin", "opener", "opened", "respond_by", "products")
    return {name: recall[name] for name in names}


def account_facts(books: dict[str, Any]) -> dict[str, Any]:
    """Return the accounts of a recall's books that something is in, and their balance."""
    accounts = {name: count for name, count in books["accounts"].items() if count}
    if "dispensed" in accounts:
        accounts["dispensed"] = (
            f"{accounts['dispensed']} (of which {books['dispensed_despite_hold']} despite hold)"
        )
    ways = ", ".join(f"{count} {way}" for way, count in books["made_by"].items() if count)
    made = f"{books['made']} ({ways})" if ways else books["made"]
    return {"made in scope": made, **accounts, "balance": books["balance"]}


def partner_row(line: dict[str, Any]) -> dict[str, Any]:
    """Return a partner's line as one row of a table."""
    accounts = line["accounts"]
    return {
        **line,
        "partner": line["partner"]["name"] or line["partner"]["gln"],
        "has": {name: count for name, count in accounts.items() if name in _IN_HAND},
        "ended": {name: count for name, count in accounts.items() if name not in _IN_HAND},
        "said": {name: count for name, count in (line["said"] or {}).items() if count},
        "overdue": line["is_overdue"],
    }


def answer_sentence(partners: dict[str, Any]) -> str:
    """Return how many partners know and answered."""
    return (
        f"Of {partners['must_answer']} partners {partners['acknowledged_percent']}% know of it and "
        f"{partners['responded_percent']}% answered; {partners['overdue']} are overdue"
    )


def books_of(client: NodeClient, recall: dict[str, Any]) -> dict[str, Any] | None:
    """Return a recall's books; None for those who may not see them."""
    answer = client.request("GET", f"/v1/recalls/{segment(recall['recall'])}/books")
    if answer.ok:
        found: dict[str, Any] = answer.json()
        return found
    from cli.http import error_of

    error = error_of(answer)
    if error.code is Exit.NOT_ALLOWED:
        return None
    raise error


def all_items(
    client: NodeClient, recall: str, query: dict[str, str | int | None]
) -> Iterator[dict[str, Any]]:
    """Yield the items in scope, page by page, all of one height; tell how far it is when there are many."""
    cursor, seen, page_number = None, 0, 0
    path = f"/v1/recalls/{segment(recall)}/items"
    while True:
        page = client.get(path, {**query, "limit": _PAGE, "after": cursor})
        yield from page["items"]
        seen += len(page["items"])
        page_number += 1
        cursor = page["next"]
        if cursor is None:
            return
        if page_number % _TELL_EVERY == 0:
            say(f"packtrail: {seen} of {page['total']} items")
