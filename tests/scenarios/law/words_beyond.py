"""The words of rule 8, and of all that takes two parties.

Acme proposes pack-1..2 to Bulk as P1 until 20
Bulk consents to pack-1..2 of P1            Acme drops P1
"""

from collections.abc import Callable

from contracts.records.agreement import Consent, OfferOwnership, Withdraw
from contracts.records.head import Head
from contracts.records.record import Record
from tests.scenarios.law.world import gln

Listed = Callable[[str], tuple[bytes, ...]]


def agreement(
    verb: str, head: Head, what: str, options: dict[str, str], proposal: bytes, listed: Listed
) -> Record:
    """Build the record of a sentence with proposes, consents or drops, about the proposal of an id."""
    if verb == "proposes":
        return OfferOwnership(head, listed(what), gln(options["to"]), int(options.get("until", "0")))
    if verb == "consents":
        return Consent(head, proposal, listed(options["to"]))
    return Withdraw(head, proposal)
