"""What a node learns from its home: by the code of its start, and by reading every row that it has."""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from structlog.testing import capture_logs

from contracts.chain.genesis import InvalidGenesis, genesis_hash
from node.api.tokens import TokenFile
from node.assembly import make_disks, open_store, start_warnings
from node.config.errors import InvalidConfig
from node.home import HEAD_FILE, Home
from node.host.opening import Disks, open_disks
from node.identity.keystore import KeystoreError
from node.identity.passphrase import NoPassphrase
from node.setting import NotThisNode, read_setting
from node.storage.errors import StorageError
from node.storage.files import DiskFiles
from node.storage.head_marker import HeadMarker, load_head_marker
from node.storage.leveldb import LevelStore
from node.storage.snapshot_reading import WrongSnapshot, read_snapshot

NOTICED = (InvalidConfig, InvalidGenesis, NotThisNode, KeystoreError, NoPassphrase, StorageError, OSError)
"""How a start refuses; `node start` prints each as a sentence and ends."""


class Facts(NamedTuple):
    """Everything that was decoded."""

    setting: tuple[object, ...]
    """Configuration, genesis, keys."""
    tokens: object
    """Who may do what."""
    opened: tuple[object, ...]
    """Head, own bundles, what the log and the signer's record hold."""
    outbox: tuple[object, ...]
    """Own bundles."""
    votes_from: int | None
    """First height at which the validator may vote."""
    rows: dict[bytes, bytes]
    """The database."""
    told: tuple[str, ...]
    """Warnings of the start."""


class Noticed(Exception):
    """The node refuses, at its start or when it reads."""

    def __init__(self, when: str, reason: str) -> None:
        super().__init__(f"{when}: {reason}")
        self.when = when
        self.reason = reason


def learn(home: Home) -> Facts:
    """Start as `node start` does, up to the event loop; then read everything.

    Raises:
        Noticed: Something is damaged, and the node says so.
    """
    try:
        setting = read_setting(home)
        told = start_warnings(setting)
        marker = load_head_marker(DiskFiles(home.data), HEAD_FILE)
        if not isinstance(marker, HeadMarker):
            told = (*told, f"head_marker_unusable: {HEAD_FILE} is {marker.value}")
        store = open_store(setting, home.database)
    except NOTICED as error:
        raise Noticed("start", str(error)) from error
    with contextlib.closing(store):
        try:
            disks = make_disks(setting, store)
            with contextlib.ExitStack() as stack:
                stack.callback(disks.outbox.close)
                if disks.journal is not None:
                    stack.callback(disks.journal._signer.close)
                    stack.callback(disks.journal.close)
                with capture_logs() as logs:
                    opened = open_disks(disks, [key.public_key for key in setting.secrets.lane_keys])
                entries = disks.outbox.entries()
                votes_from = None if disks.journal is None else disks.journal.standing.votes_from
            told = (*told, *_told_of_snapshots(logs, disks))
            tokens = TokenFile(home.tokens).list()
        except NOTICED as error:
            raise Noticed("start", str(error)) from error
        rows = _read(store)
    secrets = setting.secrets
    lanes = tuple((key.public_key, key.seed) for key in secrets.lane_keys)
    told_setting = (setting.config, genesis_hash(setting.genesis), secrets.node_seed, secrets.validator_seed)
    if votes_from is None:
        told = (*told, "not_voting_yet: a node that starts so listens first, and says so")
    return Facts((*told_setting, lanes), tokens, (opened,), entries, votes_from, rows, told)


def _told_of_snapshots(logs: Sequence[Mapping[str, Any]], disks: Disks) -> list[str]:
    """Return what the start says of snapshots, and what `packtrail snapshot verify` says of each."""
    told = [str(dict(entry)) for entry in logs if entry["event"].startswith(("snapshot", "voucher"))]
    assert disks.shelf is not None
    for height in disks.shelf.files.heights():
        held = disks.shelf.files.load(height)
        assert held is not None
        try:
            told += [] if sum(map(len, read_snapshot(disks.shelf.files, held.manifest))) else ["no rows"]
        except WrongSnapshot as error:
            told.append(str(error))
    return told


def _read(store: LevelStore) -> dict[bytes, bytes]:
    rows: dict[bytes, bytes] = {}
    start: bytes | None = None
    try:
        while True:
            page = store.scan(b"", start=start, limit=10_000)
            rows.update(page.rows)
            if page.resume is None:
                return rows
            start = page.resume
    except StorageError as error:
        raise Noticed("read", str(error)) from error
