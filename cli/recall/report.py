"""Reports of a recall, made from what a node answers: one section for each report that authorities ask for.

21 CFR 7.46 (opening), 7.49 (notice), 7.53 (status), 7.42(b)(3) (effectiveness checks, levels A to E), 7.55
(termination), and the final reconciliation of EU GMP chapter 8. What the ledger cannot know (telephone
numbers, what was said at a visit) is not in them: the hashes of evaluation and contact name those papers.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec

from cli.failures import CommandError, Exit
from cli.http import NodeClient, segment
from cli.output import Format, say, write_facts, write_json, write_json_line, write_rows
from cli.recall.show import account_facts, books_of, partner_row, title_of

_IN_TRADE: Final = ("on_hand", "in_transit", "returned", "unaccounted")
_RECOVERED: Final = ("returned", "destroyed")
_WHOLE: Final = 100


class Section(StrEnum):
    """Parts of a report."""

    OPENING = "opening"
    NOTICE = "notice"
    STATUS = "status"
    EFFECTIVENESS = "effectiveness"
    TERMINATION = "termination"
    RECONCILIATION = "reconciliation"


class Level(StrEnum):
    """How many consignees are checked (21 CFR 7.42(b)(3))."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"


_SHARES: Final = {Level.A: _WHOLE, Level.C: 10, Level.D: 2, Level.E: 0}
"""Percent of the consignees; level B is agreed case by case, above 10 and below 100."""


class Part(msgspec.Struct, frozen=True):
    """One section, made."""

    title: str
    """What it is, and by which rule it is asked."""
    facts: dict[str, Any]
    """By name."""
    rows: list[dict[str, Any]] = []
    """One per partner or product."""


class Sources(msgspec.Struct, frozen=True):
    """What a report is made of."""

    recall: dict[str, Any]
    """The recall in full."""
    opening: dict[str, Any]
    """The record that opened it."""
    books: dict[str, Any]
    """Its books."""
    partners: dict[str, Any]
    """Who is concerned and who answered."""
    products: list[dict[str, Any]]
    """What is called back."""
    check: tuple[Level, int]
    """Level of effectiveness checks, and the share at level B in percent."""

    @property
    def asked(self) -> list[dict[str, Any]]:
        """Lines of the partners that must answer."""
        return [line for line in self.partners["partners"] if line["must_answer"]]

    def in_trade(self, lines: Sequence[dict[str, Any]]) -> int:
        """Return how many packs these partners have in hand or on the way."""
        serials = sum(int(line["accounts"].get(name, 0)) for line in lines for name in _IN_TRADE)
        return serials + sum(int(line["counted_on_hand"]) for line in lines)


def make_report(
    client: NodeClient, recall: dict[str, Any], sections: Sequence[Section], check: tuple[Level, int]
) -> dict[str, Any]:
    """Return a report: recall, height, and its sections by name.

    Args:
        client: The node of who opened it, or a regulator's.
        recall: The recall in full.
        sections: Which parts.
        check: Level of effectiveness checks, and the share at level B in percent.

    Raises:
        CommandError: The books may not be seen.
    """
    books = books_of(client, recall)
    if books is None:
        raise CommandError(
            Exit.NOT_ALLOWED,
            "the books of this recall are for who opened it, and for regulators",
            "packtrail recall status shows what concerns you.",
        )
    document = client.get(f"/v1/documents/{segment(recall['document'])}")
    opening = next(record for record in document["records"] if record["record"] == "open_recall")
    partners = client.get(f"/v1/recalls/{segment(recall['recall'])}/partners")
    products = [client.get(f"/v1/products/{segment(gtin)}") for gtin in recall["products"]]
    sources = Sources(recall, opening, books, partners, products, check)
    made = {section.value: msgspec.to_builtins(_MAKERS[section](sources)) for section in sections}
    return {"recall": recall["recall"], "height": books["height"], "sections": made}


def write_report(output: Format, report: dict[str, Any]) -> None:
    """Print a report."""
    match output:
        case Format.JSON:
            write_json(report)
        case Format.JSONL:
            for name, part in report["sections"].items():
                write_json_line({"section": name, "height": report["height"], **part})
        case Format.TABLE:
            for part in report["sections"].values():
                write_facts(output, part["facts"], part["title"])
                if part["rows"]:
                    write_rows(output, part["rows"], list(part["rows"][0]))
            say(f"As of height {report['height']}; recall {report['recall']}")


def _opening(sources: Sources) -> Part:
    recall, books = sources.recall, sources.books
    facts = {
        "what": title_of(recall),
        "on whose initiative": recall["origin"],
        "reason": recall["reason"],
        "opened": recall["opened"],
        "health hazard evaluation (hash)": sources.opening.get("evaluation"),
        "goods": [msgspec.json.encode(one).decode() for one in sources.opening["scope"]],
        "produced": books["made"] + sum(one["made"] for one in books["counted"]),
        "estimated in distribution": sources.in_trade(sources.asked),
        "accounts": len(sources.asked),
        "strategy, depth": recall["depth"],
        "whom to ask (hash)": sources.opening.get("contact"),
    }
    rows = [
        {
            "gtin": one["gtin"],
            "name": one["name"],
            "strength": one["strength"],
            "holder": one["holder"]["name"],
        }
        for one in sources.products
    ]
    return Part("Report at the opening (21 CFR 7.46)", facts, rows)


