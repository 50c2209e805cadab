"""A snapshot is tied to genesis link by link, and believed by the power of who vouches for it."""

import msgspec
import pytest

from contracts.chain.commit import NO_COMMIT
from contracts.chain.header import BLOCKS, block_id
from contracts.chain.snapshot import (
    is_vouched_for,
    is_well_formed_manifest,
    manifest_hash,
    verify_voucher,
    vouch,
)
from contracts.chain.validators import Validator, ValidatorSet
from contracts.ledger.anchor import ANCHORS, Anchor, InvalidAnchor, verify_anchor
from contracts.ledger.proof import CertifiedHeader, ValidatorChange
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from network.sync.checks import COMMITS
from tests.support.manifests import HEIGHT, anchor_at, manifest_at
from tests.unit.network import chain
from tests.unit.network.chain import BY_KEY, CHAIN, SEEDS, VALIDATORS, chain_of, make_block, make_commit

MANIFEST = manifest_at(HEIGHT)
HASH = manifest_hash(MANIFEST)


def changed_set(seed_number):
    members = [*VALIDATORS.validators[:3], Validator(signing.public_key_of(bytes([seed_number]) * 32), 1)]
    return tuple(sorted(members, key=lambda member: member.public_key))


def test_a_good_anchor_ties() -> None:
    anchored = verify_anchor(VALIDATORS, CHAIN, MANIFEST, anchor_at(HEIGHT))
    assert block_id(anchored.block.header) == MANIFEST.block_id
    assert anchored.following.height == HEIGHT + 1
    assert anchored.validators == VALIDATORS


def without_quorum(anchor):
    commit = msgspec.structs.replace(anchor.commit, signatures=anchor.commit.signatures[:2])
    return msgspec.structs.replace(anchor, commit=commit)


def next_without_quorum(anchor):
    commit = anchor.following.commit
    commit = msgspec.structs.replace(commit, signatures=commit.signatures[:2])
    return msgspec.structs.replace(anchor, following=CertifiedHeader(anchor.following.header, commit))


def next_of_another(anchor):
    """The header after it follows another block, though a quorum signed it."""
    header = msgspec.structs.replace(anchor.following.header, previous_block_id=b"\x07" * 32)
    certified = CertifiedHeader(header, make_commit(header.height, block_id(header)))
    return msgspec.structs.replace(anchor, following=certified)


def other_app_hash(anchor):
    header = msgspec.structs.replace(anchor.following.header, app_hash=b"\x07" * 32)
    certified = CertifiedHeader(header, make_commit(header.height, block_id(header)))
    return msgspec.structs.replace(anchor, following=certified)


def invented_change(anchor):
    """A set of its own choice, at a header that names no such set."""
    certified = CertifiedHeader(anchor.following.header, anchor.following.commit)
    return msgspec.structs.replace(anchor, changes=(ValidatorChange(certified, changed_set(9)),))


def change_before(anchor):
    stored = chain_of(HEIGHT + 3).stored[2]
    certified = CertifiedHeader(BLOCKS.decode(stored.block).header, COMMITS.decode(stored.commit))
    return msgspec.structs.replace(anchor, changes=(ValidatorChange(certified, changed_set(9)),))


def empty_set(anchor):
    changed = change_before(anchor).changes[0]
    return msgspec.structs.replace(anchor, changes=(msgspec.structs.replace(changed, validators=()),))


def other_body(anchor):
    block = msgspec.structs.replace(BLOCKS.decode(anchor.block), bundles=())
    return msgspec.structs.replace(anchor, block=encode(block))


def no_block(anchor):
    return msgspec.structs.replace(anchor, block=b"\xc1")


def commit_of_another(anchor):
    return msgspec.structs.replace(anchor, commit=anchor.following.commit)


