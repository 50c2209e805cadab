"""Decoders of a node's own files: what a decaying disk gives back must be noticed, whatever it is.

Most files carry checksums, so a change of any byte is refused before a decoder sees what is inside. The
targets called `sealed` mend the checksums: what they feed is what a bug, or a thief, would have written.
"""

import zlib
from collections.abc import Callable
from random import Random
from typing import Any, Final

from consensus.effects import Input
from contracts.chain.snapshot import MAX_CHUNK_BYTES, Manifest, chunk_hash, manifest_hash
from contracts.primitives import signing
from contracts.primitives.encoding import encode
from network.sync.packing import pack_chunk, unpack_chunk
from network.wire.errors import RemoteProtocolError
from network.wire.messages import MAX_PACKED_BYTES
from node.identity.signer import FileSigner, SignedStep, SignerRecord, create_signer_record
from node.identity.vouching import VoucherSigner
from node.storage.base import Base, base_entry, load_base
from node.storage.chunks import WrongRows, read_rows
from node.storage.errors import StorageDamaged, StorageError
from node.storage.evidence import KeptEvidence, keep_evidence, load_evidence
from node.storage.frames import Record, encode_frame, encode_segment_header, read_segment
from node.storage.head import Head, check_identity, head_entry, identity_entry, load_head
from node.storage.head_marker import HeadMarker, MarkerState, load_head_marker, save_head_marker
from node.storage.level_files import check_level_files
from node.storage.leveldb import LevelOptions, open_level
from node.storage.log import ConsensusLog
from node.storage.memory import MemoryStore
from node.storage.memory_files import MemoryFiles
from node.storage.outbox import Outbox, OutboxEntry
from node.storage.references import KeptReference, find_references, reference_entries, reference_hash
from node.storage.slots import SLOT_BYTES, SlotFile, _slot, create_slots
from node.storage.snapshot_files import SNAPSHOT_FOLDER, SnapshotFiles
from node.storage.store import STATE
from node.storage.validators import SETS
from tests.fuzz.packed import Packed
from tests.fuzz.scratch import fresh_folder
from tests.fuzz.shapes import Shapes
from tests.fuzz.target import Target
from tests.fuzz.targets_ledger import EVIDENCE
from tests.fuzz.texts import Raw

_MARK: Final = b"\x07" * 8
_SEED: Final = b"\x01" * 32
_CHAIN: Final = "fuzz-net"
_DAMAGED: Final = (StorageDamaged,)


def _file(name: str, data: bytes) -> MemoryFiles:
    files = MemoryFiles()
    files.make_folder(name.rpartition("/")[0] or "x")
    handle = files.open(name)
    handle.append(data)
    return files


def _segment(records: list[Record]) -> bytes:
    data = encode_segment_header(1, _MARK)
    for record in records:
        data += encode_frame(_MARK, len(data), len(data), record)
    return data


# ---------------------------------------------------------------------------------- consensus log


def _log(data: bytes) -> object:
    log = ConsensusLog(_file("log/000000000001.seg", data), "log", 1 << 20, lambda _count: _MARK)
    return log.recover()


def _inputs() -> list[Record]:
    shapes = Shapes(Random("packtrail fuzz log"))
    return [Record(1, 7, encode(each)) for each in shapes.all_of(Input)]


def _any_segment(data: bytes) -> object:
    return read_segment("000000000001.seg", 1, data, is_last=len(data) % 2 == 0)


def _sealed_log(data: bytes) -> object:
    return _log(_segment([Record(1, 7, data)]))


# ----------------------------------------------------------------------------------------- outbox


def _outbox(data: bytes) -> object:
    box = Outbox(_file("outbox/000000000001.seg", data), "outbox", 1 << 20, lambda _count: _MARK)
    box.recover()
    return box.entries()


def _steps() -> list[bytes]:
    entry = OutboxEntry(b"\x02" * 32, 0, 1, b"\x03" * 32, b"bundle")
    return [encode(((entry,), (), ((b"\x02" * 32, 1),), 1)), encode(((), ((b"\x02" * 32, 1),), (), 2))]


def _sealed_outbox(data: bytes) -> object:
    return _outbox(_segment([Record(1, 1, data)]))


