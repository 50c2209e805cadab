"""Single steps of block sync: reading, proving and opening a block, and answering a request for some."""

import hashlib

import msgspec
import pytest

from contracts.chain.commit import NO_COMMIT, Commit, CommitSignature
from contracts.chain.header import BLOCKS, BundleEntry
from contracts.chain.parameters import Limits
from contracts.chain.validators import Validator, ValidatorSet
from contracts.ledger.bundle import BundleReader
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from network.sync.checks import COMMITS, ReceivedBlock, open_bundles, prove_block, read_block
from network.sync.serving import ANSWER_BYTES, StoredBlock, answer_blocks, split_bundles
from network.wire.errors import RemoteProtocolError
from network.wire.frames import PART_BYTES
from network.wire.messages import BlockAnswer, BlockBundles, BlockRequest, NoBlock
from tests.unit.network.chain import (
    CHAIN,
    LIMITS,
    SEEDS,
    VALIDATORS,
    chain_of,
    make_block,
    make_bundle,
    make_commit,
)

CHAIN_2 = chain_of(2, 2)


def answer(block, commit, height=1):
    return BlockAnswer(height, encode(block), encode(commit))


def one(bundles=1, **changes):
    """Return block 1 with its commit."""
    block, identifier = make_block(
        1, bytes(32), NO_COMMIT, [make_bundle(at) for at in range(bundles)], **changes
    )
    return block, make_commit(1, identifier)


def read(height=2):
    stored = CHAIN_2.stored[height]
    return read_block(CHAIN, LIMITS, BlockAnswer(height, stored.block, stored.commit))


def test_a_decided_block_passes():
    found = read()
    assert (found.height, found.block_id) == (2, CHAIN_2.ids[2])
    assert found.block == BLOCKS.decode(CHAIN_2.stored[2].block)
    prove_block(CHAIN, VALIDATORS, CHAIN_2.ids[1], found)


def test_each_part_is_bound_to_the_header():
    block, commit = one(2)
    for changed in (
        msgspec.structs.replace(block, bundles=block.bundles[::-1]),
        msgspec.structs.replace(block, bundles=block.bundles[:1]),
        msgspec.structs.replace(block, last_commit=Commit(7, 0, bytes(32), ())),
    ):
        with pytest.raises(RemoteProtocolError, match="contents"):
            read_block(CHAIN, LIMITS, answer(changed, commit))


