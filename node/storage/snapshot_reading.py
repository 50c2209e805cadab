"""Reading a snapshot from the disk, chunk by chunk, and believing none of it."""

from collections.abc import Iterator

from contracts.chain.snapshot import Manifest, Row
from network.sync.packing import unpack_chunk
from network.wire.errors import RemoteProtocolError
from node.storage.chunks import WrongRows, read_rows
from node.storage.snapshot_files import SnapshotFiles


class WrongSnapshot(ValueError):
    """A snapshot that cannot be what the state was; the message says why."""


def read_snapshot(files: SnapshotFiles, manifest: Manifest) -> Iterator[tuple[Row, ...]]:
    """Yield the rows of each chunk, in the order of their keys.

    Raises:
        WrongSnapshot: A chunk is missing or another one, or the rows are not such as nodes write.
        StorageFailed: The disk refused.
    """
    after, count = b"", 0
    for index, expected in enumerate(manifest.chunks):
        data = files.read_chunk(manifest.height, index)
        if data is None:
            raise WrongSnapshot(f"chunk {index} of snapshot {manifest.height} is missing")
        try:
            rows = read_rows(unpack_chunk(data, expected), after)
        except (RemoteProtocolError, WrongRows) as error:
            raise WrongSnapshot(f"chunk {index} of snapshot {manifest.height}: {error}") from error
        yield rows
        after = rows[-1][0]
        count += len(rows)
    if count != manifest.rows:
        raise WrongSnapshot(f"the chunks have {count} rows, the manifest says {manifest.rows}")
