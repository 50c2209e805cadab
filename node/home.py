"""The layout of a node's home folder: the one place that knows where a file lies.

    genesis.json            the network's genesis
    config/node.toml        configuration
    config/record.json      the public part of its keys, as it was handed over
    config/tokens.json      hashed API tokens
    keys/                   encrypted keys and the node's certificate
    data/database/          the key-value store (LevelDB's own files)
    data/log/               consensus log, segments
    data/outbox/            own bundles that are not in the chain yet, segments
    data/signer             what was signed last
    data/place, place-2     one of them, made at a start: tells whether this home was copied
    data/standing           from which height on this validator votes
    data/head               height and app hash, outside the database
    data/snapshots/         snapshots of the state, chunk by chunk; what this validator vouched for
    data/joining/           a database that is not complete yet, of a node that joins by a snapshot
    data/repair/            the same, of `node repair`
    data/reindex/           the same, of `node reindex`
    data/next/              a complete database on its way to its place
    data/damaged-N/         what a repair or reindex put aside
    data/config             what the configuration said at the last start
    data/node.pid           of the running process

`docs/persistence.md` says what each file is for.
"""

from pathlib import Path
from typing import Final

LOG_FOLDER: Final = "log"
"""Consensus log, in the file system of `Home.data`."""
OUTBOX_FOLDER: Final = "outbox"
"""Outbox, in the file system of `Home.data`."""
SIGNER_FILE: Final = "signer"
"""Signer's record, in the file system of `Home.data`."""
HEAD_FILE: Final = "head"
"""Head marker, in the file system of `Home.data`."""
VOUCHER_FILE: Final = "snapshots/vouched"
"""What this validator vouched for last, in the file system of `Home.data`."""

CONFIG_FILE: Final = "config"
"""What the configuration said at the last start, in the file system of `Home.data`."""


class Home:
    """Paths below one node's home folder; nothing here touches the disk."""

    def __init__(self, root: Path) -> None:
        """Name the files of the home `root`."""
        self.root = root
        self.genesis = root / "genesis.json"
        self.config_folder = root / "config"
        self.config = self.config_folder / "node.toml"
        self.record = self.config_folder / "record.json"
        self.tokens = self.config_folder / "tokens.json"
        self.keys = root / "keys"
        self.certificate = self.keys / "node.crt"
        self.data = root / "data"
        self.database = self.data / "database"
        self.process_id = self.data / "node.pid"

    def resolve(self, name: str) -> Path:
        """Return the path of a file that configuration names relative to the home (or absolutely)."""
        return self.root / name
