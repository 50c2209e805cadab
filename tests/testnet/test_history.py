"""What clients were told is kept, whoever loses it; these tests start no node."""

import json
from typing import Any

import pytest

from tests.testnet.client import Reply
from tests.testnet.history import History

RECEIPT = {"accepted": True}


def reply(status: int, document: str, height: int = 0) -> Reply:
    body: dict[str, Any] = {"document": document}
    if height:
        body |= {"height": height, "receipt": RECEIPT}
    return Reply(status, {}, json.dumps(body).encode())


class Node:
    """A node that has these documents, at these heights."""

    def __init__(self, **heights: int) -> None:
        self._heights = heights

    def document(self, identifier: str) -> Any:
        height = self._heights.get(identifier)
        return None if height is None else {"height": height, "receipt": RECEIPT}

    def history_from(self) -> int:
        return 1


@pytest.fixture
def history() -> History:
    """One document is committed; of three others only a promise was given, one of them by another node."""
    history = History()
    assert history.note(reply(200, "a", 4), "v1")
    assert history.note(reply(202, "b"), "v1")
    assert history.note(reply(503, "c"), "v1")
    assert history.note(reply(202, "d"), "v2")
    return history


def test_what_others_have_of_a_lost_outbox_is_not_forgotten(history: History) -> None:
    assert history.lose_outbox("v1", Node(a=4, b=5).document) == 1
    assert (history.promised, history.committed) == (3, 2)
    assert history.check({"v2": Node(a=4, b=5, d=6), "v3": Node(a=4, b=5, d=6)}) == 3


def test_what_others_had_then_must_stay_where_it_was(history: History) -> None:
    history.lose_outbox("v1", Node(b=5).document)
    with pytest.raises(AssertionError, match="v2 has b as"):
        history.check({"v2": Node(a=4, b=7, d=6)})
