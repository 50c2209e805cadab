"""The bounds that message types cannot state: those of the signed parts that come from contracts.chain.

Votes, proposals and commits are structs of the ledger, whose own verification judges them in full; what is
checked here keeps nonsense (a height of -1, a signature of no bytes) from travelling any further.
"""

from collections.abc import Callable
from typing import Any

from contracts.chain.commit import Commit
from contracts.chain.evidence import DuplicateProposal, DuplicateVote, Evidence
from contracts.chain.header import BundleEntry
from contracts.chain.snapshot import is_well_formed_voucher
from contracts.chain.validators import MAX_VALIDATORS
from contracts.chain.votes import MAX_HEIGHT, MAX_ROUND, is_well_formed_proposal, is_well_formed_vote
from contracts.primitives.hashing import HASH_BYTES
from contracts.primitives.signing import SIGNATURE_BYTES
from network.wire import messages
from network.wire.errors import RemoteProtocolError
from network.wire.messages import Message


def _is_commit(commit: Commit) -> bool:
    return (
        0 < commit.height <= MAX_HEIGHT
        and 0 <= commit.round <= MAX_ROUND
        and len(commit.block_id) == HASH_BYTES
        and len(commit.signatures) <= MAX_VALIDATORS
        and all(len(entry.signature) == SIGNATURE_BYTES for entry in commit.signatures)
    )


def _is_entry(entry: BundleEntry) -> bool:
    return len(entry.bundle_id) == HASH_BYTES and entry.size >= 0 and entry.weight >= 0


def _are_round_votes(message: messages.RoundVotes) -> bool:
    return all(vote.height == message.height and is_well_formed_vote(vote) for vote in message.votes)


def _is_evidence(evidence: Evidence) -> bool:
    match evidence:
        case DuplicateVote():
            return is_well_formed_vote(evidence.first) and is_well_formed_vote(evidence.second)
        case DuplicateProposal():
            return is_well_formed_proposal(evidence.first) and is_well_formed_proposal(evidence.second)


_IS_WELL_FORMED: dict[type[Any], Callable[[Any], bool]] = {
    messages.VoteMessage: lambda message: is_well_formed_vote(message.vote),
    messages.ProposalMessage: lambda message: is_well_formed_proposal(message.proposal),
    messages.RoundVotes: _are_round_votes,
    messages.CommitMessage: lambda message: _is_commit(message.commit),
    messages.VoucherMessage: lambda message: is_well_formed_voucher(message.voucher),
    messages.SnapshotOffer: lambda message: all(map(is_well_formed_voucher, message.vouchers)),
    messages.EvidenceMessage: lambda message: _is_evidence(message.evidence),
    messages.BundleAnnounce: lambda message: all(map(_is_entry, message.entries)),
}


def check_message(message: Message) -> None:
    """Check a decoded message beyond its types.

    Raises:
        RemoteProtocolError: A height, round, index, id or signature is out of range.
    """
    is_well_formed = _IS_WELL_FORMED.get(type(message))
    if is_well_formed is not None and not is_well_formed(message):
        raise RemoteProtocolError(f"{type(message).__name__}: a field of its signed part is out of range")
