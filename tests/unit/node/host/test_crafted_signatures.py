"""A bundle whose signature OpenSSL takes and libsodium refuses: every door of a node answers alike."""

import msgspec
import pytest

from cli import light
from contracts.chain.genesis import encode_genesis
from contracts.chain.votes import Vote, VoteType, verify_vote, vote_sign_bytes
from contracts.ledger.bundle import bundle_sign_bytes, verify_bundle
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from network.sync.checks import ReceivedBlock, open_bundles, read_block
from network.wire.errors import RemoteProtocolError
from network.wire.messages import BlockAnswer
from node.host.chain_fault import ChainFault
from node.host.verify_chain import verify_chain
from node.pool.pool import BundlePool, PoolLimits
from node.storage.head_marker import MarkerState
from node.storage.memory import MemoryStore
from node.storage.store import BUNDLES
from tests.support.crafted import crafted_bundle, crafted_signature, openssl_accepts
from tests.support.ledger import OneNode
from tests.support.parties import MAKER, lane_key
from tests.unit.node.host.test_intake import bundle, intake
from tests.vectors.chain_cases import prove_document, three_blocks
from tests.vectors.network import NAMES, public_key, seed, vector_genesis

SEED = lane_key(MAKER).seed


def test_the_signature_splits_the_two_libraries_by_a_registered_key() -> None:
    made = bundle(OneNode(), "A1")
    message = bundle_sign_bytes(made.header)
    crafted = crafted_signature(SEED, message)
    key = made.header.lane
    assert signing.is_valid_public_key(key)
    assert openssl_accepts(key, message, crafted)
    assert not signing.verify(key, message, crafted)


def test_intake_refuses_it_and_knows_the_liar() -> None:
    node = OneNode()
    said: list[bytes] = []
    door = intake(node, BundlePool(PoolLimits(), 600_000), said)
    made = bundle(node, "A1")
    door.offer("birch", made.bundle_id, crafted_bundle(made.data, SEED))
    node.settle()
    assert said == [b"birch: a bundle's signature is not its lane's"]
    # The good bytes have the same id, and come in all the same.
    door.offer("cedar", made.bundle_id, made.data)
    node.settle()
    assert said[1:] == [made.bundle_id]


def test_block_sync_refuses_it() -> None:
    chain = three_blocks()
    made = chain.blocks[0]
    limits = chain.genesis.parameters.limits
    answer = BlockAnswer(1, encode(made.block), encode(made.commit))
    read = read_block(chain.genesis.chain_id, limits, answer)
    open_bundles(chain.reader, ReceivedBlock("birch", read, made.bundles))
    for at, data in enumerate(made.bundles):
        lane = chain.reader.read(data).header.lane
        crafted = crafted_bundle(data, _seed_of(lane))
        received = ReceivedBlock("birch", read, (*made.bundles[:at], crafted, *made.bundles[at + 1 :]))
        with pytest.raises(RemoteProtocolError, match="the signature of a bundle is wrong"):
            open_bundles(chain.reader, received)


def _seed_of(lane: bytes) -> bytes:
    return next(seed(f"lane of {name}") for name in NAMES if public_key(f"lane of {name}") == lane)


def test_verify_chain_refuses_it_at_its_height() -> None:
    node = OneNode()
    node.record(MAKER, node.commission(["A1"]))
    node.produce()
    rows = dict(node.store.scan(b"", limit=10_000).rows)
    changed = 0
    for key, value in rows.items():
        if key.startswith(BUNDLES):
            # The height stands in front of the bundle's bytes.
            rows[key] = value[:8] + crafted_bundle(value[8:], SEED)
            changed += 1
    assert changed == 1
    store = MemoryStore()
    store.write(rows.items(), sync=True)
    with pytest.raises(ChainFault, match="signature is not that of its lane") as found:
        verify_chain(store, node.genesis, MemoryStore(), lambda _height: None, MarkerState.MISSING)
    assert found.value.height == 1


def test_a_proof_with_it_proves_nothing() -> None:
    proof = prove_document(three_blocks(), 1, 0)
    trust = light.Trust.from_genesis(encode_genesis(vector_genesis()))
    light.verify_proof(trust, encode(proof))
    crafted = crafted_signature(_seed_of(proof.bundle.lane), bundle_sign_bytes(proof.bundle))
    with pytest.raises(light.Unproven, match="the signature is not the lane's"):
        light.verify_proof(trust, encode(msgspec.structs.replace(proof, bundle_signature=crafted)))


def test_a_vote_with_it_counts_nowhere() -> None:
    chain = three_blocks()
    commit = chain.blocks[0].commit
    names = {public_key(f"vote of {name}"): name for name in ("node-a", "node-b", "node-c", "node-d")}
    validators = chain.tip.validators
    validator = validators.validators[0]
    message = vote_sign_bytes(chain.genesis.chain_id, VoteType.PRECOMMIT, 1, commit.round, commit.block_id)
    crafted = crafted_signature(seed(f"vote of {names[validator.public_key]}"), message)
    assert openssl_accepts(validator.public_key, message, crafted)
    vote = Vote(VoteType.PRECOMMIT, 1, commit.round, commit.block_id, 0, crafted)
    assert not verify_vote(chain.genesis.chain_id, validators, vote)
    opened = chain.reader.read(chain.blocks[0].bundles[0])
    assert verify_bundle(opened)
