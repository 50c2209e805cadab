"""Changes of the network that the validators' partners of `OneNode` agree on."""

from typing import Final

from contracts.records.agreement import proposal_id
from contracts.records.changes import Change
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges
from tests.support.ledger import OneNode
from tests.support.parties import PARTIES

GOVERNING: Final = PARTIES[:4]
"""Partners of the first four validators."""


def decide(node: OneNode, *changes: Change) -> int:
    """Propose and decide; return the height at which the changes act."""
    acts_at = node.ledger.tip.height + 5
    proposer = GOVERNING[0]
    said = ProposeChanges(node.head(proposer), changes, acts_at, acts_at - 2, "as agreed")
    identifier = proposal_id(node.record(proposer, said).document_id, 0)
    for party in GOVERNING[1:3]:
        node.record(party, VoteOnChanges(node.head(party), identifier, Choice.APPROVE))
    return acts_at
