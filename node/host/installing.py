"""Making a database of a snapshot: the rows of its chunks, its block, and where the history begins.

Used on a new, empty store alone: by a node that joins, and by `packtrail verify chain`, which begins there.
The head comes with the last batch, so a store that was left half-way has no head and is nobody's ledger.
Everything that can be recomputed is: order and place of the rows, and that the sets, the parameters and the
receipts root which the next header names are those of the state.
"""

from collections.abc import Callable

from contracts.chain.genesis import Genesis, genesis_hash, validator_set
from contracts.chain.header import block_id
from contracts.chain.parameters import parameters_hash
from contracts.chain.snapshot import is_vouched_for, verify_voucher
from contracts.ledger.anchor import Anchored, InvalidAnchor, verify_anchor
from contracts.ledger.block import advance, bound_by, genesis_tip
from contracts.primitives.encoding import MalformedBytes
from contracts.primitives.hashing import Hash
from contracts.state.view import Overlay
from node.storage.base import Base, anchor_of, base_entry
from node.storage.blocks import snapshot_block_entries
from node.storage.head import Head, head_entry, identity_entry
from node.storage.snapshot_files import HeldSnapshot, SnapshotFiles
from node.storage.snapshot_reading import WrongSnapshot, read_snapshot
from node.storage.store import STATE, KeyValueStore, Space


def install(
    store: KeyValueStore,
    genesis: Genesis,
    files: SnapshotFiles,
    held: HeldSnapshot,
    base: Base,
    told: Callable[[int], None],
) -> Head:
    """Fill an empty store with a snapshot; return its head.

    Args:
        store: Empty.
        genesis: The network.
        files: Where the chunks are.
        held: The snapshot.
        base: What will say where the history begins, with what speaks for the manifest.
        told: Told the number of each chunk that is in, from 1.

    Raises:
        WrongSnapshot: Too little speaks for it, a chunk is not what the manifest names, or the state is not
            that of the next header.
        StorageFailed: The disk refused.
    """
    manifest = held.manifest
    try:
        anchor = anchor_of(base)
        anchored = verify_anchor(validator_set(genesis), genesis.chain_id, manifest, anchor)
    except InvalidAnchor as error:
        raise WrongSnapshot(str(error)) from error
    if base.height != manifest.height or base.manifest_hash != held.hash:
        raise WrongSnapshot(f"the database began with another snapshot than that of height {manifest.height}")
    verified = [voucher for voucher in base.vouchers if verify_voucher(genesis.chain_id, voucher)]
    if not is_vouched_for(anchored.validators, manifest.height, held.hash, verified):
        raise WrongSnapshot("too few validators vouch for its manifest")
    for number, rows in enumerate(read_snapshot(files, manifest), start=1):
        store.write(rows, sync=True)
        told(number)
    head = _head(manifest.app_hash, anchored)
    _check_state(store, genesis, head, anchored)
    batch = [
        *snapshot_block_entries(anchored.block, anchor.commit),
        identity_entry(genesis_hash(genesis)),
        base_entry(base),
        head_entry(head),
    ]
    store.write(batch, sync=True)
    return head


def _head(app_hash: bytes, anchored: Anchored) -> Head:
    header = anchored.block.header
    receipts_root = anchored.following.receipts_root
    return Head(header.height, block_id(header), header.time_ms, app_hash, receipts_root)


def _check_state(store: KeyValueStore, genesis: Genesis, head: Head, anchored: Anchored) -> None:
    """Compare what the state says of sets and parameters with what the next header was decided with."""
    header, following = anchored.block.header, anchored.following
    tip = advance(
        genesis_tip(genesis, Hash(head.app_hash)), header, Hash(head.app_hash), Hash(head.receipts_root)
    )
    try:
        tip = bound_by(tip, Overlay(Space(store, STATE)))
    except (LookupError, MalformedBytes) as error:
        raise WrongSnapshot(f"its state contradicts itself: {error}") from error
    said = (tip.validators.hash, tip.next_validators.hash, parameters_hash(tip.parameters))
    named = (following.validators_hash, following.next_validators_hash, following.parameters_hash)
    if said != named:
        raise WrongSnapshot("its state has other validators or parameters than the next header")
