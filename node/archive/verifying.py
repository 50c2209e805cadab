"""Verifying a segment with genesis alone: nothing in it is believed, and no node is asked.

Every block is decided by the validators of its height, who follow from genesis; it follows the block before
it; its bundles are those it names, signed by their lanes; its receipts are those that the next header names.
What documents did to the state is not executed again here: `packtrail verify chain --archive` does that.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from contracts.chain.commit import InvalidCommit, verify_commit
from contracts.chain.genesis import Genesis, genesis_hash, validator_set
from contracts.chain.header import HEADER_VERSION, Header, block_id
from contracts.chain.validators import InvalidValidatorSet, ValidatorSet
from contracts.ledger.anchor import InvalidAnchor, follow_changes
from contracts.ledger.bundle import BundleReader, OpenBundle
from contracts.ledger.proof import CertifiedHeader
from contracts.ledger.receipt import Receipt, receipts_root
from contracts.primitives.encoding import Decoder, MalformedBytes
from network.sync.checks import ReadBlock, ReceivedBlock, open_bundles, prove_block, read_block
from network.wire.errors import RemoteProtocolError
from network.wire.messages import BlockAnswer
from node.archive.manifest import SegmentManifest, WrongArchive
from node.archive.segment import MAX_PART_BYTES, ArchivedBlock, Opening, open_segment

_RECEIPTS: Final[Decoder[tuple[Receipt, ...]]] = Decoder(tuple[Receipt, ...], MAX_PART_BYTES)


class VerifiedSegment(msgspec.Struct, frozen=True):
    """What was verified in a file."""

    first: int
    """Height of its first block."""
    last: int
    """Height of its last block."""
    bundles: int
    """Bundles, each with its lane's signature."""
    documents: int
    """Documents, each with its receipt."""
    signatures: int
    """Signatures verified: of bundles and of precommits."""


def verify_segment(genesis: Genesis, manifest: SegmentManifest, data: bytes) -> VerifiedSegment:
    """Verify a file of the archive.

    Args:
        genesis: The network.
        manifest: What the file is said to hold.
        data: The file; its SHA-256 is compared by whoever reads it.

    Raises:
        WrongArchive: The first thing that is wrong, by height.
    """
    opening, blocks = open_segment(manifest.data_name, data)
    checker = _Checker(genesis, manifest, opening)
    for block in blocks:
        checker.take(block)
    return checker.end()


