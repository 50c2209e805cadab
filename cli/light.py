"""The light verifier: what a Packtrail ledger proves to somebody who holds its genesis and trusts no node.

One file that stands alone: it needs Python, msgpack and PyNaCl, and nothing else of Packtrail, whose bytes it
reads by a second, independent implementation (ADR 1 fixes them). Copy it anywhere:

    python light.py genesis.json dispense.proof

A `Trust` starts with the validators that genesis names. It believes a header when more than two thirds of
their power signed it, and follows a change of the validators from a header that it believes and that names
the set after it. So who holds genesis, and the few headers at which the validators changed, can check any
later header without the blocks between. This rests, as for every light client, on sets of validators that
were replaced never signing anew: two thirds of a former set could fork whoever trusts that set still.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgpack
from nacl import bindings, exceptions

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
PROOF_VERSION: Final = 3
HEADER_VERSION: Final = 2
MAX_PROOF_BYTES: Final = 8 << 20
MAX_GENESIS_BYTES: Final = 16 << 20
MAX_DEPTH: Final = 16
MAX_VALIDATORS: Final = 128
MAX_TOTAL_POWER: Final = 1 << 40
MAX_HEIGHT: Final = 1 << 48
MAX_ROUND: Final = 1 << 24
MAX_PATH: Final = 64
PRECOMMIT: Final = 2
ACCEPTED: Final = "accepted"


class Unproven(Exception):
    """What was given does not prove what it should; the message names the step that fails."""


def require(condition: bool, message: str) -> None:
    """Go on if a condition holds, else raise Unproven."""
    if not condition:
        raise Unproven(message)


# ------------------------------------------------------------------------------ bytes, hashes, signatures


def encode(value: object) -> bytes:
    """Return the canonical bytes of integers, text, byte strings, and lists or tuples of those."""
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def decode(data: bytes, name: str, limit: int = MAX_PROOF_BYTES) -> Any:  # noqa: ANN401 - nested tuples
    """Return what canonical bytes say, lists as tuples; Unproven for bytes that are too long or no such."""
    require(len(data) <= limit, f"{name}: {len(data)} bytes, at most {limit} are read")
    try:
        value = msgpack.unpackb(data, raw=False, use_list=False, strict_map_key=True)
    except (ValueError, UnicodeDecodeError, msgpack.exceptions.UnpackException) as error:
        raise Unproven(f"{name}: not MessagePack: {error}") from error
    require(_is_plain(value), f"{name}: holds more than numbers, text, bytes and lists")
    require(encode(value) == data, f"{name}: the bytes are not in canonical form")
    return value


def _is_plain(value: object, depth: int = 0) -> bool:
    if isinstance(value, tuple):
        return depth < MAX_DEPTH and all(_is_plain(entry, depth + 1) for entry in value)
    return type(value) in (int, str, bytes)


def tagged_hash(tag: str, data: bytes) -> bytes:
    """Return SHA-256 over the tag's length, the tag, and the data: 32 bytes."""
    return hashlib.sha256(_tag(tag) + data).digest()


def _tag(tag: str) -> bytes:
    raw = tag.encode("ascii")
    return bytes((len(raw),)) + raw


