"""The code makes and reads the golden vectors byte for byte, and refuses the bad ones."""

import tracemalloc
from typing import Any

import pytest

from cli.light import Trust, verify_proof
from contracts.chain.genesis import decode_genesis, encode_genesis, genesis_hash
from contracts.chain.header import BLOCKS, block_id
from contracts.ledger.bundle import BundleReader, bundle_id, canonical_order, verify_bundle
from contracts.ledger.execute import GENESIS_PREVIOUS, next_app_hash, writes_hash
from contracts.ledger.genesis_state import genesis_writes
from contracts.ledger.proof import Proof
from contracts.ledger.receipt import RECEIPTS
from contracts.primitives import merkle, signing
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.primitives.hashing import Domain
from contracts.primitives.merkle import InclusionProof
from tests.vectors import chain_cases, generate
from tests.vectors.encoding_cases import KINDS
from tests.vectors.hash_cases import DOMAINS
from tests.vectors.network import vector_genesis
from tests.vectors.notation import FOLDER, from_json, load

ENCODING = load("encoding.json")
HASHES = load("hashes.json")
MERKLE = load("merkle.json")
CHAIN = load("chain.json")
GENESIS = (FOLDER / "genesis.json").read_bytes()
INCLUSIONS: Decoder[InclusionProof] = Decoder(InclusionProof)


@pytest.mark.parametrize("name", generate.FILES)
def test_the_files_are_what_the_code_makes(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == generate.text_of(generate.FILES[name]())


def test_check_names_a_file_that_differs_and_writes_nothing(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path)
    monkeypatch.setattr(generate, "FILES", {"one.json": lambda: [1], "two.json": lambda: [2]})
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "two.json").write_text("[3]")
    capsys.readouterr()
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().out == "two.json: not what the code makes\n"
    assert (tmp_path / "two.json").read_text() == "[3]"


@pytest.mark.parametrize("case", ENCODING["good"], ids=lambda case: f"{case['kind']}: {case['name']}")
def test_good_bytes_are_read_and_written_back(case: Any) -> None:
    data = from_json(case["bytes"])
    assert encode(from_json(case["value"])) == data
    assert encode(Decoder(KINDS[case["kind"]]).decode(data)) == data


@pytest.mark.parametrize("case", ENCODING["bad"], ids=lambda case: f"{case['kind']}: {case['why']}")
def test_bad_bytes_are_refused(case: Any) -> None:
    with pytest.raises(MalformedBytes):
        Decoder(KINDS[case["kind"]]).decode(from_json(case["bytes"]))


