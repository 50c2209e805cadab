"""Three blocks with every record of the law, some of them refused, and proofs that stand on genesis alone."""

import json
from typing import Any

from cli.light import Trust, verify_proof
from contracts.chain.genesis import encode_genesis, genesis_hash
from contracts.chain.header import block_id, entry_leaf
from contracts.gs1.keys import pack_gtin
from contracts.ledger.bundle import bundle_id
from contracts.ledger.document import document_id
from contracts.ledger.proof import PROOF_VERSION, CertifiedHeader, Proof
from contracts.ledger.receipt import receipt_leaves
from contracts.primitives import merkle
from contracts.primitives.encoding import encode
from contracts.records.custody import Receive, ReceiveMode, Refuse, Ship, ShipPurpose, Void, shipment_id
from contracts.records.dispensing import Dispense
from contracts.records.head import Head
from contracts.records.supply import (
    Commission,
    CommissionLogisticUnits,
    Decommission,
    DecommissionReason,
    Observe,
    ObserveStep,
    Pack,
    Unpack,
)
from tests.vectors.chain import ChainMaker, MadeBlock
from tests.vectors.network import (
    CASE_GTIN,
    EXPIRY,
    PACK_GTIN,
    START_MS,
    case,
    pack,
    pallet,
    party,
    seed,
    site,
    vector_genesis,
)
from tests.vectors.notation import to_json, unpack


def _head(place: str = "", attachments: tuple[bytes, ...] = ()) -> Head:
    return Head(START_MS, 120, site(place) if place else b"", attachments)


def _commission(gtin: str, place: str, *serials: str) -> Commission:
    packed = tuple(serial.encode() for serial in serials)
    return Commission(_head(place), pack_gtin(gtin), b"L-7", EXPIRY, b"LINE/2", START_MS - 7_200_000, packed)


def _ship(sender: str, receiver: str, *items: bytes, **options: Any) -> Ship:
    purpose = options.get("purpose", ShipPurpose.SALE)
    carrier = party(options["carrier"]) if "carrier" in options else b""
    destination = site(options["destination"]) if "destination" in options else b""
    references = options.get("references", ())
    head = _head({"alder": "depot", "birch": "hall"}[sender])
    passes = options.get("passes", 1)
    return Ship(head, items, party(receiver), destination, purpose, passes, 0, carrier, references)


def _made(chain: ChainMaker) -> dict[str, bytes]:
    """Make block 1: goods come to life, are packed, seen, and sent; return shipments by name."""
    packs = tuple(pack(str(number)) for number in range(1, 10))
    documents = {
        "life": chain.document(
            _commission(PACK_GTIN, "plant", *map(str, range(1, 10))),
            _commission(CASE_GTIN, "plant", "C1"),
            CommissionLogisticUnits(_head("depot"), (pallet(1),)),
        ),
        "pack": chain.document(
            Pack(_head("plant"), case("C1"), packs[:4]), Pack(_head("depot"), pallet(1), (case("C1"),))
        ),
        "unpack": chain.document(Unpack(_head("depot"), case("C1"), packs[3:4])),
        "observe": chain.document(Observe(_head("depot", (seed("photo"),)), ObserveStep.STORING, packs[4:6])),
        "S1": chain.document(
            _ship(
                *("alder", "birch", pallet(1), packs[3]),
                carrier="cedar",
                destination="hall",
                references=(seed("order"),),
            )
        ),
        "S2": chain.document(_ship("alder", "birch", packs[4])),
        "S3": chain.document(_ship("alder", "dogwood", packs[5], packs[6])),
        "S4": chain.document(_ship("alder", "dogwood", packs[7])),
        "refused": chain.document(_ship("alder", "birch", packs[8], pack("999"))),
    }
    groups = [list(documents.values())[:4], list(documents.values())[4:]]
    bundles = [chain.bundle("alder", *groups[0]), chain.bundle("alder", *groups[1], skip=1)]
    theft = chain.document(Decommission(_head(), DecommissionReason.STOLEN, (pack("9"),)))
    bundles.append(chain.bundle("elm", theft))
    chain.make(bundles, absent=("node-d",))
    return {name: shipment_id(document_id(documents[name]), 0) for name in ("S1", "S2", "S3", "S4")}


