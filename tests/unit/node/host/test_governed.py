"""What a node does with changes of the network: sets, proofs, names, the whole chain verified again."""

import pytest

from contracts.chain.evidence import DuplicateVote
from contracts.chain.validators import ValidatorSet
from contracts.gs1.keys import pack_gln
from contracts.ledger.block import rules_fault
from contracts.ledger.proof import Proof
from contracts.primitives import signing
from contracts.records.changes import AddKey, PutNode, RemoveNode, SetMarket, SetProfile
from contracts.rules.changing_nodes import validator_set
from contracts.state.layout import PROFILES, text_key
from node.host.ledger import Ledger
from node.host.verify_chain import verify_chain
from node.storage.head_marker import MarkerState
from node.storage.history import History
from node.storage.memory import MemoryStore
from node.storage.proofs import build_proof
from node.storage.validators import ValidatorHistory
from tests.support.evidence import two_votes
from tests.support.governed import decide
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, build_test_genesis, seed_of, validator_name, validator_seed

NEW_KEY = signing.public_key_of(seed_of("a new lane"))


def voting_key(number: int) -> bytes:
    return signing.public_key_of(validator_seed(number))


FIFTH = PutNode("fifth", "validator", b"fifth's", pack_gln(MAKER.gln), voting_key(4), 1)


@pytest.fixture
def node() -> OneNode:
    """A chain in which a fifth validator joined, and the first one left."""
    node = OneNode(build_test_genesis(validators=4), remembers=True)
    decide(node, FIFTH, AddKey(pack_gln(MAKER.gln), NEW_KEY, 0))
    node.produce()
    decide(node, RemoveNode(validator_name(0)))
    for _block in range(4):
        node.produce()
    return node


def test_who_voted_at_every_height_is_known(node: OneNode) -> None:
    history = ValidatorHistory(node.store)
    assert [height for height, _set in history.sets()] == [1, 5, 9]
    assert len(history.at(4)) == 4
    assert len(history.at(5)) == 5
    assert validator_set(history.at(node.ledger.tip.height)) == node.ledger.tip.last_validators
    for height in range(1, node.ledger.tip.height + 1):
        header = History(node.store).block(height).header
        assert header.validators_hash == validator_set(history.at(height)).hash
        assert header.next_validators_hash == validator_set(history.at(height + 1)).hash


def test_the_whole_chain_is_verified_again_with_the_sets_of_its_heights(node: OneNode) -> None:
    found = verify_chain(node.store, node.genesis, MemoryStore(), lambda _height: None)
    assert found.height == node.ledger.tip.height
    assert found.app_hash == node.ledger.tip.app_hash


def test_a_restart_at_every_height_of_a_change_finds_the_same_tip_and_turns() -> None:
    node = OneNode(build_test_genesis(validators=4))
    decide(node, FIFTH, RemoveNode(validator_name(1)))
    for _block in range(5):
        again = Ledger(node.store, node.genesis)
        again.open()
        assert again.tip == node.ledger.tip
        assert again.round_zero_signers == node.ledger.round_zero_signers
        assert again.nodes() == node.ledger.nodes()
        node.produce()


def test_a_proof_follows_the_validators_from_genesis(node: OneNode) -> None:
    document = node.put(MAKER, node.commission(["A1"]))
    node.produce()
    node.produce()
    proof = build_proof(History(node.store), document)
    assert isinstance(proof, Proof)
    assert [change.certified.header.height for change in proof.changes] == [4, 8]
    for change in proof.changes:
        assert change.certified.header.next_validators_hash == ValidatorSet(change.validators).hash


def test_nodes_are_told_when_they_change_and_only_then(node: OneNode) -> None:
    told = [applied.nodes for applied in node.applied if applied.nodes is not None]
    assert [len(nodes) for nodes in told] == [6, 5]
    assert {one.name for one in told[1]} == {"fifth", "observer", *map(validator_name, (1, 2, 3))}
    assert rules_fault(node.ledger.tip) is None


def test_old_blocks_replay_under_the_profile_that_bound_them() -> None:
    node = OneNode(build_test_genesis(validators=4))
    row = PROFILES.decode(node.ledger.state.get(PROFILES.prefix + text_key("eu-fmd")) or b"")
    strict = tuple(64 if name == "dispense_roles" else getattr(row, name) for name in row.__struct_fields__)
    decide(node, SetProfile("strict", strict), SetMarket("DE", "strict", 60))
    hashes = []
    for at in range(4):
        node.record(MAKER, node.commission([f"A{at}"]))
        hashes.append(node.ledger.tip.app_hash)
    again = verify_chain(node.store, node.genesis, MemoryStore(), lambda _height: None)
    assert again.app_hash == hashes[-1]


def test_who_left_is_convicted_by_the_set_of_its_time_and_a_new_start_knows(node: OneNode) -> None:
    chain_id, height = node.genesis.chain_id, node.ledger.tip.height
    left, stayed = validator_seed(0), validator_seed(2)

    def lie(seed: bytes, at: int) -> DuplicateVote:
        voters = validator_set(ValidatorHistory(node.store).at(at))
        return two_votes(chain_id, seed, at, voters.index_of(signing.public_key_of(seed)) or 0)

    last = max(at for at in range(1, height + 1) if voting_key(0) in keys_at(node, at))
    assert last < height
    gone = two_votes(chain_id, left, last + 1, 0)
    pieces = [lie(left, last), lie(left, 2), lie(stayed, 2), lie(stayed, last + 1), gone]
    node.evidence = list(pieces)
    node.produce()
    recorded = node.applied[-1].block.evidence
    assert set(recorded) == set(pieces[:4])
    subjects = [event.subject for event in node.applied[-1].events]
    assert subjects == [voting_key(0) if piece in pieces[:2] else voting_key(2) for piece in recorded]
    opened = Ledger(node.store, node.genesis)
    opened.open()
    assert (opened.tip, opened.still_open(pieces)) == (node.ledger.tip, [])
    found = verify_chain(node.store, node.genesis, MemoryStore(), lambda _height: None, MarkerState.MISSING)
    assert found.app_hash == opened.tip.app_hash


def keys_at(node: OneNode, height: int) -> set[bytes]:
    return {entry.public_key for entry in ValidatorHistory(node.store).at(height)}
