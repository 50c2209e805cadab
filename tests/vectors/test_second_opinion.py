"""The verifier written from ADR 0001 alone agrees with every vector: the ADR leaves no byte open."""

from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.primitives.encoding import encode
from tests.vectors import verifier
from tests.vectors.notation import from_json, load

CHAIN = load("chain.json")
HASHES = load("hashes.json")
MERKLE = load("merkle.json")
NETWORK = verifier.Network(load("genesis.json"))
CODES = {"shipment": lambda data: verifier.h("shipment", data)[:16]}

LEAVES = (
    st.integers(-(2**63), 2**64 - 1)
    | st.binary(max_size=300)
    | st.text(st.characters(codec="utf-8"), max_size=80)
)


@given(st.recursive(LEAVES, lambda values: st.lists(values, max_size=20), max_leaves=40))
def test_both_libraries_write_the_same_bytes(value: Any) -> None:
    assert encode(value) == msgpack.packb(value, use_bin_type=True)


@pytest.mark.parametrize("length", [0, 15, 16, 31, 32, 255, 256, 65_535, 65_536])
def test_both_libraries_write_lengths_alike(length: int) -> None:
    for value in (b"b" * length, "t" * length, [0] * length):
        assert encode(value) == msgpack.packb(value, use_bin_type=True)


def test_genesis_has_the_hash_and_the_app_hash_of_the_vectors() -> None:
    assert from_json(CHAIN["genesis_hash"]) == NETWORK.hash
    writes = from_json(CHAIN["genesis_writes"])
    assert [key for key, _value in writes] == sorted({key for key, _value in writes})
    assert from_json(CHAIN["genesis_app_hash"]) == verifier.app_hash(verifier.ZEROS, writes)


def test_three_blocks_follow_from_genesis() -> None:
    previous, time_ms = verifier.ZEROS, NETWORK.time_ms
    app_hash, receipts_root = from_json(CHAIN["genesis_app_hash"]), verifier.root([])
    commit: Any = [0, 0, b"", []]
    lanes: dict[bytes, int] = {}
    for at, made in enumerate(map(_bytes_of, CHAIN["blocks"])):
        header, entries, last_commit, evidence = verifier.unpack(made["block"])
        assert header == [
            *(2, NETWORK.chain_id, at + 1, header[3], previous),
            verifier.h("commit", verifier.pack(commit)),
            verifier.root([verifier.pack(entry) for entry in entries]),
            verifier.root([]),
            *(NETWORK.validators_hash, NETWORK.validators_hash, NETWORK.parameters_hash),
            *(app_hash, receipts_root, b"", header[14]),
        ]
        assert (header[3] > time_ms, last_commit, evidence) == (True, commit, [])
        assert header[14] in [key for key, _power in NETWORK.validators]
        ids = _check_bundles(made, entries, previous, lanes)
        previous, time_ms = verifier.h("header", verifier.pack(header)), header[3]
        assert previous == made["block_id"]
        commit = verifier.unpack(made["commit"])
        NETWORK.check_commit(commit, at + 1, previous)
        receipts = [verifier.unpack(receipt) for receipt in made["receipts"]]
        assert [receipt[0] for receipt in receipts] == ids == made["document_ids"]
        assert [receipt[1] for receipt in receipts] == made["codes"]
        places = [
            (entry[0], index)
            for entry, data in zip(entries, made["bundles"], strict=True)
            for index in range(len(verifier.unpack(data)[2]))
        ]
        leaves = [
            verifier.h("receipt", verifier.pack([*place, receipt]))
            for place, receipt in zip(places, receipts, strict=True)
        ]
        receipts_root = verifier.root(leaves)
        app_hash = verifier.app_hash(app_hash, made["writes"])
        assert (app_hash, receipts_root) == (made["app_hash"], made["receipts_root"])


def _bytes_of(block: dict[str, Any]) -> dict[str, Any]:
    return {name: from_json(value) for name, value in block.items()}


