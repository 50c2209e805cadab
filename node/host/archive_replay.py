"""Executing the blocks of an archive in a database that has none yet, as if a peer had given them."""

from collections.abc import Callable

from contracts.chain.genesis import Genesis
from contracts.ledger.bundle import BundleReader
from contracts.ledger.lanes import BundleOutOfPlace
from network.sync.checks import ReceivedBlock, open_bundles, prove_block, read_block
from network.wire.errors import RemoteProtocolError
from network.wire.messages import BlockAnswer
from node.archive.manifest import WrongArchive
from node.archive.restoring import ArchivedBodies
from node.host.ledger import Ledger


def replay_archive(
    ledger: Ledger, genesis: Genesis, archive: ArchivedBodies, tell: Callable[[int], None]
) -> int:
    """Open a ledger and apply every block of an archive that follows it; return the height it came to.

    Args:
        ledger: Over a new database, or one that such a run has begun.
        genesis: The network.
        archive: Its blocks are proven as those of a peer are.
        tell: Told every height.

    Raises:
        WrongArchive: A block is not decided, not valid, or not readable; those before it are applied.
        StorageError: The disk refused.
    """
    ledger.open()
    limits = genesis.parameters.limits
    reader = BundleReader(genesis.chain_id, limits)
    while (found := archive.at(ledger.tip.height + 1)) is not None:
        tip = ledger.tip
        height = tip.height + 1
        try:
            read = read_block(genesis.chain_id, limits, BlockAnswer(height, found.block, found.commit))
            prove_block(genesis.chain_id, tip.validators, tip.block_id, read)
            if len(found.bundles) != len(read.block.bundles):
                raise WrongArchive("archive", f"height {height}: bundles are missing")
            bundles = open_bundles(reader, ReceivedBlock("", read, found.bundles))
            fault = ledger.check(read.block, bundles)
            if fault is not None:
                raise WrongArchive("archive", f"height {height}: {fault}")
            ledger.apply(read.block, read.commit, list(zip(bundles, found.bundles, strict=True)))
        except (RemoteProtocolError, BundleOutOfPlace) as error:
            raise WrongArchive("archive", f"height {height}: {error}") from error
        tell(height)
    return ledger.tip.height
