"""The multiplexer: which stored proposals and thresholds make which events of the round machine.

Quorums are of power, r is the current round; "ok" is what the host said about the value (`ValueKeeper`). The
rows are tried top down, DECIDE first, until one moves the machine; then again from the top.

| rule | line | stored proposal | threshold | value | event |
|---|---|---|---|---|---|
| P7 | 49 | any, or none: see below | quorum of precommits for v in any round | valid, have | PrecommitValue |
| start | 10 | of any round | or: over a third voted in any rounds; height idle | | Begin |
| P1 | 22 | of r, valid round -1 | | valid, have, timely | FreshProposal |
| P2 | 28 | of r, valid round vr >= 0 | quorum of prevotes for v in vr | valid, have | Reproposal |
| P3 | 34 | | quorum of prevotes for anything in r | | PolkaAny |
| P4 | 36 | of r | quorum of prevotes for v in r | valid, have | PolkaValue |
| P5 | 44 | | quorum of prevotes for nil in r | | PolkaNil |
| P6 | 47 | | quorum of precommits for anything in r | | PrecommitAny |
| P8 | 55 | | over a third voted in a round above r | | SkipRound |

In line 49 the proposal stands for holding v: votes carry only its id. Here values are held or fetched by id,
and a quorum of precommits for v is what every follower accepts as its commit, so P7 does not wait for the
signed proposal of that round, which may be lost for good when everyone else has moved on.
"""

from collections.abc import Iterator

from consensus.proposal_keeper import ProposalKeeper
from consensus.round_machine import (
    Begin,
    Event,
    FreshProposal,
    PolkaAny,
    PolkaNil,
    PolkaValue,
    PrecommitAny,
    PrecommitValue,
    Reproposal,
    RoundState,
    SkipRound,
)
from consensus.value_keeper import ValueKeeper
from consensus.values import Judgement, Step
from consensus.vote_keeper import VoteKeeper
from contracts.chain.votes import NIL, NO_ROUND, BlockId, VoteType


def events(
    state: RoundState, proposals: ProposalKeeper, votes: VoteKeeper, values: ValueKeeper
) -> Iterator[Event]:
    """Yield the events that hold now, in the order of the table; the machine's guards are not applied."""
    for round_, block_id in votes.commits:
        if values.judge(block_id) is Judgement.ACCEPT:
            yield PrecommitValue(round_, block_id)
    if state.step is Step.IDLE:
        if not proposals.is_empty() or votes.has_honest_voters():
            yield Begin()
        return
    yield from _proposed(state.round, proposals, votes, values)
    yield from _prevoted(state.round, proposals, votes, values)
    if votes.has_quorum_of_any(state.round, VoteType.PRECOMMIT):
        yield PrecommitAny()
    yield SkipRound(votes.highest_honest_round)


def _proposed(
    round_: int, proposals: ProposalKeeper, votes: VoteKeeper, values: ValueKeeper
) -> Iterator[Event]:
    for proposal in proposals.of(round_):
        block_id = BlockId(proposal.block_id)
        if proposal.valid_round == NO_ROUND:
            yield FreshProposal(block_id, values.judge_fresh(round_, block_id))
        elif block_id in votes.quorum_values(proposal.valid_round, VoteType.PREVOTE):
            yield Reproposal(block_id, proposal.valid_round, values.judge(block_id))


def _prevoted(
    round_: int, proposals: ProposalKeeper, votes: VoteKeeper, values: ValueKeeper
) -> Iterator[Event]:
    if votes.has_quorum_of_any(round_, VoteType.PREVOTE):
        yield PolkaAny()
    polkas = votes.quorum_values(round_, VoteType.PREVOTE)
    for block_id in polkas:
        if proposals.has(round_, block_id) and values.judge(block_id) is Judgement.ACCEPT:
            yield PolkaValue(block_id)
    if NIL in polkas:
        yield PolkaNil()