@pytest.mark.parametrize(
    ("message", "make"),
    [
        ("version 1, this release reads 2", lambda: answer(*one(version=1))),
        ("made for 'other'", lambda: answer(*one(chain_id="other"))),
        ("its header says 1", lambda: answer(*one(), height=2)),
        ("another block", lambda: answer(one()[0], make_commit(1, bytes(32)))),
        ("another block", lambda: answer(one()[0], make_commit(2, one()[1].block_id))),
        ("Block", lambda: BlockAnswer(1, b"\xc1", encode(one()[1]))),
        ("Commit", lambda: BlockAnswer(1, encode(one()[0]), encode(one()[0]))),
        (
            "canonical",
            lambda: BlockAnswer(
                1, encode(one()[0]) + b"", encode(one()[1])[:1] + b"\xcc\x01" + encode(one()[1])[2:]
            ),
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(message, make):
    with pytest.raises(RemoteProtocolError, match=message):
        read_block(CHAIN, LIMITS, make())


@pytest.mark.parametrize(
    "entry", [BundleEntry(bytes(31), 1, 1), BundleEntry(bytes(32), 0, 1), BundleEntry(bytes(32), 5 << 20, 1)]
)
def test_entries_out_of_bounds_are_refused(entry):
    block, commit = one()
    with pytest.raises(RemoteProtocolError, match="too many bundles, or too large"):
        read_block(CHAIN, LIMITS, answer(msgspec.structs.replace(block, bundles=(entry,)), commit))


def test_more_bundles_than_a_block_may_hold_are_refused():
    block, commit = one(3)
    with pytest.raises(RemoteProtocolError, match="too many"):
        read_block(CHAIN, Limits(block_bundles=2), answer(block, commit))


def test_a_block_that_follows_another_is_not_proven():
    with pytest.raises(RemoteProtocolError, match="follows another"):
        prove_block(CHAIN, VALIDATORS, bytes(32), read())


def test_the_validators_are_those_of_the_height():
    others = ValidatorSet(Validator(signing.public_key_of(seed), 2) for seed in SEEDS)
    with pytest.raises(RemoteProtocolError, match="other validators"):
        prove_block(CHAIN, others, CHAIN_2.ids[1], read())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda entries: entries[:2],
        lambda entries: (*entries[:2], CommitSignature(2, bytes(64)), entries[3]),
        lambda entries: (entries[0], entries[0], entries[1]),
        lambda entries: (entries[1], entries[0], entries[2]),
        lambda entries: (*entries, CommitSignature(4, entries[0].signature)),
        lambda entries: (*entries[:2], CommitSignature(2, entries[3].signature)),
    ],
    ids=["no quorum", "bad signature", "twice", "unordered", "unknown validator", "another's signature"],
)
def test_a_commit_that_proves_nothing_is_refused(spoil):
    found = read()
    commit = msgspec.structs.replace(found.commit, signatures=spoil(found.commit.signatures))
    with pytest.raises(RemoteProtocolError, match="commit at height 2"):
        prove_block(CHAIN, VALIDATORS, CHAIN_2.ids[1], msgspec.structs.replace(found, commit=commit))


def test_a_commit_as_long_as_any_can_be_read():
    entries = tuple(CommitSignature(index, bytes(64)) for index in range(128))
    commit = Commit(1 << 48, 1 << 24, bytes(32), entries)
    assert COMMITS.decode(encode(commit)) == commit


READER = BundleReader(CHAIN, LIMITS)


def received(*bundles):
    made = [make_bundle(at) for at in range(2)]
    block, identifier = make_block(1, bytes(32), NO_COMMIT, made)
    found = read_block(CHAIN, LIMITS, answer(block, make_commit(1, identifier)))
    return ReceivedBlock("birch", found, bundles or tuple(data for data, _entry in made))


def test_the_bundles_of_a_block_open():
    opened = open_bundles(READER, received())
    assert [bundle.id for bundle in opened] == [make_bundle(at)[1].bundle_id for at in range(2)]


def test_a_bundle_that_is_not_the_one_named_is_refused():
    two = make_bundle(1)[0]
    with pytest.raises(RemoteProtocolError, match="not the one"):
        open_bundles(READER, received(two, two))
    with pytest.raises(RemoteProtocolError, match="Bundle"):
        open_bundles(READER, received(b"\xc1", two))


def test_a_signature_is_under_no_hash_and_so_is_checked():
    data, _entry = make_bundle(0)
    signature = signing.sign(hashlib.sha256(b"lane").digest(), b"something else")
    at = data.index(b"\xc4\x40") + 2
    forged = data[:at] + signature + data[at + 64 :]
    with pytest.raises(RemoteProtocolError, match="signature of a bundle"):
        open_bundles(READER, received(forged, make_bundle(1)[0]))


@pytest.mark.parametrize("field", ["size", "weight"])
def test_sizes_and_weights_are_bound_to_the_header(field):
    block, commit = one(2)
    entry = block.bundles[0]
    changed = msgspec.structs.replace(entry, **{field: getattr(entry, field) + 1})
    block = msgspec.structs.replace(block, bundles=(changed, block.bundles[1]))
    with pytest.raises(RemoteProtocolError, match="contents"):
        read_block(CHAIN, LIMITS, answer(block, commit))


def test_a_request_is_answered_height_by_height():
    messages = list(answer_blocks(BlockRequest(1, 2), 2, CHAIN_2.stored.get))
    assert [type(message) for message in messages] == [BlockAnswer, BlockBundles] * 2
    assert messages[1].bundles == CHAIN_2.stored[1].bundles


def test_the_answer_ends_where_the_chain_does():
    assert list(answer_blocks(BlockRequest(3, 4), 2, CHAIN_2.stored.get)) == [NoBlock(3, 2, 1)]
    assert list(answer_blocks(BlockRequest(2, 4), 2, CHAIN_2.stored.get))[-1] == NoBlock(3, 2, 1)


def test_a_block_that_is_not_here_ends_the_answer():
    assert list(answer_blocks(BlockRequest(1, 1), 2, {}.get)) == [NoBlock(1, 2, 1)]


def test_one_answer_is_bounded():
    large = StoredBlock(b"block", b"commit", (bytes(ANSWER_BYTES),))
    messages = list(answer_blocks(BlockRequest(1, 16), 100, lambda _height: large))
    assert [type(message) for message in messages] == [BlockAnswer, BlockBundles, NoBlock]
    assert messages[-1] == NoBlock(2, 100, 1)


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [
        ([], []),
        ([5], [1]),
        ([PART_BYTES, 1], [1, 1]),
        ([PART_BYTES - 1, 1, 1], [2, 1]),
        ([PART_BYTES + 1, 1], [1, 1]),
        ([1] * 2_500, [1_000, 1_000, 500]),
        ([400_000] * 5, [2, 2, 1]),
    ],
)
def test_bundles_are_sent_in_parts(sizes, parts):
    bundles = [bytes(size) for size in sizes]
    messages = list(split_bundles(7, bundles))
    assert [len(message.bundles) for message in messages] == parts
    assert [data for message in messages for data in message.bundles] == bundles
    assert [message.first for message in messages] == [sum(parts[:at]) for at in range(len(parts))]
