"""Evidence on this node's disk: one piece an offence, a bound for each offender."""

import pytest

from contracts.chain.evidence import Evidence, of_proposals, of_votes
from contracts.chain.votes import NIL, Proposal, Vote, VoteType
from node.storage import evidence as module
from node.storage.errors import StorageDamaged
from node.storage.evidence import KeptEvidence, Offence, keep_evidence, load_evidence, offence_of
from node.storage.memory import MemoryStore
from node.storage.store import LOCAL

LIAR, OTHER = b"\1" * 32, b"\2" * 32


def votes(height: int = 5, kind: VoteType = VoteType.PREVOTE, second: bytes = b"\7" * 32) -> Evidence:
    one, other = (Vote(kind, height, 0, said, 2, bytes(64)) for said in (NIL, second))
    return of_votes(one, other)


def proposals() -> Evidence:
    return of_proposals(*(Proposal(5, 0, said * 32, -1, 2, bytes(64)) for said in (b"\7", b"\x08")))


def test_one_piece_of_each_offence() -> None:
    store = MemoryStore()
    kept = [
        KeptEvidence(LIAR, 10, proposals()),
        KeptEvidence(LIAR, 11, votes()),
        KeptEvidence(LIAR, 12, votes(kind=VoteType.PRECOMMIT)),
        KeptEvidence(LIAR, 13, votes(6)),
        KeptEvidence(OTHER, 14, votes()),
    ]
    assert all(keep_evidence(store, each) for each in kept)
    assert not keep_evidence(store, KeptEvidence(LIAR, 20, votes(second=b"\x09" * 32)))
    assert load_evidence(store) == kept
    assert [offence_of(each.evidence) for each in kept[:3]] == list(Offence)


def test_a_liar_cannot_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PER_VALIDATOR", 3)
    store = MemoryStore()
    assert [keep_evidence(store, KeptEvidence(LIAR, 0, votes(height))) for height in range(5)] == [
        *(True, True, True),
        *(False, False),
    ]
    assert keep_evidence(store, KeptEvidence(OTHER, 0, votes()))
    assert [kept.evidence.first.height for kept in load_evidence(store)] == [0, 1, 2, 5]


def test_damage_is_noticed() -> None:
    store = MemoryStore()
    keep_evidence(store, KeptEvidence(LIAR, 0, votes()))
    ((key, _row),) = store.scan(LOCAL).rows
    store.write([(key, b"\xc1")], sync=True)
    with pytest.raises(StorageDamaged):
        load_evidence(store)