def _check_bundles(made: Any, entries: Any, previous: bytes, lanes: dict[bytes, int]) -> list[bytes]:
    """Check the bundles of a block: entries, order, lanes; return the document ids."""
    ids: list[bytes] = []
    places = []
    for entry, data in zip(entries, made["bundles"], strict=True):
        identifier, header, documents = verifier.check_bundle(NETWORK, data)
        assert entry == [identifier, len(data), header[6]]
        assert lanes.get(header[2], 0) == header[3]
        lanes[header[2]] = header[4]
        places.append((header[2], header[4]))
        ids += documents
    assert verifier.order_of(previous, places) == list(range(len(places)))
    assert [entry[0] for entry in entries] == made["bundle_ids"]
    return ids


def test_the_chain_holds_every_record_and_refusals_too() -> None:
    blocks = [_bytes_of(block) for block in CHAIN["blocks"]]
    documents = [
        document for made in blocks for data in made["bundles"] for document in verifier.unpack(data)[2]
    ]
    tags = {record[0] for document in documents for record in verifier.unpack(document)[3]}
    assert tags == set(verifier.LENGTH)
    codes = {code for made in blocks for code in made["codes"]}
    assert codes == {"accepted", "item_unknown", "not_holder", "not_receiver"}


@pytest.mark.parametrize("case", HASHES["domains"], ids=lambda case: case["tag"])
def test_a_domain_hashes_as_the_adr_says(case: Any) -> None:
    kind = case["tag"].split("/")[1]
    assert case["tag"] == f"packtrail/{kind}/{verifier.VERSIONS.get(kind, 1)}"
    assert verifier.h(kind, from_json(case["data"])) == from_json(case["hash"])


@pytest.mark.parametrize("case", HASHES["ids"], ids=lambda case: case["kind"])
def test_an_id_is_the_hash_of_its_bytes(case: Any) -> None:
    data = from_json(case["bytes"])
    identifier = verifier.h(case["kind"], data)
    assert identifier[: 16 if case["kind"] == "shipment" else 32] == from_json(case["id"])
    if case["kind"] != "document":
        assert verifier.pack(verifier.unpack(data)) == data


@pytest.mark.parametrize("case", HASHES["signed"], ids=lambda case: case["name"])
def test_signed_bytes_are_tag_and_fields(case: Any) -> None:
    fields, tag = from_json(case["fields"]), case["tag"]
    assert verifier.prefix(tag) + verifier.pack(fields) == from_json(case["bytes"])
    kind = tag.removeprefix("packtrail/sign-").removesuffix("/1")
    key, signature = from_json(case["public_key"]), from_json(case["signature"])
    verifier.check_signature(key, kind, fields, signature)


@pytest.mark.parametrize("case", HASHES["order"], ids=lambda case: case["previous_block_id"][:10])
def test_bundles_stand_in_the_order_of_the_adr(case: Any) -> None:
    bundles = [tuple(pair) for pair in from_json(case["bundles"])]
    assert verifier.order_of(from_json(case["previous_block_id"]), bundles) == case["order"]


@pytest.mark.parametrize("case", HASHES["app_hashes"], ids=lambda case: case["name"])
def test_an_app_hash_follows_from_the_writes(case: Any) -> None:
    writes, previous = from_json(case["writes"]), from_json(case["previous"])
    assert verifier.writes_hash(writes) == from_json(case["writes_hash"])
    assert verifier.app_hash(previous, writes) == from_json(case["app_hash"])


def test_merkle_trees_have_the_shape_of_rfc_6962() -> None:
    for case in MERKLE["roots"]:
        assert verifier.root(from_json(case["leaves"])) == from_json(case["root"])


@pytest.mark.parametrize("kind", ["good", "bad"])
def test_merkle_proofs_are_judged_alike(kind: str) -> None:
    for case in MERKLE[kind]:
        proof = verifier.unpack(from_json(case["proof"]))
        found = verifier.is_included(from_json(case["root"]), from_json(case["leaf"]), proof)
        assert found is (kind == "good"), case
