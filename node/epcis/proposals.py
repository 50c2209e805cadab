"""What a seller's shipping event invites its buyer to do: receive what was announced (LAW, EPCIS rule b)."""

import msgspec

from contracts.gs1.keys import ItemKey, unpack_gln
from contracts.records.custody import Receive
from contracts.records.head import Head
from contracts.state.directory import find_partner
from contracts.state.view import Overlay
from node.epcis.matching import Match, match_shipments, receipts, whereabouts
from node.epcis.refusal import EventRefused


class Proposal(msgspec.Struct, frozen=True, array_like=True):
    """Goods that one partner says it shipped to another, one of this node's."""

    sender: bytes
    """Packed GLN of the seller."""
    receiver: bytes
    """Packed GLN of the buyer: who would sign."""
    items: tuple[bytes, ...]
    """Item keys that are said to be shipped."""
    head: Head
    """Time and offset as the seller claims them, the buyer's premises, the event's own data."""


class Answer(msgspec.Struct, frozen=True):
    """What the ledger says of a proposal."""

    records: tuple[Receive, ...]
    """What receives the goods; none while they are not announced."""
    waiting: int
    """Items that are not announced yet."""
    is_done: bool
    """Nothing is left to receive: all of it has arrived."""
    contradiction: str
    """Where goods are that are neither with one of the two nor on their way; empty when there are none."""

    @property
    def reason(self) -> str:
        """Why there is a draft, in a sentence."""
        if self.contradiction:
            return f"The ledger says otherwise: {self.contradiction}."
        if not self.records:
            return "The seller says that it shipped these goods; its announcement on the ledger is awaited."
        rest = f"; {self.waiting} of the items are not announced yet" if self.waiting else ""
        return f"The seller announced these goods: confirm when they have arrived{rest}."


def answer_proposal(state: Overlay, proposal: Proposal) -> Answer:
    """Match a proposal with the shipments on the ledger."""
    sender, receiver = (_number(state, gln) for gln in (proposal.sender, proposal.receiver))
    items = map(ItemKey, proposal.items)
    match: Match = match_shipments(state, items, sender, receiver)
    contradiction = whereabouts(state, match.elsewhere[0]) if match.elsewhere else ""
    records = receipts(state, proposal.head, match.outstanding)
    is_done = not (match.outstanding or match.waiting or match.elsewhere)
    return Answer(records, len(match.waiting), is_done, contradiction)


def _number(state: Overlay, gln: bytes) -> int:
    found = find_partner(state, gln)
    if found is None:
        msg = f"partners: {unpack_gln(gln)} was registered and is no more"
        raise LookupError(msg)
    return found[0]


def contradicted(answer: Answer) -> EventRefused:
    """Return the refusal of a shipping event that the ledger contradicts."""
    return EventRefused("disagrees_with_ledger", "epcList", answer.contradiction)
