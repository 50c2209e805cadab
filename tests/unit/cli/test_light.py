"""The light verifier: proofs that stand on genesis alone, and every lie that they must not carry."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import light
from cli.light import Proven, Trust, Unproven, verify_proof
from contracts.chain.genesis import Genesis, encode_genesis
from contracts.chain.validators import Validator, ValidatorSet
from contracts.gs1.keys import pack_gtin
from contracts.ledger.proof import CertifiedHeader, Proof, ValidatorChange
from contracts.ledger.receipt import ACCEPTED
from contracts.primitives.encoding import encode
from contracts.records.head import Head
from contracts.records.supply import Commission
from tests.vectors.chain import ChainMaker, sign_commit
from tests.vectors.chain_cases import prove_document, three_blocks
from tests.vectors.network import EXPIRY, PACK_GTIN, START_MS, site, vector_genesis

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


def check(proof: Proof, genesis: Genesis = GENESIS) -> Proven:
    """Check a proof's bytes against genesis, as somebody far away does."""
    return verify_proof(Trust.from_genesis(encode_genesis(genesis)), encode(proof))


@pytest.mark.parametrize("height", [1, 2])
def test_every_document_is_proven_with_its_verdict(height: int) -> None:
    receipts = CHAIN.blocks[height - 1].result.receipts
    for index, receipt in enumerate(receipts):
        proven = check(prove_document(CHAIN, height, index))
        assert proven.block.height == height
        assert encode(tuple(vars(proven.receipt).values())) == encode(receipt)
        assert proven.document_id == receipt.document_id
        assert proven.block.time_ms == CHAIN.blocks[height - 1].block.header.time_ms


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
    "version 2, expected 3": lambda: change(PROOF, version=2),
    "block: version 1 of the header": lambda: certified("block", version=1),
    "block: made on network 'vectors-2'": lambda: certified("block", chain_id="vectors-2"),
    "block: decided by other validators": lambda: certified("block", validators_hash=bytes(32)),
    "block: the commit decides another block": lambda: change(
        PROOF, block=change(PROOF.block, commit=LATER.block.commit)
    ),
    "block: the commit decides another": lambda: uncommitted("block", height=2),
    "block: commit: power": lambda: uncommitted("block", signatures=()),
    "block: commit: the signature": lambda: uncommitted("block", round=1),
    "next block: made on network": lambda: certified("next_block", chain_id="vectors-2"),
    "next block: decided by other validators": lambda: certified("next_block", validators_hash=bytes(32)),
    "next block: the commit decides another": lambda: uncommitted("next_block", block_id=bytes(32)),
    "next block: commit: power": lambda: uncommitted("next_block", signatures=()),
    "next block: does not follow": lambda: change(PROOF, next_block=LATER.next_block),
    "next block: does not": lambda: change(PROOF, next_block=PROOF.block),
    "next block: does": lambda: certified("next_block", previous_block_id=bytes(32)),
    "document: not under": lambda: change(PROOF, document=PROOF.document + b"\x00"),
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
    with pytest.raises(Unproven) as caught:
        check(BAD[message]())
    assert str(caught.value).startswith(message)


def test_a_proof_is_worth_nothing_under_another_genesis() -> None:
    with pytest.raises(Unproven, match="block: made on network"):
        check(PROOF, change(GENESIS, chain_id="vectors-2"))
    others = tuple(change(node, power=9) if node.power else node for node in GENESIS.nodes)
    with pytest.raises(Unproven, match="other validators"):
        check(PROOF, change(GENESIS, nodes=others))


def _copied(kind: str) -> ChainMaker:
    """Return a chain whose first block holds one document twice, of which the law accepts one."""
    chain = ChainMaker()
    packs = Commission(
        Head(START_MS, 120, site("plant"), ()), pack_gtin(PACK_GTIN), b"L-7", EXPIRY, b"", 0, (b"1", b"2")
    )
    document = chain.document(packs)
    bundles = {
        "by another signer": lambda: [chain.bundle("alder", document), chain.bundle("elm", document)],
        "by its signer, in one bundle": lambda: [chain.bundle("alder", document, document)],
        "by its signer, in two bundles": lambda: [
            chain.bundle("alder", document),
            chain.bundle("alder", document),
        ],
    }
    chain.make(bundles[kind]())
    chain.make([])
    return chain


