"""Planted bugs about snapshots, where an observer joins and one of four validators lies (`joining_plan`)."""

from contextlib import ExitStack
from typing import Any, Final

import msgspec
import zstandard

from contracts.chain import snapshot
from contracts.chain.snapshot import Manifest
from contracts.ledger import anchor
from network.sync import packing
from node.host import installing
from node.storage.head import Head
from tests.simulation.planting import DIVERGED, JOINING, Planted, replace_function


def _take_any_chunk(stack: ExitStack) -> None:
    original = packing.unpack_chunk

    def unpack_chunk(data: bytes, expected_hash: bytes) -> bytes:
        try:
            opened = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        except zstandard.ZstdError:
            opened = b""
        return original(data, snapshot.chunk_hash(opened) if opened else expected_hash)

    replace_function(stack, original, unpack_chunk)


def _take_any_word(stack: ExitStack) -> None:
    replace_function(stack, snapshot.verify_voucher, lambda _chain_id, _voucher: True)


def _take_any_app_hash(stack: ExitStack) -> None:
    """While signatures are looked at no false one gets so far; so they are not, either."""
    original = anchor.verify_anchor

    def verify_anchor(genesis_set: Any, chain_id: str, manifest: Manifest, found: Any) -> object:
        told = msgspec.structs.replace(manifest, app_hash=found.following.header.app_hash)
        return original(genesis_set, chain_id, told, found)

    _take_any_word(stack)
    replace_function(stack, original, verify_anchor)


def _begin_with_the_app_hash_before(stack: ExitStack) -> None:
    original = installing._head

    def head(_app_hash: bytes, anchored: Any) -> Head:
        return original(anchored.block.header.app_hash, anchored)

    replace_function(stack, original, head)


PLANTED_SNAPSHOTS: Final = (
    Planted("any_chunk", "chunks are not compared", (DIVERGED,), _take_any_chunk, world=JOINING),
    Planted("any_voucher", "words for a snapshot are not read", (DIVERGED,), _take_any_word, world=JOINING),
    Planted("any_app_hash", "... nor is its app hash", (DIVERGED,), _take_any_app_hash, world=JOINING),
    Planted(
        *("app_hash_before", "a snapshot's head has the app hash of the height before", (DIVERGED,)),
        _begin_with_the_app_hash_before,
        world=JOINING,
    ),
)
