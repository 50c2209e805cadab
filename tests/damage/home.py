"""A stopped validator's home with every kind of file in it, made without a network in a second."""

import random
from pathlib import Path

import msgspec

from consensus.effects import BundlesAvailable, Sign, StartHeight
from consensus.values import NO_VALUE, RoundValue, Step
from contracts.chain.commit import NO_COMMIT
from contracts.chain.genesis import encode_genesis
from contracts.chain.header import block_id
from contracts.chain.parameters import ConsensusTiming
from contracts.chain.snapshot import Manifest, chunk_hash
from contracts.ledger.document import document_id, encode_document
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from network.description import NodeRecord, PartnerRecord, sealed
from network.sync.packing import pack_chunk
from node.api.tokens import Role, TokenFile
from node.config.load import load_config
from node.config.remembered import remember
from node.config.render import render_toml
from node.home import CONFIG_FILE, HEAD_FILE, LOG_FOLDER, OUTBOX_FOLDER, SIGNER_FILE, VOUCHER_FILE, Home
from node.identity.keystore import COSTS, KeyKind, Keystore
from node.identity.signer import FileSigner, create_signer_record
from node.identity.standing import Standing
from node.identity.vouching import VoucherSigner
from node.pool.bundler import make_bundle, store_bundles
from node.pool.lane_writer import CutBundle, QueuedDocument
from node.storage.chunks import Cutting
from node.storage.files import DiskFiles
from node.storage.head_marker import HeadMarker, save_head_marker
from node.storage.leveldb import LevelOptions, open_level
from node.storage.log import ConsensusLog
from node.storage.outbox import Outbox
from node.storage.references import KeptReference, reference_entries
from node.storage.snapshot_files import SnapshotFiles
from node.storage.store import META
from tests.support.ledger import OneNode, pack_key, pallet_key
from tests.support.parties import MAKER, WHOLESALER, build_test_genesis, lane_key, validator_seed

_PASSPHRASE = b"a passphrase of many words"
_SEGMENT_BYTES = 3_000
SMALL = LevelOptions(write_buffer_bytes=1 << 16, table_bytes=1 << 14)
"""So that a small database has tables."""


def make_home(root: Path) -> Home:
    """Make the home of validator `node-0`; the same bytes each time, but for salts and marks."""
    home, node = Home(root), _history()
    for folder in (home.config_folder, home.keys, home.data):
        folder.mkdir(parents=True)
    home.genesis.write_bytes(encode_genesis(node.genesis))
    (root / "passphrase").write_bytes(_PASSPHRASE + b"\n")
    flags = {
        "node.name": "node-0",
        "keys.passphrase_file": "passphrase",
        "keys.partners": f'["{MAKER.gln}"]',
        "keys.cost": "minimum",
        "p2p.peers": '[{ name = "node-1", address = "127.0.0.1:7701" }]',
    }
    config = load_config(flags=flags).config
    home.config.write_text(render_toml(config))
    remember(DiskFiles(home.data), CONFIG_FILE, config)
    TokenFile(home.tokens).create("till", [Role.SUBMIT], "2026-01-01T00:00:00Z")
    home.certificate.write_bytes(node.genesis.nodes[0].certificate)
    home.record.write_bytes(msgspec.json.encode(_record(node)))
    keys = Keystore(DiskFiles(root), home.keys.name)
    keys.create(KeyKind.NODE, _PASSPHRASE, COSTS["minimum"])
    keys.create(KeyKind.VALIDATOR, _PASSPHRASE, COSTS["minimum"], seed=validator_seed(0))
    keys.create(KeyKind.PARTNER, _PASSPHRASE, COSTS["minimum"], MAKER.gln, seed=lane_key(MAKER).seed)
    _fill_database(home, node)
    _fill_logs(home, node)
    _add_snapshot(home, node)
    Standing(DiskFiles(home.data)).allow(0)
    return home


def _record(node: OneNode) -> NodeRecord:
    """Return the public part of the home's keys, as `packtrail init` keeps it."""
    own = node.genesis.nodes[0]
    partners = (PartnerRecord(MAKER.gln, lane_key(MAKER).public_key),)
    return sealed(NodeRecord(own.name, own.role, own.certificate, own.partner, own.validator_key, partners))


