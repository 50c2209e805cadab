"""`packtrail node settle`: which block stands after a fork, as the operators have agreed."""

import pytest

from cli.failures import Exit
from contracts.chain.commit import Commit
from contracts.chain.fork import fork_of
from contracts.primitives.encoding import encode
from node.home import Home
from node.storage.forks import KeptFork, keep_fork, load_settled
from node.storage.leveldb import LevelOptions, open_level
from node.storage.store import COMMITS, put

ONE, OTHER = (Commit(7, 0, each * 32, ()) for each in (b"\7", b"\x08"))


@pytest.fixture
def home(tmp_path):
    """A stopped node's home: what the command needs of it."""
    place = Home(tmp_path / "maker")
    place.data.mkdir(parents=True)
    place.config.parent.mkdir(parents=True)
    place.config.write_text("")
    return place


def write(home, *rows, fork=None):
    store = open_level(home.database, LevelOptions(), create=True)
    store.write(rows, sync=True)
    if fork is not None:
        keep_fork(store, KeptFork(0, fork))
    store.close()


def settled(home):
    store = open_level(home.database, LevelOptions(), create=False)
    try:
        return load_settled(store)
    finally:
        store.close()


def settle(packtrail, home, block_id):
    return packtrail("node", "settle", block_id.hex().upper(), "--home", home.root, "--yes")


def test_without_a_fork_there_is_nothing_to_settle(home, packtrail):
    write(home)
    code, _out, err = settle(packtrail, home, ONE.block_id)
    assert code == Exit.NOT_FOUND
    assert "knows of no fork" in err


def test_only_one_of_the_two_blocks_can_stand(home, packtrail):
    write(home, fork=fork_of(ONE, OTHER))
    code, _out, err = settle(packtrail, home, b"\x09" * 32)
    assert code == Exit.USAGE
    assert ONE.block_id.hex() in err
    assert settled(home) == {}


@pytest.mark.parametrize(("stands", "hint"), [(ONE, "goes on with it"), (OTHER, "repair --rebuild")])
def test_what_was_agreed_is_durable_and_what_follows_is_said(home, packtrail, stands, hint):
    write(home, put(COMMITS, (7).to_bytes(8, "big"), encode(ONE)), fork=fork_of(ONE, OTHER))
    code, _out, err = settle(packtrail, home, stands.block_id)
    assert code == Exit.OK
    assert hint in err
    assert settled(home) == {7: stands.block_id}


def test_a_database_that_an_interrupted_repair_left_on_its_way_takes_its_place_first(home, packtrail):
    write(home, fork=fork_of(ONE, OTHER))
    (home.data / "next").mkdir()
    home.database.rename(home.data / "next" / home.database.name)
    code, _out, err = settle(packtrail, home, ONE.block_id)
    assert code == Exit.OK
    assert "the new database is in its place now" in err
    assert settled(home) == {7: ONE.block_id}
