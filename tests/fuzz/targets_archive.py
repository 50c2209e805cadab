"""Decoders of archives, which an inspector gets from somebody: manifests, files, and the parts of files."""

from functools import cache

import zstandard

from node.archive.folder import ArchiveFolder
from node.archive.manifest import SegmentManifest, WrongArchive, decode_manifest, encode_manifest
from node.archive.segment import open_segment
from node.archive.verifying import verify_segment
from node.storage.memory_files import MemoryFiles
from tests.fuzz.packed import Packed
from tests.fuzz.target import Target
from tests.fuzz.texts import Raw, Texts
from tests.support.archives import old_chain, prune

_WRONG = (WrongArchive,)
_LENGTH_BYTES = 4


@cache
def _archive() -> tuple[ArchiveFolder, list[SegmentManifest]]:
    chain, files = old_chain(), MemoryFiles()
    prune(chain.store, chain.genesis, files)
    folder = ArchiveFolder(files)
    return folder, folder.manifests()


def _parts() -> list[bytes]:
    """Return what the first file holds, part by part."""
    folder, manifests = _archive()
    opened = zstandard.ZstdDecompressor().decompressobj().decompress(folder.read(manifests[0]))
    parts = []
    while opened:
        size = int.from_bytes(opened[:_LENGTH_BYTES], "big")
        parts.append(opened[_LENGTH_BYTES : _LENGTH_BYTES + size])
        opened = opened[_LENGTH_BYTES + size :]
    return parts


def _sealed(parts: list[bytes]) -> bytes:
    framed = b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)
    return zstandard.ZstdCompressor().compress(framed)


def _manifest(data: bytes) -> object:
    return decode_manifest(_archive()[1][0].name, data)


def _file(data: bytes) -> object:
    opening, blocks = open_segment("file", data)
    return opening, list(blocks)


def _packed(data: bytes) -> object:
    """Read what a file would hold if its compression were whole."""
    return _file(zstandard.ZstdCompressor().compress(data))


def archive_targets() -> list[Target]:
    """Return the decoders of archives."""
    folder, manifests = _archive()
    genesis, kept = old_chain().genesis, _parts()

    def opening(data: bytes) -> object:
        return verify_segment(genesis, manifests[0], _sealed([data, *kept[1:]]))

    def block(data: bytes) -> object:
        return verify_segment(genesis, manifests[0], _sealed([kept[0], data, *kept[2:]]))

    framed = [b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in kept)]
    files = [folder.read(manifest) for manifest in manifests]
    return [
        Target("archive: manifest", _manifest, _WRONG, Texts([encode_manifest(manifests[0])]), 20),
        Target("archive: file", _file, _WRONG, Raw(files), 20),
        Target("archive: file, compressed anew", _packed, _WRONG, Raw(framed), 20),
        Target("archive: opening, verified", opening, _WRONG, Packed(kept[:1]), 2),
        Target("archive: block, verified", block, _WRONG, Packed(kept[1:2]), 2),
    ]
