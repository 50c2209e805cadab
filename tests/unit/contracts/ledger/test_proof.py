"""Proofs that stand on genesis alone, and every lie that they must not carry."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ledger.proof import InvalidProof, Proof, decode_proof, verify_proof
from contracts.ledger.receipt import receipt_hash
from contracts.primitives import merkle
from contracts.primitives.encoding import encode
from tests.vectors.chain import sign_commit
from tests.vectors.chain_cases import prove_document, three_blocks
from tests.vectors.network import vector_genesis

GENESIS = vector_genesis()
CHAIN = three_blocks()
PROOF = prove_document(CHAIN, 1, 0)
OTHER = prove_document(CHAIN, 1, 8)
"""Of the refused document of the same block."""
LATER = prove_document(CHAIN, 2, 0)
OTHER_LANE = next(
    key.public_key
    for partner in GENESIS.partners
    for key in partner.keys
    if key.public_key != PROOF.bundle.lane
)
change = msgspec.structs.replace


@pytest.mark.parametrize("height", [1, 2])
def test_every_document_is_proven_with_its_verdict(height: int) -> None:
    receipts = CHAIN.blocks[height - 1].result.receipts
    for index, receipt in enumerate(receipts):
        proven = verify_proof(GENESIS, decode_proof(encode(prove_document(CHAIN, height, index))))
        assert (proven.height, proven.receipt) == (height, receipt)
        assert proven.document_id == receipt.document_id
        assert proven.time_ms == CHAIN.blocks[height - 1].block.header.time_ms


def certified(name: str, **header: Any) -> Proof:
    """Return the proof with a header changed and signed again: the lie of a quorum, or of an old key."""
    found = getattr(PROOF, name)
    bent = change(found.header, **header)
    commit = sign_commit(GENESIS.chain_id, CHAIN.tip.validators, bent)
    return change(PROOF, **{name: change(found, header=bent, commit=commit)})


def uncommitted(name: str, **commit: Any) -> Proof:
    """Return the proof with a commit changed."""
    found = getattr(PROOF, name)
    return change(PROOF, **{name: change(found, commit=change(found.commit, **commit))})


def _resigned_receipt() -> Proof:
    """Let the verdict of a refused document be accepted, under a path that was right for the refusal."""
    return change(OTHER, receipt=change(OTHER.receipt, code="accepted", subject=b""))


BAD: dict[str, Callable[[], Proof]] = {
    "version 2, expected 1": lambda: change(PROOF, version=2),
    "block: made on network 'vectors-2'": lambda: certified("block", chain_id="vectors-2"),
    "block: decided by other validators": lambda: certified("block", validators_hash=bytes(32)),
    "block: the commit decides another block": lambda: change(
        PROOF, block=change(PROOF.block, commit=LATER.block.commit)
    ),
    "block: the commit decides another": lambda: uncommitted("block", height=2),
    "block: commit at height 1: power": lambda: uncommitted("block", signatures=()),
    "block: commit at height 1: the signature": lambda: uncommitted("block", round=1),
    "next block: made on network": lambda: certified("next_block", chain_id="vectors-2"),
    "next block: decided by other validators": lambda: certified("next_block", validators_hash=bytes(32)),
    "next block: the commit decides another": lambda: uncommitted("next_block", block_id=bytes(32)),
    "next block: commit at height 2: power": lambda: uncommitted("next_block", signatures=()),
    "next block: does not follow": lambda: change(PROOF, next_block=LATER.next_block),
    "next block: does not": lambda: change(PROOF, next_block=PROOF.block),
    "next block: does": lambda: certified("next_block", previous_block_id=bytes(32)),
    "document: Document": lambda: change(PROOF, document=PROOF.document + b"\x00"),
    "document: not under the bundle's documents root": lambda: change(PROOF, document=OTHER.document),
    "document: not under the bundle's": lambda: change(
        PROOF, in_bundle=change(PROOF.in_bundle, index=PROOF.in_bundle.index + 1)
    ),
    "document: not under the": lambda: change(PROOF, in_bundle=OTHER.in_bundle),
    "bundle: the signature is not the lane's": lambda: change(PROOF, bundle_signature=bytes(64)),
    "bundle: the signature is not": lambda: change(PROOF, bundle_signature=OTHER.bundle_signature),
    "bundle: the signature": lambda: change(PROOF, bundle=change(PROOF.bundle, lane=OTHER_LANE)),
    "bundle: the": lambda: change(PROOF, bundle=change(PROOF.bundle, sequence=99)),
    "bundle: not under the bundles root": lambda: change(PROOF, entry=change(PROOF.entry, size=1)),
    "bundle: not under the bundles": lambda: change(PROOF, entry=change(PROOF.entry, weight=1)),
    "bundle: not under the": lambda: change(PROOF, entry=OTHER.entry, in_block=OTHER.in_block),
    "bundle: not under": lambda: change(PROOF, in_block=OTHER.in_block),
    "receipt: of another document": lambda: change(
        PROOF, receipt=OTHER.receipt, in_receipts=OTHER.in_receipts
    ),
    "receipt: not under the receipts root": _resigned_receipt,
    "receipt: not under the receipts": lambda: change(PROOF, in_receipts=OTHER.in_receipts),
    "receipt: not under": lambda: change(PROOF, receipt=change(PROOF.receipt, record=1)),
}
"""What the refusal says, and the proof that is refused so."""


@pytest.mark.parametrize("message", BAD)
def test_a_lie_is_refused_at_the_step_that_fails(message: str) -> None:
    with pytest.raises(InvalidProof) as caught:
        verify_proof(GENESIS, BAD[message]())
    assert str(caught.value).startswith(message)


def test_a_proof_is_worth_nothing_under_another_genesis() -> None:
    with pytest.raises(InvalidProof, match="block: made on network"):
        verify_proof(change(GENESIS, chain_id="vectors-2"), PROOF)
    others = tuple(change(node, power=9) if node.power else node for node in GENESIS.nodes)
    with pytest.raises(InvalidProof, match="other validators"):
        verify_proof(change(GENESIS, nodes=others), PROOF)


def test_a_verdict_is_not_moved_to_another_document_of_the_same_bytes() -> None:
    """The receipt names the document, so a path to another receipt of the block shows nothing."""
    receipts = CHAIN.blocks[0].result.receipts
    leaves = [receipt_hash(receipt) for receipt in receipts]
    assert len(set(leaves)) == len(leaves)
    assert merkle.verify(PROOF.next_block.header.receipts_root, leaves[0], PROOF.in_receipts)


@pytest.mark.parametrize("data", [b"", b"\xc0", encode(PROOF) + b"\x00", encode(PROOF)[:-1]])
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidProof, match="Proof"):
        decode_proof(data)


@given(st.data())
def test_no_byte_of_a_proof_is_free(data: Any) -> None:
    """Changed anywhere, a proof no longer reads, no longer holds, or says the very same."""
    good = encode(PROOF)
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(1, 255)) ^ good[place]
    try:
        proven = verify_proof(GENESIS, decode_proof(good[:place] + bytes((byte,)) + good[place + 1 :]))
    except InvalidProof:
        return
    assert proven == verify_proof(GENESIS, PROOF)
