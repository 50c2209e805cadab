"""The words of rules 8 and 26.

Acme proposes pack-1..2 to Bulk as P1 until 20
Bulk consents to pack-1..2 of P1            Acme drops P1
Bulk sends pack-1 outside                   Bulk takes pack-1 back from outside
Bulk sends pack-1 outside to Corner           Bulk takes pack-1 back from abroad
"""

from collections.abc import Callable

from contracts.gs1.keys import pack_gln
from contracts.records.agreement import Consent, OfferOwnership, Withdraw
from contracts.records.head import Head
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.records.record import Record
from tests.scenarios.law.world import gln

OUTSIDE = "4299999000009"
"""GLN of a party that no scenario network knows."""
ABROAD = "4299999100006"
"""Another one."""
STRANGERS = {"outside": OUTSIDE, "abroad": ABROAD}
EVIDENCE = bytes(32)
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


def outside(verb: str, head: Head, what: str, options: dict[str, str], listed: Listed) -> Record:
    """Build the record of goods that somebody sends, or takes back from, outside."""
    name = options.get("to" if verb == "sends" else "from", "outside")
    other = pack_gln(STRANGERS[name]) if name in STRANGERS else gln(name)
    if verb == "sends":
        return ShipOutside(head, listed(what.removesuffix(" outside")), other, EVIDENCE)
    return ReceiveFromOutside(head, listed(what.removesuffix(" back")), other, EVIDENCE)
