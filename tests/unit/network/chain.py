"""A decided chain for sync tests: real signatures, real bundles, headers that link."""

import hashlib
from functools import cache

import msgspec

from contracts.chain.commit import NO_COMMIT, Commit, CommitSignature, commit_hash
from contracts.chain.header import (
    HEADER_VERSION,
    Block,
    BundleEntry,
    Header,
    block_id,
    bundles_root,
    evidence_root,
)
from contracts.chain.parameters import Limits
from contracts.chain.validators import Validator, ValidatorSet
from contracts.chain.votes import VoteType, vote_sign_bytes
from contracts.ledger.bundle import Bundle, build_header, bundle_id, bundle_sign_bytes
from contracts.ledger.document import build_document, encode_document
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from contracts.records.custody import Ship, ShipPurpose
from contracts.records.head import Head
from network.sync.serving import StoredBlock

CHAIN = "test-net"
LIMITS = Limits()
SEEDS = [hashlib.sha256(bytes([number])).digest() for number in range(4)]
VALIDATORS = ValidatorSet(Validator(signing.public_key_of(seed), 1) for seed in SEEDS)
BY_KEY = {signing.public_key_of(seed): seed for seed in SEEDS}
LANE = hashlib.sha256(b"lane").digest()
NO_BLOCK_ID = bytes(32)


def make_bundle(number, *, seed=LANE, items=3):
    """Return an encoded bundle and its entry."""
    record = Ship(
        Head(1, 0, b""),
        tuple(hashlib.sha256(bytes([item])).digest()[:12] for item in range(items)),
        bytes(6),
        b"",
        ShipPurpose.SALE,
        1,
        0,
        b"",
        (),
    )
    document = build_document(number.to_bytes(16), (record,))
    data = encode_document(document)
    lane = signing.public_key_of(seed)
    header = build_header(CHAIN, lane, number, number + 1, 10**12, [(data, document.weight)])
    bundle = Bundle(header, signing.sign(seed, bundle_sign_bytes(header)), (data,))
    encoded = encode(bundle)
    return encoded, BundleEntry(bundle_id(header), len(encoded), header.weight)


def make_commit(height, identifier, *, signers=range(4), validators=VALIDATORS, round_=0):
    message = vote_sign_bytes(CHAIN, VoteType.PRECOMMIT, height, round_, identifier)
    signatures = tuple(
        CommitSignature(index, signing.sign(BY_KEY[validators.validators[index].public_key], message))
        for index in signers
    )
    return Commit(height, round_, identifier, signatures)


def make_block(height, previous_id, last_commit, bundles, **changes):
    """Return (block, id); `changes` replace fields of the header."""
    entries = tuple(entry for _data, entry in bundles)
    header = Header(
        HEADER_VERSION,
        CHAIN,
        height,
        1_000 * height,
        previous_id,
        commit_hash(last_commit),
        bundles_root(entries),
        evidence_root(()),
        VALIDATORS.hash,
        VALIDATORS.hash,
        bytes(32),
        bytes(32),
        bytes(32),
        b"",
        VALIDATORS.validators[height % 4].public_key,
    )
    header = msgspec.structs.replace(header, **changes)
    return Block(header, entries, last_commit, ()), block_id(header)


class Chain:
    """Stored blocks from height 1."""

    def __init__(self, heights, bundles_per_block=1):
        self.stored = {}
        self.ids = {0: NO_BLOCK_ID}
        commit, number = NO_COMMIT, 0
        for height in range(1, heights + 1):
            bundles = [make_bundle(number + at) for at in range(bundles_per_block)]
            number += bundles_per_block
            block, identifier = make_block(height, self.ids[height - 1], commit, bundles)
            commit = make_commit(height, identifier, signers=(0, 1, 3) if height % 2 else (0, 1, 2, 3))
            self.ids[height] = identifier
            self.stored[height] = StoredBlock(
                encode(block), encode(commit), tuple(data for data, _entry in bundles)
            )

    @property
    def head(self):
        return len(self.stored)


@cache
def chain_of(heights, bundles_per_block=1):
    return Chain(heights, bundles_per_block)
