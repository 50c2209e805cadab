"""Nothing in an archive is believed: damage is named by its file; lies with matching checksums fail too."""

import hashlib
from collections.abc import Callable
from random import Random

import msgspec
import pytest

from contracts.chain.commit import Commit
from contracts.primitives.encoding import encode
from network.sync.checks import COMMITS
from node.archive.folder import ArchiveFolder
from node.archive.manifest import (
    FORMAT,
    SegmentManifest,
    WrongArchive,
    decode_manifest,
    encode_manifest,
)
from node.archive.restoring import restore
from node.archive.segment import ArchivedBlock, Opening, open_segment, pack_segment
from node.archive.verifying import verify_segment
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from tests.support.archives import copy_of, old_chain, prune, rows_of
from tests.support.ledger import OneNode
from tests.support.parties import build_test_genesis

FLIPS_PER_FILE = 120


@pytest.fixture(scope="module")
def chain() -> OneNode:
    return old_chain()


class Archive:
    """Attributes: store: the pruned database. files: the archive."""

    def __init__(self, chain: OneNode) -> None:
        self.genesis = chain.genesis
        self.store: MemoryStore = copy_of(chain.store)
        self.files = MemoryFiles()
        prune(self.store, chain.genesis, self.files)

    def verify(self) -> None:
        """Verify all of it."""
        folder = ArchiveFolder(self.files)
        for manifest in folder.manifests():
            verify_segment(self.genesis, manifest, folder.read(manifest))

    def restore(self) -> int:
        """Bring all back."""
        return restore(self.store, self.genesis, ArchiveFolder(self.files), 1, lambda _height: None)

    def overwrite(self, name: str, data: bytes) -> None:
        """Give a file another content."""
        handle = self.files.open(name)
        handle.truncate(0)
        handle.append(data)
        handle.sync()


@pytest.fixture
def archive(chain: OneNode) -> Archive:
    return Archive(chain)


def names(archive: Archive, end: str) -> list[str]:
    return [name for name in archive.files.names("") if name.endswith(end)]


@pytest.mark.parametrize("end", [".zst", ".json"])
def test_a_flipped_bit_is_noticed_and_its_file_named_and_nothing_is_taken_from_it(
    archive: Archive, end: str
) -> None:
    chance = Random(end)
    before = rows_of(archive.store)
    for name in names(archive, end):
        size = len(archive.files.read(name) or b"")
        for _flip in range(FLIPS_PER_FILE):
            offset, bit = chance.randrange(size), chance.randrange(8)
            archive.files.flip(name, offset, bit)
            with pytest.raises(WrongArchive) as fault:
                archive.verify()
            assert name.split(".")[0] in str(fault.value)
            archive.files.flip(name, offset, bit)
    archive.verify()
    assert rows_of(archive.store) == before


def test_a_damaged_file_is_refused_when_contents_are_to_come_back(archive: Archive) -> None:
    newest, oldest = names(archive, ".zst")[-1], names(archive, ".zst")[0]
    before = rows_of(archive.store)
    archive.files.flip(newest, 40, 3)
    with pytest.raises(WrongArchive, match=newest):
        archive.restore()
    assert rows_of(archive.store) == before
    archive.files.flip(newest, 40, 3)
    archive.files.flip(oldest, 40, 3)
    with pytest.raises(WrongArchive, match=oldest):
        archive.restore()
    archive.files.flip(oldest, 40, 3)
    assert archive.restore() == 0


def test_what_is_cut_off_missing_or_from_another_place_is_named(archive: Archive) -> None:
    first, second, _third = names(archive, ".zst")
    content = archive.files.read(second) or b""
    archive.overwrite(second, content[:-1])
    with pytest.raises(WrongArchive, match=f"{second}: it has {len(content) - 1} bytes"):
        archive.verify()
    archive.overwrite(second, archive.files.read(first) or b"")
    with pytest.raises(WrongArchive, match=second):
        archive.verify()
    archive.files.remove(second)
    with pytest.raises(WrongArchive, match=f"{second}: it is missing"):
        archive.verify()
    archive.files.remove(second.replace(".zst", ".json"))
    with pytest.raises(WrongArchive, match=r"it begins at 9, and .* ends at 4: files are missing"):
        archive.verify()