class _Checker:
    """Takes one block after the other."""

    def __init__(self, genesis: Genesis, manifest: SegmentManifest, opening: Opening) -> None:
        self._manifest = manifest
        self._opening = opening
        self._chain_id = genesis.chain_id
        self._limits = genesis.parameters.limits
        self._reader = BundleReader(genesis.chain_id, self._limits)
        self._height = opening.first
        self._last: ReadBlock | None = None
        self._receipts_root = receipts_root((), ())
        self._bundles = self._documents = self._signatures = 0
        named = (manifest.network, manifest.genesis, manifest.first, manifest.last)
        own = (genesis.chain_id, genesis_hash(genesis).hex())
        self._require(
            named[:2] == own, f"it is of the network {manifest.network!r}, genesis {manifest.genesis}"
        )
        held = (opening.chain_id, opening.genesis_hash.hex(), opening.first, opening.last)
        self._require(
            held == named, "the file holds other heights, or another network, than its manifest says"
        )
        try:
            self._previous_id = bytes.fromhex(manifest.previous_block)
        except ValueError as error:
            raise WrongArchive(manifest.name, "previous_block is no id") from error
        self._sets = self._read_sets()
        self._validators = self._first_set(genesis)

    def _require(self, condition: bool, reason: str) -> None:  # noqa: FBT001 - a guard reads best this way
        if not condition:
            raise WrongArchive(self._manifest.data_name, reason)

    def _first_set(self, genesis: Genesis) -> ValidatorSet:
        """Return the validators of the first block, as the changes since genesis lead to them."""
        opening = self._opening
        try:
            followed = follow_changes(
                validator_set(genesis), genesis.chain_id, opening.changes, opening.first - 1
            )
        except InvalidAnchor as error:
            raise WrongArchive(self._manifest.data_name, str(error)) from error
        return followed[1]

    def _read_sets(self) -> Iterator[ValidatorSet]:
        for validators in self._opening.sets:
            try:
                yield ValidatorSet(validators)
            except InvalidValidatorSet as error:
                raise WrongArchive(self._manifest.data_name, f"a set of validators: {error}") from error

    def take(self, archived: ArchivedBlock) -> None:
        """Verify the next block, and the receipts of the one before it.

        Raises:
            WrongArchive: Something is wrong with it.
        """
        height = self._height
        self._require(height <= self._opening.last, f"there is more in it than height {self._opening.last}")
        try:
            read = read_block(
                self._chain_id, self._limits, BlockAnswer(height, archived.block, archived.commit)
            )
            prove_block(self._chain_id, self._validators, self._previous_id, read)
            self._require_all_bundles(read, archived)
            bundles = open_bundles(self._reader, ReceivedBlock("", read, archived.bundles))
        except RemoteProtocolError as error:
            raise WrongArchive(self._manifest.data_name, f"height {height}: {error}") from error
        if self._last is None and read.block.header.time_ms != self._manifest.first_time_ms:
            raise WrongArchive(self._manifest.name, "first_time_ms is not that of the first block")
        self._check_receipts(read.block.header)
        receipts = self._read_receipts(height, archived, bundles)
        places = [(bundle.id, len(bundle.documents)) for bundle in bundles]
        self._receipts_root = receipts_root(places, receipts)
        self._last, self._previous_id = read, read.block_id
        self._count(read, bundles, len(receipts))
        self._validators = self._next_set(read.block.header)
        self._height += 1

    def _require_all_bundles(self, read: ReadBlock, archived: ArchivedBlock) -> None:
        count, named = len(archived.bundles), len(read.block.bundles)
        self._require(count == named, f"height {read.height}: {count} of {named} bundles are there")

    def _count(self, read: ReadBlock, bundles: tuple[OpenBundle, ...], documents: int) -> None:
        self._bundles += len(bundles)
        self._documents += documents
        self._signatures += len(bundles) + len(read.commit.signatures)

    def _next_set(self, header: Header) -> ValidatorSet:
        """Return the validators of the next height, which this header names."""
        if header.next_validators_hash == self._validators.hash:
            return self._validators
        found = next(self._sets, None)
        if found is None or found.hash != header.next_validators_hash:
            reason = f"height {header.height}: the validators that vote after it are not in the file"
            raise WrongArchive(self._manifest.data_name, reason)
        return found

    def _read_receipts(
        self, height: int, archived: ArchivedBlock, bundles: tuple[OpenBundle, ...]
    ) -> tuple[Receipt, ...]:
        try:
            receipts = _RECEIPTS.decode(archived.receipts)
        except MalformedBytes as error:
            raise WrongArchive(self._manifest.data_name, f"receipts of height {height}: {error}") from error
        documents = [identifier for bundle in bundles for identifier in bundle.document_ids]
        self._require(
            [receipt.document_id for receipt in receipts] == documents,
            f"receipts of height {height}: they are not those of its documents",
        )
        return receipts

    def _check_receipts(self, header: Header) -> None:
        """Compare the receipts of the block before with what this header says of them."""
        if self._last is not None:
            self._require(
                header.receipts_root == self._receipts_root,
                f"receipts of height {self._last.height}: the next header names others",
            )

    def end(self) -> VerifiedSegment:
        """Verify what comes after the last block, and what the manifest says of all of them.

        Raises:
            WrongArchive: Something is missing, or the manifest says something else.
        """
        opening, manifest, last = self._opening, self._manifest, self._last
        if last is None or last.height != opening.last:
            raise WrongArchive(manifest.data_name, f"it ends before height {opening.last}")
        self._certify(last, opening.following)
        self._check_receipts(opening.following.header)
        self._require(next(self._sets, None) is None, "it holds sets of validators that never vote in it")
        said = (manifest.last_block, manifest.last_time_ms, manifest.bundles, manifest.documents)
        header = last.block.header
        found = (last.block_id.hex(), header.time_ms, self._bundles, self._documents)
        if said != found:
            raise WrongArchive(
                manifest.name, f"it says {said} of its last block and counts, the file {found}"
            )
        return VerifiedSegment(opening.first, opening.last, self._bundles, self._documents, self._signatures)

    def _certify(self, last: ReadBlock, following: CertifiedHeader) -> None:
        """Ask that the header after the last block follows it, and was decided."""
        header, commit = following.header, following.commit
        linked = (header.version, header.chain_id, header.height, header.previous_block_id)
        self._require(
            linked == (HEADER_VERSION, self._chain_id, last.height + 1, last.block_id)
            and header.validators_hash == self._validators.hash
            and (commit.height, commit.block_id) == (header.height, block_id(header)),
            f"header {last.height + 1}: it does not follow the last block",
        )
        try:
            verify_commit(self._chain_id, self._validators, commit)
        except InvalidCommit as error:
            raise WrongArchive(self._manifest.data_name, f"header {header.height}: {error}") from error
