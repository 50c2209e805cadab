"""A database is built anew from its own blocks: what follows from them is there, whatever was before."""

import shutil
from pathlib import Path

import pytest

from contracts.chain.genesis import genesis_hash
from contracts.primitives.encoding import encode
from node.archive.folder import ArchiveFolder
from node.archive.manifest import WrongArchive
from node.archive.restoring import ArchivedBodies
from node.assembly import open_store
from node.home import HEAD_FILE, Home
from node.host.chain_fault import ChainFault
from node.host.verify_chain import verify_home
from node.repair import reindexing
from node.repair.reindexing import WORK_FOLDER, Reindexed, reindex
from node.setting import Setting, read_setting
from node.storage.errors import StorageDamaged
from node.storage.files import DiskFiles
from node.storage.head import OLDEST_BLOCKS, Head, Identity, OtherFormat, load_head
from node.storage.head_marker import HeadMarker, save_head_marker
from node.storage.memory_files import MemoryFiles
from node.storage.store import BLOCKS, BUNDLES, INDEX, LOCAL, MAX_SCAN_ROWS, META, STATE, put
from tests.support.archives import prune
from tests.support.ledger import OneNode
from tests.support.parties import MAKER
from tests.support.snapshots import Holder, Late
from tests.unit.node.host.test_snapshots import follow

Rows = dict[bytes, bytes]


class Interrupted(Exception):
    """What stops a run."""


@pytest.fixture
def setting(home: Home) -> Setting:
    return read_setting(home)


def rows(setting: Setting, space: bytes) -> Rows:
    store = open_store(setting, setting.home.database)
    try:
        return dict(store.scan(space, limit=MAX_SCAN_ROWS).rows)
    finally:
        store.close()


def spoil(setting: Setting, space: bytes) -> None:
    """Take away every other row of a space, and add one that no block wrote."""
    gone = sorted(rows(setting, space))[::2]
    assert gone
    store = open_store(setting, setting.home.database)
    store.write([*((key, None) for key in gone), put(space, b"nonsense", b"?")], sync=True)
    store.close()


def run(setting: Setting, stop_at: int = 0) -> Reindexed:
    """Build the database anew, or be interrupted after a height, with each block durable by itself."""

    def progress(height: int) -> None:
        if height == stop_at:
            raise Interrupted

    with pytest.MonkeyPatch.context() as patch:
        if stop_at:
            patch.setattr(reindexing, "MAX_RUN", 1)
        return reindex(setting, progress)


def test_all_that_follows_from_the_blocks_is_there_again(setting: Setting) -> None:
    whole = {space: rows(setting, space) for space in (STATE, INDEX, LOCAL)}
    assert all(whole.values())
    spoil(setting, INDEX)
    spoil(setting, STATE)
    done = run(setting)
    assert {space: rows(setting, space) for space in whole} == whole
    assert (done.executed, done.kept_rows) == (done.height, len(whole[LOCAL]))
    verified = verify_home(setting.home, setting.genesis, lambda _height: None)
    assert (verified.height, verified.app_hash) == (done.height, done.app_hash)
    assert (Path(done.aside) / setting.home.database.name).is_dir()
    assert not (setting.home.data / WORK_FOLDER).exists()


def test_an_interrupted_run_changes_nothing_and_the_next_goes_on(setting: Setting) -> None:
    spoil(setting, INDEX)
    before = rows(setting, INDEX)
    with pytest.raises(Interrupted):
        run(setting, stop_at=5)
    assert rows(setting, INDEX) == before
    done = run(setting)
    assert done.executed == done.height - 5
    assert rows(setting, INDEX) != before
    verify_home(setting.home, setting.genesis, lambda _height: None)


@pytest.mark.parametrize("run_blocks", [1, 3, 100])
def test_every_height_is_told_of_whatever_is_written_together(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, run_blocks: int
) -> None:
    monkeypatch.setattr(reindexing, "MAX_RUN", run_blocks)
    told: list[int] = []
    done = reindex(setting, told.append)
    assert told == list(range(1, done.height + 1))


def test_what_an_interrupted_run_left_and_was_damaged_since_is_begun_anew(setting: Setting) -> None:
    whole = {space: rows(setting, space) for space in (STATE, INDEX, LOCAL)}
    for height in (5, 6):
        # The second run makes a table of what the first one wrote.
        with pytest.raises(Interrupted):
            run(setting, stop_at=height)
    built = setting.home.data / WORK_FOLDER / setting.home.database.name
    (table,) = built.glob("*.ldb")
    content = table.read_bytes()
    outcomes: list[tuple[str, bool]] = []
    for place in range(100, len(content), len(content) // 12):
        shutil.copytree(built.parent, setting.home.data / "kept")
        table.write_bytes(content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :])
        try:
            run(setting, stop_at=8)
        except StorageDamaged as damage:
            outcomes.append((damage.reason, built.exists()))
        except Interrupted:
            """What was not read, or begun anew at once."""
        shutil.rmtree(built.parent, ignore_errors=True)
        (setting.home.data / "kept").rename(built.parent)
    assert outcomes
    assert all("node reindex begins anew" in reason and not is_there for reason, is_there in outcomes)
    shutil.rmtree(built.parent)
    done = run(setting)
    assert done.executed == done.height
    assert {space: rows(setting, space) for space in whole} == whole


