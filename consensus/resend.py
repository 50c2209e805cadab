"""What to send again: the messages of a height that bring a peer along.

The algorithm assumes that what one honest node has received, all receive in the end. Links lose messages, so
while a round lasts a node sends again what moved it here; circlefin/malachite issues 850, 859 and 998 tell
what happens otherwise.
"""

from consensus.effects import Send
from consensus.proposal_keeper import ProposalKeeper
from consensus.round_machine import RoundState
from consensus.values import Step
from consensus.vote_keeper import VoteKeeper
from contracts.chain.votes import VoteType


def messages_for(state: RoundState, proposals: ProposalKeeper, votes: VoteKeeper, peer_round: int) -> Send:
    """Return the messages that bring a peer in `peer_round` of this height along.

    The votes of the current round make it skip there (line 55), the precommits of the round before let it end
    that one (line 47), the prevotes of a valid round let it answer a re-proposal (line 28), precommits for a
    value decide (line 49), and the messages of its own round may move it there.
    """
    current = state.decision.round if state.step is Step.DECIDED else state.round
    named = {proposal.valid_round for proposal in proposals.of(current)}
    steps = [
        *((round_, VoteType.PRECOMMIT) for round_, _ in votes.commits),
        *((current, kind) for kind in VoteType),
        (current - 1, VoteType.PRECOMMIT),
        *((round_, VoteType.PREVOTE) for round_ in sorted({state.valid.round, *named})),
        *((peer_round, kind) for kind in VoteType),
    ]
    return Send(
        state.height,
        current,
        tuple(proposal for round_ in sorted({current, peer_round}) for proposal in proposals.of(round_)),
        tuple(vote for round_, kind in dict.fromkeys(steps) for vote in votes.votes(round_, kind)),
    )
