"""What an event invites a person to confirm: goods to be received, and goods that cross the network's border.

A seller's shipping event invites its buyer to receive what was announced. Goods that a partner sends to
somebody who is no partner, or gets back from one, need evidence that no file shows: a person looks at it
(LAW, EPCIS rule b, and rule 26).
"""

from enum import IntEnum

import msgspec

from contracts.gs1.keys import ItemKey, unpack_gln
from contracts.records.custody import Receive
from contracts.records.head import Head
from contracts.records.outside import ReceiveFromOutside, ShipOutside
from contracts.state.directory import find_partner
from contracts.state.parties import holder_of
from contracts.state.places import Position, effective_life, locate
from contracts.state.rows import Life
from contracts.state.view import Overlay
from node.epcis.matching import Match, match_shipments, receipts, whereabouts
from node.epcis.refusal import EventRefused

Drafted = Receive | ShipOutside | ReceiveFromOutside
"""What a draft may submit."""


class Way(IntEnum):
    """How goods of a proposal move."""

    RECEIPT = 0
    """From one partner to another."""
    TO_OUTSIDE = 1
    """To somebody who is no partner."""
    FROM_OUTSIDE = 2
    """Back from somebody who is no partner."""


class Proposal(msgspec.Struct, frozen=True, array_like=True):
    """Goods that move from one party to another, one of which is a partner of this node."""

    sender: bytes
    """Packed GLN of who sends them."""
    receiver: bytes
    """Packed GLN of who gets them."""
    items: tuple[bytes, ...]
    """Item keys that are said to be shipped."""
    head: Head
    """Time and offset as claimed, the signer's premises, the event's own data."""
    way: Way = Way.RECEIPT
    """How they move."""

    @property
    def signer(self) -> bytes:
        """Packed GLN of the partner that would sign."""
        return self.sender if self.way is Way.TO_OUTSIDE else self.receiver

    def reason(self, answer: "Answer") -> str:
        """Return why there is a draft, in a sentence."""
        if answer.contradiction:
            return f"The ledger says otherwise: {answer.contradiction}."
        if self.way is not Way.RECEIPT:
            other = unpack_gln(self.receiver if self.way is Way.TO_OUTSIDE else self.sender)
            told = "These goods go to" if self.way is Way.TO_OUTSIDE else "These goods come back from"
            return f"{told} {other}, no partner of this network: confirm when its licence was seen."
        if not answer.records:
            return "The seller says that it shipped these goods; its announcement on the ledger is awaited."
        rest = f"; {answer.waiting} of the items are not announced yet" if answer.waiting else ""
        return f"The seller announced these goods: confirm when they have arrived{rest}."


class Answer(msgspec.Struct, frozen=True):
    """What the ledger says of a proposal."""

    records: tuple[Drafted, ...]
    """What moves the goods; none while they are not announced."""
    waiting: int
    """Items that are not announced yet."""
    is_done: bool
    """Nothing is left to do: all of it has arrived, or left."""
    contradiction: str
    """Where goods are that are elsewhere; empty when there are none."""


def answer_proposal(state: Overlay, proposal: Proposal) -> Answer:
    """Compare a proposal with the ledger."""
    if proposal.way is not Way.RECEIPT:
        return _answer_at_border(state, proposal)
    sender, receiver = (_number(state, gln) for gln in (proposal.sender, proposal.receiver))
    items = map(ItemKey, proposal.items)
    match: Match = match_shipments(state, items, sender, receiver)
    contradiction = whereabouts(state, match.elsewhere[0]) if match.elsewhere else ""
    records = receipts(state, proposal.head, match.outstanding)
    is_done = not (match.outstanding or match.waiting or match.elsewhere)
    return Answer(records, len(match.waiting), is_done, contradiction)


def _answer_at_border(state: Overlay, proposal: Proposal) -> Answer:
    """Tell what is still to do of goods that leave the network, or come back."""
    leaves = proposal.way is Way.TO_OUTSIDE
    own = _number(state, proposal.signer)
    inside: list[Position] = []
    outside: list[Position] = []
    for position in (locate(state, ItemKey(item)) for item in proposal.items):
        if position is not None:
            (outside if effective_life(position) is Life.OUTSIDE else inside).append(position)
    elsewhere = [one for one in inside if one.shipment is not None or holder_of(one) != own]
    left = tuple(one.key for one in (inside if leaves else outside))
    contradiction = whereabouts(state, elsewhere[0]) if elsewhere else ""
    if not left or elsewhere:
        return Answer((), 0, is_done=not elsewhere, contradiction=contradiction)
    # The event as it came, with all that its sender put into it, is the evidence; who confirms has seen more.
    (evidence,) = proposal.head.attachments
    terms = (left, proposal.receiver if leaves else proposal.sender, evidence)
    kind = ShipOutside if leaves else ReceiveFromOutside
    return Answer((kind(proposal.head, *terms),), 0, is_done=False, contradiction="")


def _number(state: Overlay, gln: bytes) -> int:
    found = find_partner(state, gln)
    if found is None:
        msg = f"partners: {unpack_gln(gln)} was registered and is no more"
        raise LookupError(msg)
    return found[0]


def contradicted(answer: Answer) -> EventRefused:
    """Return the refusal of a shipping event that the ledger contradicts."""
    return EventRefused("disagrees_with_ledger", "epcList", answer.contradiction)
