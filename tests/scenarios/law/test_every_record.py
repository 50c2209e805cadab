"""Rule 0, asked of every kind of record: a good one of each, from the scenarios, with one thing wrong.

A rule that forgot to ask when something happened, or whether what is listed exists, shows here.
"""

from typing import Any, Final, NamedTuple, get_args

import msgspec
import pytest

from contracts.ledger.receipt import ACCEPTED, Receipt
from contracts.records.agreement import Consent
from contracts.records.custody import Refuse, Void
from contracts.records.mandates import ActFor
from contracts.records.record import Record
from contracts.rules.codes import Code
from tests.scenarios.law.runner import scenario_files, transcript
from tests.scenarios.law.world import Ledger, item

TOMORROW_MS: Final = 86_400_000
NOBODYS: Final = item("pack-999999")
LISTS: Final = ("items", "children")
ALL_WHEN_NONE: Final = (Refuse, Void)
"""Records that mean all of a shipment when they list nothing."""


class Shown(NamedTuple):
    """A record that a scenario shows to be good."""

    before: Ledger
    signer: str
    records: tuple[Record, ...]

    def instead(self, other: Record) -> Receipt:
        """Submit another record in place of the last, where the good one was."""
        return self.before.copy().submit(self.signer, *self.records[:-1], other)


def listing(record: Any) -> str | None:
    """Return the name of the field in which a record lists items; None when it lists none."""
    return next((name for name in LISTS if isinstance(next(iter(getattr(record, name, ())), 0), bytes)), None)


def said(record: Record) -> Any:
    """Return what a late or exempt record says was done."""
    return getattr(record, "record", record)


def with_changes(record: Any, **changes: Any) -> Record:
    """Return a record that says something else, late or exempt as before."""
    if hasattr(record, "record"):
        changes = {"record": msgspec.structs.replace(record.record, **changes)}
    return msgspec.structs.replace(record, **changes)


@pytest.fixture(scope="module")
def shown() -> dict[type[Record], Shown]:
    """The first good record of each kind; one that lists items where there is one."""
    found: dict[type[Record], Shown] = {}
    submit = Ledger.submit

    def beside(ledger: Ledger, signer: str, *records: Record) -> Receipt:
        before, kind = ledger.copy(), type(records[-1])
        receipt = submit(ledger, signer, *records)
        is_better = kind not in found or listing(said(found[kind].records[-1])) is None
        if receipt.code == ACCEPTED and is_better:
            found[kind] = Shown(before, signer, records)
        return receipt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "submit", beside)
        for path in scenario_files():
            transcript(path.read_text(encoding="utf-8"))
    return found


def test_the_scenarios_show_every_kind_of_record(shown):
    # Whom a document is for stands in front of the record that it is about.
    assert set(shown) == set(get_args(Record)) - {ActFor}


def test_nothing_has_happened_tomorrow(shown):
    for good in shown.values():
        head = msgspec.structs.replace(
            said(good.records[-1]).head, claimed_at_ms=good.before.time_ms + TOMORROW_MS
        )
        receipt = good.instead(with_changes(good.records[-1], head=head))
        assert receipt.code == Code.CLAIMED_TIME_INVALID, good.records[-1]


def test_what_is_listed_exists_and_is_listed_once(shown):
    asked = 0
    for kind, good in shown.items():
        record = good.records[-1]
        name = listing(said(record))
        if name is None:
            continue
        asked += 1
        listed = getattr(said(record), name)
        unknown = good.instead(with_changes(record, **{name: (NOBODYS, *listed[1:])}))
        # A consent repeats what was proposed, so it is compared with that first.
        assert unknown.code == (Code.TERMS_DIFFER if kind is Consent else Code.ITEM_UNKNOWN), record
        twice = good.instead(with_changes(record, **{name: (*listed, listed[0])}))
        assert (twice.code, twice.subject) == (Code.LISTED_TWICE, listed[0]), record
        none = good.instead(with_changes(record, **{name: ()}))
        assert none.code == (ACCEPTED if kind in ALL_WHEN_NONE else Code.NOTHING_LISTED), record
    assert asked > 20
