"""Decoders of what is hashed and signed: bundles with their documents, blocks, evidence, proofs, genesis."""

from random import Random
from typing import Any

import msgspec

from cli import light
from consensus.effects import Input
from contracts.chain.commit import Commit, CommitSignature
from contracts.chain.evidence import Evidence, of_proposals, of_votes
from contracts.chain.fork import (
    FORKS,
    MAX_FORK_BYTES,
    InvalidFork,
    evidence_in,
    fork_of,
    suspects_in,
    verify_fork,
    with_votes,
)
from contracts.chain.genesis import InvalidGenesis, decode_genesis, encode_genesis, validator_set
from contracts.chain.header import BLOCKS, MAX_BLOCK_BYTES
from contracts.chain.snapshot import MANIFESTS, MAX_MANIFEST_BYTES, Manifest, is_well_formed_manifest
from contracts.chain.votes import Proposal, Vote, VoteType
from contracts.gs1.keys import InvalidKey, parse_item_key
from contracts.ledger.anchor import ANCHORS, MAX_ANCHOR_BYTES, Anchor, InvalidAnchor, verify_anchor
from contracts.ledger.block import InvalidBlock
from contracts.ledger.bundle import Bundle, BundleReader, MalformedBundle
from contracts.ledger.document import MalformedDocument, build_document, check_document, document_decoder
from contracts.ledger.genesis_state import genesis_writes
from contracts.ledger.proof import CertifiedHeader, Proof
from contracts.ledger.receipt import RECEIPTS
from contracts.primitives.encoding import Decoder, MalformedBytes, encode
from contracts.records.record import Record
from contracts.rules.convicting import evidence_fault, judge_claim
from contracts.state.evidence import Moment
from contracts.state.view import Overlay
from network.sync.checks import COMMITS, read_block
from network.wire.errors import RemoteProtocolError
from network.wire.messages import BlockAnswer
from tests.fuzz.packed import Packed
from tests.fuzz.shapes import Shapes
from tests.fuzz.target import LONG_BYTES, Target
from tests.fuzz.texts import Raw, Texts
from tests.support.evidence import ONE, OTHER, signed_vote, two_proposals, two_votes
from tests.vectors.network import pack, pallet, public_key, seed, vector_genesis
from tests.vectors.notation import from_json, load

CHAIN = load("chain.json")
GENESIS = vector_genesis()
LIMITS = GENESIS.parameters.limits
VOTES = [Vote(VoteType.PREVOTE, 5, 1, bytes((value,)) * 32, 3, b"\x22" * 64) for value in (1, 2)]
PROPOSALS = [Proposal(5, 1, bytes((value,)) * 32, 0, 2, b"\x22" * 64) for value in (1, 2)]
EVIDENCE = (of_votes(*VOTES), of_proposals(*PROPOSALS))


def bundles() -> list[bytes]:
    """Return every bundle of the vectors' chain."""
    return [from_json(bundle) for block in CHAIN["blocks"] for bundle in block["bundles"]]


def stated() -> list[bytes]:
    """Return every document of the vectors' chain."""
    opened = [msgspec.msgpack.decode(data, type=Bundle) for data in bundles()]
    return [document for bundle in opened for document in bundle.documents]


def documents() -> list[bytes]:
    """Return every document of the vectors' chain, and two of each kind of record that there is."""
    shapes = Shapes(Random("packtrail fuzz documents"))
    made = [shapes.all_of(Record) for _ in range(2)]
    return stated() + [encode(build_document(bytes(16), (record,))) for records in made for record in records]


def blocks() -> list[bytes]:
    """Return the vectors' blocks, and one with evidence."""
    found = [from_json(block["block"]) for block in CHAIN["blocks"]]
    convicting = msgspec.structs.replace(BLOCKS.decode(found[0]), evidence=EVIDENCE)
    return [*found, encode(convicting)]


def commits() -> list[bytes]:
    """Return the commits of the vectors' blocks."""
    return [from_json(block["commit"]) for block in CHAIN["blocks"]]


def proofs() -> list[bytes]:
    """Return the vectors' proofs."""
    return [from_json(proof["proof"]) for proof in CHAIN["proofs"]]