def _notice(sources: Sources) -> Part:
    recall = sources.recall
    names = ", ".join(f"{one['name']} ({one['gtin']})" for one in sources.products)
    is_drill = "This is a drill: nothing is held back. " if recall["drill"] else ""
    facts = {
        "subject": f"{title_of(recall).upper()}: {names}",
        "why": recall["reason"].replace("_", " "),
        "which": [msgspec.json.encode(one).decode() for one in sources.opening["scope"]],
        "what to do": f"{is_drill}Stop using, selling and dispensing these packs at once and set them aside. "
        f"If you sold them on, tell those that you sold them to. Depth: {recall['depth']} level.",
        "which packs of yours": f"packtrail recall items {recall['recall'][:8]}",
        "answer by": recall["respond_by"],
        "how": f"packtrail recall respond {recall['recall'][:8]} --set-aside N --dispensed N --missing N",
        "whom to ask (hash)": sources.opening.get("contact"),
    }
    return Part("Notice to partners (21 CFR 7.49)", facts)


def _status(sources: Sources) -> Part:
    recall, partners = sources.recall, sources.partners
    silent = [line for line in sources.asked if line["responded"] is None]
    facts = {
        "notified": f"{len(sources.asked)} partners, on the ledger since {recall['opened']}",
        "know of it": f"{partners['acknowledged']} ({partners['acknowledged_percent']}%)",
        "answered": f"{partners['responded']} ({partners['responded_percent']}%)",
        "in their hands, by their answers": _said(sources, "set_aside"),
        "did not answer": [line["partner"]["name"] or line["partner"]["gln"] for line in silent],
        "overdue": partners["overdue"],
        "returned, by their answers": _said(sources, "returned"),
        "destroyed, by their answers": _said(sources, "destroyed"),
        "accounted for, by the ledger": account_facts(sources.books),
        "answers are due": partners["respond_by"],
    }
    return Part("Status (21 CFR 7.53)", facts, [_short(line) for line in sources.asked])


def _effectiveness(sources: Sources) -> Part:
    level, percent = sources.check
    share = _SHARES.get(level, percent)
    count = -(-len(sources.asked) * share // _WHOLE)
    # Whoever is silent comes first, then who has most: there a check finds most.
    chosen = sorted(
        sources.asked, key=lambda line: (line["responded"] is not None, -sources.in_trade([line]))
    )
    chosen = chosen[:count]
    confirmed = [line for line in chosen if line["responded"] is not None and not line["differences"]]
    facts = {
        "level": f"{level.value}: {share}% of {len(sources.asked)} partners",
        "to be checked": count,
        "answered, as the ledger says": len(confirmed),
        "left to check": count - len(confirmed),
    }
    rows = [{**_short(line), "left": line not in confirmed} for line in chosen]
    return Part("Effectiveness checks (21 CFR 7.42(b)(3))", facts, rows)


def _termination(sources: Sources) -> Part:
    recall, accounts = sources.recall, sources.books["accounts"]
    silent = sources.partners["must_answer"] - sources.partners["responded"]
    left = sources.in_trade(sources.asked)
    open_points = {
        "partners that did not answer": silent,
        "packs still in trade": left,
        "packs unaccounted for": accounts["unaccounted"],
        "out of balance": sources.books["balance"],
    }
    found = {name: count for name, count in open_points.items() if count}
    facts = {
        "standing": recall["standing"],
        **open_points,
        "conclusion": "Nothing speaks against ending it." if not found else f"Open: {', '.join(found)}.",
        "note": "Ending a recall releases nothing: goods stay held until disposed of or released.",
    }
    return Part("Termination (21 CFR 7.55)", facts)


def _reconciliation(sources: Sources) -> Part:
    books = sources.books
    holders = {one["holder"]["gln"] for one in sources.products}
    own = [line for line in sources.partners["partners"] if line["partner"]["gln"] in holders]
    never_left = sum(line["accounts"].get("on_hand", 0) + int(line["counted_on_hand"]) for line in own)
    made = books["made"] + sum(one["made"] for one in books["counted"])
    recovered = sum(one["accounts"].get(name, 0) for one in (books, *books["counted"]) for name in _RECOVERED)
    facts = {
        **account_facts(books),
        "with the marketing holder": never_left,
        "delivered": made - never_left,
        "recovered (returned or destroyed)": recovered,
        "held in trade": sources.in_trade(sources.asked),
    }
    rows = [{**_short(line), "by_account": line["accounts"]} for line in sources.partners["partners"]]
    rows += [
        {"partner": f"{one['gtin']} lot {one['lot']}", "by_account": one["accounts"]}
        for one in books["counted"]
    ]
    return Part("Final reconciliation (EU GMP chapter 8)", facts, rows)


def _said(sources: Sources, name: str) -> int:
    return sum((line["said"] or {}).get(name, 0) for line in sources.asked)


def _short(line: dict[str, Any]) -> dict[str, Any]:
    """Return what a report's row says of a partner."""
    row = partner_row(line)
    names = ("partner", "has", "ended", "counted_on_hand", "responded", "said", "differences", "overdue")
    return {name: row[name] for name in names}


_MAKERS: Final = {
    Section.OPENING: _opening,
    Section.NOTICE: _notice,
    Section.STATUS: _status,
    Section.EFFECTIVENESS: _effectiveness,
    Section.TERMINATION: _termination,
    Section.RECONCILIATION: _reconciliation,
}