@pytest.mark.parametrize(
    "data",
    [b"\x93\x05\x09\xdd\xff\xff\xff\xff", b"\x93\x05\x09\x91\xc6\xff\xff\xff\xff", b"\x91" * (1 << 20)],
    ids=["array", "bytes", "nesting"],
)
def test_no_bytes_make_the_decoder_take_much_more_memory_than_they_have(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(MalformedBytes):
            INCLUSIONS.decode(data)
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_every_domain_has_its_vectors_and_its_own_tag() -> None:
    tags = [domain.tag[1:].decode() for domain in DOMAINS.values()]
    assert len(set(tags)) == len(tags)
    assert {case["tag"] for case in HASHES["domains"]} == set(tags)
    signing_domains = (signing.VOTE, signing.PROPOSAL, signing.BUNDLE, signing.SNAPSHOT)
    signed = {domain.tag[1:].decode() for domain in signing_domains}
    assert {case["tag"] for case in HASHES["signed"]} == signed
    assert not signed & set(tags)


@pytest.mark.parametrize("case", HASHES["domains"], ids=lambda case: case["tag"])
def test_a_domain_gives_its_hash(case: Any) -> None:
    assert Domain(case["tag"]).hash(from_json(case["data"])) == from_json(case["hash"])


@pytest.mark.parametrize("case", HASHES["signed"], ids=lambda case: case["name"])
def test_signed_bytes_and_signatures_are_those_of_the_vectors(case: Any) -> None:
    chain_id, *payload = from_json(case["fields"])
    message = signing.sign_bytes(Domain(case["tag"]), chain_id, tuple(payload))
    assert message == from_json(case["bytes"])
    seed, signature = from_json(case["seed"]), from_json(case["signature"])
    assert signing.sign(seed, message) == signature
    assert signing.verify(from_json(case["public_key"]), message, signature)


@pytest.mark.parametrize("case", HASHES["order"], ids=lambda case: case["previous_block_id"][:10])
def test_the_order_of_bundles_does_not_depend_on_how_they_came(case: Any) -> None:
    entries = [(lane, sequence, at) for at, (lane, sequence) in enumerate(from_json(case["bundles"]))]
    previous = from_json(case["previous_block_id"])
    assert canonical_order(previous, entries) == case["order"]
    assert canonical_order(previous, reversed(entries)) == case["order"]


@pytest.mark.parametrize("case", HASHES["app_hashes"], ids=lambda case: case["name"])
def test_writes_give_their_app_hash(case: Any) -> None:
    writes = tuple((row[0], row[1] if len(row) > 1 else b"") for row in from_json(case["writes"]))
    assert writes_hash(writes) == from_json(case["writes_hash"])
    assert next_app_hash(from_json(case["previous"]), writes) == from_json(case["app_hash"])


def test_merkle_roots_are_those_of_the_vectors() -> None:
    for case in MERKLE["roots"]:
        assert merkle.root(from_json(case["leaves"])) == from_json(case["root"])


@pytest.mark.parametrize("kind", ["good", "bad"])
def test_merkle_proofs_are_judged_as_written(kind: str) -> None:
    for case in MERKLE[kind]:
        proof = INCLUSIONS.decode(from_json(case["proof"]))
        assert merkle.verify(from_json(case["root"]), from_json(case["leaf"]), proof) is (kind == "good"), (
            case
        )


def test_genesis_is_read_and_hashed_as_written() -> None:
    genesis = decode_genesis(GENESIS)
    assert genesis == vector_genesis()
    assert decode_genesis(encode_genesis(genesis)) == genesis
    assert genesis_hash(genesis) == from_json(CHAIN["genesis_hash"])
    writes = genesis_writes(genesis)
    assert [list(write) for write in writes] == from_json(CHAIN["genesis_writes"])
    assert next_app_hash(GENESIS_PREVIOUS, writes) == from_json(CHAIN["genesis_app_hash"])


def test_the_chain_is_read_byte_for_byte() -> None:
    genesis = vector_genesis()
    reader = BundleReader(genesis.chain_id, genesis.parameters.limits)
    for made in CHAIN["blocks"]:
        block = BLOCKS.decode(from_json(made["block"]))
        assert block_id(block.header) == from_json(made["block_id"])
        bundles = [reader.read(data) for data in from_json(made["bundles"])]
        assert [bundle_id(bundle.header) for bundle in bundles] == from_json(made["bundle_ids"])
        assert all(map(verify_bundle, bundles))
        receipts = [RECEIPTS.decode(receipt) for receipt in from_json(made["receipts"])]
        assert [receipt.code for receipt in receipts] == made["codes"]


def test_the_chain_is_executed_to_the_same_state() -> None:
    """The law itself stands in these bytes: a rule that changes what it writes changes them."""
    chain = chain_cases.three_blocks()
    for made, expected in zip(chain.blocks, CHAIN["blocks"], strict=True):
        assert [list(write) for write in made.result.writes] == from_json(expected["writes"])
        assert made.result.app_hash == from_json(expected["app_hash"])
        assert made.result.receipts_root == from_json(expected["receipts_root"])


@pytest.mark.parametrize("case", CHAIN["proofs"], ids=lambda case: f"{case['height']} {case['code']}")
def test_a_proof_is_verified_offline(case: Any) -> None:
    data = from_json(case["proof"])
    assert encode(Decoder(Proof).decode(data)) == data
    proven = verify_proof(Trust.from_genesis(encode_genesis(vector_genesis())), data)
    assert (proven.block.height, proven.document_id) == (case["height"], from_json(case["document_id"]))
    assert proven.receipt.code == case["code"]
