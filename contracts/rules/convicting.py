"""Evidence on the ledger: which may stand in a block, and what it leaves behind (ADR 19).

An offence is a validator's key and a height: however many steps it lied in there, and however many pairs of
statements show it, it is convicted once. Which pair a block carries is its proposer's choice, and makes no
difference to what follows. Nobody is removed by this: that is for governance to decide (rule 22), which sees
the convictions.

Everything is asked of state, never of what a node happened to keep: the set of the height, how long ago it
was, and who was convicted already.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from contracts.chain.evidence import Evidence, author_of, evidence_hash, kind_of, verify_evidence
from contracts.primitives.encoding import encode
from contracts.rules.changing_nodes import validator_set
from contracts.rules.events import EventKind, Occurrence
from contracts.state.concerned import regulators
from contracts.state.directory import find_partner
from contracts.state.evidence import Moment, lowest_height, raise_floor, voters_at
from contracts.state.evidence_rows import ConvictionsRow, Offence
from contracts.state.governance_rows import ValidatorEntry
from contracts.state.governing import sets
from contracts.state.layout import CONVICTIONS
from contracts.state.view import Overlay

MAX_BLOCK_EVIDENCE: Final = 32
"""Most pieces of evidence in a block: to verify them takes a few ms."""
MAX_EVIDENCE_BYTES: Final = 256
"""Longest piece: no two well-formed statements are longer. So a block's evidence has at most 8 KiB."""
MAX_OFFENCES: Final = 32
"""Most offences of one key within the window: what comes beyond convicts nobody again."""


def evidence_fault(state: Overlay, chain_id: str, moment: Moment, evidence: Sequence[Evidence]) -> str | None:
    """Return why these pieces may not be the evidence of the next block, or None when they may.

    Args:
        state: State after the block before; nothing is written to it.
        chain_id: Name of the network.
        moment: Of the block.
        evidence: In the block's order.
    """
    if len(evidence) > MAX_BLOCK_EVIDENCE:
        return f"{len(evidence)} pieces, at most {MAX_BLOCK_EVIDENCE}"
    hashes = [evidence_hash(piece) for piece in evidence]
    if any(one >= other for one, other in pairwise(hashes)):
        return "not by ascending hash, each once"
    trial = Overlay(state)
    for piece in evidence:
        fault = _piece_fault(trial, chain_id, moment, piece)
        if fault is not None:
            return fault
        convict(trial, moment, piece)
    return None


def choose_evidence(
    state: Overlay, chain_id: str, moment: Moment, known: Iterable[Evidence]
) -> tuple[Evidence, ...]:
    """Return what a proposer puts into a block of what it knows: the oldest offences, in canonical order.

    Args:
        state: State after the block before; nothing is written to it.
        chain_id: Name of the network.
        moment: Of the block.
        known: Any pieces; those that may not stand in the block are left out.
    """
    trial = Overlay(state)
    chosen: list[Evidence] = []
    for piece in sorted(known, key=lambda piece: (piece.first.height, evidence_hash(piece))):
        if len(chosen) == MAX_BLOCK_EVIDENCE:
            break
        if _piece_fault(trial, chain_id, moment, piece) is None:
            convict(trial, moment, piece)
            chosen.append(piece)
    return tuple(sorted(chosen, key=evidence_hash))


def is_over(state: Overlay, moment: Moment, evidence: Evidence) -> bool:
    """Tell whether a piece can be in no block from this moment on: too old, or its offence is recorded."""
    height = evidence.first.height
    if height < lowest_height(state, moment):
        return True
    if height >= moment.height:
        return False
    author = _author(state, evidence)
    return author is None or _is_recorded(state, author.public_key, height)


def _author(state: Overlay, evidence: Evidence) -> ValidatorEntry | None:
    """Return who is said to have made two statements at a height within the window."""
    voters, at = voters_at(state, evidence.first.height), author_of(evidence)
    return voters[at] if 0 <= at < len(voters) else None


def _convictions(state: Overlay, public_key: bytes) -> ConvictionsRow:
    return state.read(CONVICTIONS, public_key) or ConvictionsRow(0, ())


