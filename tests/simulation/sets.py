"""Who votes at which height, reckoned anew from what stands in the blocks (rule 22).

The nodes keep sets in their state; this reads nothing of that. It follows accepted proposals and votes,
weighs them by the set of their own height, and lets changes act at the height that their proposal names. So a
node that lets a change act a height too early, or forgets one, is found out.
"""

from collections.abc import Iterable
from typing import NamedTuple

from contracts.chain.genesis import Genesis
from contracts.chain.validators import Validator, ValidatorSet
from contracts.gs1.keys import pack_gln
from contracts.ledger.receipt import ACCEPTED
from contracts.records.agreement import proposal_id
from contracts.records.changes import Change, PutNode, RemoveNode
from contracts.records.governance import Choice, ProposeChanges, VoteOnChanges, WithdrawChanges
from node.host.applied import Applied

VALIDATOR = "validator"


class Voter(NamedTuple):
    """A voting node."""

    key: bytes
    """32 bytes, what it votes with."""
    power: int
    """Its share."""
    partner: bytes
    """Packed GLN of who runs it; empty for nobody."""


Voters = dict[str, Voter]
"""Voting nodes by name."""


class _Ballot:
    """An open proposal."""

    def __init__(self, proposed: ProposeChanges) -> None:
        """Begin without votes."""
        self.proposed = proposed
        self.approved: set[bytes] = set()


class Sets:
    """The voters of every height so far, and of the two after it."""

    def __init__(self, genesis: Genesis) -> None:
        """Begin with who votes on block 1."""
        self._owners = {key.public_key: pack_gln(each.gln) for each in genesis.partners for key in each.keys}
        first = {
            node.name: Voter(node.validator_key, node.power, pack_gln(node.partner) if node.partner else b"")
            for node in genesis.nodes
            if node.role == VALIDATOR
        }
        self._by_height: list[Voters] = [first, first]  # height 0 has none of its own
        self._sets: dict[int, ValidatorSet] = {}
        self._ballots: dict[bytes, _Ballot] = {}
        self._due: dict[int, list[Change]] = {}

    def voters(self, height: int) -> Voters:
        """Return who votes at a height, at most two above the last block that was followed."""
        while len(self._by_height) <= height:
            voters = dict(self._by_height[-1])
            for change in self._due.get(len(self._by_height), []):
                _change(voters, change)
            self._by_height.append(voters)
        return self._by_height[height]

    def at(self, height: int) -> ValidatorSet:
        """Return the set of a height."""
        if height not in self._sets:
            voters = self.voters(height).values()
            self._sets[height] = ValidatorSet(Validator(each.key, each.power) for each in voters)
        return self._sets[height]

    def names(self, height: int) -> list[str]:
        """Return the names of a height's validators, in the order of their set."""
        return sorted(self.voters(height), key=lambda name: self.voters(height)[name].key)

    def powers(self, height: int) -> list[int]:
        """Return their powers, in the same order."""
        return [self.voters(height)[name].power for name in self.names(height)]

    def on_block(self, applied: Applied) -> None:
        """Follow a new block."""
        height, receipts = applied.tip.height, iter(applied.receipts)
        for bundle in applied.bundles:
            author = self._owners[bundle.header.lane]
            for identifier, document in zip(bundle.document_ids, bundle.documents, strict=True):
                if next(receipts).code == ACCEPTED:
                    for at, record in enumerate(document.records):
                        self._record(height, author, proposal_id(identifier, at), record)

    def _record(self, height: int, author: bytes, identifier: bytes, record: object) -> None:
        match record:
            case ProposeChanges():
                self._ballots[identifier] = _Ballot(record)
                self._vote(height, author, identifier, approves=True)
            case VoteOnChanges(proposal=proposal, choice=choice):
                self._vote(height, author, proposal, approves=choice == Choice.APPROVE)
            case WithdrawChanges(proposal=proposal):
                del self._ballots[proposal]
            case _:
                pass

    def _vote(self, height: int, author: bytes, identifier: bytes, *, approves: bool) -> None:
        """Take a partner's last word, and count all approvals with the powers of this height.

        Others may weigh more by now than when they approved: a vote against can decide, too.
        """
        ballot, voters = self._ballots[identifier], self.voters(height)
        (ballot.approved.add if approves else ballot.approved.discard)(author)
        power = sum(each.power for each in voters.values() if each.partner in ballot.approved)
        if 3 * power > 2 * sum(each.power for each in voters.values()):
            del self._ballots[identifier]
            self._due.setdefault(ballot.proposed.acts_at, []).extend(ballot.proposed.changes)


def _change(voters: Voters, change: Change) -> None:
    match change:
        case PutNode(name=name, role=role) if role == VALIDATOR:
            voters[name] = Voter(change.validator_key, change.power, change.partner)
        case PutNode(name=name) | RemoveNode(name=name):
            voters.pop(name, None)
        case _:
            pass


def after(voters: Voters, changes: Iterable[Change]) -> Voters:
    """Return who votes after changes."""
    changed = dict(voters)
    for change in changes:
        _change(changed, change)
    return changed
