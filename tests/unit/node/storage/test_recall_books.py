"""The books of a recall have an account for everything that can become of a pack."""

import pytest

from contracts.state.rows import Life
from node.storage import recall_books
from tests.scenarios.law.world import Ledger, item
from tests.unit.contracts.rules.test_forms import PACKS


@pytest.mark.parametrize("life", [life for life in Life if life != Life.ACTIVE])
def test_every_end_has_an_account(life: Life) -> None:
    assert recall_books._ENDED[life] in recall_books.ACCOUNTS


def test_what_is_at_hand_is_found_there() -> None:
    ledger = Ledger()
    assert ledger.submit("Acme", PACKS).code == "accepted"
    (found,) = recall_books.locate_items(ledger.state(), [item("pack-1"), item("pack-999")])
    assert (found.account, found.holder) == ("on_hand", 1)
