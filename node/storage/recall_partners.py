"""Partner by partner: what the ledger says of a recall's goods, what it answered, and who is late."""

from collections.abc import Iterable
from typing import Final

import msgspec

from contracts.gs1.dates import format_timestamp
from contracts.state.recall_rows import RecallRow, RecallStanding, ResponseRow
from node.storage.custody import Custody
from node.storage.recall_books import Books
from node.storage.views import NamedGln

_PERCENT: Final = 100

_COMPARED: Final = (
    ("set_aside", ("on_hand", "returned")),
    ("missing", ("unaccounted",)),
    ("dispensed", ("dispensed",)),
    ("destroyed", ("destroyed",)),
)
"""What a partner says it found, and the accounts of the ledger that should say the same."""


class PartnerLine(msgspec.Struct, frozen=True):
    """One partner in a recall."""

    partner: NamedGln
    """Who."""
    accounts: dict[str, int]
    """What the ledger says it has, or had at their end: serials by account."""
    counted_on_hand: int
    """Packs without serials in its hands."""
    acknowledged: str | None
    """Block time at which it first said that it knows."""
    responded: str | None
    """Block time of its last answer with quantities."""
    said: dict[str, int] | None
    """That answer: set_aside, returned, destroyed, dispensed, missing."""
    differences: dict[str, int]
    """Where the two differ: what it said less what the ledger says. What it sent back is elsewhere there."""
    must_answer: bool
    """Whether it is concerned and is not the opener itself."""
    is_overdue: bool
    """Whether it must answer, did not, and the time is over."""


class PartnersOfRecall(msgspec.Struct, frozen=True):
    """Who is concerned by a recall, and who answered."""

    recall: str
    """Id, hex."""
    respond_by: str
    """Block time by which partners must answer."""
    must_answer: int
    """Partners that must."""
    acknowledged: int
    """Of these, those that know."""
    acknowledged_percent: int
    """... in whole percent, rounded down; 100 when nobody must."""
    responded: int
    """Of these, those that answered with quantities."""
    responded_percent: int
    """... in whole percent, rounded down; 100 when nobody must."""
    overdue: int
    """Of these, those that did not, and the time is over."""
    partners: tuple[PartnerLine, ...]
    """In the order of their registration."""


def partners_of(
    custody: Custody, row: RecallRow, books: Books, answers: dict[int, ResponseRow]
) -> list[PartnerLine]:
    """Return a line for each partner that has something of a recall's goods, or answered it.

    Args:
        custody: The snapshot.
        row: The recall.
        books: Its books at that height.
        answers: What partners answered, by their numbers.
    """
    in_hand = [one.in_hand for one in books.counted]
    numbers = {*books.partners, *answers, *(holder for one in in_hand for holder in one)}
    is_late = row.standing == RecallStanding.OPEN and custody.head.time_ms > row.respond_by_ms
    lines = []
    for number in sorted(numbers):
        answer = answers.get(number)
        has_answered = answer is not None and answer.responded_ms > 0
        accounts = books.partners.get(number, {})
        must_answer = number != row.opener
        lines.append(
            PartnerLine(
                custody.named(number) or NamedGln("", ""),
                accounts,
                sum(one.get(number, 0) for one in in_hand),
                None if answer is None else format_timestamp(answer.acknowledged_ms),
                format_timestamp(answer.responded_ms) if answer and has_answered else None,
                msgspec.structs.asdict(answer.quantities) if answer and has_answered else None,
                _differences(answer, accounts) if answer and has_answered else {},
                must_answer,
                must_answer and is_late and not has_answered,
            )
        )
    return lines


def summed_up(row: RecallRow, lines: Iterable[PartnerLine]) -> PartnersOfRecall:
    """Return lines with how many of their partners answered."""
    lines = tuple(lines)
    asked = [line for line in lines if line.must_answer]
    acknowledged = sum(line.acknowledged is not None for line in asked)
    responded = sum(line.responded is not None for line in asked)
    return PartnersOfRecall(
        row.identifier.hex(),
        format_timestamp(row.respond_by_ms),
        len(asked),
        acknowledged,
        _percent(acknowledged, len(asked)),
        responded,
        _percent(responded, len(asked)),
        sum(line.is_overdue for line in asked),
        lines,
    )


def _differences(answer: ResponseRow, accounts: dict[str, int]) -> dict[str, int]:
    """Return where a partner's answer and the ledger differ."""
    found = {
        name: getattr(answer.quantities, name) - sum(accounts.get(account, 0) for account in same)
        for name, same in _COMPARED
    }
    return {name: count for name, count in found.items() if count}


def _percent(some: int, everyone: int) -> int:
    return some * _PERCENT // everyone if everyone else _PERCENT
