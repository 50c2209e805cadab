"""What this machine can do at most, measured in the same run: the law by itself, signatures, synced writes.

A network does more than any of these alone; the ratio to them says how much of the machine is left for it,
and it travels between machines where absolute numbers do not.
"""

import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from cli.measure.goods import PARTNERS, Job, Moment, commissions, receive, receiver_of, ships
from contracts.chain.genesis import Genesis
from contracts.ledger.bundle import BundleId, OpenBundle, build_header
from contracts.ledger.document import Document, document_id, encode_document
from contracts.ledger.execute import (
    GENESIS_PREVIOUS,
    BlockContext,
    BlockExecution,
    BlockResult,
    next_app_hash,
)
from contracts.ledger.genesis_state import genesis_writes
from contracts.ledger.receipt import ACCEPTED
from contracts.primitives import signing
from contracts.records.custody import shipment_id
from contracts.state.view import DirectoryCache
from node.api.promises import SECRET_BYTES, Secret
from node.api.record_forms import DocumentForm
from node.api.records_json import read_document
from node.storage.files import DiskFiles
from node.storage.leveldb import LevelOptions, open_level

_SHIPMENTS: Final = 2_000
_COMMISSIONS: Final = 20
_SERIALS: Final = 1_000
_SIGNATURES: Final = 1_000
_SYNCS: Final = 50
_BATCHES: Final = 20
_BATCH_ROWS: Final = 1_000
_ROW_KEY_BYTES: Final = 25
_ROW_VALUE_BYTES: Final = 20
_MESSAGE_BYTES: Final = 200
_MS: Final = 1_000.0


class Yardsticks(msgspec.Struct, frozen=True):
    """Limits of this machine, each on one core or one disk that has nothing else to do."""

    law_records_per_second: float
    """Shipments and receipts executed over a dict, half and half: rules, encoding, hashing; by CPU time."""
    law_serials_per_second: float
    """Serials commissioned so, 1,000 a document."""
    verified_signatures_per_second: float
    """Ed25519."""
    synced_rows_per_second: float
    """LevelDB, batches of 1,000 rows of 45 bytes, each synced."""
    synced_write_ms: float
    """Median of appending 500 bytes to a file and syncing it."""


class Law:
    """A ledger in memory: one process, no signatures, no disk."""

    def __init__(self, genesis: Genesis, now_ms: int) -> None:
        """Begin with genesis; every block is `now_ms` old."""
        writes = genesis_writes(genesis)
        self._genesis = genesis
        self._rows = dict(writes)
        self._app_hash = next_app_hash(GENESIS_PREVIOUS, writes)
        self._directory = DirectoryCache()
        self._height = 0
        self._now_ms = now_ms
        keys = {partner.gln: partner.keys[0].public_key for partner in genesis.partners}
        self._lanes = [keys[partner.gln] for partner in PARTNERS]
        self._sequences = [0] * len(PARTNERS)

    def block(self, jobs: Sequence[Job]) -> tuple[BlockResult, list[bytes], float]:
        """Execute one block.

        Returns:
            The result, the documents' ids in the order of `jobs`, and the seconds of CPU that it took.
        """
        documents = [_document(job) for job in jobs]
        identifiers = [document_id(encode_document(document)) for document in documents]
        bundles = [
            self._bundle(
                node, [at for at, job in enumerate(jobs) if job.node == node], documents, identifiers
            )
            for node in sorted({job.node for job in jobs})
        ]
        self._height += 1
        context = BlockContext(self._height, self._now_ms)
        start = time.process_time()
        execution = BlockExecution(self._rows, context, bundles, (), self._app_hash, self._directory)
        result = execution.finish()
        seconds = time.process_time() - start
        self._rows.update(result.writes)
        self._directory.forget(result.writes)
        self._app_hash = result.app_hash
        refused = next((receipt.code for receipt in result.receipts if receipt.code != ACCEPTED), None)
        if refused is not None:
            raise RuntimeError(f"the law refuses what is measured: {refused}")
        return result, [bytes(identifier) for identifier in identifiers], seconds

    def _bundle(
        self, node: int, places: Sequence[int], documents: Sequence[Document], identifiers: Sequence[bytes]
    ) -> OpenBundle:
        after = self._sequences[node]
        self._sequences[node] += 1
        own = tuple(documents[at] for at in places)
        encoded = [(encode_document(document), document.weight) for document in own]
        lifetime = self._genesis.parameters.tolerances.bundle_lifetime_ms
        header = build_header(
            self._genesis.chain_id, self._lanes[node], after, after + 1, self._now_ms + lifetime, encoded
        )
        ids = tuple(identifiers[at] for at in places)
        name = BundleId(b"%32d" % (self._height * len(PARTNERS) + node))
        return OpenBundle(name, 0, header, b"", ids, own)


