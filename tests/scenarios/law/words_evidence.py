"""Words of evidence: pairs of statements that validators signed, in a block of their own.

    evidence north at 3                          two prevotes at height 3, in round 0
    evidence north at 3 precommits in 2          ... precommits, in round 2
    evidence north at 3 proposals                ... proposals
    evidence north at 3 forged                   ... with a signature of somebody else
    evidence north at 3, north at 3 proposals    both, in canonical order

Pairs name no height that no block has, but for the trial of it. `see offences of north` describes what the
ledger holds against a validator.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from contracts.chain.evidence import Evidence, OffenceKind, evidence_hash
from contracts.chain.votes import VoteType
from contracts.rules.convicting import evidence_fault
from contracts.state.evidence import Moment, voters_at
from contracts.state.layout import CONVICTIONS
from contracts.state.view import Overlay
from tests.scenarios.law.world import NODES, Ledger, lane_of, seed
from tests.support.evidence import two_proposals, two_votes

if TYPE_CHECKING:
    from tests.scenarios.law.language import Speaker

_PIECE = re.compile(r"(\w+) at (\d+)(?: (prevotes|precommits|proposals))?(?: in (\d+))?( forged)?")
_KEYS = {lane_of(name).hex(): name for name in NODES}


def piece(ledger: Ledger, text: str) -> Evidence:
    """Return the evidence that a sentence is about."""
    found = _PIECE.fullmatch(text)
    assert found is not None, text
    name, height, kind, round_, forged = found.groups()
    at, within = int(height), int(round_ or 0)
    author, key = _index(ledger, name, at), seed("nobody" if forged else name)
    if kind == "proposals":
        return two_proposals("law", key, at, author, round_=within)
    said = VoteType.PRECOMMIT if kind == "precommits" else VoteType.PREVOTE
    return two_votes("law", key, at, author, kind=said, round_=within)


def _index(ledger: Ledger, name: str, height: int) -> int:
    """Return the index of a node in the set that voted at a height; one beyond it for a node that did not."""
    names = [entry.node for entry in voters_at(ledger.state(), height)]
    return names.index(name) if name in names else len(names)


def answers(speaker: "Speaker", text: str) -> Iterator[str]:
    """Put evidence into a block, and say what becomes of it."""
    ledger = speaker.ledger
    pieces = sorted((piece(ledger, one.strip()) for one in text.split(",")), key=evidence_hash)
    context = ledger.context()
    fault = evidence_fault(ledger.state(), "law", Moment(context.height, context.time_ms), pieces)
    if fault is not None:
        for key, name in _KEYS.items():
            fault = fault.replace(f"validator {key}", name)
        yield f"then no such block may be: {fault}"
        return
    result = ledger.block(evidence=pieces)
    yield f"then they stand in block {ledger.height}"
    yield from map(speaker.event, result.events)


def see(state: Overlay, name: str) -> str:
    """Describe what the ledger holds against a validator."""
    row = state.read(CONVICTIONS, lane_of(name))
    if row is None:
        return f"nothing is held against {name}"
    offences = " and ".join(
        f"{OffenceKind(one.kind).name.lower()}s at {one.height} (block {one.recorded_at})"
        for one in row.offences
    )
    times = "once" if row.count == 1 else f"{row.count} times"
    return f"{name} lied {times}: {offences}"
