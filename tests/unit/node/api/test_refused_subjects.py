"""Every refusal of the scenarios says of what, in words that are printed on goods or known to partners."""

import re
from typing import Any, ClassVar

import pytest

from contracts.ledger.receipt import ACCEPTED, Receipt
from contracts.records.record import Record
from node.api.refused_subjects import subject_text
from tests.scenarios.law.runner import scenario_files, transcript
from tests.scenarios.law.world import Ledger

READABLE = re.compile(r"\([0-9]{2,4}\).+|[0-9]{13,14}|[0-9a-f]{32}|[0-9a-f]{64}|[!-~ ]{1,40}")
"""An item or a logger, a GLN or a GTIN, an id, a key; a lot, a serial, a name, a number."""
HIDDEN = re.compile(r"0x([0-7][0-9a-f])+")
"""What could have been read as it was stated."""


class Told(Ledger):
    """A ledger that keeps what every refusal is told to be about."""

    refused: ClassVar[dict[tuple[str, str], str]] = {}

    def submit(self, signer: str, *records: Record, **how: Any) -> Receipt:
        receipt = super().submit(signer, *records, **how)
        if receipt.code != ACCEPTED and receipt.subject:
            kind = type(records[receipt.record]).__name__
            self.refused[kind, receipt.code] = subject_text(receipt, records)
        return receipt


@pytest.fixture(scope="module", autouse=True)
def _told() -> None:
    """Tell all scenarios on such ledgers, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.scenarios.law.runner.Ledger", Told)
        for path in scenario_files():
            transcript(path.read_text(encoding="utf-8"))


def test_every_refusal_names_what_it_is_about() -> None:
    assert len(Told.refused) > 300
    hidden = {
        what: text
        for what, text in Told.refused.items()
        if HIDDEN.fullmatch(text) or not READABLE.fullmatch(text)
    }
    assert hidden == {}


def test_products_without_serials_are_named_as_products() -> None:
    told = Told.refused
    assert told["EndQuantity", "not_enough"] == told["ShipQuantity", "recalled"] == "04012345000023"
    assert told["ShipQuantity", "not_owner"] == "4200000100014"
    assert told["ProposeChanges", "market_invalid"] == "DE"
