"""Reading blocks that a database has, and executing them again: for whoever verifies or builds it anew."""

from collections.abc import Callable

from contracts.chain.commit import Commit, InvalidCommit, verify_commit
from contracts.chain.genesis import Genesis
from contracts.chain.header import Block, block_id
from contracts.ledger.bundle import BundleReader, MalformedBundle, OpenBundle, bundle_sign_bytes
from contracts.ledger.lanes import BundleOutOfPlace
from contracts.primitives import signing
from node.archive.manifest import WrongArchive
from node.archive.restoring import ArchivedBodies
from node.host.applied import Applied
from node.host.chain_fault import ChainFault
from node.host.ledger import Ledger
from node.storage.blocks import BlockStore
from node.storage.errors import HistoryArchived, StorageDamaged


class Replay:
    """Reads one height after the other, checks it, and executes it again: nothing that is read is believed.

    Attributes:
        bundles: How many were executed.
        documents: How many were judged.
        signatures: How many were verified.
    """

    def __init__(
        self,
        stored: BlockStore,
        genesis: Genesis,
        ledger: Ledger,
        applied: Callable[[Applied], None] = lambda _applied: None,
        archive: ArchivedBodies | None = None,
    ) -> None:
        """Prepare.

        Args:
            stored: What is read.
            genesis: The network.
            ledger: What it is executed into; its tip is where the replay goes on.
            applied: Told of every block that was.
            archive: Has the contents of blocks that were archived.
        """
        self._stored = stored
        self._ledger = ledger
        self._archive = archive
        self._applied = applied
        self._chain_id = genesis.chain_id
        self._reader = BundleReader(genesis.chain_id, genesis.parameters.limits)
        self.bundles = 0
        self.documents = 0
        self.signatures = 0

    def has(self, height: int) -> bool:
        """Tell whether there is a block at a height.

        Raises:
            ChainFault: It cannot be read.
        """
        try:
            return self._stored.block_bytes(height) is not None
        except StorageDamaged as damage:
            raise ChainFault(height, "block", damage.reason) from damage

    def advance(self, height: int) -> None:
        """Check and execute the block that follows the tip.

        Raises:
            ChainFault: It is not what was decided, or cannot be read.
            WrongArchive: Its contents are archived, and the archive does not have them whole.
        """
        try:
            block, commit = self._stored.load(height), self._stored.commit_of(height)
            rows = self._bundles_of(height)
        except StorageDamaged as damage:
            raise ChainFault(height, damage.where, damage.reason) from damage
        if block is None or rows is None:
            raise ChainFault(height, "block", "it is missing")
        bundles = [self._open(height, data) for data in rows]
        fault = self._ledger.check(block, bundles)
        if fault is not None:
            raise ChainFault(height, "block", fault)
        decided = self._check_commit(height, block, commit)
        try:
            applied = self._ledger.apply(block, decided, list(zip(bundles, rows, strict=True)))
        except BundleOutOfPlace as error:
            raise ChainFault(height, "block", str(error)) from error
        self._applied(applied)
        self.bundles += len(bundles)
        self.documents += len(applied.receipts)
        signed = len(decided.signatures) + len(block.last_commit.signatures) + 2 * len(block.evidence)
        self.signatures += len(bundles) + signed

    def _bundles_of(self, height: int) -> tuple[bytes, ...] | None:
        """Return the bundles of a block, from the archive where they are no longer here."""
        try:
            return self._stored.bundles_of(height)
        except HistoryArchived as archived:
            if self._archive is None:
                raise WrongArchive("archive", f"none was named, and {archived}") from archived
            found = self._archive.at(height)
            if found is None:
                raise WrongArchive("archive", f"block {height} is not in it: {archived}") from archived
            return found.bundles

    def _open(self, height: int, data: bytes) -> OpenBundle:
        try:
            bundle = self._reader.read(data)
        except MalformedBundle as error:
            raise ChainFault(height, "bundle", str(error)) from error
        if not signing.verify(bundle.header.lane, bundle_sign_bytes(bundle.header), bundle.signature):
            raise ChainFault(height, f"bundle {bundle.id.hex()}", "its signature is not that of its lane")
        return bundle

    def _check_commit(self, height: int, block: Block, commit: Commit | None) -> Commit:
        if commit is None:
            raise ChainFault(height, "commit", "it is missing")
        if commit.block_id != block_id(block.header):
            raise ChainFault(height, "commit", "it decides another block")
        try:
            verify_commit(self._chain_id, self._ledger.tip.validators, commit)
        except InvalidCommit as error:
            raise ChainFault(height, "commit", str(error)) from error
        return commit
