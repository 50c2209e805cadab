"""Merkle trees with inclusion proofs, in the shape of RFC 6962 (certificate transparency).

Leaves, inner nodes, roots and the empty tree are hashed in different domains, so no leaf can be passed off
as a node. A tree of n leaves splits at the largest power of two below n. A proof names the leaf's index and
the number of leaves, and the verifier derives from those two numbers how many hashes it must see and on
which side each one stands. The root commits to the number of leaves beside the topmost node: without it, the
third of three leaves could be proven as the second of two. So nothing in a proof is free for a forger to
choose.
"""

from collections.abc import Sequence

import msgspec

from contracts.primitives.encoding import encode
from contracts.primitives.hashing import MERKLE_EMPTY, MERKLE_LEAF, MERKLE_NODE, MERKLE_ROOT, Hash

EMPTY_ROOT = MERKLE_EMPTY.hash(b"")

MAX_PROOF_HASHES = 64


class InclusionProof(msgspec.Struct, frozen=True, array_like=True):
    """That a leaf is the `index`-th of `count` leaves under a root."""

    index: int
    """Position of the leaf, from 0."""
    count: int
    """Number of leaves in the tree."""
    path: tuple[bytes, ...]
    """Sibling hashes, 32 bytes each, from the leaf upwards."""


def _node(left: bytes, right: bytes) -> Hash:
    return MERKLE_NODE.hash(encode((left, right)))


def _root(count: int, top: bytes) -> Hash:
    return MERKLE_ROOT.hash(encode((count, top)))


def _next_level(level: list[Hash]) -> list[Hash]:
    pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def root(leaves: Sequence[bytes]) -> Hash:
    """Return the root over `leaves` (each any bytes) in their order; `EMPTY_ROOT` for none."""
    if not leaves:
        return EMPTY_ROOT
    level = [MERKLE_LEAF.hash(leaf) for leaf in leaves]
    while len(level) > 1:
        level = _next_level(level)
    return _root(len(leaves), level[0])


def prove(leaves: Sequence[bytes], index: int) -> InclusionProof:
    """Return the proof that `leaves[index]` is in the tree of `leaves`.

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        msg = f"leaf {index} of {len(leaves)}"
        raise IndexError(msg)
    path: list[bytes] = []
    level = [MERKLE_LEAF.hash(leaf) for leaf in leaves]
    at = index
    while len(level) > 1:
        sibling = at ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level = _next_level(level)
        at //= 2
    return InclusionProof(index, len(leaves), tuple(path))


def verify(expected_root: bytes, leaf: bytes, proof: InclusionProof) -> bool:
    """Tell whether `proof` shows `leaf` under `expected_root`; false for any malformed proof."""
    if not 0 <= proof.index < proof.count or len(proof.path) > MAX_PROOF_HASHES:
        return False
    digest = MERKLE_LEAF.hash(leaf)
    path = iter(proof.path)
    at, width = proof.index, proof.count
    while width > 1:
        if at ^ 1 < width:
            sibling = next(path, None)
            if sibling is None:
                return False
            digest = _node(sibling, digest) if at % 2 else _node(digest, sibling)
        at //= 2
        width = (width + 1) // 2
    return next(path, None) is None and _root(proof.count, digest) == expected_root
