"""Bundles and documents: every way in which one can never be in a block."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from contracts.chain.parameters import Limits
from contracts.ledger.bundle import (
    Bundle,
    BundleHeader,
    BundleReader,
    MalformedBundle,
    build_header,
    bundle_id,
    bundle_sign_bytes,
    canonical_order,
    verify_bundle,
)
from contracts.ledger.document import build_document, encode_document
from contracts.primitives import merkle, signing
from contracts.primitives.encoding import encode
from contracts.records.dispensing import Dispense
from contracts.records.head import Head
from tests.vectors.network import public_key, seed

CHAIN = "bundles-1"
LANE = public_key("lane")
HEAD = Head(1, 0, b"")
LIMITS = Limits(
    document_bytes=400,
    document_weight=8,
    document_records=3,
    record_items=4,
    bundle_bytes=1_000,
    bundle_weight=12,
    bundle_documents=3,
)
READER = BundleReader(CHAIN, LIMITS)
change = msgspec.structs.replace


def document(items: int = 2, nonce: int = 1, **fields: Any) -> bytes:
    """Return an encoded document of one record, with fields changed afterwards."""
    record = Dispense(HEAD, tuple(bytes((1, at)) for at in range(items)))
    built = build_document(nonce.to_bytes(16, "big"), fields.pop("records", (record,)))
    return encode_document(change(built, **fields))


def header_of(documents: Sequence[bytes], **fields: Any) -> BundleHeader:
    """Return the header of these documents, with fields changed afterwards."""
    weights = [msgspec.msgpack.decode(data)[2] for data in documents]
    header = build_header(CHAIN, LANE, 4, 5, 1_000, list(zip(documents, weights, strict=True)))
    return change(header, **fields)


def bundle(*documents: bytes, **fields: Any) -> bytes:
    """Return an encoded, signed bundle."""
    header = header_of(documents, **fields)
    return encode(Bundle(header, signing.sign(seed("lane"), bundle_sign_bytes(header)), documents))


def _bent(data: bytes, **fields: Any) -> bytes:
    """Return a bundle with fields of its outer array changed."""
    found = msgspec.msgpack.decode(data, type=Bundle)
    return encode(change(found, **fields))


def test_a_bundle_is_read_with_its_id_its_size_and_its_documents() -> None:
    documents = (document(nonce=1), document(nonce=2))
    data = bundle(*documents)
    opened = READER.read(data)
    assert opened.id == bundle_id(opened.header)
    assert opened.size == len(data)
    assert (opened.header.weight, opened.header.count) == (6, 2)
    assert [encode(found) for found in opened.documents] == list(documents)
    assert verify_bundle(opened)


def test_the_id_is_the_statement_s_not_the_signature_s() -> None:
    one = READER.read(bundle(document()))
    forged = change(one, signature=bytes(64))
    assert bundle_id(forged.header) == one.id
    assert not verify_bundle(forged)


def test_a_signature_is_for_one_network_and_one_lane() -> None:
    opened = READER.read(bundle(document()))
    elsewhere = change(opened.header, chain_id="bundles-2")
    assert not verify_bundle(change(opened, header=elsewhere))
    assert not verify_bundle(change(opened, header=change(opened.header, lane=public_key("other"))))


TWICE = document(nonce=1), document(nonce=2)
RECORD = Dispense(HEAD, (b"\x01a",))
SHORT = encode_document(change(build_document(bytes(16), (RECORD,)), nonce=bytes(15)))
BAD: dict[str, Callable[[], bytes]] = {
    "version 2, expected 1": lambda: bundle(document(), version=2),
    "made for network 'bundles-2'": lambda: bundle(document(), chain_id="bundles-2"),
    "lane: a key has 32 bytes": lambda: bundle(document(), lane=LANE[:31]),
    "signature: has 64 bytes": lambda: _bent(bundle(document()), signature=bytes(63)),
    "sequence 5 after 5": lambda: bundle(document(), after=5),
    "sequence 0 after 0": lambda: bundle(document(), after=0, sequence=0),
    "sequence 5 after -1": lambda: bundle(document(), after=-1),
    "expires_at_ms is negative": lambda: bundle(document(), expires_at_ms=-1),
    "1 documents, declared 2": lambda: bundle(document(), count=2),
    "0 documents, declared 0": bundle,
    "4 documents, declared 4": lambda: bundle(*(document(0, nonce) for nonce in range(4))),
    "weight 3, declared 2": lambda: bundle(document(), weight=2),
    "weight 15, declared 15, at most 12": lambda: bundle(*(document(4, nonce) for nonce in range(3))),
    "documents_root is not that": lambda: bundle(document(), documents_root=merkle.EMPTY_ROOT),
    "documents_root is not": lambda: _bent(bundle(*TWICE), documents=TWICE[::-1]),
    "documents_root is": lambda: _bent(bundle(*TWICE), documents=(TWICE[0], TWICE[0])),
    "version 2, nonce of 16 bytes": lambda: bundle(document(version=2)),
    "version 1, nonce of 15 bytes": lambda: bundle(SHORT),
    "0 records, expected 1 to 3": lambda: bundle(document(records=())),
    "4 records, expected 1 to 3": lambda: bundle(document(records=(RECORD,) * 4)),
    "a record lists 5 identifiers, at most 4": lambda: bundle(document(5)),
    "declared weight 2, found 3": lambda: bundle(document(weight=2)),
    "declared weight 4, found 3": lambda: bundle(document(weight=4)),
    "declared weight 9, found 9, at most 8": lambda: bundle(
        document(records=tuple(Dispense(HEAD, (b"\x01a", b"\x01b")) for _ in range(3)))
    ),
    "Document: 4": lambda: bundle(document(records=(Dispense(HEAD, (b"x" * 400,)),))),
    "Bundle: 1": lambda: bundle(*(document(records=(Dispense(HEAD, (b"x" * 330,)),)) for _ in range(3))),
    "Document: Expected `array`": lambda: bundle_of_bytes(b"\xc0"),
    "Document: the bytes are not in canonical form": lambda: bundle_of_bytes(
        b"\xdc\x00\x04" + document()[1:]
    ),
    "Bundle: the bytes are not in canonical form": lambda: b"\xdc\x00\x03" + bundle(document())[1:],
    "Bundle: MessagePack data is malformed": lambda: bundle(document()) + b"\x00",
    "Bundle: Input data was truncated": lambda: b"",
}
"""What the refusal says, and bytes that are refused so."""


def bundle_of_bytes(data: bytes) -> bytes:
    """Return a bundle with a document that is none."""
    header = change(header_of((document(),)), documents_root=merkle.root([data]))
    return encode(Bundle(header, bytes(64), (data,)))


@pytest.mark.parametrize("message", BAD)
def test_a_malformed_bundle_is_refused_with_its_fault(message: str) -> None:
    with pytest.raises(MalformedBundle) as caught:
        READER.read(BAD[message]())
    assert message in str(caught.value)


def test_caps_are_reached_and_not_passed() -> None:
    full = tuple(document(3, nonce) for nonce in range(3))
    opened = READER.read(bundle(*full))
    assert (opened.header.weight, opened.header.count) == (LIMITS.bundle_weight, LIMITS.bundle_documents)


def test_the_order_of_bundles_is_lane_by_lane_then_sequence() -> None:
    lanes = [public_key(f"lane {number}") for number in range(4)]
    chosen = [(lane, sequence, 0) for lane in lanes for sequence in (300, 2)]
    placed = [(lane, sequence, at) for at, (lane, sequence, _zero) in enumerate(chosen)]
    order = [placed[at] for at in canonical_order(bytes(32), placed)]
    assert [sequence for _lane, sequence, _at in order] == [2, 300] * 4
    other = [placed[at] for at in canonical_order(b"\1" * 32, placed)]
    assert [lane for lane, _s, _at in order] != [lane for lane, _s, _at in other]
