"""`snapshot list` and `snapshot verify` of a home in which one of them is damaged."""

import msgspec
import pytest

from cli.failures import Exit
from node.home import Home
from node.storage.files import DiskFiles
from node.storage.snapshot_files import SnapshotFiles
from tests.unit.node.storage.test_snapshot_files import make


@pytest.fixture
def home(tmp_path, packtrail):
    root = tmp_path / "home"
    packtrail(
        *("init", "--home", root, "--name", "watch", "--role", "observer", "--chain-id", "test"),
        *("--passphrase-file", "keys/passphrase", "--key-cost", "minimum", "--no-input", "-o", "json"),
    )
    return Home(root)


def test_one_that_is_damaged_is_named_and_the_others_are_listed(home, packtrail):
    home.data.mkdir(exist_ok=True)
    snapshots = SnapshotFiles(DiskFiles(home.data))
    for height in (10, 20):
        make(snapshots, height)
    manifest = home.data / snapshots.manifest_name(10)
    manifest.write_bytes(b"?" + manifest.read_bytes()[1:])
    code, out, err = packtrail("snapshot", "list", "--home", home.root, "-o", "json")
    assert code == Exit.OK
    assert [row["height"] for row in msgspec.json.decode(out)] == [20]
    assert manifest.name in err
    assert "does not match its checksum" in err
    code, _out, err = packtrail("snapshot", "verify", "10", "--home", home.root)
    assert code == Exit.FAILED
    assert "bring its files back from a backup" in err