def is_signed(key: bytes, tag: str, chain_id: str, payload: Sequence[object], signature: bytes) -> bool:
    """Tell whether `signature` is the key's on a payload, by libsodium's predicate."""
    if len(key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        bindings.crypto_sign_open(signature + _tag(tag) + encode((chain_id, *payload)), key)
    except exceptions.BadSignatureError:
        return False
    return True


def is_under(root: bytes, leaf: bytes, proof: "Inclusion") -> bool:
    """Tell whether a leaf is the `index`-th of `count` under a Merkle root."""
    if not 0 <= proof.index < proof.count or len(proof.path) > MAX_PATH:
        return False
    digest, path = tagged_hash("packtrail/merkle-leaf/1", leaf), list(proof.path)
    at, width = proof.index, proof.count
    while width > 1:
        if at ^ 1 < width:
            if not path:
                return False
            sibling = path.pop(0)
            pair = (sibling, digest) if at % 2 else (digest, sibling)
            digest = tagged_hash("packtrail/merkle-node/1", encode(pair))
        at, width = at // 2, (width + 1) // 2
    return not path and tagged_hash("packtrail/merkle-root/1", encode((proof.count, digest))) == root


# ------------------------------------------------------------------------------ what travels


@dataclass(frozen=True)
class Header:
    """The header of a block; `id` is its hash. Fields as ADR 1 lists them, in their order."""

    version: int
    chain_id: str
    height: int
    time_ms: int
    previous_block_id: bytes
    last_commit_hash: bytes
    bundles_root: bytes
    evidence_root: bytes
    validators_hash: bytes
    next_validators_hash: bytes
    parameters_hash: bytes
    app_hash: bytes
    receipts_root: bytes
    state_root: bytes
    proposer: bytes

    @property
    def id(self) -> bytes:
        """The block's id, 32 bytes."""
        return tagged_hash("packtrail/header/1", encode(tuple(vars(self).values())))


@dataclass(frozen=True)
class Validator:
    """One voting node."""

    public_key: bytes
    power: int


@dataclass(frozen=True)
class Precommit:
    """One validator's signature in a commit: its index in the set of that height, and 64 bytes."""

    validator: int
    signature: bytes


@dataclass(frozen=True)
class Commit:
    """The precommits that decided a block."""

    height: int
    round: int
    block_id: bytes
    signatures: tuple[Any, ...]


@dataclass(frozen=True)
class Certified:
    """A header and the commit that decided it."""

    header: tuple[Any, ...]
    commit: tuple[Any, ...]


@dataclass(frozen=True)
class Change:
    """A certified header that names another set for the next height, and that set."""

    certified: tuple[Any, ...]
    validators: tuple[Any, ...]


@dataclass(frozen=True)
class Inclusion:
    """A Merkle path from a leaf upwards."""

    index: int
    count: int
    path: tuple[Any, ...]


@dataclass(frozen=True)
class BundleHeader:
    """The header of a bundle: what its lane's key signed."""

    version: int
    chain_id: str
    lane: bytes
    after: int
    sequence: int
    expires_at_ms: int
    weight: int
    documents_root: bytes
    count: int


@dataclass(frozen=True)
class Entry:
    """A bundle's line in a block."""

    bundle_id: bytes
    size: int
    weight: int


@dataclass(frozen=True)
class Receipt:
    """The law's answer to a document: `accepted`, or the code of a refusal and what it is about."""

    document_id: bytes
    code: str
    record: int
    subject: bytes
    events: tuple[Any, ...]


@dataclass(frozen=True)
class Document:
    """What a partner said; records are lists that begin with their tag (contracts/LAW.md)."""

    version: int
    nonce: bytes
    weight: int
    records: tuple[Any, ...]


@dataclass(frozen=True)
class Proof:
    """One document's way from its bytes to two decided headers."""

    version: int
    document: bytes
    in_bundle: tuple[Any, ...]
    bundle: tuple[Any, ...]
    bundle_signature: bytes
    entry: tuple[Any, ...]
    in_block: tuple[Any, ...]
    block: tuple[Any, ...]
    receipt: tuple[Any, ...]
    in_receipts: tuple[Any, ...]
    next_block: tuple[Any, ...]
    changes: tuple[Any, ...]


def shaped(kind: Callable[..., Any], value: object, name: str) -> Any:  # noqa: ANN401 - an instance of kind
    """Return a list of the right length, with values of the right types, as a dataclass."""
    fields: dict[str, type] = {
        field: tuple if annotation == tuple[Any, ...] else annotation
        for field, annotation in kind.__annotations__.items()
    }
    values = value if isinstance(value, tuple) else ()
    require(len(values) == len(fields), f"{name}: {len(values)} fields, expected {len(fields)}")
    for (field, expected), found in zip(fields.items(), values, strict=True):
        require(type(found) is expected, f"{name}.{field}: not of type {expected.__name__}")
    return kind(*values)


def _inclusion(value: object, name: str) -> Inclusion:
    found: Inclusion = shaped(Inclusion, value, name)
    require(all(isinstance(step, bytes) for step in found.path), f"{name}.path: not hashes")
    return found


# ------------------------------------------------------------------------------ who is believed


class Trust:
    """The validators that are believed, from a height on.

    Attributes:
        chain_id: The network.
        since: The height from which they vote.
        validators: (key, power), by key.
    """

    def __init__(self, chain_id: str, validators: Sequence[tuple[bytes, int]], since: int = 1) -> None:
        """Begin with a set of validators; refused with Unproven when no network may have it."""
        self.chain_id = chain_id
        self.since = since
        self.validators = _checked(validators)

    @classmethod
    def from_genesis(cls, data: bytes) -> "Trust":
        """Begin with the validators of a genesis document; refused with Unproven when it is not one."""
        require(len(data) <= MAX_GENESIS_BYTES, f"genesis: at most {MAX_GENESIS_BYTES} bytes are read")
        try:
            genesis = json.loads(data)
            validators = [
                (base64.b64decode(node["validator_key"], validate=True), node["power"])
                for node in genesis["nodes"]
                if node["role"] == "validator"
            ]
            chain_id = genesis["chain_id"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Unproven(f"genesis: {error!r}") from error
        require(isinstance(chain_id, str), "genesis: chain_id is not text")
        return cls(chain_id, validators)

    @property
    def hash(self) -> bytes:
        """The hash by which headers name this set."""
        return tagged_hash("packtrail/validators/1", encode(self.validators))

    def believe(self, certified: object, name: str) -> Header:
        """Return a header that this set decided, given as a `Certified` travels; else raise Unproven."""
        pair: Certified = shaped(Certified, certified, name)
        header: Header = shaped(Header, pair.header, name)
        commit: Commit = shaped(Commit, pair.commit, f"{name}: commit")
        is_read = header.version == HEADER_VERSION
        require(is_read, f"{name}: version {header.version} of the header, expected {HEADER_VERSION}")
        require(header.chain_id == self.chain_id, f"{name}: made on network {header.chain_id!r}")
        require(
            header.validators_hash == self.hash,
            f"{name}: decided by other validators than are known for height {header.height}",
        )
        require(
            self.since <= header.height <= MAX_HEIGHT
            and commit.height == header.height
            and commit.block_id == header.id,
            f"{name}: the commit decides another block",
        )
        self._check_commit(commit, name)
        return header

    def _check_commit(self, commit: Commit, name: str) -> None:
        """Check every signature, and that together they are more than two thirds of the power."""
        require(0 <= commit.round <= MAX_ROUND, f"{name}: round {commit.round}")
        payload = (PRECOMMIT, commit.height, commit.round, commit.block_id)
        power, last = 0, -1
        for entry in commit.signatures:
            signed: Precommit = shaped(Precommit, entry, f"{name}: commit")
            is_next = last < signed.validator < len(self.validators)
            require(is_next, f"{name}: commit: a signature out of order")
            last = signed.validator
            key, share = self.validators[last]
            is_good = is_signed(key, "packtrail/sign-vote/1", self.chain_id, payload, signed.signature)
            require(is_good, f"{name}: commit: the signature of validator {last} is wrong")
            power += share
        total = sum(share for _key, share in self.validators)
        require(power * 3 > 2 * total, f"{name}: commit: power {power} of {total} is no quorum")

    def follow(self, change: object, name: str) -> tuple["Trust", Header]:
        """Return the trust in the set that a believed header names for the height after it, and that header.

        The change is given as a `Change` travels; Unproven when it is not believed, or names another set.
        """
        pair: Change = shaped(Change, change, name)
        header = self.believe(pair.certified, name)
        after = Trust(self.chain_id, pair.validators, header.height + 1)
        require(after.hash == header.next_validators_hash, f"{name}: names another set than it brings")
        return after, header


def _checked(validators: Sequence[object]) -> tuple[tuple[bytes, int], ...]:
    """Return a set of validators in its order."""
    count = len(validators)
    require(0 < count <= MAX_VALIDATORS, f"validators: {count}, expected 1 to {MAX_VALIDATORS}")
    found: list[Validator] = [shaped(Validator, entry, "validators") for entry in validators]
    is_good = all(len(entry.public_key) == KEY_BYTES and entry.power > 0 for entry in found)
    require(is_good, "validators: a key has 32 bytes and a power of at least 1")
    require(len({entry.public_key for entry in found}) == count, "validators: a key stands there twice")
    require(sum(entry.power for entry in found) <= MAX_TOTAL_POWER, "validators: too much power")
    return tuple(sorted((entry.public_key, entry.power) for entry in found))


# ------------------------------------------------------------------------------ proofs of a document


@dataclass(frozen=True)
class Proven:
    """What a proof shows."""

    block: Header
    """The block that holds the document."""
    lane: bytes
    """32 bytes, the key that signed the document's bundle."""
    document_id: bytes
    """32 bytes."""
    data: bytes
    """The document's bytes."""
    document: Document
    """What it says."""
    receipt: Receipt
    """What the law answered."""


def verify_proof(trust: Trust, data: bytes) -> Proven:
    """Check that a document is in a decided block, and that the block after it certifies the verdict.

    The trust is followed through the changes that the proof brings.

    Raises:
        Unproven: The message names the step that fails.
    """
    proof: Proof = shaped(Proof, decode(data, "proof"), "proof")
    require(proof.version == PROOF_VERSION, f"version {proof.version}, expected {PROOF_VERSION}")
    receipt: Receipt = shaped(Receipt, proof.receipt, "receipt")
    block, next_block = _blocks(trust, proof)
    bundle: BundleHeader = shaped(BundleHeader, proof.bundle, "bundle")
    document_id = tagged_hash("packtrail/document/1", proof.document)
    in_bundle = _inclusion(proof.in_bundle, "in_bundle")
    _check_bundle(trust.chain_id, proof, bundle, is_under(bundle.documents_root, document_id, in_bundle))
    entry: Entry = shaped(Entry, proof.entry, "entry")
    require(
        entry.bundle_id == tagged_hash("packtrail/bundle/1", encode(proof.bundle))
        and is_under(block.bundles_root, encode(proof.entry), _inclusion(proof.in_block, "in_block")),
        "bundle: not under the bundles root of the block",
    )
    document: Document = shaped(Document, decode(proof.document, "document"), "document")
    is_listed = all(isinstance(record, tuple) and record for record in document.records)
    require(is_listed, "document: a record is not a list")
    require(receipt.document_id == document_id, "receipt: of another document")
    leaf = tagged_hash("packtrail/receipt/2", encode((entry.bundle_id, in_bundle.index, proof.receipt)))
    require(
        is_under(next_block.receipts_root, leaf, _inclusion(proof.in_receipts, "in_receipts")),
        "receipt: not under the receipts root of the next block",
    )
    return Proven(block, bundle.lane, document_id, proof.document, document, receipt)


def _blocks(trust: Trust, proof: Proof) -> tuple[Header, Header]:
    """Follow the validators up to the block, believe it, and believe the block after it."""
    changes = list(proof.changes)
    block: Header | None = None
    for at, change in enumerate(changes):
        trust, header = trust.follow(change, f"change {at}")
        if change[0] == proof.block:
            require(at == len(changes) - 1, "changes: the block is not the last of them")
            block = header
    if block is None:
        block = trust.believe(proof.block, "block")
    next_block = trust.believe(proof.next_block, "next block")
    require(
        next_block.height == block.height + 1
        and next_block.previous_block_id == block.id
        and next_block.validators_hash == block.next_validators_hash,
        "next block: does not follow the block",
    )
    return block, next_block


def _check_bundle(chain_id: str, proof: Proof, bundle: BundleHeader, is_in_it: bool) -> None:
    require(bundle.chain_id == chain_id, f"bundle: made for network {bundle.chain_id!r}")
    require(is_in_it, "document: not under the bundle's documents root")
    require(
        is_signed(
            bundle.lane, "packtrail/sign-bundle/1", chain_id, (encode(proof.bundle),), proof.bundle_signature
        ),
        "bundle: the signature is not the lane's",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a proof from the command line; print what it shows as JSON. Exit code 1 when it shows nothing."""
    parser = argparse.ArgumentParser(description="Check a Packtrail proof, offline, with genesis alone.")
    parser.add_argument("genesis", type=Path, help="genesis.json of the network, from a source you trust")
    parser.add_argument("proof", type=Path, help="the proof, as a node gives it")
    given = parser.parse_args(arguments)
    try:
        proven = verify_proof(Trust.from_genesis(given.genesis.read_bytes()), given.proof.read_bytes())
    except (Unproven, OSError) as error:
        sys.stderr.write(f"proves nothing: {error}\n")
        return 1
    shown = {
        "chain_id": proven.block.chain_id,
        "height": proven.block.height,
        "time_ms": proven.block.time_ms,
        "block_id": proven.block.id.hex(),
        "document": proven.document_id.hex(),
        "signed_by": proven.lane.hex(),
        "records": [record[0] for record in proven.document.records],
        "accepted": proven.receipt.code == ACCEPTED,
        "code": proven.receipt.code,
    }
    sys.stdout.write(json.dumps(shown, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