def _history() -> OneNode:
    """A chain of a few blocks, with goods made, packed and shipped."""
    node = OneNode(build_test_genesis(validators=4), remembers=True)
    for number in range(12):
        node.record(MAKER, node.commission([f"{number}-{serial}" for serial in range(30)]))
    node.record(MAKER, node.pack(pallet_key(1), [pack_key("1-1"), pack_key("1-2")]))
    node.record(MAKER, node.ship(MAKER, WHOLESALER, [pallet_key(1)]))
    node.produce()
    return node


def _fill_database(home: Home, node: OneNode) -> None:
    """Copy the rows in several sessions, so that there are tables and a log of LevelDB's.

    The head is in the last of them, as it is in the newest batch of every node.
    """
    rows = node.store.scan(b"", limit=10_000).rows
    rows += reference_entries([KeptReference("po", f"PO-{number}", bytes(16)) for number in range(50)])
    random.Random(0).shuffle(rows)
    # The sort is stable: the last quarter ends with the head.
    rows.sort(key=lambda row: row[0][:1] == META)
    quarter = -(-len(rows) // 4)
    parts = [rows[at : at + quarter] for at in range(0, len(rows), quarter)]
    for part in parts:
        store = open_level(home.database, SMALL, create=True)
        store.write(part, sync=True)
        store.close()
    tip = node.ledger.tip
    save_head_marker(DiskFiles(home.data), HEAD_FILE, HeadMarker(tip.height, tip.app_hash))


def _add_snapshot(home: Home, node: OneNode) -> None:
    """Add the snapshot of the head, as the node itself makes it, and vouch for it."""
    files, tip = DiskFiles(home.data), node.ledger.tip
    signer = VoucherSigner(files, VOUCHER_FILE, tip.chain_id, validator_seed(0))
    signer.open(0)
    snapshots, cutting, hashes = SnapshotFiles(files), Cutting(node.store), []
    snapshots.begin(tip.height)
    while (chunk := cutting.next_chunk()) is not None:
        snapshots.write_chunk(tip.height, len(hashes), pack_chunk(chunk))
        hashes.append(chunk_hash(chunk))
    manifest = Manifest(1, tip.chain_id, tip.height, tip.block_id, tip.app_hash, cutting.rows, tuple(hashes))
    held = snapshots.finish(manifest, 0)
    assert signer.sign(tip.height, held.hash) is not None


def _fill_logs(home: Home, node: OneNode) -> None:
    files, height = DiskFiles(home.data), node.ledger.tip.height
    chain_id, validators = node.genesis.chain_id, node.ledger.tip.validators.validators
    seed = validator_seed(0)
    own_key = signing.public_key_of(seed)
    create_signer_record(files, SIGNER_FILE, chain_id, own_key)
    log = ConsensusLog(files, LOG_FOLDER, _SEGMENT_BYTES, random.Random(1).randbytes)
    log.recover()
    for past in range(1, height + 1):
        block, bundles = node.ledger.blocks.load(past), node.ledger.blocks.bundles_of(past)
        assert block is not None
        assert bundles is not None
        log.append_block(past, block_id(block.header), encode(block))
        for number, data in enumerate(bundles):
            log.append_bundle(past, bytes((past, number)) + bytes(30), data)
        log.sync()
    start = StartHeight(
        *(height + 1, validators, own_key, ConsensusTiming(), (), False, True, NO_COMMIT, validators),
    )
    for event in (start, BundlesAvailable(height + 1), BundlesAvailable(height + 1)):
        log.append_input(height + 1, event)
    log.sync()
    log.close()
    signer = FileSigner(files, SIGNER_FILE, chain_id, seed)
    signer.open()
    value = b"\x11" * 32
    for step in (Step.PREVOTE, Step.PRECOMMIT):
        signer.sign(Sign(height + 1, 0, step, value, -1, NO_VALUE, RoundValue(value, 0)))
    signer.close()
    _fill_outbox(files, node)


def _fill_outbox(files: DiskFiles, node: OneNode) -> None:
    outbox = Outbox(files, OUTBOX_FOLDER, _SEGMENT_BYTES, random.Random(2).randbytes)
    outbox.recover()
    after = node.chain.lanes[lane_key(MAKER).public_key]
    for number in range(6):
        document = node.document(node.commission([f"waits-{number}-{serial}" for serial in range(40)]))
        data = encode_document(document)
        cut = CutBundle(after, after + 1, (QueuedDocument(document_id(data), data, document.weight),))
        after += 1
        store_bundles(
            outbox, [make_bundle(node.genesis.chain_id, lane_key(MAKER), cut, node.wall.ms + 300_000)], ()
        )
    outbox.close()