def _encoded(value: object) -> bytes:
    return encode(value)


_READER = BundleReader(GENESIS.chain_id, LIMITS)
_DOCUMENTS = document_decoder(LIMITS.document_bytes)
_RECORDS: Decoder[Record] = Decoder(Record)  # type: ignore[arg-type]
_EVIDENCE: Decoder[Evidence] = Decoder(Evidence)  # type: ignore[arg-type]
_STATE = Overlay(dict(genesis_writes(GENESIS)))
_MOMENT = Moment(10, GENESIS.time_ms + 1)
_INPUTS: Decoder[Input] = Decoder(Input)  # type: ignore[arg-type]


def _read_document(data: bytes) -> object:
    document = _DOCUMENTS.decode(data)
    check_document(document, LIMITS.document_weight, LIMITS.document_records, LIMITS.record_items)
    return document


def _judged(data: bytes) -> object:
    """Ask the law about a piece that a peer brings, and that a block carries."""
    piece = _EVIDENCE.decode(data)
    fault = evidence_fault(_STATE, GENESIS.chain_id, _MOMENT, (piece,))
    judged = judge_claim(_STATE, GENESIS.chain_id, _MOMENT, piece)
    if fault is not None or isinstance(judged, str):
        raise InvalidBlock(fault or judged)
    return judged


def _convicting() -> list[Evidence]:
    """Return pieces that convict, about heights from the first to the next."""
    key, author = seed("vote of node-a"), validator_set(GENESIS).index_of(public_key("vote of node-a")) or 0
    return [
        made(GENESIS.chain_id, key, height, author)
        for made in (two_votes, two_proposals)
        for height in (1, 5, 9, 10)
    ]


def _answered(data: bytes) -> object:
    """Read a block and a commit that came as one answer of a peer."""
    (height, block, commit) = _ANSWERS.decode(data)
    return read_block(GENESIS.chain_id, LIMITS, BlockAnswer(height, block, commit))


_ANSWERS: Decoder[tuple[int, bytes, bytes]] = Decoder(tuple[int, bytes, bytes])


def _answers() -> list[bytes]:
    pairs = zip(CHAIN["blocks"], commits(), strict=True)
    return [encode((block["height"], from_json(block["block"]), commit)) for block, commit in pairs]


_PROOFS: Decoder[Proof] = Decoder(Proof, light.MAX_PROOF_BYTES)
_TRUST = light.Trust.from_genesis(encode_genesis(GENESIS))


def _proven(data: bytes) -> object:
    return light.verify_proof(_TRUST, data)


def _light_proof(data: bytes) -> object:
    return light.decode(data, "proof")


def _genesis(data: bytes) -> object:
    genesis = decode_genesis(data)
    genesis_writes(genesis)
    return genesis


def _rows(kind: Any, count: int) -> list[bytes]:
    shapes = Shapes(Random("packtrail fuzz rows"))
    return [encode(value) for _ in range(count) for value in shapes.all_of(kind)]


def _manifest(data: bytes) -> Manifest:
    manifest = MANIFESTS.decode(data)
    is_well_formed_manifest(manifest)
    return manifest


def anchors() -> list[bytes]:
    """Return what ties the first two blocks of the vectors' chain to its genesis."""
    headers = [BLOCKS.decode(data).header for data in blocks()[:3]]
    decided = [COMMITS.decode(data) for data in commits()]
    return [
        encode(Anchor((), blocks()[at], decided[at], CertifiedHeader(headers[at + 1], decided[at + 1])))
        for at in range(2)
    ]


def _anchored(data: bytes) -> object:
    """Verify an anchor for a manifest that fits it as well as anything does."""
    anchor = ANCHORS.decode(data)
    following = anchor.following.header
    height, block_id_ = following.height - 1, following.previous_block_id
    chunks = (bytes(32),)
    manifest = Manifest(1, GENESIS.chain_id, height, block_id_, following.app_hash, 1, chunks)
    return verify_anchor(validator_set(GENESIS), GENESIS.chain_id, manifest, anchor)


