"""`packtrail verify chain` where an archive has the contents of old blocks, and is not at hand.

Then nothing can be executed from genesis on. What can be checked without it is: every header, commit and set
of validators, all roots over what is here (bundle entries, evidence, last commits, receipts), the headers of
archived bundles, the contents and signatures of all others, and the app hashes that kept writes lead to.
State and indices are not: `packtrail verify chain --archive FOLDER` does all of it.
"""

from collections.abc import Callable

import msgspec

from contracts.chain.genesis import Genesis, validator_set
from contracts.chain.header import BLOCKS, Block, BundleEntry, block_id
from contracts.chain.validators import InvalidValidatorSet, Validator, ValidatorSet
from contracts.ledger.anchor import InvalidAnchor, follow_changes
from contracts.ledger.bundle import BundleReader, OpenBundle
from contracts.ledger.execute import next_app_hash
from contracts.ledger.receipt import receipts_root
from contracts.primitives.encoding import MalformedBytes, encode
from contracts.primitives.hashing import Hash
from network.sync.checks import ReadBlock, ReceivedBlock, open_bundles, prove_block, read_block
from network.wire.errors import RemoteProtocolError
from network.wire.messages import BlockAnswer
from node.host.chain_fault import ChainFault
from node.storage.archived import archived_height
from node.storage.base import anchor_of, load_base
from node.storage.blocks import BlockStore
from node.storage.errors import StorageDamaged
from node.storage.head import load_head
from node.storage.store import Reader
from node.storage.validators import ValidatorHistory

Progress = Callable[[int], None]


class VerifiedHeaders(msgspec.Struct, frozen=True):
    """What was checked without the archive."""

    first: int
    """First height that was checked: 1, or the one after the snapshot that the database began with."""
    archived: int
    """Up to this height, contents of blocks were not looked at: an archive has them."""
    height: int
    """Height of the head."""
    block_id: bytes
    """32 bytes, of the head."""
    app_hash: bytes
    """32 bytes, after the head; what was executed was not checked."""
    bundles: int
    """Bundles whose contents and signatures were checked."""
    documents: int
    """Documents whose receipts were checked against the next header."""
    signatures: int
    """Signatures verified: of bundles and of precommits."""
    files: int
    """Files of the database checked; 0 when it is not on disk."""


def verify_headers(store: Reader, genesis: Genesis, progress: Progress) -> VerifiedHeaders:
    """Check everything that needs neither execution nor archived contents.

    Args:
        store: The database.
        genesis: The network.
        progress: Told every height that was checked.

    Raises:
        ChainFault: The first fault.
        StorageFailed: A disk refused.
    """
    try:
        return _Headers(store, genesis).run(progress)
    except StorageDamaged as damage:
        raise ChainFault(None, damage.where, damage.reason) from damage


