"""Looking at all of an archive: every file is read and verified, and each that is damaged is named.

What comes after its newest file, or before its oldest, an archive cannot miss: heights and times of both ends
are told, to be compared with what the node says is archived.
"""

from collections.abc import Callable

import msgspec

from contracts.chain.genesis import Genesis
from node.archive.folder import ArchiveFolder
from node.archive.manifest import SegmentManifest, WrongArchive
from node.archive.verifying import VerifiedSegment, verify_segment


class Inspected(msgspec.Struct, frozen=True):
    """What was found."""

    manifests: list[SegmentManifest]
    """Those that can be read, by height."""
    verified: list[VerifiedSegment]
    """Of these, what was proven from genesis on."""
    faults: list[WrongArchive]
    """What is wrong; empty for a whole archive."""


def inspect_archive(
    folder: ArchiveFolder,
    genesis: Genesis,
    tell: Callable[[int], None],
    tell_fault: Callable[[WrongArchive], None],
) -> Inspected:
    """Verify every file of an archive.

    Args:
        folder: The archive.
        genesis: The network.
        tell: Told the last height of each file that is whole.
        tell_fault: Told what is wrong, as it is found.

    Raises:
        StorageFailed: The disk refused.
    """
    manifests, faults = folder.look()
    faults += [
        WrongArchive(
            name,
            "it has no manifest: packtrail node archive was interrupted and its next run removes it, or the"
            " manifest was lost",
        )
        for name in folder.without_manifest()
    ]
    for fault in faults:
        tell_fault(fault)
    verified: list[VerifiedSegment] = []
    for manifest in manifests:
        try:
            verified.append(verify_segment(genesis, manifest, folder.read(manifest)))
            tell(manifest.last)
        except WrongArchive as error:
            tell_fault(error)
            faults.append(error)
    return Inspected(manifests, verified, faults)