def forks() -> list[bytes]:
    """Return proofs of forks in one round and over two, signed by all validators."""
    members = validator_set(GENESIS)
    seeds = {public_key(f"vote of {node.name}"): seed(f"vote of {node.name}") for node in GENESIS.nodes}
    cast = [
        signed_vote(GENESIS.chain_id, seeds[each.public_key], 1, index, value, kind, round_)
        for index, each in enumerate(members.validators)
        for kind in VoteType
        for value in (ONE, OTHER)
        for round_ in (0, 1)
    ]
    found = []
    for last in (0, 1):
        decided = [
            Commit(
                *(1, round_, value),
                tuple(
                    CommitSignature(vote.validator, vote.signature)
                    for vote in cast
                    if (vote.type, vote.round, vote.block_id) == (VoteType.PRECOMMIT, round_, value)
                ),
            )
            for round_, value in ((0, ONE), (last, OTHER))
        ]
        found += [encode(fork_of(*decided)), encode(with_votes(fork_of(*decided), members, cast))]
    return found


def _forked(data: bytes) -> object:
    """Judge a proof of a fork, and ask who is to answer for it."""
    proof, members = FORKS.decode(data), validator_set(GENESIS)
    verify_fork(GENESIS.chain_id, members, proof)
    return evidence_in(proof), suspects_in(members, proof)


def ledger_targets() -> list[Target]:
    """Return the decoders of the ledger."""
    malformed = (MalformedBytes,)
    unproven = (light.Unproven,)
    form = (*malformed, MalformedDocument)
    evidence = Packed([encode(each) for each in EVIDENCE])
    convicting = Packed([encode(each) for each in _convicting()])
    manifests, tied = Packed(_rows(Manifest, 3)), Packed(anchors())
    asked, split = Packed(_answers()), Packed(forks())
    mint = Texts([encode_genesis(GENESIS), msgspec.json.encode(GENESIS)])
    return [
        Target("bundle", _READER.read, (MalformedBundle,), Packed(bundles()), 120, None, LIMITS.bundle_bytes),
        Target("document", _read_document, form, Packed(documents()), 180, _encoded, LIMITS.document_bytes),
        Target("record", _RECORDS.decode, malformed, Packed(_rows(Record, 3)), 140, _encoded, LONG_BYTES),
        Target("manifest", _manifest, malformed, manifests, 60, _encoded, MAX_MANIFEST_BYTES),
        Target("anchor", _anchored, (*malformed, InvalidAnchor), tied, 200, None, MAX_ANCHOR_BYTES),
        Target("block", BLOCKS.decode, malformed, Packed(blocks()), 100, _encoded, MAX_BLOCK_BYTES),
        Target("commit", COMMITS.decode, malformed, Packed(commits()), 80, _encoded, COMMITS.max_bytes),
        Target("block of a peer", _answered, (*malformed, RemoteProtocolError), asked, 50, None, LONG_BYTES),
        Target("evidence", _EVIDENCE.decode, malformed, evidence, 60, _encoded),
        Target("evidence, judged", _judged, (*malformed, InvalidBlock), convicting, 20),
        Target("proof of a fork", FORKS.decode, malformed, split, 60, _encoded, MAX_FORK_BYTES),
        Target("proof of a fork, judged", _forked, (*malformed, InvalidFork), split, 4, None, MAX_FORK_BYTES),
        Target("receipt", RECEIPTS.decode, malformed, Packed(_receipts()), 40, _encoded),
        Target("proof", _PROOFS.decode, malformed, Packed(proofs()), 40, _encoded, LONG_BYTES),
        Target("proof, by the light verifier", _light_proof, unproven, Packed(proofs()), 40, light.encode),
        Target("proof, verified", _proven, unproven, Packed(proofs()), 4),
        Target("genesis, by the light verifier", light.Trust.from_genesis, unproven, mint, 4),
        Target("logged input", _INPUTS.decode, malformed, Packed(_rows(Input, 4)), 80, _encoded),
        Target("item key", parse_item_key, (InvalidKey,), Raw([pack("A1"), pallet(7)]), 30),
        Target("genesis", _genesis, (InvalidGenesis,), mint, 4, max_bytes=1 << 17),
    ]


def _receipts() -> list[bytes]:
    return [from_json(receipt) for block in CHAIN["blocks"] for receipt in block["receipts"]]
