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
from node.archive.segment import ArchivedBlock
from node.host.ledger import MAX_RUN, Ledger


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
        WrongArchive: It begins later than is needed; or a block is not decided, not valid, or not readable:
            those before it are applied.
        StorageError: The disk refused.
    """
    ledger.open()
    needed = ledger.tip.height + 1
    if archive.first > needed:
        raise WrongArchive(
            archive.file_of(archive.first),
            f"the archive begins with it, at height {archive.first}, and height {needed} is needed first:"
            " name the folder that has it too",
        )
    reader = BundleReader(genesis.chain_id, genesis.parameters.limits)
    while archive.at(began := ledger.tip.height + 1) is not None:
        with ledger.together():
            wrong = _apply_run(ledger, genesis, reader, archive)
        for height in range(began, ledger.tip.height + 1):
            tell(height)
        if wrong is not None:
            raise wrong
    return ledger.tip.height


def _apply_run(
    ledger: Ledger, genesis: Genesis, reader: BundleReader, archive: ArchivedBodies
) -> WrongArchive | None:
    """Apply some blocks; return what is wrong with the next one."""
    for height in range(ledger.tip.height + 1, ledger.tip.height + 1 + MAX_RUN):
        found = archive.at(height)
        if found is None:
            break
        try:
            _apply(ledger, genesis, reader, found)
        except (RemoteProtocolError, BundleOutOfPlace, _Wrong) as error:
            return WrongArchive(archive.file_of(height), f"height {height}: {error}")
    return None


class _Wrong(Exception):
    """A block that does not follow, or lacks a part."""


def _apply(ledger: Ledger, genesis: Genesis, reader: BundleReader, found: ArchivedBlock) -> None:
    """Prove the next block, and execute it."""
    tip, limits = ledger.tip, genesis.parameters.limits
    answer = BlockAnswer(tip.height + 1, found.block, found.commit)
    read = read_block(genesis.chain_id, limits, answer)
    prove_block(genesis.chain_id, tip.validators, tip.block_id, read)
    if len(found.bundles) != len(read.block.bundles):
        raise _Wrong("bundles are missing")
    bundles = open_bundles(reader, ReceivedBlock("", read, found.bundles))
    fault = ledger.check(read.block, bundles)
    if fault is not None:
        raise _Wrong(str(fault))
    ledger.apply(read.block, read.commit, list(zip(bundles, found.bundles, strict=True)))
