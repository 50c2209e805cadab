"""Hash domains, signed bytes, ids, the order of bundles, and the app hash."""

from typing import Any, Final

from contracts.chain.commit import NO_COMMIT, commit_hash
from contracts.chain.evidence import evidence_hash, of_proposals, of_votes
from contracts.chain.header import block_id
from contracts.chain.parameters import Parameters, parameters_hash
from contracts.chain.snapshot import voucher_sign_bytes
from contracts.chain.validators import Validator, ValidatorSet
from contracts.chain.votes import (
    Proposal,
    Vote,
    VoteType,
    proposal_sign_bytes,
    vote_sign_bytes,
)
from contracts.ledger.bundle import build_header, bundle_id, bundle_sign_bytes, canonical_order
from contracts.ledger.document import document_id
from contracts.ledger.execute import GENESIS_PREVIOUS, next_app_hash, writes_hash
from contracts.ledger.receipt import Event, Receipt, receipt_hash
from contracts.primitives import hashing, signing
from contracts.primitives.encoding import encode
from contracts.primitives.hashing import Domain
from contracts.records.custody import shipment_id
from contracts.state.view import TOMBSTONE, Writes
from tests.vectors.chain_cases import three_blocks
from tests.vectors.network import CHAIN_ID, START_MS, public_key, seed
from tests.vectors.notation import to_json

DOMAINS: Final = {name: value for name, value in sorted(vars(hashing).items()) if isinstance(value, Domain)}
"""Every hash domain of the ledger by the name of its constant."""

SIGNATURE: Final = seed("half") * 2
BLOCK: Final = seed("block")
OTHER: Final = seed("other block")


def _domains() -> list[Any]:
    return [
        {
            "tag": domain.tag[1:].decode(),
            "data": to_json(data),
            "hash": to_json(domain.hash(data)),
        }
        for domain in DOMAINS.values()
        for data in (b"", b"packtrail")
    ]


def _signed() -> list[Any]:
    """Bytes to sign, by whom, and the one signature that Ed25519 makes of them."""
    header = three_blocks().reader.read(three_blocks().blocks[1].bundles[0]).header
    cases = {
        "prevote": vote_sign_bytes(CHAIN_ID, VoteType.PREVOTE, 7, 0, BLOCK),
        "precommit for nil": vote_sign_bytes(CHAIN_ID, VoteType.PRECOMMIT, 2**33, 300, b""),
        "fresh proposal": proposal_sign_bytes(CHAIN_ID, 7, 0, BLOCK, -1),
        "proposal again": proposal_sign_bytes(CHAIN_ID, 7, 2, BLOCK, 1),
        "bundle": bundle_sign_bytes(header),
        "voucher": voucher_sign_bytes(CHAIN_ID, 10_000, BLOCK),
    }
    fields: dict[str, list[Any]] = {
        "prevote": [CHAIN_ID, 1, 7, 0, BLOCK],
        "precommit for nil": [CHAIN_ID, 2, 2**33, 300, b""],
        "fresh proposal": [CHAIN_ID, 7, 0, BLOCK, -1],
        "proposal again": [CHAIN_ID, 7, 2, BLOCK, 1],
        "bundle": [CHAIN_ID, encode(header)],
        "voucher": [CHAIN_ID, 10_000, BLOCK],
    }
    domains = {
        "prevote": signing.VOTE,
        "precommit for nil": signing.VOTE,
        "bundle": signing.BUNDLE,
        "voucher": signing.SNAPSHOT,
    }
    return [
        {
            "name": name,
            "tag": domains.get(name, signing.PROPOSAL).tag[1:].decode(),
            "fields": to_json(fields[name]),
            "bytes": to_json(message),
            "seed": to_json(seed(name)),
            "public_key": to_json(public_key(name)),
            "signature": to_json(signing.sign(seed(name), message)),
        }
        for name, message in cases.items()
    ]