def _is_recorded(state: Overlay, public_key: bytes, height: int) -> bool:
    return any(offence.height == height for offence in _convictions(state, public_key).offences)


def _piece_fault(state: Overlay, chain_id: str, moment: Moment, evidence: Evidence) -> str | None:
    """Return why a piece may not stand next in a block; the dear question comes last."""
    height, lowest = evidence.first.height, lowest_height(state, moment)
    if not lowest <= height < moment.height:
        return f"about height {height}, where {lowest} to {moment.height - 1} may be"
    size = len(encode(evidence))
    if size > MAX_EVIDENCE_BYTES:
        return f"a piece of {size} bytes, at most {MAX_EVIDENCE_BYTES}"
    author = _author(state, evidence)
    if author is None:
        return f"no validator {author_of(evidence)} voted at height {height}"
    if _is_recorded(state, author.public_key, height):
        return f"validator {author.public_key.hex()} was convicted of height {height} already"
    offences = _convictions(state, author.public_key).offences
    if sum(offence.height >= lowest for offence in offences) >= MAX_OFFENCES:
        return f"validator {author.public_key.hex()} was convicted of {MAX_OFFENCES} heights already"
    judged = _convicted_key(state, chain_id, evidence)
    return judged if isinstance(judged, str) else None


def _convicted_key(state: Overlay, chain_id: str, evidence: Evidence) -> bytes | str:
    """Return the key that a piece convicts, or why none; its height lies between the lowest and the next."""
    height, author = evidence.first.height, _author(state, evidence)
    if author is None:
        return f"no validator {author_of(evidence)} voted at height {height}"
    voters = validator_set(voters_at(state, height))
    if not verify_evidence(chain_id, voters, evidence):
        return f"of height {height}: it proves nothing"
    return author.public_key


def judge_claim(state: Overlay, chain_id: str, moment: Moment, evidence: Evidence) -> bytes | str | None:
    """Judge a piece that somebody brings, for a block to come.

    Args:
        state: State after the last block.
        chain_id: Name of the network.
        moment: Of the next block.
        evidence: Any piece, also about the height that is being decided.

    Returns:
        The key that it convicts; why it convicts nobody, when who brings it lies; None when no block could
        carry it all the same, or none can tell yet.
    """
    if not lowest_height(state, moment) <= evidence.first.height <= moment.height:
        return None
    judged = _convicted_key(state, chain_id, evidence)
    return judged if isinstance(judged, str) or not is_over(state, moment, evidence) else None


def convict(state: Overlay, moment: Moment, evidence: Evidence) -> Occurrence:
    """Count an offence, and return the event of it: who runs validators and regulators are told.

    Args:
        state: What is read and written.
        moment: Of the block.
        evidence: A piece that may stand next in it.

    Raises:
        LookupError: It names no validator of its height: the block was never checked.
    """
    author = _author(state, evidence)
    if author is None:
        raise LookupError(f"evidence of height {evidence.first.height} names no validator of it")
    lowest = lowest_height(state, moment)
    row = _convictions(state, author.public_key)
    kept = [offence for offence in row.offences if offence.height >= lowest]
    if len(kept) < len(row.offences):
        raise_floor(state, lowest)
    said = evidence.first
    kept.append(Offence(said.height, said.round, int(kind_of(evidence)), moment.height))
    offences = tuple(sorted(kept, key=lambda offence: offence.height))
    state.write(CONVICTIONS, author.public_key, ConvictionsRow(row.count + 1, offences))
    return Occurrence(EventKind.VALIDATOR_CONVICTED, (), author.public_key, _concerned(state, author))


def _concerned(state: Overlay, author: ValidatorEntry) -> tuple[int, ...]:
    """Return who is told: everyone that runs a validator, also the convicted one, and regulators."""
    glns = {entry.partner for entry in (*sets(state).current, author) if entry.partner}
    found = (find_partner(state, gln) for gln in glns)
    return tuple(sorted({*regulators(state), *(entry[0] for entry in found if entry is not None)}))