# ----------------------------------------------------------------------------------------- signer


def _slots(data: bytes) -> object:
    slots = SlotFile(_file("signer", data), "signer")
    slots.open()
    return slots.record


def _signer(data: bytes) -> object:
    files = MemoryFiles()
    create_slots(files, "signer", data[: SLOT_BYTES - 20])
    signer = FileSigner(files, "signer", _CHAIN, _SEED)
    signer.open()
    return signer.last


def _slot_files() -> list[bytes]:
    files = MemoryFiles()
    create_signer_record(files, "signer", _CHAIN, signing.public_key_of(_SEED))
    newer = (_slot(1, b"older") + _slot(2, b"newer")) * 2
    return [files.read("signer") or b"", newer]


def _signer_records() -> list[bytes]:
    shapes = Shapes(Random("packtrail fuzz signer"))
    signed = shapes.make(SignedStep)
    key = signing.public_key_of(_SEED)
    found = [SignerRecord(1, _CHAIN, key, ()), SignerRecord(1, _CHAIN, key, (signed,))]
    return [encode(each) for each in (*found, shapes.make(SignerRecord))]


# ------------------------------------------------------------------------------------ head marker


def _marker(data: bytes) -> object:
    found = load_head_marker(_file("head", data), "head")
    if isinstance(found, MarkerState):
        raise StorageDamaged("head", found.value)
    return found


def _markers() -> list[bytes]:
    files = MemoryFiles()
    save_head_marker(files, "head", HeadMarker(7, b"\x11" * 32))
    return [files.read("head") or b""]


def _sealed_marker(data: bytes) -> object:
    return _marker(zlib.crc32(data).to_bytes(4, "big") + data)


# --------------------------------------------------------------------------------------- database


def _row(name: str, fill: Callable[[MemoryStore], object], read: Callable[[MemoryStore], object]) -> Target:
    """Replace the one row that `fill` writes, then read it as the node does."""
    first = MemoryStore()
    fill(first)
    ((key, value),) = first.scan(b"").rows

    def decode(data: bytes) -> object:
        store = MemoryStore()
        store.write([(key, data)], sync=True)
        return read(store)

    return Target(f"row: {name}", decode, (StorageError,), Packed([value]), 20)


def _fill(*batch: Any) -> Callable[[MemoryStore], object]:
    return lambda store: store.write(batch, sync=True)


def _rows() -> list[Target]:
    kept = KeptReference("po", "PO-7", bytes(16))
    evidence = KeptEvidence(b"\x02" * 32, 7, EVIDENCE[0])
    network = b"\x33" * 32
    return [
        _row("head", _fill(head_entry(Head(7, b"\x11" * 32, 9, b"\x22" * 32, b"\x33" * 32))), load_head),
        _row("identity", _fill(identity_entry(network)), lambda store: check_identity(store, network)),
        _row("evidence", lambda store: keep_evidence(store, evidence), load_evidence),
        _row(
            *("reference", _fill(*reference_entries([kept]))),
            lambda store: find_references(store, [reference_hash(kept)]),
        ),
    ]


# ---------------------------------------------------------------------------------------- snapshots


_ROWS: Final = ((STATE + b"a", b"1"), (STATE + b"b", b"22"), (SETS + bytes(8), b"333"))
_CHUNK: Final = encode(_ROWS)
_MANIFEST: Final = Manifest(1, _CHAIN, 7, b"\x11" * 32, b"\x22" * 32, 3, (chunk_hash(_CHUNK),))


def _snapshot_files() -> MemoryFiles:
    files = MemoryFiles()
    snapshots = SnapshotFiles(files)
    snapshots.begin(7)
    snapshots.write_chunk(7, 0, pack_chunk(_CHUNK))
    snapshots.finish(_MANIFEST, 99)
    return files


def _kept_manifest(data: bytes) -> object:
    return SnapshotFiles(_file(_MANIFEST_FILE, data)).load(7)


_MANIFEST_FILE: Final = f"{SNAPSHOT_FOLDER}/0000000000000007.manifest"


def _vouched(data: bytes) -> object:
    """Read the record of vouchers: what is damaged is none, and nothing more."""
    signer = VoucherSigner(_file("snapshots/vouched", data), "snapshots/vouched", _CHAIN, _SEED)
    signer.open(9)
    return signer.vouchers