@pytest.mark.parametrize("mine", [0, 1])
@pytest.mark.parametrize(
    "kind", ["by another signer", "by its signer, in one bundle", "by its signer, in two bundles"]
)
def test_a_verdict_is_not_moved_to_another_document_of_the_same_bytes(kind: str, mine: int) -> None:
    """The receipt names the document alone; to which of its places it answers, its leaf says (ADR 32)."""
    chain = _copied(kind)
    proofs = [prove_document(chain, 1, index) for index in (0, 1)]
    assert proofs[0].document == proofs[1].document
    assert [check(proof).receipt.code == ACCEPTED for proof in proofs].count(True) == 1
    own, others = proofs[mine], proofs[1 - mine]
    assert own.receipt != others.receipt
    with pytest.raises(Unproven, match="receipt: not under the receipts root"):
        check(change(own, receipt=others.receipt, in_receipts=others.in_receipts))
    with pytest.raises(Unproven, match="receipt: not under the receipts root"):
        check(change(own, receipt=others.receipt))


TRUST = Trust.from_genesis(encode_genesis(GENESIS))
NO_PROOFS = {
    "empty": b"",
    "nil": b"\xc0",
    "more behind it": encode(PROOF) + b"\x00",
    "cut off": encode(PROOF)[:-1],
    "a number wider than it need be": encode(PROOF).replace(b"\x9c\x03", b"\x9c\xcc\x03", 1),
    "a map": b"\x81\x01\x02",
    "a float": b"\x91\xca\x00\x00\x00\x00",
    "deep": b"\x91" * 100_000 + b"\x01",
    "text that is none": b"\x91\xa1\xff",
    "a promise of four thousand million entries": b"\xdd\xff\xff\xff\xff",
    "a field too few": encode(tuple(range(11))),
    "long": bytes(light.MAX_PROOF_BYTES + 1),
}


@pytest.mark.parametrize("data", NO_PROOFS.values(), ids=NO_PROOFS)
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(Unproven, match="proof"):
        verify_proof(TRUST, data)


@given(st.data())
def test_no_byte_of_a_proof_is_free(data: Any) -> None:
    """Changed anywhere, a proof no longer reads, no longer holds, or says the very same."""
    good = encode(PROOF)
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(1, 255)) ^ good[place]
    try:
        proven = verify_proof(TRUST, good[:place] + bytes((byte,)) + good[place + 1 :])
    except Unproven:
        return
    assert proven == check(PROOF)


# ------------------------------------------------------------------------------ validators that change

OLD = CHAIN.tip.validators
NEW = ValidatorSet(Validator(validator.public_key, validator.power + 1) for validator in OLD.validators[:3])
"""Three of the four, with other powers."""


def decided(
    certified: CertifiedHeader, by: ValidatorSet, then: ValidatorSet, **header: Any
) -> CertifiedHeader:
    """Return a header as `by` would have decided it, naming `then` for the next height."""
    bent = change(certified.header, validators_hash=by.hash, next_validators_hash=then.hash, **header)
    return CertifiedHeader(bent, sign_commit(GENESIS.chain_id, by, bent))


def changed(at: int) -> Proof:
    """Return a proof of height 2 on a chain whose validators change after height `at`, 1 or 2."""
    sets = [OLD if height <= at else NEW for height in range(1, 5)]
    first = decided(PROOF.block, sets[0], sets[1])
    previous = light.tagged_hash("packtrail/header/1", encode(first.header))
    block = decided(LATER.block, sets[1], sets[2], previous_block_id=previous)
    previous = light.tagged_hash("packtrail/header/1", encode(block.header))
    following = decided(LATER.next_block, sets[2], sets[3], previous_block_id=previous)
    bridge = ValidatorChange((first, block)[at - 1], NEW.validators)
    return change(LATER, block=block, next_block=following, changes=(bridge,))