class _Headers:
    """Goes from height to height."""

    def __init__(self, store: Reader, genesis: Genesis) -> None:
        self._store = store
        self._chain_id = genesis.chain_id
        self._limits = genesis.parameters.limits
        self._blocks = BlockStore(store)
        self._bundle_reader = BundleReader(genesis.chain_id, self._limits)
        self._archived = archived_height(store)
        sets = ValidatorHistory(store).sets()
        self._sets = {
            height: tuple(Validator(one.public_key, one.power) for one in row) for height, row in sets
        }
        self._bundles = self._documents = self._signatures = 0
        self._first, self._validators, self._previous_id = self._begin(genesis)
        # Of the block before: what the next header must name.
        self._app_hash: bytes | None = None
        self._receipts_root: bytes | None = None

    def _begin(self, genesis: Genesis) -> tuple[int, ValidatorSet, bytes]:
        """Return the first height to check, its validators, and the id of the block before it."""
        base = load_base(self._store)
        if base is None:
            return 1, validator_set(genesis), bytes(32)
        anchor = anchor_of(base)
        try:
            validators = follow_changes(validator_set(genesis), self._chain_id, anchor.changes, base.height)[
                1
            ]
            block = BLOCKS.decode(anchor.block)
        except (InvalidAnchor, MalformedBytes) as error:
            raise ChainFault(base.height, "snapshot", str(error)) from error
        return base.height + 1, validators, block_id(block.header)

    def run(self, progress: Progress) -> VerifiedHeaders:
        head = load_head(self._store)
        if head is None:
            raise ChainFault(0, "head", "it is missing")
        for height in range(self._first, head.height + 1):
            self._check(height)
            progress(height)
        if self._blocks.block_bytes(head.height + 1) is not None:
            raise ChainFault(head.height + 1, "block", "it is there, and the head is below it")
        found = (
            self._previous_id,
            self._receipts_root or receipts_root((), ()),
            self._app_hash or head.app_hash,
        )
        if (head.block_id, head.receipts_root, head.app_hash) != found:
            raise ChainFault(head.height, "head", "it is not what its block makes of it")
        return VerifiedHeaders(
            *(self._first, self._archived, head.height, head.block_id, head.app_hash),
            *(self._bundles, self._documents, self._signatures, 0),
        )

    def _check(self, height: int) -> None:
        data, commit = self._blocks.block_bytes(height), self._blocks.commit_of(height)
        receipts = self._blocks.receipts(height)
        if data is None or commit is None or receipts is None:
            raise ChainFault(height, "block", "it, its commit or its receipts are missing")
        try:
            read = read_block(self._chain_id, self._limits, BlockAnswer(height, data, encode(commit)))
            prove_block(self._chain_id, self._validators, self._previous_id, read)
        except RemoteProtocolError as error:
            raise ChainFault(height, "block", str(error)) from error
        self._check_what_came_before(read.block)
        documents = [receipt.document_id for receipt in receipts]
        places = self._check_bundles(read, documents)
        self._signatures += len(commit.signatures)
        self._documents += len(receipts)
        self._receipts_root = receipts_root(places, receipts)
        self._app_hash = self._app_hash_after(read.block)
        self._previous_id = read.block_id
        self._validators = self._next_set(read.block)

    def _check_what_came_before(self, block: Block) -> None:
        header = block.header
        if self._receipts_root not in (None, header.receipts_root):
            raise ChainFault(header.height - 1, "receipts", "the next header names others")
        if self._app_hash is not None and header.app_hash != self._app_hash:
            raise ChainFault(
                header.height - 1, "writes", "they do not lead to the app hash of the next header"
            )

    def _check_bundles(self, read: ReadBlock, documents: list[bytes]) -> list[tuple[bytes, int]]:
        """Check the bundles, or their headers where they are archived, and that the receipts are of them.

        Args:
            read: The block.
            documents: Ids that its receipts name.

        Returns:
            The id of each bundle, and how many documents it holds.
        """
        height, entries = read.height, read.block.bundles
        if height <= self._archived:
            counts = [self._archived_count(height, entry) for entry in entries]
            is_theirs = sum(counts) == len(documents)
        else:
            opened = self._open_bundles(read)
            counts = [len(bundle.documents) for bundle in opened]
            is_theirs = [one for bundle in opened for one in bundle.document_ids] == documents
        if not is_theirs:
            raise ChainFault(height, "receipts", "they are not those of its documents")
        return [(entry.bundle_id, count) for entry, count in zip(entries, counts, strict=True)]

    def _archived_count(self, height: int, entry: BundleEntry) -> int:
        header = self._blocks.bundle_header(entry.bundle_id)
        if header is None or header.weight != entry.weight:
            raise ChainFault(height, f"bundle {entry.bundle_id.hex()}", "its header is missing or another")
        return header.count

    def _open_bundles(self, read: ReadBlock) -> tuple[OpenBundle, ...]:
        rows = self._blocks.bundles_of(read.height) or ()
        try:
            opened = open_bundles(self._bundle_reader, ReceivedBlock("", read, rows))
        except RemoteProtocolError as error:
            raise ChainFault(read.height, "bundle", str(error)) from error
        self._bundles += len(opened)
        self._signatures += len(opened)
        return opened

    def _app_hash_after(self, block: Block) -> bytes | None:
        """Return what a block's writes make of the app hash; None where they are no longer kept."""
        writes = self._blocks.writes(block.header.height)
        if writes is None:
            return None
        rows = tuple((key, value or b"") for key, value in writes)
        return next_app_hash(Hash(block.header.app_hash), rows)

    def _next_set(self, block: Block) -> ValidatorSet:
        header = block.header
        if header.next_validators_hash == self._validators.hash:
            return self._validators
        try:
            found = ValidatorSet(self._sets.get(header.height + 1, ()))
        except InvalidValidatorSet as error:
            raise ChainFault(header.height, "index of validators", str(error)) from error
        if found.hash != header.next_validators_hash:
            reason = "it has another set than the header names"
            raise ChainFault(header.height, "index of validators", reason)
        return found