def _ids() -> list[Any]:
    """What is named by a hash: kind, the bytes that are hashed, the name."""
    votes = of_votes(
        Vote(VoteType.PREVOTE, 7, 0, OTHER, 3, SIGNATURE), Vote(VoteType.PREVOTE, 7, 0, BLOCK, 3, SIGNATURE)
    )
    proposals = of_proposals(Proposal(7, 2, BLOCK, 1, 1, SIGNATURE), Proposal(7, 2, BLOCK, -1, 1, SIGNATURE))
    chain = three_blocks()
    opened = chain.reader.read(chain.blocks[0].bundles[0])
    document = bytes(chain.document())
    receipt = Receipt(BLOCK, "expired", 2, b"L-7", (Event(20, 0, (b"\x01i",), b"s", (1, 300)),))
    header = build_header(CHAIN_ID, public_key("lane"), 3, 9, START_MS, [(document, 0)])
    validators = ValidatorSet(Validator(public_key(f"vote {n}"), n) for n in range(1, 6))
    found = (
        ("document", document, document_id(document)),
        ("bundle", encode(header), bundle_id(header)),
        ("bundle", encode(opened.header), opened.id),
        ("header", encode(chain.blocks[2].block.header), block_id(chain.blocks[2].block.header)),
        ("commit", encode(NO_COMMIT), commit_hash(NO_COMMIT)),
        ("commit", encode(chain.commit), commit_hash(chain.commit)),
        ("evidence", encode(votes), evidence_hash(votes)),
        ("evidence", encode(proposals), evidence_hash(proposals)),
        ("validators", encode(validators.validators), validators.hash),
        ("parameters", _rows_of(Parameters()), parameters_hash(Parameters())),
        ("receipt", encode((OTHER, 3, receipt)), receipt_hash(OTHER, 3, receipt)),
        ("shipment", encode((BLOCK, 4)), shipment_id(BLOCK, 4)),
    )
    return [{"kind": kind, "bytes": to_json(data), "id": to_json(name)} for kind, data, name in found]


def _rows_of(parameters: Parameters) -> bytes:
    """Write the default parameters by hand: limits, tolerances, timing."""
    limits = [524_288, 20_000, 1_000, 10_000, 1_048_576, 20_000, 1_000, 4_194_304, 50_000, 1_000, 256, 8]
    timing = [1_000, 500, 500, 500, 20_000, 200, 30_000, 5_000, 5_000]
    if parameters != Parameters():
        raise ValueError("only the defaults are written here")
    return encode([limits, [600_000, 300_000, 500_000, 604_800_000], timing])


def _order() -> list[Any]:
    """Bundles as a proposer may pick them, and the positions in which a block must hold them."""
    lanes = [seed(f"lane {number}") for number in range(5)]
    chosen = [(lane, sequence) for sequence in (4, 1, 70_000) for lane in lanes]
    found = []
    for previous in (bytes(32), BLOCK):
        entries = [(lane, sequence, at) for at, (lane, sequence) in enumerate(chosen)]
        found.append(
            {
                "previous_block_id": to_json(previous),
                "bundles": [to_json(pair) for pair in chosen],
                "order": canonical_order(previous, entries),
            }
        )
    return found


def _app_hashes() -> list[Any]:
    """Writes in key order, a tombstone where there is no value."""
    cases: dict[str, Writes] = {
        "no writes": (),
        "one row": ((b"\x10key", b"value"),),
        "a row deleted": ((b"\x10key", TOMBSTONE),),
        "rows of all lengths": (
            (b"\x01", b"\x90"),
            (b"\x10" + b"k" * 300, b"v" * 300),
            (b"\x10kk", TOMBSTONE),
            (b"\xff", b"\x00"),
        ),
        "split otherwise": ((b"\x10ke", b"yvalue"),),
    }
    found = []
    for name, writes in cases.items():
        for previous in (GENESIS_PREVIOUS, hashing.Hash(BLOCK)):
            rows = [[key, value] if value else [key] for key, value in writes]
            found.append(
                {
                    "name": name,
                    "previous": to_json(previous),
                    "writes": to_json(rows),
                    "writes_hash": to_json(writes_hash(writes)),
                    "app_hash": to_json(next_app_hash(previous, writes)),
                }
            )
    return found


def build() -> dict[str, Any]:
    """Return the content of hashes.json."""
    return {
        "domains": _domains(),
        "signed": _signed(),
        "ids": _ids(),
        "order": _order(),
        "app_hashes": _app_hashes(),
    }
