"""A chain whose old blocks go into an archive: goods, a refusal, evidence, validators that change."""

from contracts.chain.genesis import Genesis
from contracts.gs1.keys import pack_gln
from contracts.primitives import signing
from contracts.records.changes import PutNode
from contracts.records.custody import shipment_id
from node.archive.folder import ArchiveFolder
from node.archive.pruning import Pruned, Pruning
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.store import KeyValueStore
from tests.support.evidence import two_votes
from tests.support.governed import decide
from tests.support.ledger import OneNode, pack_key
from tests.support.parties import MAKER, OTHER_PHARMACY, WHOLESALER, build_test_genesis, validator_seed

LAST = 9
"""Height up to which the tests archive; the chain is a few blocks longer."""
SEGMENT_HEIGHTS = 4


def old_chain() -> OneNode:
    """Return a chain of 14 blocks: goods made and moved, a fifth validator, evidence, empty blocks."""
    node = OneNode(build_test_genesis(validators=4), remembers=True)
    node.record(MAKER, node.commission(["A1", "A2"]))
    shipped = node.record(MAKER, node.ship(MAKER, WHOLESALER, [pack_key("A1")])).document_id
    fifth = signing.public_key_of(validator_seed(4))
    decide(node, PutNode("fifth", "validator", b"fifth's", pack_gln(MAKER.gln), fifth, 1))
    node.record(OTHER_PHARMACY, node.receive(OTHER_PHARMACY, shipment_id(shipped, 0)))
    node.record(WHOLESALER, node.receive(WHOLESALER, shipment_id(shipped, 0)))
    index = node.ledger.tip.validators.index_of(node.genesis.nodes[2].validator_key)
    node.evidence = [two_votes(node.genesis.chain_id, validator_seed(2), 7, index or 0)]
    node.produce()
    for serial in range(5):
        node.produce()
        node.record(MAKER, node.commission([f"B{serial}"]))
    return node


def rows_of(store: KeyValueStore) -> dict[bytes, bytes]:
    """Return everything in a store."""
    return dict(store.scan(b"", limit=10_000).rows)


def copy_of(store: KeyValueStore) -> MemoryStore:
    """Return a store of its own with the same rows."""
    copy = MemoryStore()
    copy.write(rows_of(store).items(), sync=True)
    return copy


def prune(
    store: KeyValueStore, genesis: Genesis, files: MemoryFiles, last: int = LAST, *, keep: bool = False
) -> Pruned:
    """Archive into `files`, in small segments."""
    folder = ArchiveFolder(files)
    return Pruning(store, genesis, folder, SEGMENT_HEIGHTS).run(last, lambda _height: None, keep=keep)