def _vouched_files() -> list[bytes]:
    files = MemoryFiles()
    signer = VoucherSigner(files, "snapshots/vouched", _CHAIN, _SEED)
    signer.open(0)
    signer.sign(7, manifest_hash(_MANIFEST))
    return [files.read("snapshots/vouched") or b""]


def _unpacked(data: bytes) -> object:
    return unpack_chunk(data, chunk_hash(_CHUNK))


def _snapshots() -> list[Target]:
    base = Base(7, b"\x11" * 32, b"anchor", ())
    longest = [pack_chunk(bytes(MAX_CHUNK_BYTES + more)) for more in (0, 1, MAX_CHUNK_BYTES)]
    packed = [pack_chunk(_CHUNK), pack_chunk(bytes(5_000)), pack_chunk(Random(1).randbytes(500)), *longest]
    manifests = [_snapshot_files().read(_MANIFEST_FILE) or b""]
    return [
        Target(
            *("chunk of a snapshot", _unpacked, (RemoteProtocolError,), Raw(packed), 60),
            max_bytes=MAX_PACKED_BYTES,
            opened_bytes=MAX_CHUNK_BYTES,
        ),
        Target(
            *("rows of a snapshot", lambda data: read_rows(data, b""), (WrongRows,), Packed([_CHUNK]), 60),
            max_bytes=MAX_CHUNK_BYTES,
        ),
        Target("manifest's file", _kept_manifest, _DAMAGED, Raw(manifests), 30),
        Target("record of vouchers", _vouched, _DAMAGED, Raw(_vouched_files()), 60),
        _row("base", _fill(base_entry(base)), load_base),
    ]


class _Level:
    """A small closed database of which one file after the other is replaced."""

    def __init__(self) -> None:
        self._folder = fresh_folder("level") / "database"
        options = LevelOptions(write_buffer_bytes=1 << 16, table_bytes=1 << 14)
        store = open_level(self._folder, options, create=True)
        random = Random("packtrail fuzz level")
        for number in range(300):
            store.write([(number.to_bytes(4, "big"), random.randbytes(400))], sync=False)
        store.close()
        open_level(self._folder, options, create=False).close()
        names = sorted(path.name for path in self._folder.iterdir() if path.name[0] in "0CM")
        self._kept = {name: (self._folder / name).read_bytes() for name in names}

    def samples(self) -> list[bytes]:
        """Return the files, each behind one byte that says which it is."""
        return [bytes((at,)) + data for at, data in enumerate(self._kept.values())]

    def check(self, data: bytes) -> object:
        name = list(self._kept)[(data[0] if data else 0) % len(self._kept)]
        path = self._folder / name
        path.write_bytes(data[1:])
        try:
            return check_level_files(self._folder)
        finally:
            path.write_bytes(self._kept[name])


def storage_targets() -> list[Target]:
    """Return the decoders of a node's files."""
    inputs, level = _inputs(), _Level()
    markers = Packed([encode(HeadMarker(7, bytes(32)))])
    segments = [_segment(inputs[:3]), _segment(inputs), _segment([])]
    steps = [_segment([Record(1, at, step) for at, step in enumerate(_steps(), 1)])]
    return [
        Target("segment", _any_segment, _DAMAGED, Raw(segments), 60),
        Target("consensus log", _log, _DAMAGED, Raw(segments), 40),
        Target("consensus log, sealed", _sealed_log, _DAMAGED, Packed([each.payload for each in inputs]), 40),
        Target("outbox", _outbox, _DAMAGED, Raw(steps), 40),
        Target("outbox, sealed", _sealed_outbox, _DAMAGED, Packed(_steps()), 40),
        Target("signer's slots", _slots, _DAMAGED, Raw(_slot_files()), 30),
        Target("signer's record, sealed", _signer, (StorageError,), Packed(_signer_records()), 30),
        Target("head marker", _marker, _DAMAGED, Raw(_markers()), 30),
        Target("head marker, sealed", _sealed_marker, _DAMAGED, markers, 30),
        Target("files of the database", level.check, _DAMAGED, Raw(level.samples()), 1),
        *_rows(),
        *_snapshots(),
    ]