def _document(job: Job) -> Document:
    form = msgspec.json.decode(job.body, type=DocumentForm)
    return read_document(form, Secret(os.urandom(SECRET_BYTES))).document


def measure(genesis: Genesis, folder: Path, moment: Moment, now_ms: int) -> Yardsticks:
    """Measure everything; takes a few seconds.

    Args:
        genesis: Of the network that was measured.
        folder: On the disk that it used; what is written is removed with it.
        moment: When documents say that things happen.
        now_ms: The network's time.
    """
    records, serials = _law(genesis, moment, now_ms)
    return Yardsticks(records, serials, _signatures(), _rows(folder), _synced_write_ms(folder))


def _law(genesis: Genesis, moment: Moment, now_ms: int) -> tuple[float, float]:
    """Return records and serials a second."""
    law = Law(genesis, now_ms)
    stock: list[list[str]] = [[] for _ in PARTNERS]
    for job, packs in commissions("stock", len(PARTNERS), _SHIPMENTS // len(PARTNERS), moment):
        law.block([job])
        stock[job.node] += packs
    announced = ships(stock, 0, _SHIPMENTS, moment)
    _result, identifiers, shipping_s = law.block(announced)
    received = [
        receive(receiver_of(job.node), shipment_id(identifier, 0).hex(), moment)
        for job, identifier in zip(announced, identifiers, strict=True)
    ]
    _result, _identifiers, receiving_s = law.block(received)
    made = [job for job, _packs in commissions("make", _COMMISSIONS, _SERIALS, moment)]
    _result, _identifiers, making_s = law.block(made)
    return 2 * _SHIPMENTS / (shipping_s + receiving_s), _COMMISSIONS * _SERIALS / making_s


def _signatures() -> float:
    seed = os.urandom(signing.SEED_BYTES)
    public_key, message = signing.public_key_of(seed), os.urandom(_MESSAGE_BYTES)
    signature = signing.sign(seed, message)
    start = time.process_time()
    good = sum(signing.verify(public_key, message, signature) for _ in range(_SIGNATURES))
    return good / (time.process_time() - start)


def _rows(folder: Path) -> float:
    store = open_level(folder / "yardstick", LevelOptions(), create=True)
    try:
        batches = [
            [(os.urandom(_ROW_KEY_BYTES), os.urandom(_ROW_VALUE_BYTES)) for _ in range(_BATCH_ROWS)]
            for _ in range(_BATCHES)
        ]
        seconds = [_timed(partial(store.write, batch, sync=True)) for batch in batches]
    finally:
        store.close()
    return _BATCHES * _BATCH_ROWS / sum(seconds)


def _synced_write_ms(folder: Path) -> float:
    file = DiskFiles(folder).open("yardstick.log")
    data = os.urandom(500)

    def write() -> None:
        file.append(data)
        file.sync()

    try:
        return _MS * median(_timed(write) for _ in range(_SYNCS))
    finally:
        file.close()


def _timed(job: Callable[[], None]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start
