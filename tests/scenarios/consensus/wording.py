"""Effects in words, one line each."""

from consensus.effects import (
    Append,
    ArmTimer,
    BuildValue,
    CancelFetch,
    CancelTimer,
    CheckValue,
    Decide,
    Effect,
    FetchValue,
    ReportDivergence,
    ReportEvidence,
    Send,
    Sign,
)
from consensus.values import NO_VALUE, RoundValue, Step
from contracts.chain.evidence import DuplicateVote
from contracts.chain.votes import NO_ROUND, Vote
from tests.unit.consensus.driver import letter


def told_value(held: RoundValue) -> str:
    """A value with its round, as in A/0."""
    return f"{letter(held.block_id)}/{held.round}"


def told(effect: Effect) -> str:  # noqa: C901
    """What an effect asks for."""
    match effect:
        case Append(input=logged):
            return f"log {type(logged).__name__}"
        case Sign():
            return _told_sign(effect)
        case Send(round=round_, proposals=proposals, votes=votes):
            proposed = ", ".join(f"{letter(each.block_id)}/{each.valid_round}" for each in proposals)
            return f"send in round {round_}: proposals [{proposed}] votes [{_told_votes(votes)}]"
        case ArmTimer(timer=timer, round=round_, delay_ms=delay_ms):
            in_round = "" if round_ == NO_ROUND else f" of round {round_}"
            return f"arm {timer.name.lower()}{in_round} for {delay_ms} ms"
        case CancelTimer(timer=timer):
            return f"cancel {timer.name.lower()}"
        case BuildValue(round=round_, budget_shift=shift):
            return f"build a value for round {round_}, budget >> {shift}"
        case CheckValue(round=round_, block_id=block_id):
            why = "voted for" if round_ == NO_ROUND else f"proposed in round {round_}"
            return f"check {letter(block_id)}, {why}"
        case FetchValue(block_id=block_id, sources=sources):
            return f"fetch {letter(block_id)} from {','.join(map(str, sources))}"
        case CancelFetch(block_id=block_id):
            return f"stop fetching {letter(block_id)}"
        case Decide(round=round_, block_id=block_id, commit=commit):
            signers = ",".join(str(entry.validator) for entry in commit.signatures)
            return f"decide {letter(block_id)} in round {round_}, precommitted by {signers}"
        case ReportEvidence(evidence=evidence):
            return _told_evidence(evidence)
        case ReportDivergence(round=round_, block_id=block_id):
            return f"diverged: a quorum precommitted {letter(block_id)} in round {round_}"


def _told_sign(sign: Sign) -> str:
    text = f"sign {sign.step.name.lower()} {sign.round} {letter(sign.block_id)}"
    if sign.step is Step.PROPOSE:
        text += f" with valid round {sign.valid_round}"
    for name, held in (("locked", sign.locked), ("valid", sign.valid)):
        if held != NO_VALUE:
            text += f", {name} {told_value(held)}"
    return text


def _told_votes(votes: tuple[Vote, ...]) -> str:
    groups: dict[str, list[str]] = {}
    for vote in votes:
        key = f"{vote.type.name.lower()} {vote.round} {letter(vote.block_id)}"
        groups.setdefault(key, []).append(str(vote.validator))
    return "; ".join(f"{key} by {','.join(authors)}" for key, authors in groups.items())


def _told_evidence(evidence) -> str:
    first, second = evidence.first, evidence.second
    values = f"{letter(first.block_id)} and {letter(second.block_id)}"
    if isinstance(evidence, DuplicateVote):
        kind = first.type.name.lower()
        return f"evidence: {first.validator} signed {kind}s for {values} in round {first.round}"
    return f"evidence: {first.proposer} proposed {values} in round {first.round}"
