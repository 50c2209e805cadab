"""Ledger events as receipts carry them: their kinds, and a sentence for people about each."""

from contracts.ledger.receipt import Event
from contracts.rules.events import SENTENCES, EventKind

__all__ = ["EventKind", "sentence"]


def sentence(event: Event) -> str:
    """Return what an event of a receipt means, for people.

    Raises:
        ValueError: This version of the law knows no such kind.
    """
    return SENTENCES[EventKind(event.kind)]
