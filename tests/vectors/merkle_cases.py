"""Merkle trees of every small size, their proofs, and proofs that lie."""

from collections.abc import Iterator
from typing import Any

import msgspec

from contracts.primitives import hashing, merkle
from contracts.primitives.encoding import encode
from contracts.primitives.merkle import InclusionProof
from tests.vectors.notation import to_json


def leaves_of(count: int) -> list[bytes]:
    """Return so many different leaves, of 0, 1, 2 … bytes."""
    return [bytes(range(number)) for number in range(count)]


def _good() -> Iterator[dict[str, Any]]:
    for count in range(1, 10):
        leaves = leaves_of(count)
        for index in range(count):
            yield {
                "root": to_json(merkle.root(leaves)),
                "leaf": to_json(leaves[index]),
                "proof": to_json(encode(merkle.prove(leaves, index))),
            }


def _lies(count: int, index: int) -> Iterator[tuple[str, bytes, InclusionProof]]:
    """Bend the proof of one leaf: (why it must fail, leaf, proof)."""
    leaves = leaves_of(count)
    leaf, good = leaves[index], merkle.prove(leaves, index)
    change = msgspec.structs.replace
    for other in range(count + 1):
        if other != index:
            yield f"index {other}", leaf, change(good, index=other)
    for other in range(2 * count + 2):
        if other != count:
            yield f"count {other}", leaf, change(good, count=other)
            yield f"last of {other}", leaf, change(good, count=other, index=max(other - 1, 0))
    yield "a negative index", leaf, change(good, index=-1)
    yield "index and count far away", leaf, change(good, index=2**63, count=2**64 - 1)
    yield "no path", leaf, change(good, path=())
    yield "a path too short", leaf, change(good, path=good.path[:-1])
    yield "a path without its beginning", leaf, change(good, path=good.path[1:])
    yield "a path too long", leaf, change(good, path=(*good.path, bytes(32)))
    yield "a path too long, repeated", leaf, change(good, path=(*good.path, good.path[-1]))
    yield "a path of 65", leaf, change(good, path=(bytes(32),) * 65)
    yield "a path in reverse", leaf, change(good, path=good.path[::-1])
    yield "a bit of the path", leaf, change(good, path=(b"\x01" + good.path[0][1:], *good.path[1:]))
    yield "a hash of 31 bytes", leaf, change(good, path=(good.path[0][:-1], *good.path[1:]))
    yield "another leaf", leaf + b"\x00", good
    yield from _nodes_as_leaves(leaves, index, good)


def _nodes_as_leaves(
    leaves: list[bytes], index: int, good: InclusionProof
) -> Iterator[tuple[str, bytes, InclusionProof]]:
    """Pass what stands one level up off as a leaf of a smaller tree."""
    digests = [hashing.MERKLE_LEAF.hash(leaf) for leaf in leaves]
    pair = (digests[index & ~1], digests[index | 1])
    node = encode(pair)
    smaller = InclusionProof(index // 2, (good.count + 1) // 2, good.path[1:])
    yield "a node's bytes as leaf", node, smaller
    yield "a node's bytes as leaf, same count", node, msgspec.structs.replace(smaller, count=good.count)
    yield "a node's hash as leaf", hashing.MERKLE_NODE.hash(node), smaller
    yield "two hashes glued together as leaf", b"".join(pair), smaller
    yield "a leaf's hash as leaf", digests[index], good


def _bad() -> Iterator[dict[str, Any]]:
    for count, index in ((2, 0), (3, 0), (5, 3), (6, 5), (8, 4)):
        root = to_json(merkle.root(leaves_of(count)))
        seen = {(leaves_of(count)[index], encode(merkle.prove(leaves_of(count), index)))}
        for why, leaf, proof in _lies(count, index):
            if (leaf, encode(proof)) not in seen:
                seen.add((leaf, encode(proof)))
                name = f"{index} of {count}: {why}"
                yield {"why": name, "root": root, "leaf": to_json(leaf), "proof": to_json(encode(proof))}
    odd = leaves_of(3)
    top = encode(msgspec.structs.replace(merkle.prove(odd, 2), index=1, count=2))
    yield {
        "why": "the third of three as the second of two",
        "root": to_json(merkle.root(odd)),
        "leaf": to_json(odd[2]),
        "proof": to_json(top),
    }
    yield {
        "why": "the first of none",
        "root": to_json(merkle.EMPTY_ROOT),
        "leaf": to_json(b""),
        "proof": to_json(encode(InclusionProof(0, 0, ()))),
    }
    yield {
        "why": "a tree of one leaf as that leaf's hash",
        "root": to_json(hashing.MERKLE_LEAF.hash(b"")),
        "leaf": to_json(b""),
        "proof": to_json(encode(InclusionProof(0, 1, ()))),
    }


def build() -> dict[str, Any]:
    """Return the content of merkle.json."""
    roots = [
        {"leaves": to_json(leaves_of(count)), "root": to_json(merkle.root(leaves_of(count)))}
        for count in (*range(10), 16, 17, 33)
    ]
    return {"roots": roots, "good": list(_good()), "bad": list(_bad())}
