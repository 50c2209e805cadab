"""What a validator may do that has its key and no scruples; the adversary delivers its words at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consensus.effects import ProposalReceived, VoteReceived
from consensus.values import Step
from contracts.chain.votes import NIL, NO_ROUND, BlockId, VoteType
from tests.unit.consensus.driver import a_proposal, a_vote

if TYPE_CHECKING:
    from tests.unit.consensus.world import Node, World


def lie(world: World, liar: int) -> None:
    """Do one of the things below."""
    act = world.random.choice((babble, agree, agree, agree_again, propose_two, propose_two, claim_a_polka))
    act(world, liar)
    world.counts["lies"] += 1


def babble(world: World, liar: int) -> None:
    """Say anything a key can sign, to some: any value, any step, any valid round."""
    random = world.random
    height = max(node.height for node in world.nodes.values())
    top = max(0, *(node.engine.round for node in world.nodes.values()))
    round_ = random.choice((top, top, max(top - 1, 0), random.randrange(top + 6)))
    block_id = random.choice([*world.values[-4:], _made_up(random.randrange(2)), NIL])
    if random.random() < 0.3 and block_id != NIL:
        valid_round = random.choice((NO_ROUND, random.randrange(NO_ROUND, max(round_, 0))))
        message = ProposalReceived(a_proposal(round_, block_id, valid_round, liar, height))
    else:
        kind = random.choice(tuple(VoteType))
        message = VoteReceived(a_vote(kind, round_, block_id, liar, height))
    for index in world.nodes:
        if random.random() < 0.6:
            world.pool.append((index, message))


def agree(world: World, liar: int) -> None:
    """Tell a node that it is right, whatever it voted for: so each side may think it has a quorum."""
    node = _somebody(world)
    said = node.record
    if said is None or said.height != node.height or said.step is Step.PROPOSE:
        return
    kind = VoteType.PREVOTE if said.step is Step.PREVOTE else VoteType.PRECOMMIT
    vote = a_vote(kind, said.round, said.block_id, liar, said.height)
    world.deliver(node.index, VoteReceived(vote))


def agree_again(world: World, liar: int) -> None:
    """Vote, to one node only, for what it last saw proposed or locked."""
    node = _somebody(world)
    engine = node.engine
    known = [engine.locked.block_id, engine.valid.block_id, *world.values[-2:]]
    block_id = world.random.choice(known)
    kind = world.random.choice(tuple(VoteType))
    world.deliver(node.index, VoteReceived(a_vote(kind, max(engine.round, 0), block_id, liar, node.height)))


def propose_two(world: World, liar: int) -> None:
    """Propose one value to one part of the nodes and another to the rest, when the turn is this one's."""
    _propose(world, liar, NO_ROUND)


def claim_a_polka(world: World, liar: int) -> None:
    """Propose with a valid round in which there was no quorum, to make nodes give up their locks."""
    top = max(0, *(node.engine.round for node in world.nodes.values()))
    if top > 0:
        _propose(world, liar, world.random.randrange(top))


def _propose(world: World, liar: int, valid_round: int) -> None:
    cut = world.random.randrange(len(world.nodes) + 1)
    for place, node in enumerate(world.nodes.values()):
        round_ = max(node.engine.round, 0)
        if node.engine.proposer(round_) == liar and valid_round < round_:
            block_id = _made_up(2 * node.height + (place < cut))
            proposal = a_proposal(round_, block_id, valid_round, liar, node.height)
            world.deliver(node.index, ProposalReceived(proposal))


def _somebody(world: World) -> Node:
    return world.random.choice(list(world.nodes.values()))


def _made_up(number: int) -> BlockId:
    return BlockId(number.to_bytes(32, "little"))
