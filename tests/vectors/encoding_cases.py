"""Canonical bytes and their near relations: what MessagePack lets one write, and what the ledger reads."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgpack

from contracts.chain.commit import Commit, CommitSignature
from contracts.chain.evidence import DuplicateProposal, DuplicateVote, Evidence
from contracts.chain.header import Block, Header
from contracts.chain.votes import Proposal, Vote, VoteType
from contracts.ledger.bundle import Bundle, BundleHeader
from contracts.ledger.document import Document, build_document
from contracts.ledger.proof import Proof
from contracts.ledger.receipt import Event, Receipt
from contracts.primitives.encoding import encode
from contracts.primitives.merkle import InclusionProof
from contracts.records.custody import Receive, ReceiveMode
from contracts.records.dispensing import Dispense
from contracts.records.head import Head
from tests.vectors.chain_cases import prove_document, three_blocks
from tests.vectors.network import START_MS, seed
from tests.vectors.notation import to_json, unpack

KINDS: Final[dict[str, Any]] = {
    "block": Block,
    "bundle": Bundle,
    "bundle header": BundleHeader,
    "commit": Commit,
    "document": Document,
    "evidence": Evidence,
    "header": Header,
    "inclusion": InclusionProof,
    "proof": Proof,
    "proposal": Proposal,
    "receipt": Receipt,
    "vote": Vote,
}
"""What the decoders of the ledger read, by name."""

_EDGES: Final = (
    *(0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1),
    *(-1, -32, -33, -128, -129, -32_768, -32_769, -(2**31), -(2**31) - 1, -(2**63)),
)
"""Integers beside which the shortest form changes."""


class Bad(NamedTuple):
    """Bytes that must be refused."""

    kind: str
    why: str
    data: bytes


def _good() -> Iterator[tuple[str, str, object]]:
    block_id, other = seed("block"), seed("other block")
    signature = seed("half") * 2
    for value in _EDGES:
        yield "inclusion", f"integer {value}", InclusionProof(value, 0, ())
    for count in (15, 16):
        yield "inclusion", f"array of {count}", InclusionProof(0, 0, tuple(bytes((n,)) for n in range(count)))
    for length in (0, 31, 32, 255, 256):
        yield "inclusion", f"bytes, {length}", InclusionProof(0, 0, (b"\xa5" * length,))
    for text in ("", "a" * 31, "a" * 32, "ü日𝒜\0"):
        yield "receipt", f"text, {len(text.encode())} bytes", Receipt(b"", text, 0, b"", ())
    yield "vote", "a precommit", Vote(VoteType.PRECOMMIT, 7, 0, block_id, 3, signature)
    yield "vote", "a prevote for nil", Vote(VoteType.PREVOTE, 2**33, 300, b"", 0, signature)
    yield "proposal", "a fresh value", Proposal(7, 2, block_id, -1, 1, signature)
    yield "commit", "the empty commit", Commit(0, 0, b"", ())
    yield (
        "commit",
        "two signatures",
        Commit(7, 1, block_id, (CommitSignature(0, signature), CommitSignature(200, signature))),
    )
    votes = (Vote(VoteType.PREVOTE, 7, 0, value, 3, signature) for value in sorted((block_id, other)))
    yield "evidence", "two votes", DuplicateVote(*votes)
    proposals = (Proposal(7, 2, block_id, valid, 1, signature) for valid in (-1, 1))
    yield "evidence", "two proposals", DuplicateProposal(*proposals)
    receipt = Receipt(block_id, "accepted", 0, b"", (Event(12, 0, (b"\x01item",), b"", (1, 2)),))
    yield "receipt", "an event", receipt
    head = Head(START_MS, -300, b"", (seed("photo"),))
    records = (Dispense(head, (b"\x01item",)), Receive(head, bytes(16), ReceiveMode.ALL, ()))
    yield "document", "two records", build_document(bytes(16), records)
    chain = three_blocks()
    made = chain.blocks[1]
    yield "header", "of a block", made.block.header
    yield "block", "of the chain", made.block
    opened = chain.reader.read(made.bundles[0])
    yield "bundle header", "of a bundle", opened.header
    yield "bundle", "of the chain", Bundle(opened.header, opened.signature, tuple(unpack(made.bundles[0])[2]))
    yield "proof", "of a document", prove_document(chain, 1, 0)


def _replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """Replace what must stand there exactly once."""
    if data.count(old) != 1:
        raise ValueError(f"{old.hex()} stands {data.count(old)} times in {data.hex()}")
    return data.replace(old, new)


def _bad_numbers() -> Iterator[Bad]:
    """Write the 5 of [5, 9, []] in every other way."""
    forms = {
        "uint 8": b"\xcc\x05",
        "uint 16": b"\xcd\x00\x05",
        "uint 32": b"\xce\x00\x00\x00\x05",
        "uint 64": b"\xcf\x00\x00\x00\x00\x00\x00\x00\x05",
        "int 8": b"\xd0\x05",
        "int 16": b"\xd1\x00\x05",
        "int 32": b"\xd2\x00\x00\x00\x05",
        "int 64": b"\xd3\x00\x00\x00\x00\x00\x00\x00\x05",
        "float 32": b"\xca\x40\xa0\x00\x00",
        "float 64": b"\xcb\x40\x14\x00\x00\x00\x00\x00\x00",
        "nil": b"\xc0",
        "true": b"\xc3",
        "false": b"\xc2",
        "text": b"\xa15",
        "bytes": b"\xc4\x01\x05",
        "an array": b"\x91\x05",
        "a map": b"\x81\x05\x05",
        "a fixed extension": b"\xd4\x01\x05",
        "a timestamp": b"\xd6\xff\x00\x00\x00\x05",
        "the reserved byte": b"\xc1",
    }
    for name, form in forms.items():
        yield Bad("inclusion", f"integer as {name}", b"\x93" + form + b"\x09\x90")
    wide = {
        "128 as uint 16": b"\xcd\x00\x80",
        "128 as int 16": b"\xd1\x00\x80",
        "65536 as uint 64": b"\xcf\x00\x00\x00\x00\x00\x01\x00\x00",
        "2^63 - 1 as int 64": b"\xd3" + b"\x7f" + b"\xff" * 7,
        "-1 as int 8": b"\xd0\xff",
        "-33 as int 16": b"\xd1\xff\xdf",
        "-129 as int 32": b"\xd2\xff\xff\xff\x7f",
        "NaN": b"\xcb\x7f\xf8" + bytes(6),
        "2^64 as float": b"\xcb\x43\xf0" + bytes(6),
    }
    for name, form in wide.items():
        yield Bad("inclusion", f"integer {name}", b"\x93" + form + b"\x09\x90")


def _bad_shapes() -> Iterator[Bad]:
    """Bend [5, 9, [h]] as a whole."""
    good = encode(InclusionProof(5, 9, (b"hash",)))
    path = b"\x91\xc4\x04hash"
    yield Bad("inclusion", "array 16 for a short array", b"\xdc\x00\x03" + good[1:])
    yield Bad("inclusion", "array 32 for a short array", b"\xdd\x00\x00\x00\x03" + good[1:])
    yield Bad("inclusion", "inner array 16", _replaced(good, path, b"\xdc\x00\x01" + path[1:]))
    yield Bad("inclusion", "bin 16 for short bytes", _replaced(good, b"\xc4\x04", b"\xc5\x00\x04"))
    yield Bad("inclusion", "bin 32 for short bytes", _replaced(good, b"\xc4\x04", b"\xc6\x00\x00\x00\x04"))
    yield Bad("inclusion", "text for bytes", _replaced(good, b"\xc4\x04hash", b"\xa4hash"))
    yield Bad("inclusion", "base64 text for bytes", _replaced(good, b"\xc4\x04hash", b"\xa8aGFzaA=="))
    yield Bad("inclusion", "nil for bytes", _replaced(good, b"\xc4\x04hash", b"\xc0"))
    yield Bad("inclusion", "nil for an array", b"\x93\x05\x09\xc0")
    yield Bad("inclusion", "bytes for an array", b"\x93\x05\x09\xc4\x00")
    yield Bad("inclusion", "a field too many", b"\x94" + good[1:] + b"\x00")
    yield Bad("inclusion", "an empty array too many", b"\x94" + good[1:] + b"\x90")
    yield Bad("inclusion", "a field too few", b"\x92\x05\x09")
    yield Bad("inclusion", "no fields", b"\x90")
    yield Bad("inclusion", "a map of the fields", msgpack.packb({"index": 5, "count": 9, "path": [b"hash"]}))
    yield Bad("inclusion", "an empty map", b"\x80")
    yield Bad("inclusion", "nothing", b"")
    yield Bad("inclusion", "one byte more", good + b"\x00")
    yield Bad("inclusion", "twice", good + good)
    for length in range(1, len(good)):
        yield Bad("inclusion", f"cut after {length} bytes", good[:length])
    yield Bad("inclusion", "an array of 2^32 - 1 with nothing in it", b"\x93\x05\x09\xdd\xff\xff\xff\xff")
    yield Bad("inclusion", "2^32 - 1 bytes of which none follow", b"\x93\x05\x09\x91\xc6\xff\xff\xff\xff")
    yield Bad("inclusion", "nested a thousand levels deep", b"\x91" * 1_000 + b"\x00")


def _bad_text() -> Iterator[Bad]:
    good = encode(Receipt(b"", "accepted", 0, b"", ()))
    text = b"\xa8accepted"
    forms = {
        "str 8 for short text": b"\xd9\x08accepted",
        "str 16 for short text": b"\xda\x00\x08accepted",
        "str 32 for short text": b"\xdb\x00\x00\x00\x08accepted",
        "bytes for text": b"\xc4\x08accepted",
        "text that is not UTF-8": b"\xa1\xff",
        "an overlong slash": b"\xa2\xc0\xaf",
        "half a surrogate pair": b"\xa3\xed\xa0\x80",
        "beyond Unicode": b"\xa4\xf4\x90\x80\x80",
        "an integer for text": b"\x08",
        "nil for text": b"\xc0",
    }
    for name, form in forms.items():
        yield Bad("receipt", name, _replaced(good, text, form))


def _bad_members() -> Iterator[Bad]:
    """Tags of unions, numbers of choices."""
    head = Head(5, 0, b"")
    record = encode(Dispense(head, (b"\x01i",)))
    good = encode(build_document(bytes(16), (Dispense(head, (b"\x01i",)),)))

    def document(form: bytes) -> bytes:
        return _replaced(good, record, form)

    yield Bad("document", "a tag nobody has", document(b"\x93\x63" + record[2:]))
    yield Bad("document", "another record's tag", document(b"\x93\x0a" + record[2:]))
    yield Bad("document", "a tag as text", document(b"\x93\xa220" + record[2:]))
    yield Bad("document", "a tag wider than needed", document(b"\x93\xcc\x14" + record[2:]))
    yield Bad("document", "a negative tag", document(b"\x93\xff" + record[2:]))
    yield Bad("document", "no tag", document(b"\x92" + record[2:]))
    yield Bad("document", "an empty record", document(b"\x90"))
    yield Bad("document", "nil for a record", document(b"\xc0"))
    yield Bad(
        "document", "a head without attachments", document(b"\x93\x14\x93\x05\x00\xc4\x00\x91\xc4\x02\x01i")
    )
    yield Bad("document", "a record with a field too many", document(b"\x94" + record[1:] + b"\x00"))
    receive = encode(build_document(bytes(16), (Receive(head, b"s", ReceiveMode.ALL, ()),)))
    for form, why in ((b"\x00", "0"), (b"\x04", "4"), (b"\xa3ALL", "its name"), (b"\xc3", "true")):
        data = _replaced(receive, b"\xc4\x01s\x01\x90", b"\xc4\x01s" + form + b"\x90")
        yield Bad("document", f"a choice nobody has: {why}", data)
    vote = encode(Vote(VoteType.PREVOTE, 7, 0, b"", 3, b"sig"))
    yield Bad("vote", "type 3", b"\x96\x03" + vote[2:])
    yield Bad("vote", "type 1 as float", b"\x96\xcb\x3f\xf0" + bytes(6) + vote[2:])
    evidence = encode(DuplicateVote(*[Vote(VoteType.PREVOTE, 7, 0, b"", 3, b"sig")] * 2))
    yield Bad("evidence", "tag 3", b"\x93\x03" + evidence[2:])
    yield Bad("evidence", "votes under the tag of proposals", b"\x93\x02" + evidence[2:])


def build() -> dict[str, Any]:
    """Return the content of encoding.json."""
    good = []
    for kind, name, value in _good():
        data = encode(value)
        good.append({"kind": kind, "name": name, "value": to_json(unpack(data)), "bytes": to_json(data)})
    bad = [*_bad_numbers(), *_bad_shapes(), *_bad_text(), *_bad_members()]
    return {
        "good": good,
        "bad": [{"kind": case.kind, "why": case.why, "bytes": to_json(case.data)} for case in bad],
    }
