"""Changes of the network that the validators' partners of `OneNode` agree on."""

from typing import Final, TypeVar

from contracts.primitives.encoding import encode
from contracts.records.agreement import proposal_id
from contracts.records.changes import Change
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges
from contracts.state.layout import Table
from node.home import Home
from node.storage.leveldb import LevelOptions, open_level
from node.storage.store import STATE, delete, put
from tests.support.ledger import OneNode
from tests.support.parties import PARTIES

RowT = TypeVar("RowT")

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


def overwrite(home: Home, table: Table[RowT], key: bytes, row: RowT | None) -> None:
    """Change a row of a stopped node's state as governance would have; None deletes it."""
    at = table.prefix + key
    store = open_level(home.database, LevelOptions(), create=False)
    store.write([delete(STATE, at) if row is None else put(STATE, at, encode(row))], sync=True)
    store.close()