def test_files_of_another_network_are_refused(archive: Archive) -> None:
    archive.genesis = build_test_genesis(validators=7)
    with pytest.raises(WrongArchive, match="it is of the network"):
        archive.verify()


def test_what_is_no_manifest_is_refused(archive: Archive) -> None:
    name = names(archive, ".json")[0]
    data = archive.files.read(name) or b""
    for wrong in (
        b"",
        b"{}",
        b"[1]",
        b"\xff",
        data + b" ",
        data.replace(b"segment 1", b"segment 9"),
        data * 99,
    ):
        with pytest.raises(WrongArchive, match=name):
            decode_manifest(name, wrong)
    with pytest.raises(WrongArchive, match="it speaks of heights 1 to 4"):
        decode_manifest(names(archive, ".json")[1], data)


# --------------------------------------------------------------------------------------------- lies

Parts = tuple[Opening, list[ArchivedBlock]]
Lie = Callable[[Opening, list[ArchivedBlock]], Parts]


def changed(at: int, **fields: object) -> Lie:
    def lie(opening: Opening, blocks: list[ArchivedBlock]) -> Parts:
        blocks[at] = msgspec.structs.replace(blocks[at], **fields)
        return opening, blocks

    return lie


def opened(**fields: object) -> Lie:
    return lambda opening, blocks: (msgspec.structs.replace(opening, **fields), blocks)


def without_quorum(opening: Opening, blocks: list[ArchivedBlock]) -> Parts:
    commit: Commit = COMMITS.decode(blocks[1].commit)
    fewer = msgspec.structs.replace(commit, signatures=commit.signatures[:2])
    return changed(1, commit=encode(fewer))(opening, blocks)


def swapped(opening: Opening, blocks: list[ArchivedBlock]) -> Parts:
    blocks[1], blocks[2] = blocks[2], blocks[1]
    return opening, blocks


def other_receipts(opening: Opening, blocks: list[ArchivedBlock]) -> Parts:
    """The last block's verdict is turned round: only the header after it knows better."""
    return changed(3, receipts=blocks[3].receipts.replace(b"accepted", b"accepteD"))(opening, blocks)


def forged_bundle(opening: Opening, blocks: list[ArchivedBlock]) -> Parts:
    (bundle,) = blocks[0].bundles
    return changed(0, bundles=(bundle[:-3] + b"\x00" + bundle[-2:],))(opening, blocks)


def uncertified(opening: Opening, blocks: list[ArchivedBlock]) -> Parts:
    header = msgspec.structs.replace(opening.following.header, time_ms=1)
    following = msgspec.structs.replace(opening.following, header=header)
    return opened(following=following)(opening, blocks)


LIES: dict[str, tuple[Lie, str]] = {
    "a commit without a quorum": (without_quorum, "height 2"),
    "no commit": (changed(0, commit=b"\xc0"), "height 1"),
    "blocks in another order": (swapped, "height 2"),
    "another block's bundles": (changed(2, bundles=()), "height 3: 0 of 1 bundles are there"),
    "a bundle with another byte": (forged_bundle, "height 1"),
    "no receipts": (
        changed(0, receipts=b"\x90"),
        "receipts of height 1: they are not those of its documents",
    ),
    "garbage for receipts": (changed(0, receipts=b"\xc1"), "receipts of height 1"),
    "the last receipts changed": (other_receipts, "receipts of height 4: the next header names others"),
    "a block too few": (lambda opening, blocks: (opening, blocks[:-1]), "it ends before height 4"),
    "a block too many": (lambda opening, blocks: (opening, [*blocks, blocks[0]]), "more in it than height 4"),
    "no block": (lambda opening, _blocks: (opening, []), "it ends before height 4"),
    "another header after the last": (uncertified, "header 5: it does not follow"),
    "another chain": (opened(chain_id="other"), "another network"),
    "other heights": (opened(last=5), "other heights"),
}