@pytest.mark.parametrize("is_gone", [True, False])
@pytest.mark.parametrize("name", ["CURRENT", "MANIFEST-*", "*.log"])
def test_what_an_interrupted_run_left_and_does_not_open_any_more_is_begun_anew(
    setting: Setting, name: str, is_gone: bool
) -> None:
    with pytest.raises(Interrupted):
        run(setting, stop_at=5)
    (file,) = (setting.home.data / WORK_FOLDER / setting.home.database.name).glob(name)
    content = file.read_bytes()
    file.unlink()
    if not is_gone:
        file.write_bytes(bytes((content[0] ^ 1,)) + content[1:])
    done = run(setting)
    assert done.executed == done.height
    assert not (setting.home.data / WORK_FOLDER).exists()
    verify_home(setting.home, setting.genesis, lambda _height: None)


def test_what_an_interrupted_run_left_of_other_blocks_is_begun_anew(setting: Setting) -> None:
    with pytest.raises(Interrupted):
        run(setting, stop_at=5)
    other = OneNode(setting.genesis)
    for _block in range(7):
        other.produce()
    shutil.rmtree(setting.home.database)
    store = open_store(setting, setting.home.database)
    store.write(other.store.scan(b"", limit=MAX_SCAN_ROWS).rows, sync=True)
    store.close()
    tip = other.ledger.tip
    save_head_marker(DiskFiles(setting.home.data), HEAD_FILE, HeadMarker(tip.height, tip.app_hash))
    done = run(setting)
    assert (done.executed, done.height, done.app_hash) == (7, 7, tip.app_hash)


def test_a_node_that_began_with_a_snapshot_begins_with_it_anew(setting: Setting) -> None:
    holder = Holder(OneNode(setting.genesis), interval=5)
    holder.node.record(MAKER, holder.node.commission(["A1", "B1"]))
    for _block in range(6):
        holder.node.produce()
    holder.vouched_by(1)
    joined = Late(holder.node, {"alder": holder.answer})
    assert isinstance(joined.run(), Head)
    follow(joined, holder)
    _settle(setting, joined)
    whole = rows(setting, STATE)
    spoil(setting, STATE)
    with pytest.raises(Interrupted):
        run(setting, stop_at=6)
    done = run(setting)
    assert (done.height, done.executed) == (holder.node.ledger.tip.height, 1)
    assert rows(setting, STATE) == whole
    assert verify_home(setting.home, setting.genesis, lambda _height: None).first == 6


def _settle(setting: Setting, joined: Late) -> None:
    """Let a home be that of a node that joined."""
    shutil.rmtree(setting.home.database)
    shutil.rmtree(setting.home.data / "snapshots")
    store = open_store(setting, setting.home.database)
    store.write(joined.store.scan(b"", limit=MAX_SCAN_ROWS).rows, sync=True)
    head = load_head(store)
    store.close()
    assert head is not None
    save_head_marker(DiskFiles(setting.home.data), HEAD_FILE, HeadMarker(head.height, head.app_hash))
    for folder in ["snapshots", *(f"snapshots/{name}" for name in joined.files.names("snapshots"))]:
        for name in joined.files.names(folder):
            content = joined.files.read(f"{folder}/{name}")
            if content is not None:
                path = setting.home.data / folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


def test_without_a_database_there_is_nothing_to_build_from(setting: Setting) -> None:
    with pytest.raises(Interrupted):
        run(setting, stop_at=5)
    shutil.rmtree(setting.home.database)
    with pytest.raises(StorageDamaged, match="it is missing, and height"):
        run(setting)
    assert not setting.home.database.exists()


def test_a_block_that_is_missing_or_wrong_is_named(setting: Setting) -> None:
    store = open_store(setting, setting.home.database)
    store.write([put(BLOCKS, (7).to_bytes(8, "big"), b"no block")], sync=True)
    store.close()
    before = rows(setting, STATE)
    with pytest.raises(ChainFault, match="height 7"):
        run(setting)
    assert rows(setting, STATE) == before


def test_nothing_is_built_from_the_blocks_of_an_earlier_ledger(setting: Setting) -> None:
    """The advice is not to try it from peers, as it is for a block that is damaged."""
    store = open_store(setting, setting.home.database)
    identity = Identity(OLDEST_BLOCKS - 1, genesis_hash(setting.genesis))
    store.write([put(META, b"identity", encode(identity))], sync=True)
    store.close()
    before = rows(setting, STATE)
    for read in (run, lambda found: verify_home(found.home, found.genesis, lambda _height: None)):
        with pytest.raises(OtherFormat, match="start the release that wrote it"):
            read(setting)
    assert rows(setting, STATE) == before


def test_where_old_blocks_are_archived_the_archive_gives_their_contents(setting: Setting) -> None:
    whole = {space: rows(setting, space) for space in (STATE, INDEX, BUNDLES)}
    files = MemoryFiles()
    store = open_store(setting, setting.home.database)
    archived = prune(store, setting.genesis, files, 3).last
    store.close()
    before = rows(setting, BUNDLES)
    assert before != whole[BUNDLES]
    with pytest.raises(WrongArchive, match="none was named, and block 1 is needed"):
        run(setting)
    assert rows(setting, BUNDLES) == before
    done = reindex(setting, lambda _height: None, ArchivedBodies(ArchiveFolder(files)))
    assert done.executed == done.height > archived
    assert {space: rows(setting, space) for space in whole} == whole
