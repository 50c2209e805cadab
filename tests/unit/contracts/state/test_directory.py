"""The directory: what is remembered of it follows from its own rows alone."""

from collections.abc import Callable

import pytest

from contracts.state import directory
from contracts.state.layout import TABLES
from contracts.state.view import Overlay
from tests.scenarios.law.world import Ledger, gln, lane_of

DIRECTORY = {table.prefix for table in TABLES if table.is_directory}
QUESTIONS: dict[str, tuple[Callable, object]] = {
    "signer_of": (directory.signer_of, lane_of("Acme")),
    "find_partner": (directory.find_partner, gln("Acme")),
    "find_premises": (directory.find_premises, gln("Plant")),
    "partner": (directory.partner, 1),
    "premises": (directory.premises, 1),
    "market": (directory.market, "DE"),
    "profile": (directory.profile, "DE"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_remembered_is_answered_by_the_directory_alone(name: str) -> None:
    ask, key = QUESTIONS[name]
    ledger = Ledger()
    ledger.reader.reads.clear()
    answer = ask(Overlay(ledger.reader), key)
    assert answer is not None
    assert ledger.reader.reads
    assert {key[:1] for key in ledger.reader.reads} <= DIRECTORY


def test_every_remembered_question_is_asked_here() -> None:
    remembered = {name for name, found in vars(directory).items() if hasattr(found, "__wrapped__")}
    assert remembered == set(QUESTIONS)
