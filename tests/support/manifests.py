"""A snapshot of the chain of the sync tests, and what ties it to that chain's genesis."""

import random

from contracts.chain.header import BLOCKS
from contracts.chain.snapshot import MANIFEST_VERSION, Manifest, chunk_hash
from contracts.ledger.anchor import Anchor
from contracts.ledger.proof import CertifiedHeader
from network.sync.checks import COMMITS
from tests.unit.network.chain import CHAIN, chain_of

HEIGHT = 5
CHUNKS = tuple(random.Random(number).randbytes(400) * 3 for number in range(12))
APP_HASH = bytes(32)  # what the test chain's headers carry


def anchor_at(height):
    stored = chain_of(HEIGHT + 3).stored
    following = BLOCKS.decode(stored[height + 1].block).header
    certified = CertifiedHeader(following, COMMITS.decode(stored[height + 1].commit))
    return Anchor((), stored[height].block, COMMITS.decode(stored[height].commit), certified)


def manifest_at(height, chunks=CHUNKS):
    identifier = chain_of(HEIGHT + 3).ids[height]
    hashes = tuple(map(chunk_hash, chunks))
    return Manifest(MANIFEST_VERSION, CHAIN, height, identifier, APP_HASH, len(chunks), hashes)