def _moved(chain: ChainMaker, shipments: dict[str, bytes]) -> None:
    """Make block 2: custody, refusal, void and receipt; a stranger's receipt is refused."""
    carrier = chain.document(Receive(_head("hub"), shipments["S1"], ReceiveMode.ALL, ()))
    void = chain.document(Void(_head(), shipments["S4"], ()))
    refuse = chain.document(Refuse(_head(), shipments["S2"], (pack("5"),)))
    listed = chain.document(Receive(_head("shop"), shipments["S3"], ReceiveMode.LISTED, (pack("6"),)))
    stranger = chain.document(Receive(_head("hall"), shipments["S3"], ReceiveMode.ALL, ()))
    chain.make(
        [
            chain.bundle("cedar", carrier),
            chain.bundle("alder", void),
            chain.bundle("birch", refuse, stranger),
            chain.bundle("dogwood", listed),
        ]
    )


def _ended(chain: ChainMaker, shipments: dict[str, bytes]) -> None:
    """Make block 3: the rest is received, packs reach patients or are destroyed; a copy is refused."""
    received = chain.document(Receive(_head("hall"), shipments["S1"], ReceiveMode.ALL_EXCEPT, (pack("2"),)))
    destroyed = chain.document(Decommission(_head(), DecommissionReason.DESTROYED, (pack("4"),)))
    dispensed = chain.document(Dispense(_head("shop"), (pack("6"),)))
    copy = chain.document(Dispense(_head("shop"), (pack("1"),)))
    chain.make(
        [chain.bundle("birch", received, destroyed), chain.bundle("dogwood", dispensed, copy)],
        absent=("node-a",),
    )


def three_blocks() -> ChainMaker:
    """Return the chain of the vectors."""
    chain = ChainMaker()
    shipments = _made(chain)
    _moved(chain, shipments)
    _ended(chain, shipments)
    return chain


def prove_document(chain: ChainMaker, height: int, index: int) -> Proof:
    """Return the proof of a block's `index`-th document."""
    made, following = chain.blocks[height - 1], chain.blocks[height]
    opened = [chain.reader.read(data) for data in made.bundles]
    places = [(at, inside) for at, bundle in enumerate(opened) for inside in range(len(bundle.documents))]
    at, inside = places[index]
    bundle, receipts = opened[at], made.result.receipts
    counts = [(each.id, len(each.documents)) for each in opened]
    return Proof(
        PROOF_VERSION,
        unpack(made.bundles[at])[2][inside],
        merkle.prove(bundle.document_ids, inside),
        bundle.header,
        bundle.signature,
        made.block.bundles[at],
        merkle.prove([entry_leaf(entry) for entry in made.block.bundles], at),
        CertifiedHeader(made.block.header, made.commit),
        receipts[index],
        merkle.prove(receipt_leaves(counts, receipts), index),
        CertifiedHeader(following.block.header, following.commit),
        (),
    )


def _block(chain: ChainMaker, made: MadeBlock) -> dict[str, Any]:
    """Describe a block: its bytes, then what must be computed from them."""
    opened = [chain.reader.read(data) for data in made.bundles]
    return {
        "height": made.block.header.height,
        "block": encode(made.block),
        "bundles": list(made.bundles),
        "commit": encode(made.commit),
        "receipts": [encode(receipt) for receipt in made.result.receipts],
        "writes": [list(write) for write in made.result.writes],
        "block_id": block_id(made.block.header),
        "bundle_ids": [bundle_id(bundle.header) for bundle in opened],
        "document_ids": [identifier for bundle in opened for identifier in bundle.document_ids],
        "codes": [receipt.code for receipt in made.result.receipts],
        "app_hash": made.result.app_hash,
        "receipts_root": made.result.receipts_root,
    }


def _proof(chain: ChainMaker, height: int, index: int) -> dict[str, Any]:
    proof = prove_document(chain, height, index)
    proven = verify_proof(Trust.from_genesis(encode_genesis(chain.genesis)), encode(proof))
    return {
        "height": proven.block.height,
        "document_id": proven.document_id,
        "code": proven.receipt.code,
        "proof": encode(proof),
    }


def genesis_document() -> Any:
    """Return the content of genesis.json: the document as nodes keep it."""
    return json.loads(encode_genesis(vector_genesis()))


def build() -> dict[str, Any]:
    """Return the content of chain.json."""
    chain = three_blocks()
    content: dict[str, Any] = {
        "genesis_hash": genesis_hash(chain.genesis),
        "genesis_app_hash": chain.blocks[0].block.header.app_hash,
        "genesis_writes": [list(write) for write in chain.writes],
        "blocks": [_block(chain, made) for made in chain.blocks],
        "proofs": [_proof(chain, height, index) for height, index in ((1, 0), (1, 8), (2, 1), (2, 4))],
    }
    return _all_json(content)


def _all_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _all_json(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_all_json(entry) for entry in value]
    return to_json(value)