@pytest.mark.parametrize("at", [1, 2])
def test_a_change_of_validators_is_followed(at: int) -> None:
    assert check(changed(at)).block.height == 2


def test_a_change_must_be_shown() -> None:
    for at, name in ((1, "block"), (2, "next block")):
        with pytest.raises(Unproven, match=f"^{name}: decided by other validators"):
            check(change(changed(at), changes=()))


def test_a_change_that_is_shown_must_hold() -> None:
    proof = changed(1)
    (bridge,) = proof.changes
    other = change(bridge, validators=OLD.validators)
    with pytest.raises(Unproven, match="change 0: names another set than it brings"):
        check(change(proof, changes=(other,)))
    by_itself = change(bridge, certified=decided(bridge.certified, NEW, NEW))
    with pytest.raises(Unproven, match="change 0: decided by other validators"):
        check(change(proof, changes=(by_itself,)))
    with pytest.raises(Unproven, match="change 1: decided by other validators"):
        check(change(proof, changes=(bridge, bridge)))


def test_the_set_before_decides_nothing_after_it() -> None:
    proof = changed(1)
    old = decided(proof.block, OLD, OLD)
    with pytest.raises(Unproven, match="block: decided by other validators"):
        check(change(proof, block=old))
    back = ValidatorChange(decided(proof.changes[0].certified, NEW, OLD), OLD.validators)
    with pytest.raises(Unproven, match="change 1: the commit decides another block"):
        check(change(proof, changes=(*proof.changes, back)))


@pytest.mark.parametrize(
    ("validators", "message"),
    [
        ([], "0, expected 1 to 128"),
        ([(bytes(32), 1)] * 2, "twice"),
        ([(bytes(31), 1)], "32 bytes"),
        ([(bytes(32), 0)], "power of at least 1"),
        ([(bytes(32), True)], "validators.power: not of type int"),
        ([(bytes(32), light.MAX_TOTAL_POWER + 1)], "too much power"),
    ],
)
def test_no_other_set_is_trusted(validators: Any, message: str) -> None:
    with pytest.raises(Unproven, match=message):
        Trust("vectors", validators)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"nodes": [{"role": "validator"}]}', b"[" * 10_000])
def test_what_is_no_genesis_is_refused(data: bytes) -> None:
    with pytest.raises(Unproven, match="genesis"):
        Trust.from_genesis(data)


# ------------------------------------------------------------------------------ it stands alone


def test_it_needs_nothing_else_and_can_be_read_at_one_sitting(tmp_path: Path) -> None:
    source = Path(light.__file__)
    assert len(source.read_text().splitlines()) <= 500
    for name, data in (("light.py", source.read_bytes()), ("a.proof", encode(PROOF)), ("b.proof", b"\xc0")):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "genesis.json").write_bytes(encode_genesis(GENESIS))
    loaded = (
        "import runpy, sys; sys.argv[1:] = ['genesis.json', sys.argv[1]]\n"
        "try: runpy.run_path('light.py', run_name='__main__')\n"
        "finally: assert not {'cli', 'contracts', 'msgspec', 'typer'} & set(sys.modules)"
    )
    command = [sys.executable, "-P", "-c", loaded]
    good = subprocess.run([*command, "a.proof"], cwd=tmp_path, capture_output=True, check=True)
    shown = json.loads(good.stdout)
    assert (shown["height"], shown["accepted"], shown["document"]) == (
        1,
        True,
        PROOF.receipt.document_id.hex(),
    )
    bad = subprocess.run([*command, "b.proof"], cwd=tmp_path, capture_output=True, check=False)
    assert (bad.returncode, bad.stdout) == (1, b"")
    assert b"proves nothing: proof: holds more than" in bad.stderr
