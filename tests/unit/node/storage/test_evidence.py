"""Evidence on this node's disk: one piece an offence, a bound for each offender."""

import pytest

from contracts.chain.evidence import Evidence, OffenceKind, kind_of, of_proposals, of_votes
from contracts.chain.votes import NIL, Proposal, Vote, VoteType
from node.storage import evidence as module
from node.storage.errors import StorageDamaged
from node.storage.evidence import KeptEvidence, keep_evidence, load_evidence
from node.storage.memory import MemoryStore
from node.storage.store import LOCAL

LIAR, OTHER = b"\1" * 32, b"\2" * 32


def votes(height: int = 5, kind: VoteType = VoteType.PREVOTE, second: bytes = b"\7" * 32) -> Evidence:
    one, other = (Vote(kind, height, 0, said, 2, bytes(64)) for said in (NIL, second))
    return of_votes(one, other)


def proposals(height: int = 5) -> Evidence:
    return of_proposals(*(Proposal(height, 0, said * 32, -1, 2, bytes(64)) for said in (b"\7", b"\x08")))


def test_one_piece_of_each_offence() -> None:
    store = MemoryStore()
    kept = [
        KeptEvidence(LIAR, 10, proposals()),
        KeptEvidence(LIAR, 13, votes(6)),
        KeptEvidence(LIAR, 14, votes(7, VoteType.PRECOMMIT)),
        KeptEvidence(OTHER, 15, votes()),
    ]
    assert all(keep_evidence(store, each) for each in kept)
    for again in (votes(), votes(6, second=b"\x09" * 32), proposals(7)):
        assert not keep_evidence(store, KeptEvidence(LIAR, 20, again))
    assert load_evidence(store) == kept
    assert [kind_of(each.evidence) for each in kept[:3]] == list(OffenceKind)


def test_a_liar_cannot_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PER_VALIDATOR", 3)
    store = MemoryStore()
    heights = (2, 4, 3, 1, 6, 5, 3)
    assert [keep_evidence(store, KeptEvidence(LIAR, 0, votes(height))) for height in heights] == [
        *(True, True, True),
        *(False, True, True, False),
    ]
    assert keep_evidence(store, KeptEvidence(OTHER, 0, votes()))
    # Of its latest heights: what it did before is on the ledger, or nobody ever proposed it.
    assert [kept.evidence.first.height for kept in load_evidence(store)] == [4, 5, 6, 5]


def test_damage_is_noticed() -> None:
    store = MemoryStore()
    keep_evidence(store, KeptEvidence(LIAR, 0, votes()))
    ((key, _row),) = store.scan(LOCAL).rows
    store.write([(key, b"\xc1")], sync=True)
    with pytest.raises(StorageDamaged):
        load_evidence(store)