@pytest.mark.parametrize("kind", LIES)
def test_a_lie_whose_checksums_match_is_found_from_genesis_alone(archive: Archive, kind: str) -> None:
    lie, expected = LIES[kind]
    manifest, data = first_of(archive)
    opening, blocks = open_segment("test", data)
    lied = pack_segment(*lie(opening, list(blocks)))
    assert lied != data
    with pytest.raises(WrongArchive, match=expected):
        verify_segment(archive.genesis, manifest, lied)
    forged = msgspec.structs.replace(manifest, bytes=len(lied), sha256=hashlib.sha256(lied).hexdigest())
    archive.overwrite(manifest.data_name, lied)
    archive.overwrite(manifest.name, encode_manifest(forged))
    before = rows_of(archive.store)
    with pytest.raises(WrongArchive):
        archive.restore()
    after = rows_of(archive.store)
    assert {key for key in before if before[key] == after.get(key)} >= {
        key for key, value in before.items() if key[:1] == b"\x04" and value[:8] <= (4).to_bytes(8, "big")
    }


def first_of(archive: Archive) -> tuple[SegmentManifest, bytes]:
    folder = ArchiveFolder(archive.files)
    manifest = folder.manifests()[0]
    return manifest, folder.read(manifest)


@pytest.mark.parametrize("number", [1, 2])
def test_validators_that_nobody_elected_are_refused(archive: Archive, number: int) -> None:
    """The second file carries the change of validators, the third one was decided by the new set."""
    folder = ArchiveFolder(archive.files)
    manifest = folder.manifests()[number]
    opening, blocks = open_segment("test", folder.read(manifest))
    kept = list(blocks)
    for lied in (
        msgspec.structs.replace(opening, sets=(), changes=()),
        msgspec.structs.replace(opening, sets=(*opening.sets, opening.sets[0] if opening.sets else ())),
    ):
        with pytest.raises(WrongArchive):
            verify_segment(archive.genesis, manifest, pack_segment(lied, kept))


@pytest.mark.parametrize(
    ("field", "value"),
    [("last_time_ms", 1), ("first_time_ms", 1), ("documents", 7), ("bundles", 7), ("last_block", "00" * 32),
     ("previous_block", "11" * 32), ("previous_block", "no id"), ("network", "other"), ("genesis", "00")],
)  # fmt: skip
def test_what_a_manifest_says_is_compared(archive: Archive, field: str, value: object) -> None:
    manifest, data = first_of(archive)
    with pytest.raises(WrongArchive):
        verify_segment(archive.genesis, msgspec.structs.replace(manifest, **{field: value}), data)


def test_files_that_do_not_follow_one_another_are_refused(archive: Archive) -> None:
    first, second, _third = ArchiveFolder(archive.files).manifests()
    other = msgspec.structs.replace(second, previous_block="11" * 32)
    archive.overwrite(second.name, encode_manifest(other))
    with pytest.raises(WrongArchive, match=f"it does not follow {first.name}"):
        ArchiveFolder(archive.files).manifests()


def test_what_cannot_be_opened_is_refused() -> None:
    import zstandard  # noqa: PLC0415 - only what is no archive is made with it here

    def packed(data: bytes) -> bytes:
        return zstandard.ZstdCompressor().compress(data)

    for data in (b"", b"no archive", packed(b""), packed(b"\x00\x00"), packed(b"\x00\x00\x00\x00"),
                 packed(b"\xff\xff\xff\xff"), packed(b"\x00\x00\x00\x02\xc1")):  # fmt: skip
        with pytest.raises(WrongArchive, match="test"):
            list(open_segment("test", data)[1])


def test_the_form_of_files_is_pinned() -> None:
    """Archives are read for years: who changes this renames `FORMAT`, and goes on reading the old one."""
    fields = {kind.__name__: kind.__struct_fields__ for kind in (Opening, ArchivedBlock, SegmentManifest)}
    assert FORMAT == "packtrail archive segment 1"
    assert fields == {
        "Opening": ("chain_id", "genesis_hash", "first", "last", "changes", "sets", "following"),
        "ArchivedBlock": ("block", "commit", "bundles", "receipts"),
        "SegmentManifest": (
            *("format", "network", "genesis", "first", "last", "first_time_ms", "last_time_ms"),
            *("previous_block", "last_block", "bundles", "documents", "bytes", "sha256"),
        ),
    }
