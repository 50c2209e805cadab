"""What can go wrong with a disk, in two words: it failed, or what it gave back is damaged.

Neither is ever retried as if nothing had happened. A failed write or fsync leaves the disk in an unknown
state; a node that meets one stops and says which file and why.
"""


class StorageError(Exception):
    """A disk did not do what it must.

    Attributes:
        where: The file, folder or key concerned.
        reason: What happened, in a sentence.
    """

    def __init__(self, where: str, reason: str) -> None:
        """Keep place and reason apart, for health checks and logs."""
        super().__init__(f"{where}: {reason}")
        self.where = where
        self.reason = reason


class StorageDamaged(StorageError):
    """Bytes that were durable are missing or changed. Repair from peers, or stop."""


class StorageFailed(StorageError):
    """The operating system refused an operation: I/O error, disk full, permission. Stop cleanly."""


class StorageFull(StorageFailed):
    """The disk is full, or a quota used up. Stop cleanly, unless nothing rests on the file."""


class StorageBusy(StorageFailed):
    """Another process has the store open."""


class HistoryNotHere(Exception):
    """What is asked for lies before the snapshot that this node began with; other nodes have it.

    Attributes:
        first: First height whose block, bundles and receipts are here.
    """

    def __init__(self, first: int) -> None:
        """Say from where on this node has the history."""
        super().__init__(f"this node began with a snapshot: it has no history before height {first}")
        self.first = first


class HistoryArchived(Exception):
    """What is asked for is in an archive, and no longer in this database.

    Attributes:
        height: Height of the block whose bundles are needed.
        up_to: Up to this height, bundles are archived.
    """

    def __init__(self, height: int, up_to: int) -> None:
        """Say which height is needed, and what is archived."""
        super().__init__(
            f"block {height} is needed, and the contents of blocks up to height {up_to} are in an archive"
        )
        self.height = height
        self.up_to = up_to
