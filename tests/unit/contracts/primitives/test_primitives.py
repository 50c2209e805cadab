"""Encoding, hashing and Merkle trees beyond the golden vectors: limits, misuse, and every small tree."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.primitives import merkle
from contracts.primitives.encoding import Decoder, MalformedBytes, RowDecoder, encode
from contracts.primitives.hashing import NO_HASH, Domain
from contracts.primitives.merkle import EMPTY_ROOT, InclusionProof

PROOFS: Decoder[InclusionProof] = Decoder(InclusionProof)
LEAVES = st.lists(st.binary(max_size=40), min_size=1, max_size=40)


def test_a_decoder_reads_as_much_as_its_owner_allows_and_no_more() -> None:
    data = encode(InclusionProof(0, 1, (b"x" * 10,)))
    assert Decoder(InclusionProof, len(data)).decode(data).path == (b"x" * 10,)
    with pytest.raises(MalformedBytes, match="at most"):
        Decoder(InclusionProof, len(data) - 1).decode(data)


def test_a_refusal_says_what_was_expected() -> None:
    with pytest.raises(MalformedBytes, match="InclusionProof: Expected `array`, got `int`"):
        PROOFS.decode(b"\x05")
    with pytest.raises(MalformedBytes, match="not in canonical form"):
        PROOFS.decode(b"\x94\x00\x01\x90\x00")


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_or_are_the_encoding_of_what_they_mean(data: bytes) -> None:
    try:
        value = PROOFS.decode(data)
    except MalformedBytes:
        return
    assert encode(value) == data


@given(st.data())
def test_no_two_byte_strings_mean_the_same(data: Any) -> None:
    good = encode(InclusionProof(300, 70_000, (b"a" * 32, b"")))
    at = data.draw(st.integers(0, len(good) - 1))
    changed = good[:at] + bytes((data.draw(st.integers(0, 255)),)) + good[at + 1 :]
    try:
        value = PROOFS.decode(changed)
    except MalformedBytes:
        return
    assert (value == PROOFS.decode(good)) == (changed == good)


def test_rows_of_our_own_are_read_without_the_canonical_check_but_not_when_damaged() -> None:
    rows: RowDecoder[InclusionProof] = RowDecoder(InclusionProof)
    assert rows.decode(b"\x93\xcc\x05\x09\x90") == InclusionProof(5, 9, ())
    for damaged in (b"", b"\x93\x05\x09", b"\x93\x05\xc0\x90", b"\xa1\xff"):
        with pytest.raises(MalformedBytes):
            rows.decode(damaged)


@pytest.mark.parametrize("tag", ["", "x" * 256])
def test_a_domain_has_a_tag_of_1_to_255_bytes(tag: str) -> None:
    with pytest.raises(ValueError, match="1 to 255 bytes"):
        Domain(tag)


def test_no_data_of_one_domain_collides_with_another_by_where_the_tag_ends() -> None:
    assert Domain("ab").hash(b"c") != Domain("a").hash(b"bc")
    assert Domain("a" * 255).hash(b"") != NO_HASH


@given(LEAVES)
def test_every_leaf_of_every_tree_is_proven_and_only_at_its_place(leaves: list[bytes]) -> None:
    root = merkle.root(leaves)
    for index, leaf in enumerate(leaves):
        proof = merkle.prove(leaves, index)
        assert merkle.verify(root, leaf, proof)
        for other, content in enumerate(leaves):
            if content != leaf:
                assert not merkle.verify(root, content, proof)
                assert not merkle.verify(root, leaf, msgspec.structs.replace(proof, index=other))


@given(LEAVES, st.integers(0, 80), st.integers(0, 80))
def test_a_proof_of_another_count_or_index_shows_nothing(leaves: list[bytes], index: int, count: int) -> None:
    root = merkle.root(leaves)
    proof = merkle.prove(leaves, 0)
    bent = InclusionProof(index, count, proof.path)
    is_same = count == len(leaves) and index < count and leaves[index] == leaves[0]
    if not is_same:
        assert not merkle.verify(root, leaves[0], bent)


@given(LEAVES)
def test_a_root_tells_order_and_number_of_its_leaves(leaves: list[bytes]) -> None:
    root = merkle.root(leaves)
    assert root != EMPTY_ROOT
    assert merkle.root([*leaves, leaves[-1]]) != root
    if leaves[::-1] != leaves:
        assert merkle.root(leaves[::-1]) != root


@pytest.mark.parametrize("index", [-1, 3])
def test_what_is_not_there_cannot_be_proven(index: int) -> None:
    with pytest.raises(IndexError, match="of 3"):
        merkle.prove([b"a", b"b", b"c"], index)