@pytest.mark.parametrize(
    "twist",
    [
        without_quorum,
        next_without_quorum,
        next_of_another,
        other_app_hash,
        invented_change,
        change_before,
        empty_set,
        other_body,
        no_block,
        commit_of_another,
    ],
)
def test_an_anchor_with_a_false_link_ties_nothing(twist) -> None:
    with pytest.raises(InvalidAnchor):
        verify_anchor(VALIDATORS, CHAIN, MANIFEST, twist(anchor_at(HEIGHT)))


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 2},
        {"chain_id": "other-net"},
        {"height": 0},
        {"height": HEIGHT + 1},
        {"block_id": bytes(32)},
        {"app_hash": b"\x07" * 32},
        {"block_id": b""},
        {"chunks": ()},
        {"chunks": (b"short",)},
        {"rows": 3},
    ],
)
def test_a_manifest_about_something_else_is_not_tied(fields) -> None:
    manifest = msgspec.structs.replace(MANIFEST, **fields)
    with pytest.raises(InvalidAnchor):
        verify_anchor(VALIDATORS, CHAIN, manifest, anchor_at(HEIGHT))
    assert is_well_formed_manifest(MANIFEST)


def test_an_anchor_travels_canonically():
    data = encode(anchor_at(HEIGHT))
    assert encode(ANCHORS.decode(data)) == data


def test_a_change_of_validators_is_followed(monkeypatch) -> None:
    """Genesis' set hands over to another at height 3; both headers after it are that set's."""
    new = changed_set(9)
    seeds = {**BY_KEY, signing.public_key_of(bytes([9]) * 32): bytes([9]) * 32}
    monkeypatch.setattr(chain, "BY_KEY", seeds)
    after = ValidatorSet(new)
    changing, changing_id = make_block(2, bytes(32), NO_COMMIT, [], next_validators_hash=after.hash)
    change = ValidatorChange(CertifiedHeader(changing.header, make_commit(2, changing_id)), new)
    hashes = {"validators_hash": after.hash, "next_validators_hash": after.hash}
    block, identifier = make_block(HEIGHT, bytes(32), NO_COMMIT, [], **hashes)
    following, following_id = make_block(HEIGHT + 1, identifier, NO_COMMIT, [], **hashes)
    anchor = Anchor(
        (change,),
        encode(block),
        make_commit(HEIGHT, identifier, validators=after),
        CertifiedHeader(following.header, make_commit(HEIGHT + 1, following_id, validators=after)),
    )
    manifest = msgspec.structs.replace(MANIFEST, block_id=identifier)
    assert verify_anchor(VALIDATORS, CHAIN, manifest, anchor).validators == after
    for changes in ((), (change, change)):
        with pytest.raises(InvalidAnchor):
            verify_anchor(VALIDATORS, CHAIN, manifest, msgspec.structs.replace(anchor, changes=changes))


def vouchers(*validators: int, height: int = HEIGHT, hash_: bytes = HASH):
    return [vouch(CHAIN, SEEDS[number], height, hash_) for number in validators]


@pytest.mark.parametrize(
    ("said", "is_enough"),
    [
        ([], False),
        (vouchers(0), False),
        (vouchers(0, 0, 0, 0), False),
        (vouchers(0, 1), True),
        (vouchers(0, 1, 2, 3), True),
        (vouchers(0) + vouchers(1, height=HEIGHT + 1), False),
        (vouchers(0) + vouchers(1, hash_=bytes(32)), False),
        ([*vouchers(0), vouch(CHAIN, bytes(32), HEIGHT, HASH)], False),
    ],
)
def test_more_than_a_third_by_distinct_validators_of_the_height_is_enough(said, is_enough) -> None:
    assert is_vouched_for(VALIDATORS, HEIGHT, HASH, said) is is_enough


def test_exactly_a_third_is_too_little() -> None:
    third = ValidatorSet(list(VALIDATORS.validators[:3]))
    keys = {SEEDS[number]: signing.public_key_of(SEEDS[number]) for number in range(4)}
    (one, *_more) = (seed for seed, key in keys.items() if third.index_of(key) is not None)
    assert not is_vouched_for(third, HEIGHT, HASH, [vouch(CHAIN, one, HEIGHT, HASH)])


@pytest.mark.parametrize(
    "fields",
    [
        {"height": 0},
        {"height": HEIGHT + 1},
        {"manifest_hash": bytes(32)},
        {"manifest_hash": b"short"},
        {"validator": bytes(32)},
        {"validator": b""},
        {"signature": bytes(64)},
        {"signature": b""},
    ],
)
def test_a_voucher_says_what_was_signed_and_nothing_else(fields) -> None:
    (voucher,) = vouchers(0)
    assert verify_voucher(CHAIN, voucher)
    assert not verify_voucher("other-net", voucher)
    assert not verify_voucher(CHAIN, msgspec.structs.replace(voucher, **fields))
